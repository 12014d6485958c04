"""The one reader of photos: a person's own as they see it, the dataset's as its trimaps lie over it.

What a file says beside its pixels never decides whether these can be used.
"""

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import ExifTags, Image, ImageCms

from seg import InputError

# what Pillow raises on files that are damaged, no images, or absurdly large
UNREADABLE = (
    *(OSError, SyntaxError, ValueError, EOFError, TypeError, LookupError, ArithmeticError, struct.error),
    Image.DecompressionBombError,
)
# What each of EXIF's orientations but the first does to a photo; the last four turn it by a quarter
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LYING = (5, 6, 7, 8)
# What an iPhone's photos are called; Pillow reads them where the package pillow-heif is installed
HEIC_SUFFIXES = (".heic", ".heif")
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
# of PNG, what is text, and a profile of colours
_PNG, _PNG_TEXT = b"\x89PNG\r\n\x1a\n", (b"tEXt", b"zTXt", b"iTXt", b"iCCP")

Read = TypeVar("Read")


class BadPhoto(InputError):
    """The file is missing, no image, damaged, or too large.

    Attributes:
        wrong: what is wrong, in words that follow the photo's name.
        why: what the reader of images said of it, where it said something.
        too_large: whether it is that the photo has too many pixels.
        missing: whether there is no such file.
    """

    def __init__(
        self, path: Path | str, wrong: str, why: object = "", *, too_large: bool = False, missing: bool = False
    ) -> None:
        super().__init__(f"{path} {wrong} ({why})" if why else f"{path} {wrong}")
        self.wrong = wrong
        self.why = str(why)
        self.too_large = too_large
        self.missing = missing


def open_photo(path: Path | str, most_pixels: int | None = None) -> Image.Image:
    """A photo as a person sees it, see `as_rgb`.

    Args:
        most_pixels: refuse a photo of more, before it is decoded; None takes as many as Pillow does.

    Raises:
        BadPhoto: it cannot be read, or has too many pixels.
    """
    return _read(path, as_rgb, most_pixels)


def small_photo(path: Path | str, side: int, *, turned: bool) -> Image.Image:
    """A photo that is to be shown small, RGB, decoded no larger than that needs.

    Args:
        side: in pixels, that each of its sides is to have at least where the photo has as many.
        turned: whether as a person sees it, else as it is stored.

    Raises:
        BadPhoto: it cannot be read.
    """

    def decode(photo: Image.Image) -> Image.Image:
        photo.draft("RGB", (side, side))
        if turned:
            return as_rgb(photo)
        seen = _in_srgb(photo).convert("RGB")
        seen.info.clear()
        return seen

    return _read(path, decode)


def seen_size(path: Path | str) -> tuple[int, int]:
    """Width and height of `open_photo`'s, without reading the pixels.

    Raises:
        BadPhoto: it cannot be read.
    """

    def size(photo: Image.Image) -> tuple[int, int]:
        # a TIFF's size is that of what is seen already
        lies = photo.format != "TIFF" and _orientation(photo) in _LYING
        return (photo.height, photo.width) if lies else photo.size

    return _read(path, size)


def stored_photo(path: Path | str) -> Image.Image:
    """The pixels as they are stored, RGB: a trimap is drawn over these, whatever EXIF says of a rotation.

    Raises:
        BadPhoto: it cannot be read.
    """
    photo = _read(path, lambda photo: photo.convert("RGB"))
    photo.info.clear()  # or who is given the photo would turn it after all
    return photo


def read_square(path: Path | str, side: int) -> np.ndarray:
    """A photo as networks are trained on it: `stored_photo`, resized to (side, side, 3) uint8, antialiased bilinear.

    Raises:
        BadPhoto: it cannot be read.
    """
    return np.asarray(stored_photo(path).resize((side, side), Image.Resampling.BILINEAR))


def as_rgb(photo: Image.Image) -> Image.Image:
    """An RGB copy as a person sees the photo: turned as EXIF says, transparency over white, 16 bits as 8.

    Its colours are sRGB's, those of its own profile converted.
    """
    photo.load()
    turn = _TURNS.get(_orientation(photo))
    photo = _in_srgb(photo.copy() if turn is None else photo.transpose(turn))
    if photo.mode.startswith("I") or photo.mode == "F":
        photo = _as_grey(photo)
    if photo.mode == "La":  # PIL knows no direct way from premultiplied grey to RGB
        photo = photo.convert("LA")
    if photo.has_transparency_data:
        photo = photo.convert("RGBA")
        photo = Image.alpha_composite(Image.new("RGBA", photo.size, "white"), photo)
    photo = photo.convert("RGB")
    photo.info.clear()  # nothing of it is wanted, and who is given the photo would turn it again
    return photo


def coloured(stored: Image.Image, path: Path | str) -> Image.Image:
    """What `stored_photo` has read from this file, perhaps at another size, in the colours that its profile means.

    Networks learn from the numbers as they are stored; a person is shown what these mean.

    Raises:
        BadPhoto: the file cannot be read.
    """
    profile = _read(path, lambda photo: photo.info.get("icc_profile"))
    if not profile:
        return stored
    told = stored.copy()
    told.info["icc_profile"] = profile
    seen = _in_srgb(told).convert("RGB")
    seen.info.clear()
    return seen


def _in_srgb(photo: Image.Image) -> Image.Image:
    """The photo with the colours that its profile means; as it is where it has none, or one that says nothing."""
    profile = photo.info.get("icc_profile")
    if not profile:
        return photo
    mode = "RGBA" if photo.mode == "RGBA" else "RGB"
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(own).lower():
            return photo
        return ImageCms.profileToProfile(photo, own, ImageCms.createProfile("sRGB"), outputMode=mode) or photo
    except (ImageCms.PyCMSError, *UNREADABLE):  # damaged, or of another kind of pixels
        return photo


def _orientation(photo: Image.Image) -> int:
    """What EXIF, or XMP, says of the way up, 1 to 8; 1 where that is nothing that can be understood."""
    try:
        said = photo.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # of every kind there is: cameras and editors write what they like
        return 1
    return said if isinstance(said, int) and said in _TURNS else 1


def _as_grey(photo: Image.Image) -> Image.Image:
    """16-bit, 32-bit and floating-point grey as 8 bits; values beyond 8 bits are taken to be 16-bit."""
    values = np.nan_to_num(np.asarray(photo, dtype=np.float64))
    if photo.mode.startswith("I;16") or values.max() > 255:
        values = values / 257
    elif photo.mode == "F" and values.max() <= 1:
        values = values * 255
    return Image.fromarray(values.round().clip(0, 255).astype(np.uint8))


def _read(path: Path | str, decode: Callable[[Image.Image], Read], most_pixels: int | None = None) -> Read:
    def bounded(photo: Image.Image) -> Read:
        pixels = photo.width * photo.height
        if most_pixels is not None and pixels > most_pixels:
            raise BadPhoto(path, f"has {pixels / 1e6:.0f} megapixels", too_large=True)
        return decode(photo)

    try:
        return with_image(path, bounded)
    except BadPhoto:
        raise
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BadPhoto(path, "is missing", missing=True) from error
    except Image.DecompressionBombError as error:
        raise BadPhoto(path, "is too large", error, too_large=True) from error
    except UNREADABLE as error:
        if _is_heic(path) and not _registered_heic():
            raise BadPhoto(path, "is HEIC, and the package that reads it, pillow-heif, is not installed") from error
        raise BadPhoto(path, "cannot be read as an image", error) from error


def with_image(path: Path | str, use: Callable[[Image.Image], Read]) -> Read:
    """What `use` makes of the image in a file, of which the pixels are not read yet.

    A PNG whose text or profile is more than Pillow takes is read without them.

    Raises:
        one of UNREADABLE, or what `use` raises.
    """
    if _is_heic(path):
        _registered_heic()
    try:
        with Image.open(path) as image:
            return use(image)
    except InputError:
        raise
    except ValueError:
        plain = _without_text(path)
        if plain is None:
            raise
    with Image.open(plain) as image:
        return use(image)


def _without_text(path: Path | str) -> io.BytesIO | None:
    """The PNG in a file without text and profile; None where it is none."""
    content = Path(path).read_bytes()
    if not content.startswith(_PNG):
        return None
    kept, place = [_PNG], len(_PNG)
    while place + 12 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, place)
        end = place + 12 + length
        if kind not in _PNG_TEXT:
            kept.append(content[place:end])
        place = end
    return io.BytesIO(b"".join(kept))


def _is_heic(path: Path | str) -> bool:
    try:
        with open(path, "rb") as file:
            head = file.read(12)
    except OSError:
        return False
    return head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS


def _registered_heic() -> bool:
    """Whether Pillow reads HEIC from now on."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return False
    register_heif_opener()
    return True

"""The one reader of photos, for all who train, score, segment and show: each photo as a person sees it.

What a file says beside its pixels never decides whether these can be used.
"""

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from seg import InputError
from seg.pixels.rgb import LYING, UNREADABLE, into_rgb, orientation_of

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
    """A photo as a person sees it, see `seg.pixels.rgb.as_rgb`.

    Args:
        most_pixels: refuse a photo of more, before it is decoded; None takes as many as Pillow does.

    Raises:
        BadPhoto: it cannot be read, or has too many pixels.
    """
    return _read(path, into_rgb, most_pixels)


def small_photo(path: Path | str, side: int) -> Image.Image:
    """`open_photo` of one that is to be shown small, decoded no larger than that needs.

    Args:
        side: in pixels, that each of its sides is to have at least where the photo has as many.

    Raises:
        BadPhoto: it cannot be read.
    """

    def decode(photo: Image.Image) -> Image.Image:
        photo.draft("RGB", (side, side))
        return into_rgb(photo)

    return _read(path, decode)


def seen_size(path: Path | str) -> tuple[int, int]:
    """Width and height of `open_photo`'s, without reading the pixels, but for a PNG's, whose EXIF may follow them.

    Raises:
        BadPhoto: it cannot be read.
    """

    def size(photo: Image.Image) -> tuple[int, int]:
        # a TIFF's size is that of what is seen already
        lies = photo.format != "TIFF" and orientation_of(photo) in LYING
        return (photo.height, photo.width) if lies else photo.size

    return _read(path, size)


def stored_size(path: Path | str) -> tuple[int, int]:
    """Width and height of the pixels as the file holds them, before they are turned; none of them is read.

    Raises:
        BadPhoto: it cannot be read.
    """
    return _read(path, lambda photo: photo.size)


def read_square(path: Path | str, side: int) -> np.ndarray:
    """A photo as networks are trained on it: `open_photo`, resized to (side, side, 3) uint8, antialiased bilinear.

    Raises:
        BadPhoto: it cannot be read.
    """
    return np.asarray(open_photo(path).resize((side, side), Image.Resampling.BILINEAR))


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

"""The one reader of photos: a person's own as they see it, the dataset's as its trimaps lie over it."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import ExifTags, Image, ImageOps

from seg import InputError

# what Pillow raises on files that are damaged, no images, or absurdly large
UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
# of EXIF's orientations those that turn a photo by a quarter
_LYING = (5, 6, 7, 8)

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


def seen_size(path: Path | str) -> tuple[int, int]:
    """Width and height of `open_photo`'s, without reading the pixels.

    Raises:
        BadPhoto: it cannot be read.
    """
    return _read(path, _seen_size)


def _seen_size(photo: Image.Image) -> tuple[int, int]:
    # a TIFF's size is that of what is seen already
    lies = photo.format != "TIFF" and photo.getexif().get(ExifTags.Base.Orientation) in _LYING
    return (photo.height, photo.width) if lies else photo.size


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
    """An RGB copy as a person sees the photo: EXIF rotation applied, transparency over white, 16 bits as 8."""
    photo = ImageOps.exif_transpose(photo)
    if photo.mode.startswith("I") or photo.mode == "F":
        photo = _as_grey(photo)
    if photo.mode == "La":  # PIL knows no direct way from premultiplied grey to RGB
        photo = photo.convert("LA")
    if photo.has_transparency_data:
        photo = photo.convert("RGBA")
        photo = Image.alpha_composite(Image.new("RGBA", photo.size, "white"), photo)
    return photo.convert("RGB")


def _as_grey(photo: Image.Image) -> Image.Image:
    """16-bit, 32-bit and floating-point grey as 8 bits; values beyond 8 bits are taken to be 16-bit."""
    values = np.nan_to_num(np.asarray(photo, dtype=np.float64))
    if photo.mode.startswith("I;16") or values.max() > 255:
        values = values / 257
    elif photo.mode == "F" and values.max() <= 1:
        values = values * 255
    return Image.fromarray(values.round().clip(0, 255).astype(np.uint8))


def _read(path: Path | str, decode: Callable[[Image.Image], Read], most_pixels: int | None = None) -> Read:
    try:
        with Image.open(path) as photo:
            pixels = photo.width * photo.height
            if most_pixels is not None and pixels > most_pixels:
                raise BadPhoto(path, f"has {pixels / 1e6:.0f} megapixels", too_large=True)
            return decode(photo)
    except BadPhoto:
        raise
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BadPhoto(path, "is missing", missing=True) from error
    except Image.DecompressionBombError as error:
        raise BadPhoto(path, "is too large", error, too_large=True) from error
    except UNREADABLE as error:
        raise BadPhoto(path, "cannot be read as an image", error) from error

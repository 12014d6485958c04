"""Pixels of any image as 8-bit RGB: as a person sees them, or, of a large photo, in strips that take little memory."""

import io
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import ExifTags, Image

if TYPE_CHECKING:
    from PIL import ImageCms

# What Pillow raises on files that are damaged, no images, or absurdly large: anything, each format's reader as it likes
UNREADABLE = (Exception,)
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
LYING = (5, 6, 7, 8)
# The pixels (H, W, 3) as a person sees them, viewed as they are stored
_AS_STORED: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda seen: seen,
    2: lambda seen: seen[:, ::-1],
    3: lambda seen: seen[::-1, ::-1],
    4: lambda seen: seen[::-1],
    5: lambda seen: seen.swapaxes(0, 1),
    6: lambda seen: np.rot90(seen, 1),
    7: lambda seen: seen[::-1, ::-1].swapaxes(0, 1),
    8: lambda seen: np.rot90(seen, -1),
}
# Bytes of a profile that is kept in mind: one of a camera or a screen has fewer
_MOST_REMEMBERED = 2**16
# Pixels of a photo that are converted at once
_STRIP = 2**20


def as_rgb(photo: Image.Image) -> Image.Image:
    """An RGB copy as a person sees the photo: turned as EXIF says, transparency over white, 16 bits as 8.

    Its colours are sRGB's, those of its own profile converted.
    """
    photo = _loaded(photo)
    white = _white(photo)
    turn = _TURNS.get(orientation_of(photo))
    return _cleared(_plain(photo.copy() if turn is None else photo.transpose(turn), white))


def into_rgb(photo: Image.Image) -> Image.Image:
    """`as_rgb` of a photo that is nobody else's, and is used up: of 50 megapixels no more than 400 MB at any time."""
    photo = _loaded(photo)
    orientation = orientation_of(photo)
    if orientation == 1 and not photo.info.get("icc_profile") and not photo.has_transparency_data:
        if photo.mode == "RGB":
            return _cleared(photo)
        if photo.mode in ("1", "L", "P"):
            return _cleared(photo.convert("RGB"))
    white = _white(photo)
    size = photo.size[::-1] if orientation in LYING else photo.size
    seen = np.empty((size[1], size[0], 3), np.uint8)
    stored = _AS_STORED[orientation](seen)
    for top, rows in _strips(photo):
        stored[top : top + rows.height] = np.asarray(_plain(rows, white))
    photo.close()  # what it takes is needed for what follows
    return Image.fromarray(seen)


def _loaded(photo: Image.Image) -> Image.Image:
    """The photo with its pixels read. Pillow turns a TIFF as it reads it, and stumbles over tags that are no pixels."""
    if photo.format != "TIFF":
        photo.load()
        return photo
    if not isinstance(photo.info.get("xmp", b""), bytes):
        del photo.info["xmp"]
    try:
        photo.load()
    except OSError:  # the pixels
        raise
    except Exception:  # what stands beside them, of every kind there is; they have been read, and not turned
        turn = _TURNS.get(orientation_of(photo))
        return photo.copy() if turn is None else photo.transpose(turn)
    return photo


def _strips(photo: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """The photo in strips of rows, each with the row that it begins at."""
    height = max(1, _STRIP // photo.width)
    for top in range(0, photo.height, height):
        yield top, photo.crop((0, top, photo.width, min(top + height, photo.height)))


def _cleared(photo: Image.Image) -> Image.Image:
    photo.info.clear()  # nothing of it is wanted, and who is given the photo would turn it again
    with suppress(Exception):  # what cannot be read is not kept
        photo.getexif().clear()
    return photo


def _plain(photo: Image.Image, white: int) -> Image.Image:
    """The photo as it is stored, RGB, transparency over white.

    Args:
        white: see `_white`.
    """
    photo = _in_srgb(photo)
    if _is_deep_grey(photo):
        photo = _as_grey(photo, white)
    if photo.mode == "La":  # PIL knows no direct way from premultiplied grey to RGB
        photo = photo.convert("LA")
    if photo.has_transparency_data:
        photo = photo.convert("RGBA")
        photo = Image.alpha_composite(Image.new("RGBA", photo.size, "white"), photo)
    return photo.convert("RGB")


def _in_srgb(photo: Image.Image) -> Image.Image:
    """The photo with the colours that its profile means; as it is where it has none, or one that says nothing."""
    profile = photo.info.get("icc_profile")
    if not profile or not isinstance(profile, bytes):  # of a TIFF it may be a number
        return photo
    from PIL import ImageCms  # a library that most photos do without

    mode = "RGBA" if photo.mode == "RGBA" else "RGB"
    find = _to_srgb if len(profile) <= _MOST_REMEMBERED else _to_srgb.__wrapped__
    try:
        transform = find(profile, photo.mode, mode)
        return photo if transform is None else ImageCms.applyTransform(photo, transform) or photo
    except UNREADABLE:  # damaged, or of another kind of pixels
        return photo


# Cameras have a few, of which each takes longer to understand than to apply; the transform bears several threads
@lru_cache(maxsize=8)
def _to_srgb(profile: bytes, mode: str, wanted: str) -> "ImageCms.ImageCmsTransform | None":
    """What makes sRGB of the profile's colours; None where they are that."""
    from PIL import ImageCms

    own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if "srgb" in ImageCms.getProfileDescription(own).lower():
        return None
    return ImageCms.buildTransform(own, ImageCms.createProfile("sRGB"), mode, wanted)


forget_profiles = _to_srgb.cache_clear


def orientation_of(photo: Image.Image) -> int:
    """What EXIF, or XMP, says of the way up, 1 to 8; 1 where that is nothing that can be understood."""
    try:
        said = photo.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # of every kind there is: cameras and editors write what they like
        return 1
    return said if isinstance(said, int) and said in _TURNS else 1


def _is_deep_grey(photo: Image.Image) -> bool:
    """Whether it is grey of 16 or 32 bits, or of floating point."""
    return photo.mode.startswith("I") or photo.mode == "F"


def _white(photo: Image.Image) -> int:
    """Which value of deep grey stands for white: of 16 bits where any is beyond 8; 1 of fractions; 255 of all else."""
    if not _is_deep_grey(photo):
        return 255
    if photo.mode.startswith("I;16"):
        return 65535
    largest = max(float(_values(rows).max()) for _, rows in _strips(photo))
    if largest > 255:
        return 65535
    return 1 if photo.mode == "F" and largest <= 1 else 255


def _values(photo: Image.Image) -> np.ndarray:
    return np.nan_to_num(np.asarray(photo, dtype=np.float64))


def _as_grey(photo: Image.Image, white: int) -> Image.Image:
    """Deep grey as 8 bits."""
    values = _values(photo)
    if white == 65535:
        values = values / 257
    elif white == 1:
        values = values * 255
    return Image.fromarray(values.round().clip(0, 255).astype(np.uint8))

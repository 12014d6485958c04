"""Opening a photo that somebody hands to the app."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PIL import Image

import seg.photo
from demo.sharing.room import LARGE
from seg import InputError
from seg.labelled.pairs import Pair
from seg.photo import BadPhoto

MAX_PIXELS = 50_000_000
# Of memory that a photo takes while it is read, and while pictures of its own size are made of it
BYTES_PER_PIXEL = 8
# Of it, what is made of masks at the photo's own size
MASKS = 0.5

Read = TypeVar("Read")


@dataclass(frozen=True)
class SmallPhoto:
    """A photo as a network sees it.

    Attributes:
        pixels: the photo, RGB, at the network's size.
        size: the photo's own width and height.
    """

    pixels: Image.Image
    size: tuple[int, int]


def shrunk(photo: Image.Image, side: int) -> SmallPhoto:
    """A photo, RGB, for a network of this side."""
    return SmallPhoto(photo.resize((side, side), Image.Resampling.BILINEAR), photo.size)


@contextmanager
def room_for(path: Path, *, times: float = 1) -> Iterator[None]:
    """Memory for a photo, of which nothing at its own size is kept after it; `times` as much as reading it takes.

    Raises:
        InputError: there is none for too long, or the photo cannot be read.
    """
    width, height = _opened(path, lambda: seg.photo.stored_size(path))
    # one that is too large is refused when it is opened
    with LARGE.lent(round(times * BYTES_PER_PIXEL * min(width * height, MAX_PIXELS))):
        yield


def open_photo(path: str | Path) -> Image.Image:
    """The photo as a person sees it: RGB, its EXIF rotation applied, transparency over white.

    Raises:
        InputError: not there any more, not an image, damaged, or larger than the app takes.
    """
    return _opened(path, lambda: seg.photo.open_photo(path, MAX_PIXELS))


def open_labelled(pair: Pair) -> Image.Image:
    """The photo as a person sees it, under its label: see `Pair.read_photo`.

    Raises:
        InputError: not there any more, not an image, damaged, or larger than the app takes.
    """
    return _opened(pair.photo, lambda: pair.read_photo(MAX_PIXELS))


def small_photo(path: Path, side: int) -> Image.Image:
    """A photo that is to be shown small: see `seg.photo.small_photo`.

    Raises:
        InputError: not there any more, not an image, or damaged.
    """
    return _opened(path, lambda: seg.photo.small_photo(path, side))


def _opened(path: str | Path, read: Callable[[], Read]) -> Read:
    try:
        return read()
    except BadPhoto as error:
        raise InputError(f"{Path(path).name} {_said(error)}") from error


def _said(error: BadPhoto) -> str:
    if error.missing:
        return "is gone: choose the photo again"
    if error.too_large:
        return f"{error.wrong}: scale it to at most {MAX_PIXELS // 10**6} megapixels"
    return f"{error.wrong}: save it as JPEG or PNG and try again"

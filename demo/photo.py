"""Opening a photo that somebody hands to the app."""

from collections.abc import Callable
from pathlib import Path

from PIL import Image

import seg.photo
from seg import InputError
from seg.labelled.pairs import Pair
from seg.photo import BadPhoto

# A photo of this many pixels takes 0.9 GB while its probabilities are upsampled
MAX_PIXELS = 50_000_000


def open_photo(path: str | Path) -> Image.Image:
    """The photo as a person sees it: RGB, its EXIF rotation applied, transparency over white.

    Raises:
        InputError: not there any more, not an image, damaged, or larger than the app takes.
    """
    return _opened(path, lambda: seg.photo.open_photo(path, MAX_PIXELS))


def open_labelled(pair: Pair) -> Image.Image:
    """The photo as its label lies over it: see `Pair.read_photo`.

    Raises:
        InputError: not there any more, not an image, damaged, or, one's own, larger than the app takes.
    """
    return _opened(pair.photo, lambda: pair.read_photo(MAX_PIXELS))


def as_seen(picture: Image.Image, pair: Pair | None) -> Image.Image:
    """A photo, perhaps made smaller, in the colours that it shows: the dataset's are read as networks learn from them.

    Raises:
        InputError: its file cannot be read any more.
    """
    if pair is None or pair.turned:
        return picture
    return _opened(pair.photo, lambda: seg.photo.coloured(picture, pair.photo))


def small_photo(path: Path, side: int, *, turned: bool) -> Image.Image:
    """A photo that is to be shown small: see `seg.photo.small_photo`.

    Raises:
        InputError: not there any more, not an image, or damaged.
    """
    return _opened(path, lambda: seg.photo.small_photo(path, side, turned=turned))


def _opened(path: str | Path, read: Callable[[], Image.Image]) -> Image.Image:
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

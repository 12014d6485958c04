"""The photos that the page offers, and the one it shows: at the size on the page, with its label where it is known."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from demo.catalogue import last_change
from demo.images import data_uri
from demo.labelled import Labelled
from demo.photo import as_seen, open_labelled, open_photo, small_photo
from demo.serving.words import mark_of
from demo.stage.component import ShownPhoto
from demo.stage.pane import deflated_rows, shrink
from demo.uploads import uploaded_file
from experiments.store.probe import sample_photos
from seg import InputError
from seg.labelled.pairs import Pair

# Longest sides, in pixels: of the picture on the page, and of the planes that masks are drawn from
PICTURE_SIDE, PLANE_SIDE = 1200, 768
THUMB_SIDE = 96
# The cub, whose whole outline is in the picture
FIRST = "cheetah2"


@dataclass(frozen=True)
class Offered:
    """A photo that the page offers.

    Attributes:
        title: what it is called.
        pair: it and its label, where it has one.
    """

    title: str
    path: Path
    pair: Pair | None = None

    @property
    def thumb(self) -> str:
        """A small picture of it, as a `data:` URI.

        Raises:
            InputError: it cannot be read.
        """
        return _thumb(self.path, last_change(self.path), self.turned)

    @property
    def turned(self) -> bool:
        """Whether it is shown as a person sees it: the dataset's lie as they are stored, under their labels."""
        return self.pair is None or self.pair.turned


def offered_photos(dataset: Labelled) -> dict[str, Offered]:
    """The photos that the page offers, by name: samples, then what is there of the probe's.

    One's own come first.
    """
    samples = sample_photos()
    found = {name: Offered(name, samples[name]) for name in sorted(samples, key=lambda name: name != FIRST)}
    probe = {pair.name: _of_pair(pair) for pair in dataset.probe()}
    if dataset.are_own:
        return probe | {name: photo for name, photo in found.items() if name not in probe}
    return found | probe


def _of_pair(pair: Pair) -> Offered:
    return Offered(pair.name.replace("_", " "), pair.photo, pair if pair.label.is_file() else None)


def labelled_photos(names: list[str], dataset: Labelled) -> list[Offered | None]:
    """The photos of these names among those with labels; None for one that is not there."""
    return [None if pair is None else _of_pair(pair) for pair in dataset.pairs(names)]


def offered_photo(name: str, dataset: Labelled) -> Offered:
    """The photo of that name: one that the page offers, or any other of the dataset.

    Raises:
        InputError: it is not there.
    """
    (photo,) = labelled_photos([name], dataset)
    if photo is not None:
        return photo
    if name in sample_photos():
        return Offered(name, sample_photos()[name])
    raise InputError(f"There is no photo {name} here.")


def chosen_photo(choice: object, dataset: Labelled) -> Offered:
    """The photo that the page asks for: one of these names, `{"path": uploaded file, "title": its name}`, or the first.

    Raises:
        InputError: it is not there.
    """
    if isinstance(choice, dict):
        path = uploaded_file(choice.get("path"))
        return Offered(str(choice.get("title") or path.name), path)
    if choice is None:
        return next(iter(offered_photos(dataset).values()))
    return offered_photo(str(choice), dataset)


def shown_photo(photo: Offered) -> tuple[ShownPhoto, np.ndarray | None]:
    """The photo as the page shows it, and its label (H, W) uint8 at its own size, where that is known.

    Raises:
        InputError: it cannot be read.
    """
    return _shown(photo, last_change(photo.path))


def picture_of(photo: Offered) -> Image.Image:
    """The photo itself, RGB at its own size and as its label lies, read once for all networks that are asked about it.

    Raises:
        InputError: it cannot be read.
    """
    return _picture(photo.path, last_change(photo.path), photo.pair)


@lru_cache(maxsize=2)  # up to 150 MB each
def _picture(path: Path, changed: int | None, pair: Pair | None) -> Image.Image:
    return open_photo(path) if pair is None else open_labelled(pair)


@lru_cache(maxsize=32)
def _shown(photo: Offered, changed: int | None) -> tuple[ShownPhoto, np.ndarray | None]:
    picture = picture_of(photo)
    shown = _fitted(picture.size, PLANE_SIDE)
    label = None
    if photo.pair is not None:
        try:
            label = photo.pair.read_label()
        except InputError:  # a photo without a label is shown all the same; training says what is wrong with it
            label = None
    small = picture.copy()
    small.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
    truth = None
    if label is not None:
        truth = deflated_rows(shrink(label, shown))
    described = ShownPhoto(
        key=mark_of(photo.path, changed),
        name=Path(photo.title).stem,
        uri=data_uri(as_seen(small, photo.pair), "JPEG", quality=88),
        size=picture.size,
        shown=shown,
        truth=truth,
    )
    return described, label


def _fitted(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Width and height of at most so long a side, in the proportions of `size`."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


@lru_cache(maxsize=64)
def _thumb(path: Path, changed: int | None, turned: bool) -> str:
    small = small_photo(path, 2 * THUMB_SIDE, turned=turned)
    small.thumbnail((2 * THUMB_SIDE, THUMB_SIDE))
    return data_uri(small, "JPEG", quality=80)

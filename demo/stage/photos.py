"""The photos that the page offers, and the one it shows: at the size on the page, with its label where it is known."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from demo.catalogue import last_change
from demo.images import data_uri
from demo.labelled import Labelled
from demo.photo import SmallPhoto, open_labelled, open_photo, room_for, shrunk, small_photo
from demo.serving.words import in_short, mark_of
from demo.stage.component import ShownPhoto
from demo.stage.pane import deflated_rows, shrink
from demo.uploads import uploaded_file
from experiments.store.probe import sample_photos
from seg import InputError
from seg.labelled.pairs import Pair

# Longest sides, in pixels: of the picture on the page, and of the planes that masks are drawn from
PICTURE_SIDE, PLANE_SIDE = 1200, 768
THUMB_SIDE = 96
# Of most networks, in pixels
SIDE = 128
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
        return _thumb(self.path, last_change(self.path))

    def at(self, side: int) -> SmallPhoto:
        """The photo as a network of this side sees it.

        Raises:
            InputError: it cannot be read.
        """
        changed = last_change(self.path)
        # of the side that most networks have it is read together with what the page shows
        return _shown(self, changed)[2] if side == SIDE else _small(self, changed, side)


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
    raise InputError(f"There is no photo {in_short(name)} here.")


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
    return _shown(photo, last_change(photo.path))[:2]


def picture_of(photo: Offered) -> Image.Image:
    """The photo itself, RGB at its own size and as its label lies: up to 200 MB, see `demo.photo.room_for`.

    Raises:
        InputError: it cannot be read.
    """
    return open_photo(photo.path) if photo.pair is None else open_labelled(photo.pair)


@lru_cache(maxsize=16)
def _small(photo: Offered, changed: int | None, side: int) -> SmallPhoto:
    with room_for(photo.path):
        return shrunk(picture_of(photo), side)


@lru_cache(maxsize=16)  # about 0.5 MB each
def _shown(photo: Offered, changed: int | None) -> tuple[ShownPhoto, np.ndarray | None, SmallPhoto]:
    with room_for(photo.path):
        picture = picture_of(photo)
        small = shrunk(picture, SIDE)
        picture.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
    shown = _fitted(small.size, PLANE_SIDE)
    label = None
    if photo.pair is not None:
        try:
            label = photo.pair.read_label()
        except InputError:  # a photo without a label is shown all the same; training says what is wrong with it
            label = None
    truth = None
    if label is not None:
        truth = deflated_rows(shrink(label, shown))
    described = ShownPhoto(
        key=mark_of(photo.path, changed),
        name=Path(photo.title).stem,
        uri=data_uri(picture, "JPEG", quality=88),
        size=small.size,
        shown=shown,
        truth=truth,
    )
    return described, label, small


def _fitted(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Width and height of at most so long a side, in the proportions of `size`."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


@lru_cache(maxsize=64)
def _thumb(path: Path, changed: int | None) -> str:
    small = small_photo(path, 2 * THUMB_SIDE)
    small.thumbnail((2 * THUMB_SIDE, THUMB_SIDE))
    return data_uri(small, "JPEG", quality=80)


# What is remembered of photos
CACHES = (_small, _shown, _thumb)

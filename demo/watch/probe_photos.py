"""The probe's photos and trimaps as mosaics, as the runs' predictions are, for the page to fetch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from demo.catalogue import last_change
from demo.images import data_uri
from demo.labelled import Labelled
from demo.photo import as_seen
from demo.serving.folder import mosaics_folder
from demo.serving.words import spoken
from experiments.store.probe import mosaic, sample_photos
from seg import InputError
from seg.labelled.pairs import Pair
from seg.pets import BACKGROUND, TEST, indexed_image
from seg.photo import read_square

# Side in pixels of a photo that is looked at alone
LARGE = 512


@dataclass(frozen=True)
class Mosaic:
    """A served picture of tiles, and which of them it truly has; `path` is None where it has none."""

    path: Path | None
    present: tuple[bool, ...]


@dataclass(frozen=True)
class ProbePhotos:
    """Where the probe's photos and trimaps come from, and the folder their mosaics are served from.

    Attributes:
        dataset: without its photos validation tiles have no photo and no truth.
        built: mosaics by what they were made of: runs of one layout share them.
    """

    dataset: Labelled
    served: Path = field(default_factory=mosaics_folder)
    built: dict[tuple, Mosaic] = field(default_factory=dict)

    def find(self, tiles: Sequence[dict]) -> list[Pair | Path | None]:
        """The photo behind each tile of `probe.json`, with its label, or a sample's file; None where it is not here."""
        names, samples = [str(tile["name"]) for tile in tiles], sample_photos()
        pairs = self.dataset.pairs(names)
        return [
            pair if tile["source"] == TEST else samples.get(name)
            for tile, name, pair in zip(tiles, names, pairs, strict=True)
        ]

    def mosaic(self, layout: dict) -> Mosaic:
        """The photos of these tiles as one JPEG."""
        missing = np.zeros((layout["tile"], layout["tile"], 3), np.uint8)

        def write(tiles: list[np.ndarray], target: Path) -> None:
            channels = [mosaic(np.stack([tile[..., channel] for tile in tiles])) for channel in range(3)]
            Image.fromarray(np.stack(channels, axis=-1)).save(target, "JPEG", quality=92)

        return self._build("photos", ".jpg", layout, read_photo, missing, write)

    def truth(self, layout: dict) -> Mosaic:
        """The trimaps of these tiles as one indexed PNG, as the runs' mosaics of predictions are."""
        missing = np.full((layout["tile"], layout["tile"]), BACKGROUND, np.uint8)

        def write(tiles: list[np.ndarray], target: Path) -> None:
            indexed_image(mosaic(np.stack(tiles))).save(target, "PNG", optimize=True)

        return self._build("truth", ".png", layout, read_truth, missing, write)

    def _build(
        self,
        kind: str,
        suffix: str,
        layout: dict,
        read: Callable[[Pair | Path, int], np.ndarray | None],
        missing: np.ndarray,
        write: Callable[[list[np.ndarray], Path], None],
    ) -> Mosaic:
        """One picture of the tiles that `read(found, side)` gives; None where it has none."""
        side, found = layout["tile"], self.find(layout["tiles"])
        key = (kind, side, tuple(map(_stamp, found)))
        known = self.built.get(key)
        if known is not None and (known.path is None or known.path.is_file()):
            return known
        tiles = []
        for photo in found:
            try:
                tiles.append(None if photo is None else read(photo, side))
            except InputError:
                tiles.append(None)  # a damaged picture is shown as a missing one
        present = tuple(tile is not None for tile in tiles)
        target = None
        if any(present):
            self.served.mkdir(parents=True, exist_ok=True)  # whoever tidies temporary files may have taken it away
            target = self.served / f"{kind}-{hash(key) & 0xFFFFFFFF:08x}{suffix}"
            write([missing if tile is None else tile for tile in tiles], target)
        self.built[key] = Mosaic(target, present)
        return self.built[key]


def read_photo(found: Pair | Path, side: int) -> np.ndarray:
    """(side, side, 3) uint8, as networks see it, in the colours that the photo shows."""
    if isinstance(found, Pair):
        return np.asarray(as_seen(Image.fromarray(found.read_square(side)), found))
    return read_square(found, side)


def read_truth(found: Pair | Path, side: int) -> np.ndarray | None:
    """(side, side) uint8 of classes; samples have none."""
    return found.read_label(side) if isinstance(found, Pair) and found.label.is_file() else None


def _stamp(found: Pair | Path | None) -> tuple:
    """What changes when a tile's picture does."""
    files = () if found is None else (found.photo, found.label) if isinstance(found, Pair) else (found,)
    return found, *map(last_change, files)


def tile_function(photos: ProbePhotos) -> Callable[[str], dict]:
    """What the page calls as `server.tile_photo(name)`: the photo larger than its tile, `picture` None without it."""

    @spoken
    def tile_photo(name: object) -> dict:
        name = str(name)
        found = photos.dataset.pair(name) or sample_photos().get(name)
        try:
            picture = None if found is None else Image.fromarray(read_photo(found, LARGE))
        except InputError:
            return {"picture": None}  # a damaged picture is shown as a missing one
        return {"picture": picture and data_uri(picture, "JPEG")}

    return tile_photo

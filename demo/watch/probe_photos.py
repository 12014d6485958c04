"""The probe's photos and trimaps as mosaics, as the runs' predictions are, for the page to fetch."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from demo.catalogue import last_change
from demo.images import data_uri
from experiments.store.probe import mosaic, sample_photos
from seg import InputError
from seg.pets import BACKGROUND, TEST, indexed_image, photo_path, read_trimap, trimap_path
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
        dataset: the folder holding `oxford-iiit-pet/`; without it validation tiles have no photo and no truth.
        built: mosaics by what they were made of: runs of one layout share them.
    """

    dataset: Path
    served: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="borderline-")))
    built: dict[tuple, Mosaic] = field(default_factory=dict)

    def find(self, tile: dict) -> Path | None:
        """The photo behind a tile of `probe.json`; None where it is not on this machine."""
        if tile["source"] == TEST:
            path = photo_path(self.dataset, Path(tile["name"]).name)
            return path if path.is_file() else None
        return sample_photos().get(tile["name"])

    def find_pair(self, tile: dict) -> tuple[Path, Path] | None:
        """The trimap of a validation tile and the photo it must fit; samples have none."""
        photo = self.find(tile)
        if photo is None or tile["source"] != TEST:
            return None
        trimap = trimap_path(self.dataset, Path(tile["name"]).name)
        return (trimap, photo) if trimap.is_file() else None

    def mosaic(self, layout: dict) -> Mosaic:
        """The photos of these tiles as one JPEG."""
        missing = np.zeros((layout["tile"], layout["tile"], 3), np.uint8)

        def write(tiles: list[np.ndarray], target: Path) -> None:
            channels = [mosaic(np.stack([tile[..., channel] for tile in tiles])) for channel in range(3)]
            Image.fromarray(np.stack(channels, axis=-1)).save(target, "JPEG", quality=92)

        found = [None if path is None else (path,) for path in map(self.find, layout["tiles"])]
        return self._build("photos", ".jpg", layout["tile"], found, read_square, missing, write)

    def truth(self, layout: dict) -> Mosaic:
        """The trimaps of these tiles as one indexed PNG, as the runs' mosaics of predictions are."""
        missing = np.full((layout["tile"], layout["tile"]), BACKGROUND, np.uint8)

        def write(tiles: list[np.ndarray], target: Path) -> None:
            indexed_image(mosaic(np.stack(tiles))).save(target, "PNG", optimize=True)

        found = [self.find_pair(tile) for tile in layout["tiles"]]
        return self._build("truth", ".png", layout["tile"], found, read_trimap, missing, write)

    def _build(
        self,
        kind: str,
        suffix: str,
        side: int,
        found: Sequence[tuple[Path, ...] | None],
        read: Callable[..., np.ndarray],
        missing: np.ndarray,
        write: Callable[[list[np.ndarray], Path], None],
    ) -> Mosaic:
        """One picture of the tiles that `read(*files, side)` gives, for each tile the files it is found in."""
        stamps = tuple(tuple((str(path), last_change(path)) for path in files or ()) for files in found)
        key = (kind, side, stamps)
        known = self.built.get(key)
        if known is not None and (known.path is None or known.path.is_file()):
            return known
        tiles = []
        for files in found:
            try:
                tiles.append(None if files is None else read(*files, side))
            except InputError:
                tiles.append(None)  # a damaged picture is shown as a missing one
        present = tuple(tile is not None for tile in tiles)
        target = None
        if any(present):
            self.served.mkdir(exist_ok=True)  # whoever tidies temporary files may have taken it away
            target = self.served / f"{kind}-{hash(key) & 0xFFFFFFFF:08x}{suffix}"
            write([missing if tile is None else tile for tile in tiles], target)
        self.built[key] = Mosaic(target, present)
        return self.built[key]


def tile_function(photos: ProbePhotos) -> Callable[[str], dict]:
    """What the page calls as `server.tile_photo(name)`: the photo larger than its tile, `picture` None without it."""

    def tile_photo(name: str) -> dict:
        name = str(name)
        path = photos.find({"name": name, "source": "sample" if name in sample_photos() else TEST})
        try:
            picture = None if path is None else Image.fromarray(read_square(path, LARGE))
        except InputError:
            return {"picture": None}  # a damaged picture is shown as a missing one
        return {"picture": picture and data_uri(picture, "JPEG")}

    return tile_photo

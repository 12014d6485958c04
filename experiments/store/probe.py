"""The photos whose predictions every run keeps, epoch by epoch: 21 of the test split and package samples, or 21 of
one's own photos."""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from experiments.store.reading.files import MOST_RECORD_BYTES, read_ordinary
from experiments.store.reading.record import BadRecord, assert_name, assert_whole, parse_json
from experiments.store.runs import BadRun
from seg.cache import Split
from seg.evaluation import predict_logits
from seg.options import MOST_SIDE
from seg.pets import TEST, indexed_image
from seg.photo import read_square

COLUMNS = 7
# What a page can draw and a person look at
MOST_TILES, MOST_PIXELS = 1000, 64_000_000
# letters of a file's name on most disks
MOST_NAME = 255

# Drawn once from the test split, one a breed, 21 of 37; trimaps known to be empty were not drawn.
VALIDATION_NAMES = (
    "Bengal_35",
    "Birman_89",
    "British_Shorthair_22",
    "Maine_Coon_51",
    "Persian_94",
    "Russian_Blue_98",
    "Siamese_52",
    "american_bulldog_79",
    "american_pit_bull_terrier_58",
    "basset_hound_193",
    "beagle_47",
    "chihuahua_71",
    "english_setter_66",
    "japanese_chin_9",
    "keeshond_21",
    "leonberger_84",
    "newfoundland_51",
    "pomeranian_191",
    "saint_bernard_26",
    "shiba_inu_94",
    "wheaten_terrier_20",
)

# Photos of cats that arrive inside installed packages: (name, package, path inside it)
SAMPLES = (
    ("chelsea", "skimage", "data/chelsea.png"),
    ("lion", "gradio", "media_assets/images/lion.jpg"),
    ("cheetah", "gradio", "media_assets/images/cheetah.jpg"),
    ("cheetah1", "gradio", "media_assets/images/cheetah1.jpg"),
    ("cheetah2", "gradio", "test_data/cheetah2.jpg"),
)


def sample_photos() -> dict[str, Path]:
    """The sample photos on this machine, by name; one that its package no longer brings is left out."""
    found = {}
    for name, package, inside in SAMPLES:
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            path = Path(folder) / inside
            if path.is_file():
                found[name] = path
    return found


@dataclass(frozen=True)
class Probe:
    """Probe photos, (N, 3, S, S) uint8, and for each its name and source: `test` or a package's name."""

    photos: np.ndarray
    tiles: list[dict[str, str]]

    def layout(self) -> dict:
        """What `probe.json` holds."""
        return {"tile": self.photos.shape[-1], "columns": COLUMNS, "tiles": self.tiles}

    def predict(self, model: nn.Module, device: torch.device, network_size: int, precision: str) -> Image.Image:
        """The mosaic of predicted classes, a palette image, tiles in row order; unused cells are background."""
        model.eval()
        with torch.no_grad():
            photos = torch.from_numpy(self.photos).to(device)
            classes = predict_logits(model, photos, network_size, precision).argmax(dim=1)
        return indexed_image(mosaic(classes.to(torch.uint8).cpu().numpy()))


def own_probe(names: Sequence[str]) -> list[str]:
    """Which of one's own validation photos are the probe: at most 21, evenly spread over their sorted names."""
    places = np.linspace(0, len(names) - 1, min(len(names), len(VALIDATION_NAMES))).round().astype(int)
    return [names[place] for place in places]


def load_probe(validation: Split, *, own: bool = False) -> Probe:
    """The probe photos that this split and this machine hold, at the split's size.

    Args:
        own: whether the split is of one's own photos: the probe is then of them alone.
    """
    size = validation.photos.shape[-1]
    where = {name: index for index, name in enumerate(validation.names)}
    photos, tiles = [], []
    for name in own_probe(validation.names) if own else VALIDATION_NAMES:
        if name in where:
            photos.append(np.asarray(validation.photos[where[name]]))
            tiles.append({"name": name, "source": TEST})
    packages = {name: package for name, package, _ in SAMPLES}
    for name, path in ({} if own else sample_photos()).items():
        photos.append(read_square(path, size).transpose(2, 0, 1))
        tiles.append({"name": name, "source": packages[name]})
    return Probe(np.stack(photos) if photos else np.zeros((0, 3, size, size), np.uint8), tiles)


def mosaic(tiles: np.ndarray, columns: int = COLUMNS) -> np.ndarray:
    """Tiles (N, S, S) uint8 in rows of so many columns: (rows x S, columns x S), unused cells BACKGROUND."""
    count, size = len(tiles), tiles.shape[-1]
    rows = max(1, -(-count // columns))
    grid = np.ones((rows * columns, size, size), np.uint8)
    grid[:count] = tiles
    return grid.reshape(rows, columns, size, size).swapaxes(1, 2).reshape(rows * size, columns * size)


def mosaic_path(folder: Path, epoch: int) -> Path:
    """Where the run in this folder keeps its mosaic of an epoch."""
    return folder / "predictions" / f"epoch-{epoch:03d}.png"


def read_layout(folder: Path) -> dict | None:
    """`probe.json` of the run in this folder: `tile, columns, tiles`; None where it has none.

    Raises:
        BadRun: it is there, and damaged.
    """
    path = folder / "predictions" / "probe.json"
    try:
        layout = parse_json(read_ordinary(path, MOST_RECORD_BYTES))
        _assert_layout(layout)
        return layout
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadRun(f"{path} cannot be read ({error.strerror}): move it away, or train the run anew") from error
    except BadRecord as error:
        raise BadRun(f"{path} is no layout of a mosaic ({error}): move it away, or train the run anew") from error


def _assert_layout(said: Any) -> None:
    """
    Raises:
        BadRecord: this is none, or of more pixels than anybody can look at.
    """
    known: dict[str, Any] = said if isinstance(said, dict) else {}
    tile = assert_whole("tile", known.get("tile"), 1, MOST_SIDE)
    columns = assert_whole("columns", known.get("columns"), 1, MOST_TILES)
    tiles = known.get("tiles")
    if not isinstance(tiles, list) or len(tiles) > MOST_TILES:
        raise BadRecord(f"tiles is no list of at most {MOST_TILES}")
    for each in tiles:
        for name in ("name", "source"):
            assert_name(name, each.get(name) if isinstance(each, dict) else None, MOST_NAME)
    rows = max(1, -(-len(tiles) // columns))
    if rows * columns * tile**2 > MOST_PIXELS:
        raise BadRecord(f"it has more than {MOST_PIXELS / 1e6:.0f} million pixels")

"""The photos whose predictions every run keeps, epoch by epoch: 21 of the test split and package samples, or 21 of
one's own photos."""

import importlib.util
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from seg.cache import Split
from seg.evaluation import predict_logits
from seg.pets import TEST, indexed_image
from seg.photo import read_square

COLUMNS = 7

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


def mosaic(tiles: np.ndarray) -> np.ndarray:
    """Tiles (N, S, S) uint8 in rows of seven: (rows x S, 7 x S), unused cells BACKGROUND."""
    count, size = len(tiles), tiles.shape[-1]
    rows = max(1, -(-count // COLUMNS))
    grid = np.ones((rows * COLUMNS, size, size), np.uint8)
    grid[:count] = tiles
    return grid.reshape(rows, COLUMNS, size, size).swapaxes(1, 2).reshape(rows * size, COLUMNS * size)


def mosaic_path(folder: Path, epoch: int) -> Path:
    """Where the run in this folder keeps its mosaic of an epoch."""
    return folder / "predictions" / f"epoch-{epoch:03d}.png"


def read_layout(folder: Path) -> dict | None:
    """`probe.json` of the run in this folder: `tile, columns, tiles`; None where it has none that can be read."""
    try:
        layout = json.loads((folder / "predictions" / "probe.json").read_text(encoding="utf-8"))
        return layout if {"tile", "columns", "tiles"} <= layout.keys() else None
    except (OSError, ValueError, AttributeError):
        return None

"""What benchmarks work on: the dataset's photos where it is here, else photos that are drawn, always as JPEG files."""

from pathlib import Path

import numpy as np
from PIL import Image

from experiments.benchmarks.side_by_side import Setting
from seg.pets import TRAINVAL, listed_photos, photo_path

# of drawn photos, as most of the dataset's
USUAL_SIZE = (500, 375)


def photo_files(setting: Setting, count: int) -> list[Path]:
    """So many photos: of the dataset's training split, one in so many, or drawn ones."""
    if setting.data is None:
        return [drawn_photo(setting, USUAL_SIZE, number) for number in range(count)]
    names = listed_photos(setting.data, TRAINVAL)
    return [photo_path(setting.data, names[number * len(names) // count]) for number in range(count)]


def drawn_photo(setting: Setting, size: tuple[int, int], number: int = 0) -> Path:
    """A JPEG file of this width and height, about as large and as quick to decode as a camera's of that size."""
    path = setting.folder / f"{size[0]}x{size[1]}-{number}.jpg"
    if not path.exists():
        random = np.random.default_rng((number, *size))
        photo = np.zeros((size[1], size[0], 3))
        for finer in (6, 24, 96):  # clouds, and what is finer in them
            cells = random.normal(0, 3 / finer**0.5, (finer, finer, 3)).astype(np.float32)
            planes = [
                Image.fromarray(cells[..., channel]).resize(size, Image.Resampling.BICUBIC) for channel in range(3)
            ]
            photo += np.stack([np.asarray(plane) for plane in planes], axis=2)
        photo = 128 + 40 * photo + random.normal(0, 4, photo.shape)
        Image.fromarray(photo.clip(0, 255).astype(np.uint8)).save(path, quality=92)
    return path


def drawn_masks(count: int, side: int) -> np.ndarray:
    """Masks (count, side, side) uint8 of a disc with a border round it."""
    down, across = np.mgrid[:side, :side] / side - 0.5
    radii = 0.2 + 0.2 * np.random.default_rng(0).random((count, 1, 1))
    distance = np.hypot(down, across)[None] - radii
    return np.select([distance < -0.03, distance < 0.03], [0, 2], 1).astype(np.uint8)

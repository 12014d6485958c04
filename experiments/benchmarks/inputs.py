"""What benchmarks work on: the dataset's photos where it is here, else photos that are drawn; always files."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from experiments.benchmarks.side_by_side import Setting
from seg.batches import DeviceSplit
from seg.pets import TRAINVAL, listed_photos, photo_path, read_trimap, trimap_path
from seg.photo import read_square

# of drawn photos, as most of the dataset's
USUAL_SIZE = (500, 375)


def labelled_files(setting: Setting, count: int, split: str = TRAINVAL) -> list[tuple[Path, Path]]:
    """So many photos and their trimaps: of the dataset's split, one in so many, or drawn ones."""
    if setting.data is None:
        return [_drawn_pair(setting, number) for number in range(count)]
    names = listed_photos(setting.data, split)
    chosen = [names[number * len(names) // count] for number in range(min(count, len(names)))]
    return [(photo_path(setting.data, name), trimap_path(setting.data, name)) for name in chosen]


def decoded(files: list[tuple[Path, Path]], side: int, device: torch.device) -> DeviceSplit:
    """The photos and trimaps as a split on the device, side x side."""
    photos = np.stack([read_square(photo, side).transpose(2, 0, 1) for photo, _ in files])
    masks = np.stack([read_trimap(trimap, photo, side) for photo, trimap in files])
    return DeviceSplit(torch.from_numpy(photos).to(device), torch.from_numpy(masks).to(device))


def drawn_photo(setting: Setting, size: tuple[int, int], number: int = 0) -> Path:
    """A JPEG file of this width and height, about as large and as quick to decode as a camera's of that size."""
    path = setting.folder / f"{size[0]}x{size[1]}-{number}.jpg"
    if not path.exists():
        random = np.random.default_rng((number, *size))
        photo = 128 + random.normal(0, 4, (size[1], size[0], 3)).astype(np.float32)
        for cells, contrast in ((5, 50), (20, 25), (80, 12)):  # clouds, and what is finer in them
            for channel in range(3):
                plane = Image.fromarray(random.normal(0, contrast, (cells, cells)).astype(np.float32))
                photo[..., channel] += np.asarray(plane.resize(size, Image.Resampling.BICUBIC))
        Image.fromarray(photo.clip(0, 255).astype(np.uint8)).save(path, quality=92)
    return path


def _drawn_pair(setting: Setting, number: int) -> tuple[Path, Path]:
    """A drawn photo, and a trimap of a disc with a border round it."""
    width, height = USUAL_SIZE
    trimap = setting.folder / f"{number}.png"
    if not trimap.exists():
        down, across = np.mgrid[:height, :width]
        distance = np.hypot(down - height / 2, across - width / 2) / height - 0.2 - 0.02 * (number % 10)
        Image.fromarray(np.select([distance < -0.03, distance < 0.03], [1, 3], 2).astype(np.uint8)).save(trimap)
    return drawn_photo(setting, USUAL_SIZE, number), trimap

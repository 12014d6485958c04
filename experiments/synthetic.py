"""Draw a small dataset in the layout of one's own photos, to try things on: `python -m experiments.synthetic OUT`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.cli.command_line import OneLineParser, number, run_command, writing
from experiments.cli.program import typed
from seg import InputError
from seg.labelled.own import masks_folder, photos_folder

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

# One photo in so many is stored lying down, as a camera does that was held upright
LYING = 5
ORIENTATION, QUARTER_TURN = 0x0112, 6
# of an outline: how many waves go round it
WAVES = 5


def main(arguments: list[str] | None) -> int:
    """Draw the photos and their masks; 0."""
    options = _parser().parse_args(arguments)
    # numpy and Pillow take a moment to import: a wrong option is answered before
    import numpy as np
    from tqdm import tqdm

    if options.out.exists() and (not options.out.is_dir() or any(options.out.iterdir())):
        raise InputError(f"{options.out} is not empty: give a folder that is, or a new one")
    with writing(options.out, "give another folder"):
        for folder in (photos_folder(options.out), masks_folder(options.out)):
            folder.mkdir(parents=True, exist_ok=True)
        for index in tqdm(range(options.photos), desc="drawing", unit="photo"):
            photo, mask = draw(np.random.default_rng((options.seed, index)), options.side)
            name = f"blob-{index + 1:03d}"
            _save_photo(photo, photos_folder(options.out) / f"{name}.jpg", lying=index % LYING == LYING - 1)
            mask.save(masks_folder(options.out) / f"{name}.png")
    print(f"{options.out}: {options.photos} photos with masks. Train with")
    print(f"  {typed('run')} --loss ce --data {options.out}")
    return 0


def draw(random: np.random.Generator, side: int) -> tuple[Image.Image, Image.Image]:
    """A blob on a ground of like colours: the photo, RGB, and its mask, 0 and 255; the longer side is `side`."""
    import numpy as np
    from PIL import Image

    height, width = side, int(side * random.uniform(0.7, 1))
    if random.random() < 0.5:
        height, width = width, height
    down, across = np.mgrid[:height, :width] / side
    inside = _blob(random, down, across, height / side, width / side)
    ground, paint = random.uniform(60, 150, 3), random.uniform(-70, 70, 3)
    picture = ground + _clouds(random, height, width)[..., None] * 60
    picture += np.where(inside, _clouds(random, height, width) * 0.6 + 1, 0)[..., None] * paint
    picture += random.normal(0, 6, picture.shape)
    photo = Image.fromarray(picture.clip(0, 255).astype(np.uint8))
    return photo, Image.fromarray((inside * 255).astype(np.uint8))


def _blob(random: np.random.Generator, down: np.ndarray, across: np.ndarray, height: float, width: float) -> np.ndarray:
    """Boolean: inside an outline whose distance from a middle is a sum of waves."""
    import numpy as np

    short = min(height, width)
    middle = height * random.uniform(0.4, 0.6), width * random.uniform(0.4, 0.6)
    angle = np.arctan2(down - middle[0], across - middle[1])
    wave = sum(
        random.normal(0, 0.16 / number) * np.cos(number * angle + random.uniform(0, 2 * np.pi))
        for number in range(1, WAVES + 1)
    )
    radius = short * random.uniform(0.22, 0.34) * (1 + wave)
    return np.hypot(down - middle[0], across - middle[1]) < radius


def _clouds(random: np.random.Generator, height: int, width: int) -> np.ndarray:
    """(H, W) smooth values around 0, at most about 1."""
    import numpy as np
    from PIL import Image

    coarse = Image.fromarray(random.normal(0, 0.5, (6, 6)).astype(np.float32))
    return np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))


def _save_photo(photo: Image.Image, path: Path, *, lying: bool) -> None:
    from PIL import Image

    exif = photo.getexif()
    if lying:
        photo = photo.transpose(Image.Transpose.ROTATE_90)
        exif[ORIENTATION] = QUARTER_TURN
    photo.save(path, quality=90, exif=exif)


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog=typed("synthetic"),
        description="Draw a small dataset in the layout of your own photos: blobs on a ground of like colours, with "
        "masks of two values. To try the commands on, and the app.",
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="a new or empty folder")
    parser.add_argument("--photos", type=number(int, least=2), default=60, help="how many (default: 60)")
    parser.add_argument("--side", type=number(int, least=16), default=160, help="the longer side (default: 160)")
    parser.add_argument("--seed", type=number(int, least=0, below=2**63), default=0, help="(default: 0)")
    return parser


if __name__ == "__main__":
    run_command(main)

"""What it changes that photos are read from their full size."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from experiments.cli.command_line import remedies
from experiments.measurements import SIDE
from experiments.measurements.networks import Networks
from experiments.store.runs import Run
from seg import InputError
from seg.cache import load_split
from seg.metrics import confusion_per_photo, confusion_scores
from seg.pets import TEST, listed_photos, photo_path
from seg.photo import read_square

SCORES = ("pixel_accuracy", "border_f1")


def measure(data: Path, networks: Networks, full_res: Path) -> pd.DataFrame:
    """Scores of the test split's photos in `full_res`, resized with antialiasing, and of their copies in `data`.

    Both are scored against the trimaps in `data`, so nothing differs but the photos' pixels.

    Args:
        full_res: a folder with the layout of the dataset, whose list `test` may be of some of the photos.

    Returns:
        A row a run: the scores of the copies, those of the photos at full size, and the difference; all fractions.

    Raises:
        InputError: `full_res` has no photo, or one that `data` does not know.
    """
    split = load_split(data, TEST, SIDE)
    position = {name: index for index, name in enumerate(split.names)}
    with remedies(lambda _: "pass --full-res DIR with whole photos of the test split, in the dataset's layout"):
        names = listed_photos(full_res, TEST)
        unknown = [name for name in names if name not in position]
        if unknown:
            raise InputError(f"{full_res} lists {unknown[0]}, which the test split in {data} does not have")
        whole = np.stack([read_square(photo_path(full_res, name), SIDE) for name in names]).transpose(0, 3, 1, 2)
    chosen = [position[name] for name in names]
    copies, truth = np.array(split.photos[chosen]), torch.from_numpy(np.array(split.masks[chosen])).long()

    def row(run: Run) -> dict[str, float | str]:
        before, after = (
            _scores(networks.logits(run, photos), truth) for photos in (copies, np.ascontiguousarray(whole))
        )
        columns: dict[str, float | str] = {"run": run.name}
        for score in SCORES:
            columns |= {score: before[score], f"{score}_full_size": after[score]}
            columns[f"{score}_difference"] = after[score] - before[score]
        return columns

    precision, commit = networks.made.cells
    rows = pd.DataFrame([row(run) for run in networks.runs])
    return rows.assign(photos=len(names), precision=precision, commit=commit)


def _scores(logits: torch.Tensor, truth: torch.Tensor) -> dict[str, float]:
    return confusion_scores(confusion_per_photo(logits.argmax(dim=1), truth).sum(dim=0))

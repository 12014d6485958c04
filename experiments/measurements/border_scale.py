"""A scale for border F1: what the true border itself gets when it is moved."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from experiments.measurements import SIDE
from experiments.scores import tolerant_f1
from experiments.store.scored.photo_scores import CONFUSION_COLUMNS, MATCH_COLUMNS, f1_within
from seg.cache import load_split
from seg.metrics import TOLERANCES, border_matches, confusion_per_photo
from seg.pets import BACKGROUND, BORDER, TEST

MOVED = (1, 2, 3)
# down and right
DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1))
BATCH = 256
COUNTED = [*CONFUSION_COLUMNS, *MATCH_COLUMNS]


def measure(data: Path) -> pd.DataFrame:
    """Border F1 of the test split's true border, moved by so many pixels in a straight direction: the mean over four.

    Returns:
        A row a distance: `moved` pixels; F1 with each tolerance, from the counts of all photos; how many these are.
    """
    split = load_split(data, TEST, SIDE)
    counts = {pixels: np.zeros((len(DIRECTIONS), len(COUNTED)), dtype=np.int64) for pixels in MOVED}
    with tqdm(total=len(split), desc="moving", unit="img") as progress:
        for start in range(0, len(split), BATCH):
            truth = torch.from_numpy(np.array(split.masks[start : start + BATCH])).long()
            for pixels in MOVED:
                for number, (down, right) in enumerate(DIRECTIONS):
                    border = move(truth == BORDER, pixels * down, pixels * right)
                    counts[pixels][number] += _counts(torch.where(border, BORDER, BACKGROUND), truth)
            progress.update(len(truth))
    rows = []
    for pixels in MOVED:
        table = pd.DataFrame(counts[pixels], columns=COUNTED)
        f1 = {tolerant_f1(tolerance): f1_within(table, tolerance).mean() for tolerance in (0, *TOLERANCES)}
        rows.append({"moved": pixels} | f1)
    return pd.DataFrame(rows).assign(photos=len(split))


def move(regions: Tensor, down: int, right: int) -> Tensor:
    """Boolean regions (N, H, W) moved by fewer pixels than a side has; what leaves the photo is lost."""
    return F.pad(regions, (right, -right, down, -down))


def _counts(predicted: Tensor, truth: Tensor) -> list[int]:
    """Of the columns COUNTED the sums over photos."""
    confusion = confusion_per_photo(predicted, truth).sum(dim=0)
    return [*confusion.flatten().tolist(), *border_matches(predicted, truth).sum(dim=0).flatten().tolist()]

"""How wide the border is that trimaps draw around a pet: it is a band, not a line."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
from skimage.morphology import skeletonize
from tqdm import tqdm

from experiments.measurements import SIDE
from seg.cache import load_split
from seg.pets import BORDER, TEST

# The length of a line of pixels by its steps, without bias over all directions (Dorst and Smeulders 1987): a step
# straight, and a diagonal one
STRAIGHT, DIAGONAL = 0.948, 1.340


def measure(data: Path) -> pd.DataFrame:
    """The border's width in each photo of the test split: its pixels over the length of its centre line.

    The centre line is the border thinned to one pixel (Zhang and Suen 1984). Its length is measured in two ways:
    by `steps` as Dorst and Smeulders do, which is right for rings of a known width, and by `pixels`, the number of
    pixels that it has, which takes a diagonal step for as long as a straight one and so makes borders a tenth wider.

    Returns:
        A row a way: `length`; the median, the lower and the upper quartile of the width in pixels over photos; how
        many these are: those that have a border.
    """
    split = load_split(data, TEST, SIDE)
    widths = [border_widths(mask == BORDER) for mask in tqdm(split.masks, desc="thinning", unit="img")]
    table = pd.DataFrame(widths).dropna()
    quartiles = table.quantile([0.25, 0.5, 0.75])
    return pd.DataFrame(
        {
            "length": table.columns,
            "median": quartiles.loc[0.5].to_numpy(),
            "lower_quartile": quartiles.loc[0.25].to_numpy(),
            "upper_quartile": quartiles.loc[0.75].to_numpy(),
            "photos": len(table),
        }
    )


def border_widths(border: np.ndarray) -> dict[str, float]:
    """The width of a boolean border (H, W) by each way to measure its centre line; NaN where that has no length."""
    line = skeletonize(border)
    straight = (line[:, 1:] & line[:, :-1]).sum() + (line[1:] & line[:-1]).sum()
    # a diagonal step is none where two straight ones lead the same way
    falling = line[1:, 1:] & line[:-1, :-1] & ~(line[1:, :-1] | line[:-1, 1:])
    rising = line[1:, :-1] & line[:-1, 1:] & ~(line[1:, 1:] | line[:-1, :-1])
    steps = STRAIGHT * straight + DIAGONAL * (falling.sum() + rising.sum())
    pixels = border.sum()
    return (
        {"steps": pixels / steps, "pixels": pixels / line.sum()} if steps else {"steps": math.nan, "pixels": math.nan}
    )

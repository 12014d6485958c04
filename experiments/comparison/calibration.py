"""Whether runs are right as often as they are confident: reliability of runs together, and how far it is off."""

import math
from collections.abc import Sequence

import pandas as pd

from experiments.store.runs import Run
from experiments.store.scored.pixel_sums import read_calibration


def expected_calibration_error(calibration: pd.DataFrame) -> float:
    """Mean distance between confidence and accuracy over bins, weighted by count (Guo et al. 2017, equation 5).

    Args:
        calibration: the rows of `read_calibration` of one kind of pixels.

    Returns:
        A fraction in [0, 1]; NaN where no bin has a pixel.
    """
    filled = calibration[calibration["count"] > 0]
    if filled.empty:
        return math.nan
    distance = (filled["accuracy"] - filled["mean_confidence"]).abs()
    return float((distance * filled["count"]).sum() / filled["count"].sum())


def pooled_reliability(runs: Sequence[Run]) -> pd.DataFrame:
    """The reliability table of the pixels of all these runs together, at temperature 1; empty where one or all lack it.

    Returns:
        `pixels, bin, from, to, count, mean_confidence, accuracy`; an empty bin's means are NaN.

    Raises:
        BadRun: a file is missing or damaged.
    """
    keys = ["pixels", "bin", "from", "to"]
    tables = [table[table["temperature"] == 1] for table in map(read_calibration, runs)]
    if not tables or not all(map(len, tables)):
        return pd.DataFrame(columns=[*keys, "count", "mean_confidence", "accuracy"])
    sums = pd.concat(
        table[keys].assign(
            count=table["count"],
            confidence=(table["count"] * table["mean_confidence"]).fillna(0),
            correct=(table["count"] * table["accuracy"]).fillna(0),
        )
        for table in tables
    )
    pooled = sums.groupby(keys, sort=False, as_index=False).sum()
    pooled["mean_confidence"] = pooled["confidence"] / pooled["count"]
    pooled["accuracy"] = pooled["correct"] / pooled["count"]
    return pooled.drop(columns=["confidence", "correct"]).astype({"bin": int, "count": int})

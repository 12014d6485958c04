"""How well each configuration ranks pixels by their margin, whatever the threshold: average precision."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from experiments.comparison.bootstrap import Estimate, Resampled, estimate, estimate_difference, resample_sums
from seg.thresholds.margins import TRUE_BORDER, average_precision

# It takes a sum for each bin of each run: fewer resamples do
RESAMPLES = 2_000
DIFFERENCE = ("difference", "difference_low", "difference_high", "difference_seeds")


def ranking(ways: Mapping[str, Mapping[int, np.ndarray]], compared_with: str) -> pd.DataFrame:
    """The intervals of average precision, and of its differences from the baseline, by configuration.

    Args:
        ways: of each configuration the margins (N, 3, 122) of the photos compared, by seed.
        compared_with: the name of the baseline.
    """
    entries: dict[str, dict[int, int]] = {}
    histograms: list[np.ndarray] = []
    for name, by_seed in ways.items():
        entries[name] = {seed: len(histograms) + place for place, seed in enumerate(by_seed)}
        histograms += map(_by_truth, by_seed.values())
    columns = ["low", "high", *DIFFERENCE, "seeds_in_interval", "p"]
    if not histograms:
        return pd.DataFrame(columns=columns)
    counts = np.stack(histograms, axis=1)
    shape = counts.shape[1:]

    def ranked(totals: np.ndarray) -> np.ndarray:
        return average_precision(totals.reshape(-1, *shape))[..., None]

    drawn = resample_sums(counts.reshape(len(counts), -1), ranked, RESAMPLES)
    resampled = Resampled(("average_precision",), ranked(counts.sum(axis=0, dtype=np.int64))[0], drawn)
    rows = {}
    for name, places in entries.items():
        own, against = estimate(resampled, places), entries.get(compared_with)
        differing = estimate_difference(resampled, places, against) if against else None
        rows[name] = {"low": own.low[0], "high": own.high[0], "seeds_in_interval": own.seeds}
        rows[name] |= cells_of(DIFFERENCE, differing, 0) | {"p": np.nan if differing is None else differing.p[0]}
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def _by_truth(margins: np.ndarray) -> np.ndarray:
    """The kinds that are not border together (N, 2, 122): to rank by, no more is needed."""
    return np.stack([margins[:, TRUE_BORDER], margins[:, TRUE_BORDER + 1 :].sum(axis=1, dtype=np.int64)], axis=1)


def cells_of(names: Iterable[str], known: Estimate | None, index: int) -> dict[str, float]:
    """The numbers of an estimate under these names: mean, low, high, and how many seeds a difference is paired over."""
    if known is None:
        return dict.fromkeys(names, np.nan)
    values = (known.mean[index], known.low[index], known.high[index], known.seeds_paired)
    return dict(zip(names, map(float, values), strict=False))

"""Runs against each other: how `experiments.benchmark compare` measures it."""

from collections.abc import Iterator

import numpy as np

from experiments.benchmarks.side_by_side import NotMeasured, Row, Setting
from experiments.comparison.bootstrap import RESAMPLES, estimate, estimate_difference, resample


def rows(setting: Setting) -> Iterator[Row | NotMeasured]:
    """The intervals of three configurations of three seeds over the test split's 3,669 photos."""
    confusions = np.random.default_rng(0).integers(0, 2_000, (9, 3_669, 3, 3))
    configurations = [{seed: first + seed for seed in range(3)} for first in (0, 3, 6)]

    def intervals() -> list[object]:
        resampled = resample(confusions)
        found: list[object] = []
        for entries in configurations:
            found += [estimate(resampled, entries), estimate_difference(resampled, entries, configurations[0])]
        return found

    yield Row(f"intervals of 9 runs, {RESAMPLES:,} resamples", "s", intervals)

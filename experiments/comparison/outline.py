"""Where each configuration is right, by distance from both edges of the true border, and by side."""

import pandas as pd

from experiments.comparison.configurations import Configuration
from experiments.store.scored.pixel_sums import read_bands


def accuracy_by_side(found: list[Configuration]) -> pd.DataFrame:
    """Accuracy of the pixels of all runs of each configuration together.

    Returns:
        `configuration, edge, side, from, to, pixels, correct, accuracy`, see `read_bands`; no row of a configuration of
        which a run has no such bands.

    Raises:
        BadRun: a file is damaged.
    """
    keys = ["edge", "side", "from", "to"]
    tables = []
    for configuration in found:
        bands = [read_bands(run) for run in configuration.runs]
        if all(map(len, bands)):
            pooled = pd.concat(bands).groupby(keys, sort=False, as_index=False)[["pixels", "correct"]].sum()
            pooled.insert(0, "configuration", configuration.name)
            tables.append(pooled.assign(accuracy=pooled["correct"] / pooled["pixels"]))
    columns = ["configuration", *keys, "pixels", "correct", "accuracy"]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)

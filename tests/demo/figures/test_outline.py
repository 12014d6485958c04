"""Accuracy near the outline is that of the run's file."""

import pandas as pd
import pytest

from demo.figures.outline import near_the_outline
from demo.figures.styles import styles


def test_bands_are_those_of_the_csv(found, analysis, seeds, trace, numbers):
    bands = pd.read_csv(seeds[2].folder / "bands.csv").query("edge == 'pet'")
    within = [bands[bands["to"] <= band][["pixels", "correct"]].sum() for band in (1, 2, 4, 8, 16)]
    near = trace(near_the_outline(analysis, styles(found)), "Focal loss")
    assert list(near.x) == [f"{band} px" for band in (1, 2, 4, 8, 16)]
    assert numbers(near.y) == pytest.approx([100 * each["correct"] / each["pixels"] for each in within])

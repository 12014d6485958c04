"""Reliability is that of the run's file, as the network is."""

import pandas as pd
import pytest

from demo.figures.reliability import KINDS, reliability
from demo.figures.styles import styles
from seg.metrics import CALIBRATED


def test_there_is_a_figure_of_every_kind():
    assert set(KINDS) == set(CALIBRATED)


@pytest.mark.parametrize("pixels", CALIBRATED)
def test_reliability_is_that_of_the_csv(found, analysis, seeds, trace, pixels):
    table = pd.read_csv(seeds[2].folder / "calibration.csv")
    bins = table[(table["pixels"] == pixels) & (table["count"] > 0) & (table["temperature"] == 1)]
    assert len(bins) > 3
    view = reliability(analysis, styles(found), pixels)
    line = trace(view, "Focal loss")
    assert list(line.x) == pytest.approx((100 * bins["mean_confidence"]).tolist())
    assert list(line.y) == pytest.approx((100 * bins["accuracy"]).tolist())
    error = ((bins["accuracy"] - bins["mean_confidence"]).abs() * bins["count"]).sum() / bins["count"].sum()
    notes = {entry["name"]: entry["note"] for entry in view.as_value()["legend"]}
    assert notes["Focal loss"] == f"ECE {100 * error:.1f} %"

"""Reliability is that of the run's file."""

import pandas as pd
import pytest

from demo.figures.reliability import reliability
from demo.figures.styles import styles


def test_reliability_is_that_of_the_csv(found, analysis, seeds, trace):
    table = pd.read_csv(seeds[2].folder / "calibration.csv")
    bins = table[(table["pixels"] == "border") & (table["count"] > 0)]
    view = reliability(analysis, styles(found), "border")
    line = trace(view, "focal-s0")
    assert list(line.x) == pytest.approx((100 * bins["mean_confidence"]).tolist())
    assert list(line.y) == pytest.approx((100 * bins["accuracy"]).tolist())
    error = ((bins["accuracy"] - bins["mean_confidence"]).abs() * bins["count"]).sum() / bins["count"].sum()
    notes = {entry["name"]: entry["note"] for entry in view.as_value()["legend"]}
    assert notes["focal-s0"] == f"ECE {100 * error:.1f} %"

"""Sums over the pixels of all photos are read back as they were written, and older ones are not taken for new ones."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from experiments.store.scored.pixel_sums import BAND_COLUMNS, CALIBRATION_COLUMNS, read_bands, read_calibration
from seg.metrics import BANDS, CALIBRATION_BINS

RINGS = [(0, 1), (1, 2), (2, 4), (4, 8), (8, 16)]


# ---- near the outline


def test_bands_are_read_back_by_edge_side_and_ring(write_run, counts):
    written = np.arange(2 * 2 * len(BANDS) * 2).reshape(2, 2, len(BANDS), 2) + [10, 0]
    bands = read_bands(write_run("x", counts, bands=written))
    assert bands.columns.tolist() == list(BAND_COLUMNS)
    expected = [
        (edge, side, *ring, *written[i, j, k])
        for i, edge in enumerate(("pet", "pet_and_border"))
        for j, side in enumerate(("inside", "outside"))
        for k, ring in enumerate(RINGS)
    ]
    assert (
        list(bands[["edge", "side", "from", "to", "pixels", "correct"]].itertuples(index=False, name=None)) == expected
    )
    assert bands["accuracy"].tolist() == pytest.approx([c / p for *_, p, c in expected], rel=1e-6)


def test_photos_without_an_outline_have_bands_without_accuracy(write_run, counts):
    bands = read_bands(write_run("x", counts, bands=np.zeros((2, 2, 5, 2), dtype=int)))
    assert len(bands) == 20
    assert bands["accuracy"].isna().all()


def test_bands_of_an_older_version_are_a_gap(run):
    """It knew one edge, both sides together, and bands that hold the narrower ones."""
    old = "band,pixels,correct,accuracy\n1,10,5,0.5\n2,20,10,0.5\n4,40,20,0.5\n8,80,40,0.5\n16,160,80,0.5\n"
    (run.folder / "bands.csv").write_text(old)
    assert read_bands(run).empty
    assert set(BAND_COLUMNS) <= set(read_bands(run).columns)


@pytest.mark.parametrize("edit", [lambda t: t.iloc[:-1], lambda t: t.iloc[::-1], lambda t: t.assign(side="inside")])
def test_bands_that_lack_rows_or_have_others_are_told(run, edit, refusal):
    path = run.folder / "bands.csv"
    edit(pd.read_csv(path)).to_csv(path, index=False)
    assert "bands.csv is not whole" in refusal(read_bands, run)


# ---- calibration


@pytest.fixture
def sums() -> torch.Tensor:
    """(2, 2, 15, 3): counts, summed probabilities and what happened; some bins are empty."""
    rng = np.random.default_rng(0)
    count = rng.integers(0, 40, (2, 2, CALIBRATION_BINS)) * (rng.random((2, 2, CALIBRATION_BINS)) < 0.7)
    return torch.from_numpy(np.stack([count, count * rng.random(count.shape), rng.binomial(count, 0.4)], axis=-1) * 1.0)


def test_calibration_is_read_back_by_kind_bin_and_temperature(write_run, counts, sums):
    table = read_calibration(write_run("x", counts, calibration=sums))
    assert table.columns.tolist() == list(CALIBRATION_COLUMNS)
    rows = iter(table.to_dict("records"))
    for i, temperature in enumerate((1.0, 1.5)):
        for j, pixels in enumerate(("all", "border_probability")):
            for bin_, (count, probability, happened) in enumerate(sums[i, j].tolist()):
                row = next(rows)
                assert (row["pixels"], row["bin"], row["temperature"]) == (pixels, bin_, temperature)
                assert (row["from"], row["to"]) == pytest.approx((bin_ / 15, (bin_ + 1) / 15), rel=1e-6)
                assert row["count"] == count
                means = (probability / count, happened / count) if count else (np.nan, np.nan)
                assert (row["mean_confidence"], row["accuracy"]) == pytest.approx(means, rel=1e-6, nan_ok=True)
    assert next(rows, None) is None


def older(path: Path) -> str:
    """What a version wrote that conditioned on the true class: other rows, and no temperature."""
    table = pd.read_csv(path).drop(columns=["temperature", "precision", "commit"]).head(2 * CALIBRATION_BINS)
    return table.replace({"pixels": {"border_probability": "border"}}).to_csv(index=False)


def test_of_calibration_of_an_older_version_all_pixels_alone_are_shown(run):
    path = run.folder / "calibration.csv"
    new, text = read_calibration(run), older(path)
    path.write_text(text)
    table = read_calibration(run)
    assert table["pixels"].tolist() == ["all"] * CALIBRATION_BINS
    assert table["temperature"].tolist() == [1] * CALIBRATION_BINS
    first = new.head(CALIBRATION_BINS)
    pd.testing.assert_frame_equal(
        table.drop(columns=["precision", "commit"]), first.drop(columns=["precision", "commit"])
    )


def test_a_table_that_is_cut_is_not_taken_for_an_older_one(run, refusal):
    path = run.folder / "calibration.csv"
    table = pd.read_csv(path)
    for rows in (CALIBRATION_BINS, 2 * CALIBRATION_BINS, 3 * CALIBRATION_BINS):
        table.head(rows).to_csv(path, index=False)
        assert "calibration.csv is not whole" in refusal(read_calibration, run)


def test_rows_without_their_temperature_are_told(run, refusal):
    """Else they would be counted as those at temperature 1, beside those."""
    path = run.folder / "calibration.csv"
    table = pd.read_csv(path)
    for lost in (
        table.drop(columns="temperature"),
        table.assign(temperature=table["temperature"].where(table.index < 40)),
    ):
        lost.to_csv(path, index=False)
        assert "calibration.csv is not whole" in refusal(read_calibration, run)

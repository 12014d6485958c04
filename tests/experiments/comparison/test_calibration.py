"""The calibration errors are torchmetrics', and call labels drawn from the model's own probabilities calibrated."""

import math
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torchmetrics.functional.classification import binary_calibration_error, multiclass_calibration_error

from experiments.comparison.calibration import expected_calibration_error, pooled_reliability
from experiments.store.runs import Run
from experiments.store.scored.pixel_sums import read_calibration
from seg.metrics import CALIBRATED, CALIBRATION_BINS, calibration_sums
from seg.pets import BORDER


def both(sums: torch.Tensor) -> torch.Tensor:
    """The sums as a run keeps them, the same at both temperatures."""
    return torch.stack([sums, sums])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(st.integers(0, 2**32 - 1), st.floats(0.3, 8), st.integers(1, 3))
def test_the_calibration_errors_are_torchmetrics(write_run, draw_confusions, tmp_path, seed, sharpness, photos):
    """Of all pixels by confidence; class-wise, by the probability of border, as of a binary classifier."""
    generator = torch.Generator().manual_seed(seed)
    probabilities = (sharpness * torch.randn(photos, 3, 9, 11, generator=generator)).softmax(dim=1)
    truth = torch.randint(0, 3, (photos, 9, 11), generator=generator)
    parent = Path(tempfile.mkdtemp(dir=tmp_path))
    sums = both(calibration_sums(probabilities, truth))
    table = read_calibration(write_run("x", draw_confusions(1, 2)[0], calibration=sums, parent=parent))
    measured = {
        pixels: expected_calibration_error(table[(table["pixels"] == pixels) & (table["temperature"] == 1)])
        for pixels in CALIBRATED
    }
    flat, border = probabilities.movedim(1, -1).reshape(-1, 3), probabilities[:, BORDER].flatten()
    expected = {
        "all": multiclass_calibration_error(flat, truth.flatten(), num_classes=3, n_bins=15, norm="l1").item(),
        "border_probability": binary_calibration_error(border, (truth == BORDER).int().flatten(), 15, "l1").item(),
    }
    assert measured == pytest.approx(expected, abs=1e-5)


def test_labels_drawn_from_the_models_own_probabilities_are_calibrated(write_run, draw_confusions):
    generator = torch.Generator().manual_seed(5)
    logits = 2 * torch.randn(4, 3, 128, 128, generator=generator)
    logits[:, BORDER] -= 1.5
    probabilities = logits.softmax(dim=1)
    drawn = torch.multinomial(probabilities.movedim(1, -1).reshape(-1, 3), 1, generator=generator).view(4, 128, 128)
    tempered = (logits / 2.5).softmax(dim=1)
    sums = torch.stack([calibration_sums(each, drawn) for each in (probabilities, tempered)])
    table = read_calibration(write_run("x", draw_confusions(1, 2)[0], calibration=sums))
    for pixels in CALIBRATED:
        as_it_is, moved = (
            expected_calibration_error(rows) for _, rows in table[table["pixels"] == pixels].groupby("temperature")
        )
        assert as_it_is < 0.01
        assert moved > 0.05


def test_without_a_pixel_there_is_no_error(write_run, draw_confusions):
    sums = torch.zeros(2, 2, CALIBRATION_BINS, 3, dtype=torch.float64)
    table = read_calibration(write_run("x", draw_confusions(1, 2)[0], calibration=sums))
    assert math.isnan(expected_calibration_error(table))


# ---- of runs together


def random_sums(seed: int) -> torch.Tensor:
    """(2, 2, 15, 3); some bins are empty."""
    rng = np.random.default_rng(seed)
    count = rng.integers(0, 40, (2, 2, CALIBRATION_BINS)) * (rng.random((2, 2, CALIBRATION_BINS)) < 0.7)
    sums = np.stack([count, count * rng.random(count.shape), rng.binomial(count, 0.4)], axis=-1)
    return torch.from_numpy(sums.astype(np.float64))


@pytest.fixture
def runs(write_run, draw_confusions) -> list[Run]:
    counts = draw_confusions(1, 2)[0]
    return [write_run(f"ce-s{seed}", counts, seed=seed, calibration=random_sums(seed)) for seed in (0, 1)]


def test_pixels_of_all_runs_are_counted_together_as_the_network_is(runs):
    """Sums of both, at temperature 1 alone."""
    sums = (random_sums(0) + random_sums(1))[0].flatten(0, 1).tolist()
    table = pooled_reliability(runs)
    assert table["pixels"].tolist() == ["all"] * 15 + ["border_probability"] * 15
    for row, (count, probability, happened) in zip(table.to_dict("records"), sums, strict=True):
        assert row["count"] == count
        means = (probability / count, happened / count) if count else (math.nan, math.nan)
        assert (row["mean_confidence"], row["accuracy"]) == pytest.approx(means, rel=1e-5, nan_ok=True)


def test_where_one_run_has_no_calibration_there_is_none_of_them_together(runs):
    (runs[1].folder / "calibration.csv").unlink()
    assert pooled_reliability(runs).empty
    assert pooled_reliability(runs).columns.tolist() == pooled_reliability(runs[:1]).columns.tolist()
    assert pooled_reliability([]).empty


def test_a_run_of_an_older_version_is_counted_by_what_it_has(runs):
    """Which is all pixels by confidence."""
    path = runs[1].folder / "calibration.csv"
    table = pd.read_csv(path).drop(columns=["temperature", "precision", "commit"]).head(30)
    table.replace({"pixels": {"border_probability": "border"}}).to_csv(path, index=False)
    pooled = pooled_reliability(runs[1:])
    assert set(pooled["pixels"]) == {"all"}
    assert pooled["count"].sum() == random_sums(1)[0, 0, :, 0].sum()

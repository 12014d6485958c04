"""Every score of a run follows from its files, by code that shares none with it; what a file does not say is NaN."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

from experiments.comparison.run_scores import run_scores
from experiments.scores import SCORES
from experiments.store.runs import Run
from experiments.store.scored.margins import read_margins
from experiments.store.scored.photo_scores import read_images
from seg.metrics import CALIBRATION_BINS
from seg.thresholds.margins import BINS, KINDS
from tests.experiments.conftest import counts_beside

PHOTOS = 5


def histograms() -> np.ndarray:
    return np.random.default_rng(4).integers(0, 30, (PHOTOS, KINDS, BINS))


def bands() -> np.ndarray:
    rng = np.random.default_rng(2)
    pixels = rng.integers(10, 500, (2, 2, 5))
    return np.stack([pixels, rng.binomial(pixels, 0.6)], axis=-1)


def calibration() -> torch.Tensor:
    rng = np.random.default_rng(3)
    count = rng.integers(1, 40, (2, 2, CALIBRATION_BINS))
    sums = np.stack([count, count * rng.random(count.shape), rng.binomial(count, 0.4)], axis=-1)
    return torch.from_numpy(sums.astype(np.float64))


@pytest.fixture
def counts() -> np.ndarray:
    return counts_beside(histograms())


@pytest.fixture
def run(write_run, counts) -> Run:
    details = {"margins": histograms(), "bands": bands(), "calibration": calibration()}
    entropy, quality = np.linspace(0.1, 0.5, PHOTOS), np.linspace(0.9, 0.5, PHOTOS)
    return write_run("ce-s0", counts, cross_entropy=entropy, label_quality=quality, **details)


def scores_of(run: Run, images: pd.DataFrame) -> dict[str, float]:
    return run_scores(run, images, read_margins(run))


def slow_average_precision(margins: np.ndarray) -> float:
    true, everything = margins[0], margins.sum(axis=0)
    hits = painted = total = 0
    for place in reversed(range(BINS)):
        hits, painted = hits + true[place], painted + everything[place]
        total += true[place] * hits / painted if painted else 0
    return total / true.sum()


def test_scores_of_all_photos_are_those_of_the_files(run, counts):
    found = scores_of(run, read_images(run))
    total = counts.sum(axis=0)
    hits, true, painted = total[2, 2], total[2].sum(), total[:, 2].sum()
    assert found["pixel_accuracy"] == pytest.approx(total.trace() / total.sum())
    assert found["border_f1"] == pytest.approx(2 * hits / (true + painted))
    assert found["cross_entropy"] == pytest.approx(0.3)
    assert found["label_quality"] == pytest.approx(0.7)
    assert found["boundary_iou"] == pytest.approx(0.25)
    assert found["boundary_iou_with_border"] == pytest.approx(0.375)
    # made up: within one pixel as many are found and placed as exactly
    assert found["border_f1_1px"] == found["border_f1_2px"] == pytest.approx(2 * hits / (true + painted))
    assert found["average_precision"] == pytest.approx(slow_average_precision(histograms().sum(axis=0)))


def test_f1_with_a_tolerance_is_of_all_photos_matches_together(run, counts):
    path = run.folder / "images.csv"
    table = pd.read_csv(path)
    for name, seed in (("found", 0), ("placed", 1)):
        most = table["border_as_border"].to_numpy()
        table[f"border_{name}_2px"] = most + np.random.default_rng(seed).integers(0, 20, PHOTOS)
    table.to_csv(path, index=False)
    recall = table["border_found_2px"].sum() / counts[:, 2].sum()
    precision = table["border_placed_2px"].sum() / counts[:, :, 2].sum()
    found = scores_of(run, read_images(run))
    assert found["border_f1_2px"] == pytest.approx(2 * recall * precision / (recall + precision))


def test_accuracy_within_a_distance_is_of_both_sides_and_all_nearer_rings(run):
    found, sums = scores_of(run, read_images(run)), bands()
    for i, edge in enumerate(("pet", "pet_and_border")):
        for k, band in enumerate((1, 2, 4, 8, 16)):
            pixels, correct = sums[i, :, : k + 1].sum(axis=(0, 1))
            assert found[f"accuracy_within_{band}_of_{edge}"] == pytest.approx(correct / pixels)


def test_calibration_is_as_the_network_is_and_at_its_temperature(run):
    found, sums = scores_of(run, read_images(run)), calibration().numpy()
    assert found["temperature"] == 1.5
    for i, suffix in enumerate(("", "_tempered")):
        for j, name in enumerate(("calibration_error", "border_probability_error")):
            count, probability, happened = sums[i, j].T
            expected = np.abs(probability - happened).sum() / count.sum()
            assert found[name + suffix] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("chosen", [[0, 2, 3], [3, 0], [4]])
def test_scores_of_single_photos_are_of_those_compared_alone(run, counts, chosen):
    found = scores_of(run, read_images(run).iloc[chosen])
    total = counts[chosen].sum(axis=0)
    assert found["pixel_accuracy"] == pytest.approx(total.trace() / total.sum())
    assert found["cross_entropy"] == pytest.approx(np.linspace(0.1, 0.5, PHOTOS)[chosen].mean())
    assert found["border_f1_1px"] == pytest.approx(2 * total[2, 2] / (total[2].sum() + total[:, 2].sum()))
    assert found["average_precision"] == pytest.approx(slow_average_precision(histograms()[chosen].sum(axis=0)))


def test_what_no_file_says_is_a_gap(run, counts):
    for name in ("bands.csv", "calibration.csv", "margins.npz"):
        (run.folder / name).unlink()
    path = run.folder / "images.csv"
    pd.read_csv(path).iloc[:, :13].to_csv(path, index=False)  # what the first version knew of a photo
    found = scores_of(run, read_images(run))
    known = {name for name, value in found.items() if not math.isnan(value)}
    assert known == {score.name for score in SCORES.values() if score.counted} | {
        *("cross_entropy", "custom_iou", "boundary_iou"),
    }
    gaps = {"average_precision", "temperature", "label_quality", "border_f1_1px", "calibration_error"}
    assert gaps <= set(found) - known

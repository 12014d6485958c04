"""The calibration error is torchmetrics'."""

import tempfile
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torchmetrics.classification import MulticlassCalibrationError

from experiments.comparison.calibration import expected_calibration_error
from experiments.store.scored.pixel_sums import read_calibration
from seg.metrics import calibration_sums
from seg.pets import BORDER


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32 - 1), st.floats(0.3, 8), st.integers(1, 3))
def test_the_calibration_error_is_torchmetrics(write_run, draw_confusions, tmp_path, seed, sharpness, photos):
    generator = torch.Generator().manual_seed(seed)
    probabilities = (sharpness * torch.randn(photos, 3, 9, 11, generator=generator)).softmax(dim=1)
    truth = torch.randint(0, 3, (photos, 9, 11), generator=generator)
    sums = calibration_sums(probabilities, truth)
    parent = Path(tempfile.mkdtemp(dir=tmp_path))
    table = read_calibration(write_run("x", draw_confusions(1, 2)[0], calibration=sums, parent=parent))
    for pixels, chosen in (("all", torch.ones_like(truth, dtype=torch.bool)), ("border", truth == BORDER)):
        metric = MulticlassCalibrationError(num_classes=3, n_bins=15, norm="l1")
        expected = metric(probabilities.movedim(1, -1)[chosen], truth[chosen]).item()
        measured = expected_calibration_error(table[table["pixels"] == pixels])
        assert measured == pytest.approx(expected, abs=1e-5)

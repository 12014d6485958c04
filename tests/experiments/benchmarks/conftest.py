"""Where a benchmark runs in a test: on drawn photos, on the processor."""

import pytest
import torch

from experiments.benchmarks.side_by_side import Setting


@pytest.fixture(params=["fp32", "bf16"])
def setting(request, tmp_path, narrow) -> Setting:
    return Setting(torch.device("cpu"), request.param, None, tmp_path)

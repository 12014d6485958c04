"""Training and scoring ask nothing of a device that it does not have: Apple's GPU has no float64."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import grid_sample

from seg.batches import DeviceSplit
from seg.cache import load_split
from seg.evaluation import Evaluation
from seg.losses import make_loss
from seg.metrics import double
from seg.options import Options
from seg.training import train
from seg.training.state import TrainingState
from tests.device_without_float64 import device_without_float64

CPU = torch.device("cpu")
OPTIONS = Options(loss="ce", precision="fp32", epochs=2, size=32, progressive=True, batch_size=5, crop=0.5, ema=0.9)


def train_here(root, options: Options) -> list[tuple]:
    """All that an epoch's result holds but its times, in float64."""
    splits = [DeviceSplit.upload(load_split(root, split, 32), CPU) for split in ("trainval", "test", "test")]
    state = TrainingState.start(options, CPU)
    results = list(train(options, state, *splits, make_loss(options), lambda phase, photos: None))
    return [(each.train_loss, each.evaluation, each.tuning) for each in results]


def numbers(evaluation: Evaluation) -> dict[str, torch.Tensor]:
    details = {} if evaluation.details is None else vars(evaluation.details)
    return {name: torch.as_tensor(value) for name, value in (vars(evaluation) | details).items() if name != "details"}


@pytest.mark.parametrize("loss", ["ce", "focal", "dice"])
def test_it_trains_and_scores_as_the_cpu_does(tiny_pets, narrow, loss):
    options = replace(OPTIONS, loss=loss)
    expected = train_here(tiny_pets, options)
    with device_without_float64() as device:
        found = train_here(tiny_pets, options)
    assert device.done > 1000
    for (loss_then, then, tuned_then), (loss_now, now, tuned_now) in zip(expected, found, strict=True):
        assert loss_now == pytest.approx(loss_then, rel=1e-6, nan_ok=True)
        for name, value in numbers(then).items():
            torch.testing.assert_close(numbers(now)[name], value, rtol=1e-5, atol=1e-6, equal_nan=True)
        assert (tuned_now is None) == (tuned_then is None)
    torch.testing.assert_close(tuned_now.margins, tuned_then.margins, rtol=0, atol=2)
    assert tuned_now.temperature == pytest.approx(tuned_then.temperature, rel=1e-3)


@pytest.mark.parametrize(
    "asked",
    [
        lambda: torch.zeros((), dtype=torch.float64, device=CPU),
        lambda: torch.rand(3, device=CPU).double(),
        lambda: torch.rand(3, device=CPU).to(torch.float64),
        lambda: torch.rand(3, device=CPU) + torch.rand(3),
        lambda: torch.rand(3, device=CPU).sum(dtype=torch.float64),
        lambda: grid_sample(*(torch.rand(1, 2, 2, 2, device=CPU),) * 2, padding_mode="border", align_corners=False),
    ],
    ids=["zeros", "double", "to", "another device's", "sum", "border padding"],
)
def test_the_device_refuses_what_it_lacks(asked):
    with device_without_float64(), pytest.raises((TypeError, RuntimeError)):
        asked()


def test_numbers_are_doubled_on_the_cpu_where_the_device_cannot():
    with device_without_float64():
        doubled = double(torch.full((3,), 0.1, device=CPU))
        assert doubled.dtype == torch.float64
        assert (doubled.sum() + torch.zeros(3)).tolist() == pytest.approx([0.3] * 3)

import math
from collections.abc import Callable
from itertools import pairwise
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seg.checkpoint import BadCheckpoint, save_checkpoint, write_tensors
from seg.data import DeviceSplit, load_split
from seg.losses import Diverged, make_loss
from seg.training import EpochResult, Recipe, TrainingState, progressive_sizes, train

CPU = torch.device("cpu")
# batches of 5, 5 and 2 of the 12 training photos; 5 and 3 of the 8 validation photos
THREE_EPOCHS = Recipe(sizes=(16, 16, 32), batch_size=5, learning_rate_step=2)


class Stop(Exception):
    pass


@pytest.fixture(scope="module")
def pets(tiny_pets) -> SimpleNamespace:
    training, validation = (
        DeviceSplit.upload(load_split(tiny_pets, split, 32), CPU) for split in ("trainval", "test")
    )
    few = DeviceSplit(validation.photos[:3], validation.masks[:3])
    return SimpleNamespace(training=training, validation=validation, few=few)


@pytest.fixture
def narrow(monkeypatch):
    """A SegNet of few channels, which trains in no time."""
    monkeypatch.setattr("seg.segnet.STAGES", ((1, 16), (1, 16), (2, 32), (1, 32)))


def run(
    pets: SimpleNamespace,
    recipe: Recipe,
    state: TrainingState | None = None,
    *,
    loss: str = "ce",
    on_batch: Callable[[str, int], None] = lambda phase, photos: None,
) -> tuple[list[EpochResult], TrainingState]:
    """Results until the end, or until on_batch stops the training."""
    state, results = state or TrainingState.start(recipe, CPU), []
    sample = getattr(pets, "sample", pets.validation)
    try:
        for result in train(recipe, state, pets.training, pets.validation, sample, make_loss(loss), on_batch):
            results.append(result)
    except Stop:
        pass
    return results, state


def stop_at(phase: str, count: int) -> Callable[[str, int], None]:
    """An on_batch that stops the training at that batch of that phase."""
    seen = []

    def on_batch(current: str, photos: int) -> None:
        seen.append(current)
        if current == phase and seen.count(phase) == count:
            raise Stop

    return on_batch


def resumed(pets: SimpleNamespace, recipe: Recipe, stops: list[tuple[str, int]], path):
    """Train, stop, save, load into a fresh state and go on, once for each stop."""
    results, state = [], TrainingState.start(recipe, CPU)
    for stop in stops:
        before, state = run(pets, recipe, state, on_batch=stop_at(*stop))
        assert state.epoch < recipe.epochs
        results += before
        state.save(path)
        # what the fresh state starts from must not matter
        state = TrainingState.start(Recipe(seed=99, learning_rate=1), CPU)
        state.load(path)
    after, state = run(pets, recipe, state)
    return results + after, state


def assert_identical(one: tuple[list[EpochResult], TrainingState], other: tuple[list[EpochResult], TrainingState]):
    """Bit for bit the same results, times left out, and weights."""
    timeless = [
        [vars(result.evaluation) | {"epoch": result.epoch, "rate": result.learning_rate, "loss": result.train_loss}]
        for result in (one[0], other[0])
        for result in result
    ]
    half = len(timeless) // 2
    assert len(one[0]) == len(other[0]) == half
    torch.testing.assert_close(timeless[:half], timeless[half:], rtol=0, atol=0, equal_nan=True)
    assert_same_weights(one[1], other[1])


def assert_same_weights(one: TrainingState, other: TrainingState):
    for name, value in one.model.state_dict().items():
        assert torch.equal(value, other.model.state_dict()[name]), name

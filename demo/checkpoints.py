"""What segments a photo: the runs' checkpoints, each loaded once for as long as its file stays as it is.

All networks of the app run here, on a GPU where there is one.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import ParamSpec, Protocol, TypeVar

import torch

from demo.catalogue import last_change
from demo.photo import SmallPhoto
from experiments.store.runs import Run
from seg import InputError
from seg.checkpoint import BadCheckpoint, read_input_size
from seg.inference import Segmenter, SmallPrediction

# More than one network takes of a photo on a GPU that is lent, its way there and back included
SECONDS_LENT = 15

Taken = ParamSpec("Taken")
Given = TypeVar("Given")


class Photo(Protocol):
    """A photo that networks are given as small as they see it."""

    def at(self, side: int) -> SmallPhoto:
        """The photo for a network of this side.

        Raises:
            InputError: it cannot be read.
        """


class CheckpointGone(InputError):
    """A run that had a checkpoint when it was listed has none now: it was moved, deleted or begun anew."""


@contextmanager
def checkpoint_of(run: Run) -> Iterator[tuple[Path, int]]:
    """The run's checkpoint, and when it was last changed, which tell it from any other.

    Raises:
        CheckpointGone: it is not there any more, or goes while it is used inside.
    """
    path = run.checkpoint
    changed = None if path is None else last_change(path)
    if path is None or changed is None:
        raise _checkpoint_gone(run)
    try:
        yield path, changed
    except BadCheckpoint as error:
        if last_change(path) is None:
            raise _checkpoint_gone(run) from error
        raise


def _checkpoint_gone(run: Run) -> CheckpointGone:
    return CheckpointGone(f"{run.name} has no checkpoint any more: choose another run, or train it again")


def segment_photo(photo: Photo, run: Run) -> tuple[SmallPrediction, float]:
    """The run's prediction for a photo, and the milliseconds of its one pass.

    Raises:
        InputError: the photo cannot be read.
        CheckpointGone: as `checkpoint_of`.
        BadCheckpoint: the file cannot be read or holds no network that is known.
    """
    with checkpoint_of(run) as (path, changed):
        side, trained = read_input_size(path), run.largest_side
        if side is not None and side > trained:  # memory grows with its square
            raise BadCheckpoint(f"{path} wants to run at {side} x {side}, its run was trained at {trained} x {trained}")
        return segmented(photo, path, changed)


def segmented(photo: Photo, path: Path, changed: int | None = None) -> tuple[SmallPrediction, float]:
    """The prediction of the network in this file for a photo, and the milliseconds of its one pass.

    Args:
        changed: when the file was last changed, for a network that is kept in memory; None for one that is not.

    Raises:
        InputError: the photo cannot be read.
        BadCheckpoint: the file cannot be read or holds no network that is known.
    """
    answer = _answer(photo, path, changed)
    if isinstance(answer, InputError):
        raise answer
    return answer


def _on_a_lent_gpu(function: Callable[Taken, Given]) -> Callable[Taken, Given]:
    """The function in a process that has a GPU for as long as it runs, on a Space that lends them (ZeroGPU).

    Elsewhere it is the function itself. What it takes and gives is pickled on the way.
    """
    try:
        import spaces
    except ImportError:
        return function
    return spaces.GPU(duration=SECONDS_LENT)(function)


@_on_a_lent_gpu
def _answer(photo: Photo, path: Path, changed: int | None) -> tuple[SmallPrediction, float] | InputError:
    """An error is given, not raised: of one that leaves that process only its name arrives."""
    try:
        network = Segmenter.load(path, _device()) if changed is None else _loaded(path, changed)
        small = photo.at(network.network_size)
    except InputError as error:
        return error
    started = time.perf_counter()
    prediction = network.predict_small(small.pixels, small.size)
    return prediction, 1000 * (time.perf_counter() - started)


@lru_cache(maxsize=8)  # 61 MB each, half of it in bfloat16
def _loaded(path: Path, changed: int) -> Segmenter:
    return Segmenter.load(path, _device())


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")

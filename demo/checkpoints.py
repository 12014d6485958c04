"""What segments a photo: the runs' checkpoints, each loaded once for as long as its file stays as it is."""

import time
from functools import lru_cache
from pathlib import Path

from PIL import Image

from demo.catalogue import last_change
from experiments.store.runs import Run
from seg import InputError
from seg.checkpoint import BadCheckpoint
from seg.inference import Prediction, Segmenter


class CheckpointGone(InputError):
    """A run that had a checkpoint when it was listed has none now: it was moved, deleted or begun anew."""


def checkpoint_version(run: Run) -> tuple[Path, int]:
    """The run's checkpoint and when it was last changed, which tell it from any other.

    Raises:
        CheckpointGone: it is not there any more.
    """
    path = run.checkpoint
    changed = None if path is None else last_change(path)
    if path is None or changed is None:
        raise _checkpoint_gone(run)
    return path, changed


def segmenter(run: Run) -> Segmenter:
    """The run's checkpoint, kept in memory until its file changes.

    Raises:
        CheckpointGone: it is not there any more.
        BadCheckpoint: the file cannot be read or holds no network that is known.
    """
    path, changed = checkpoint_version(run)
    try:
        return loaded(path, changed)
    except BadCheckpoint as error:
        if last_change(path) is None:
            raise _checkpoint_gone(run) from error
        raise


@lru_cache(maxsize=8)  # 61 MB each
def loaded(path: Path, changed: int) -> Segmenter:
    """The checkpoint of `checkpoint_version`, kept in memory.

    Raises:
        BadCheckpoint: the file cannot be read or holds no network that is known.
    """
    return Segmenter.load(path)


def _checkpoint_gone(run: Run) -> CheckpointGone:
    return CheckpointGone(f"{run.name} has no checkpoint any more: choose another run, or train it again")


def segment_photo(photo: Image.Image, run: Run) -> tuple[Prediction, float]:
    """The run's prediction for a photo, and the milliseconds of its one pass.

    Raises:
        CheckpointGone, BadCheckpoint: as `segmenter` does.
    """
    network = segmenter(run)
    started = time.perf_counter()
    prediction = network.predict(photo)
    return prediction, 1000 * (time.perf_counter() - started)

"""What compares runs, computed once for as long as their files stay as they are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from experiments.comparison.analysis import Analysis, analyse
from experiments.comparison.configurations import Configuration
from experiments.store.photo_scores import confusions, read_images
from experiments.store.runs import DETAILS, Run
from seg import InputError


@dataclass(frozen=True)
class _Scored:
    """Runs as they are on the disk; two are the same while no file of the analysis changed."""

    stamp: tuple
    runs: tuple[Run, ...] = field(compare=False)


def photo_scores_stamp(run: Run) -> tuple:
    """Another one when the run's scores of single photos are."""
    files = [(run.folder / name).stat() for name in DETAILS]
    return (run.name, str(run.folder), run.epochs_trained, *((file.st_ino, file.st_mtime_ns) for file in files))


def cached_analysis(runs: list[Run]) -> Analysis:
    """The analysis of these runs, computed once for as long as their files stay as they are.

    Raises:
        InputError: they cannot be compared, or a file is missing or damaged.
    """
    return _analysis(_scored(runs))


def _scored(runs: Sequence[Run]) -> _Scored:
    try:
        return _Scored(tuple(map(photo_scores_stamp, runs)), tuple(runs))
    except OSError as error:  # a run begun anew removes them
        raise InputError(f"{error.filename} cannot be read ({error.strerror}): reload the page") from error


@lru_cache(maxsize=16)
def _analysis(scored: _Scored) -> Analysis:
    return analyse(list(scored.runs))


def cached_confusion(configuration: Configuration) -> np.ndarray:
    """Confusion counts of all photos and seeds: (3, 3), rows true classes.

    Raises:
        InputError: `images.csv` is missing or damaged.
    """
    return _confusion(_scored(configuration.runs))


@lru_cache(maxsize=64)
def _confusion(scored: _Scored) -> np.ndarray:
    return np.sum([confusions(read_images(run)).sum(axis=0) for run in scored.runs], axis=0)

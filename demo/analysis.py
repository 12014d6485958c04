"""What compares runs, computed once for as long as their files stay as they are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from experiments.comparison.analysis import Analysis, analyse
from experiments.comparison.configurations import Configuration
from experiments.store.details import DETAILS
from experiments.store.photo_scores import confusions, how_to_rescore, read_images
from experiments.store.runs import Run
from seg import InputError


@dataclass(frozen=True)
class _Scored:
    """Runs as they are on the disk; two are the same while no file of the analysis changed."""

    stamp: tuple
    runs: tuple[Run, ...] = field(compare=False)


def photo_scores_stamp(run: Run) -> tuple | None:
    """Another one when the run's scores of single photos are; None where it has none."""
    try:
        files = [(run.folder / name).stat() for name in DETAILS]
    except OSError:
        return None
    return (run.name, str(run.folder), run.epochs_trained, *((file.st_ino, file.st_mtime_ns) for file in files))


def cached_analysis(runs: list[Run]) -> Analysis:
    """The analysis of these runs, computed once for as long as their files stay as they are.

    Raises:
        InputError: they cannot be compared, or a file is missing or damaged.
    """
    return _analysis(_scored(runs))


def _scored(runs: Sequence[Run]) -> _Scored:
    stamps = tuple(map(photo_scores_stamp, runs))
    for run, stamp in zip(runs, stamps, strict=True):
        if stamp is None:  # they were there when the runs were listed; a run begun anew removes them
            remedy = f"choose other runs, or {how_to_rescore(run)}"
            raise InputError(f"{run.name} has no scores of single photos any more: {remedy}")
    return _Scored(stamps, tuple(runs))


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

"""What compares runs, computed once for as long as their files stay as they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.comparison.analysis import Analysis, analyse
from experiments.comparison.answer.sentences import listed
from experiments.comparison.configurations import Configuration
from experiments.comparison.photos import hardest, photo_scores, suspects
from experiments.store.folder import weights_path
from experiments.store.run_reader import stamp_of
from experiments.store.runs import BadRun, Run
from experiments.store.scored.controls import CONTROL_KINDS, control_folder
from experiments.store.scored.damage import damage
from experiments.store.scored.margins import read_margins
from experiments.store.scored.names import DETAILS, OF_CONTROLS
from experiments.store.scored.photo_scores import confusions, has_details, read_images
from seg import InputError
from seg.thresholds.margins import painted_share

# In a run's folder
_DETAILS = (
    *DETAILS,
    *(str(control_folder(Path(), control) / name) for control in CONTROL_KINDS for name in OF_CONTROLS),
)


@dataclass(frozen=True)
class _Scored:
    """Runs as they are on the disk; two are the same while no file of the analysis changed, and no run has grown."""

    stamp: tuple
    runs: tuple[Run, ...] = field(compare=False)


def photo_scores_stamp(run: Run) -> tuple | None:
    """Another one when the run's scores of single photos or pixels are; None where it has none of photos."""
    if not has_details(run):
        return None
    return (run.name, str(run.folder), run.epochs_trained, *(stamp_of(run.folder / name) for name in _DETAILS))


def run_stamp(run: Run) -> tuple:
    """Another one when what the page shows of the run is."""
    return (*_epochs_stamp(run), run.status, photo_scores_stamp(run), stamp_of(weights_path(run.folder)))


def cached_analysis(runs: list[Run], epoch: int | None = None) -> Analysis:
    """The analysis of these runs, computed once for as long as their files stay as they are.

    Args:
        epoch: after which, where not the deepest that they share.

    Raises:
        InputError: they cannot be compared, or a file is missing or damaged.
    """
    return _analysis(_scored(runs), epoch)


def _scored(runs: Sequence[Run]) -> _Scored:
    return _Scored(tuple((_epochs_stamp(run), photo_scores_stamp(run)) for run in runs), tuple(runs))


def _epochs_stamp(run: Run) -> tuple:
    return (run.name, str(run.folder), run.info.get("started"), run.epochs_trained, len(run.epochs))


@lru_cache(maxsize=16)
def _analysis(scored: _Scored, epoch: int | None) -> Analysis:
    return analyse(list(scored.runs), epoch)


def apart_from_damaged(runs: Sequence[Run], error: InputError) -> tuple[list[Run], list[Run]]:
    """The runs that can be shown, and those whose damaged scores of single photos the error is about."""
    damaged = [run for run in runs if isinstance(error, BadRun) and _damaged(_scored([run]))]
    names = {run.name for run in damaged}
    return [run for run in runs if run.name not in names], damaged


@lru_cache(maxsize=256)
def _damaged(scored: _Scored) -> bool:
    return damage(scored.runs[0]) is not None


def damaged_sentence(damaged: Sequence[Run], titles: Mapping[str, str]) -> str:
    """That these are left out, and what helps; where they lie on this machine is no visitor's affair."""
    names = listed([titles[run.name] for run in damaged])
    if len(damaged) == 1:
        return f"{names} is left out until it is scored again: its scores of single photos are damaged."
    return f"{names} are left out until they are scored again: their scores of single photos are damaged."


def cached_painted_share(run: Run) -> np.ndarray | None:
    """Share of its training photos' pixels that is painted border at each shift; None where it keeps no margins.

    Raises:
        BadRun: they are damaged.
    """
    return _painted_share(_scored([run]))


@lru_cache(maxsize=256)
def _painted_share(scored: _Scored) -> np.ndarray | None:
    margins = read_margins(scored.runs[0])
    return None if margins is None else painted_share(margins.tuning.sum(axis=0, dtype=np.int64))


def cached_confusion(configuration: Configuration) -> np.ndarray:
    """Confusion counts of all photos and seeds: (3, 3), rows true classes.

    Raises:
        InputError: `images.csv` is missing or damaged.
    """
    return _confusion(_scored(configuration.runs))


@lru_cache(maxsize=64)
def _confusion(scored: _Scored) -> np.ndarray:
    return np.sum([confusions(read_images(run)).sum(axis=0) for run in scored.runs], axis=0)


def cached_images(run: Run) -> pd.DataFrame:
    """`read_images` of the run.

    Raises:
        BadRun: `images.csv` is missing or damaged.
    """
    return _images(_scored([run]))


@lru_cache(maxsize=32)  # about 1 MB each
def _images(scored: _Scored) -> pd.DataFrame:
    return read_images(scored.runs[0])


def cached_photo_scores(run: Run) -> pd.DataFrame:
    """`experiments.comparison.photos.photo_scores` of the run.

    Raises:
        BadRun: `images.csv` is missing or damaged.
    """
    return _photo_scores(_scored([run]))


@lru_cache(maxsize=32)
def _photo_scores(scored: _Scored) -> pd.DataFrame:
    return photo_scores(scored.runs[0])


def cached_broken(runs: Sequence[Run], score: str) -> list[str]:
    """The photos whose label is broken, which `experiments.comparison.photos.hardest` leaves out.

    Raises:
        InputError: a run has the score of no photo, or its `images.csv` is missing or damaged.
    """
    return _broken(_scored(runs), score)


@lru_cache(maxsize=32)
def _broken(scored: _Scored, score: str) -> list[str]:
    return hardest(list(scored.runs), score)[1]


def cached_suspects(runs: Sequence[Run]) -> pd.DataFrame:
    """`experiments.comparison.photos.suspects` of the runs.

    Raises:
        InputError: as that does.
    """
    return _suspects(_scored(runs))


@lru_cache(maxsize=16)
def _suspects(scored: _Scored) -> pd.DataFrame:
    return suspects(list(scored.runs))

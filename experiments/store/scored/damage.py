"""Which runs' scores of single photos and pixels are damaged, so that all that is asked of the others is answered."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from experiments.store.runs import BadRun, Run
from experiments.store.scored.controls import CONTROL_KINDS, control_folder
from experiments.store.scored.margins import read_margins
from experiments.store.scored.names import DETAILS, MARGINS
from experiments.store.scored.photo_scores import read_images
from experiments.store.scored.pixel_sums import read_bands, read_calibration

Given = TypeVar("Given")


def damage(run: Run) -> BadRun | None:
    """The first file of them, its controls' too, that cannot be read, and why; None where all can that are there."""
    reads: list[tuple[Path, Callable[[], object]]] = [
        (run.folder / name, partial(read, run))
        for name, read in zip(DETAILS, (read_images, read_bands, read_calibration, read_margins), strict=True)
    ]
    for control in CONTROL_KINDS:
        inside = control_folder(run.folder, control)
        reads.append((inside / MARGINS, partial(read_margins, run, str(inside.relative_to(run.folder)))))
    for path, read in reads:
        if os.path.lexists(path):
            try:
                read()
            except BadRun as error:
                return error
    return None


def of_whole(runs: Sequence[Run], compute: Callable[[list[Run]], Given]) -> tuple[Given, list[BadRun]]:
    """What is computed of these runs; where it fails over damaged ones, of the others, and what is wrong with each.

    Raises:
        BadRun: all are damaged.
    """
    try:
        return compute(list(runs)), []
    except BadRun:
        wrong = {run.name: damage(run) for run in runs}
        whole = [run for run in runs if wrong[run.name] is None]
        damaged = [error for error in wrong.values() if error is not None]
        if not (whole and damaged):
            raise
        return compute(whole), damaged

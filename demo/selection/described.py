"""What the bar knows of every run: how far it is, its scores, in what it differs, the command that trains it."""

import json
from collections.abc import Sequence

import numpy as np

from demo.analysis import run_stamp
from demo.catalogue import Catalogue
from demo.figures.names import option_in_words
from demo.figures.styles import OTHER_SYMBOLS
from demo.selection.first import first_runs
from demo.serving.words import mark_of
from experiments.comparison.configurations import configurations
from experiments.scores import Place, appearing
from experiments.store.recorded_options import WITHOUT_EFFECT
from experiments.store.runs import Run
from experiments.store.training_command import training_command
from seg.losses import LOSSES, loss_colour

# Of these last epochs the pace of a training is known; those of a progressive run before were faster
PACE_EPOCHS = 3


def selection_value(catalogue: Catalogue) -> dict:
    """All that the bar needs.

    Returns:
        `runs`, each with `name`, `loss`, `title` and `colour` of its loss, its loss's `symbol` (None: unknown),
        `configuration` (a number; seeds of one share it), `seed`, `epochs` trained, `planned`, `status`, `left`
        (minutes, None where unknown), `scores` {name: fraction or None}, `differs`, `command`, and `stamp`, which is
        another one when its files are; `first`, the names of those chosen where nobody chose; `scores`, what their
        columns are called; `symbols`, the markers of a loss's other configurations; `broken`, a line a folder that
        cannot be read. Where the page is open `read` says when they were.
    """
    runs, broken = catalogue.read()
    groups = {run.name: number for number, c in enumerate(configurations(runs)) for run in c.runs}
    differing = {loss: _differing([run for run in runs if run.loss == loss]) for loss in {run.loss for run in runs}}
    return {
        "runs": [_described(run, groups[run.name], differing[run.loss]) for run in runs],
        "first": first_runs(runs),
        "scores": {score.name: score.short or score.noun for score in appearing(Place.SCRUBBER)},
        "symbols": OTHER_SYMBOLS,
        "broken": [catalogue.for_visitors(line) for line in broken],
    }


def _described(run: Run, configuration: int, differing: Sequence[str]) -> dict:
    entry, options = LOSSES.get(run.loss), run.used_options
    last = {score.name: run.final(score.name) for score in appearing(Place.SCRUBBER)}
    return {
        "name": run.name,
        "loss": run.loss,
        "title": entry.title if entry else run.loss,
        "colour": loss_colour(run.loss),
        "symbol": entry.marker if entry else None,
        "configuration": configuration,
        "seed": run.seed,
        "epochs": run.epochs_trained,
        "planned": run.epochs_planned,
        "status": run.status,
        "left": minutes_left(run),
        "scores": {name: None if value is None else round(value, 5) for name, value in last.items()},
        "differs": ", ".join(option_in_words(name, options.get(name)) for name in differing),
        "command": training_command(run.info),
        "stamp": mark_of(*run_stamp(run)),
    }


def _differing(alike: Sequence[Run]) -> list[str]:
    """The options in which runs of one loss differ, seeds and what changes nothing left out."""
    told = [run.used_options for run in alike]
    names = [
        name
        for name in dict.fromkeys(name for each in told for name in each)
        if name not in {*WITHOUT_EFFECT, "loss", "seed"}
    ]
    return [name for name in names if len({json.dumps(each.get(name)) for each in told}) > 1]


def minutes_left(run: Run) -> float | None:
    """Until a run that trains has trained for as long as it is to, at its last epochs' pace; None where unknown."""
    if run.status != "running":
        return None
    seconds = run.epochs.loc[run.epochs["epoch"] > 0, "seconds"].dropna().tail(PACE_EPOCHS)
    if seconds.empty:
        return None
    return float(np.median(seconds)) * (run.epochs_planned - run.epochs_trained) / 60

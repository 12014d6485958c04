"""What is said of the runs of a sweep: a line as each ends, and a table of all."""

from pathlib import Path

from experiments.cli.command_line import markdown_table
from experiments.cli.grid import PlannedRun
from experiments.scores import Place, Score, appearing
from experiments.store.runs import BadRun, Run, read_run
from experiments.units import PLAIN


def summary(name: str, outcome: str, folder: Path) -> str:
    """What became of a run, how far it got, and its scores."""
    run = readable(folder)
    if run is None:
        return f"{name}: {outcome}"
    cells = _cells(run)
    return f"{name}: {outcome}, {cells['epochs']} epochs, {cells['minutes']} min, {headline(run)}"


def table(grid: list[PlannedRun], out: Path, outcomes: dict[str, str]) -> str:
    """All runs of a grid as a table in Markdown.

    Args:
        outcomes: of those that were begun, or were finished before, by name.
    """
    header = ["run", "status", "epochs", "minutes", *map(_heading, appearing(Place.SWEEP))]
    rows = []
    for name in (planned.name for planned in grid):
        run = readable(out / name)
        cells = {} if run is None else _cells(run)
        status = outcomes.get(name, "not begun" if run is None else run.status)
        rows.append([name, status, *(cells.get(title, "-") for title in header[2:])])
    return markdown_table(header, rows, words=("run", "status"))


def readable(folder: Path) -> Run | None:
    """The run in a folder; None where there is none that can be read."""
    try:
        return read_run(folder)
    except BadRun:  # being replaced this very moment, or damaged: nothing to show, and no reason to stop the others
        return None


def _cells(run: Run) -> dict[str, str]:
    """How far a run got, how long it took and its last epoch's scores, by their headings."""
    return {
        "epochs": f"{run.epochs_trained}/{run.epochs_planned}",
        "minutes": PLAIN.number(run.epochs["seconds"].sum(min_count=1) / 60, undefined="-"),
        **{_heading(score): _final(run, score) for score in appearing(Place.SWEEP)},
    }


def _heading(score: Score) -> str:
    return score.noun + score.unit.suffix


def headline(run: Run) -> str:
    """The few scores that say how a run does."""
    return ", ".join(f"{score.noun} {_final(run, score)}{score.unit.suffix}" for score in appearing(Place.HEADLINE))


def _final(run: Run, score: Score) -> str:
    return score.unit.number(run.final(score.name), undefined="-")

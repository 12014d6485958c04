"""The runs the app shows, read from disk each time so that a new run needs no restart."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from experiments.store.run_reader import RunReader
from experiments.store.runs import Run, find_runs
from experiments.store.scored.photo_scores import has_details
from seg.losses import LOSSES

# Runs chosen when the page opens: more than these fill the screen
_FIRST_CHOICES = 3


@dataclass(frozen=True)
class Catalogue:
    """The folders that hold the runs. Reading them again costs little: only what changed is read."""

    folders: tuple[Path, ...]
    reader: RunReader = field(default_factory=RunReader)

    def runs(self) -> list[Run]:
        """All that can be read, by loss and name."""
        return find_runs(list(self.folders), self.reader)[0]

    def broken(self) -> list[str]:
        """One line for each folder that looks like a run but cannot be read."""
        return find_runs(list(self.folders), self.reader)[1]

    def scored(self) -> list[Run]:
        """Runs with at least one row of scores."""
        return [run for run in self.runs() if not run.epochs.empty]

    def with_photo_scores(self) -> list[Run]:
        """Runs whose scores of single photos are known."""
        return [run for run in self.scored() if has_details(run)]

    def with_checkpoint(self) -> list[Run]:
        """Runs that can segment a photo."""
        return [run for run in self.runs() if run.checkpoint is not None]

    def chosen(self, names: list[str] | None) -> list[Run]:
        """The scored runs of these names, in the catalogue's order; a name that is gone is left out."""
        return [run for run in self.scored() if run.name in (names or [])]


def last_change(path: Path) -> int | None:
    """When a file was last changed, in nanoseconds; None where it is not there, or not any more."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def lost_sentence(names: list[str] | None, runs: list[Run], what: str) -> str:
    """A sentence on names chosen in a page that was opened earlier; empty where each is still one of these runs.

    Args:
        what: what these runs have, such as "checkpoint".
    """
    there = {run.name for run in runs}
    lost = [name for name in names or [] if name not in there]
    have, them = ("has", "it") if len(lost) == 1 else ("have", "them")
    said = f"{', '.join(lost)} {have} no {what} any more: reload the page to choose others, or train {them} again."
    return said if lost else ""


def describe(run: Run) -> str:
    """The run's name and how far it was trained, as it appears wherever a run is chosen."""
    trained, planned = run.epochs_trained, run.epochs_planned
    epochs = "epoch" if planned == 1 else "epochs"
    return f"{run.name} · {planned} {epochs}" if trained == planned else f"{run.name} · {trained} of {planned} {epochs}"


def titled_choices(runs: list[Run]) -> list[tuple[str, str]]:
    """What each run is called by its loss, with how far it was trained, and its name."""
    titles = run_titles(runs)
    return [(f"{titles[run.name]} {run.epochs_trained}/{run.epochs_planned}", run.name) for run in runs]


def choices(runs: list[Run]) -> list[tuple[str, str]]:
    """What each run is called where runs are chosen, and its name."""
    return [(describe(run), run.name) for run in runs]


def first_choices(runs: Sequence[Run]) -> list[str]:
    """The names of the runs that are chosen when the page opens: the first one of each loss."""
    by_loss = {run.loss: run.name for run in reversed(runs)}
    chosen = [run.name for run in runs if by_loss[run.loss] == run.name]
    return chosen[:_FIRST_CHOICES]


def run_titles(runs: Sequence[Run]) -> dict[str, str]:
    """A title for each run's name: "Cross-entropy"; where a loss has several, "Cross-entropy, seed 1".

    Where loss and seed are not enough, the run's own name follows.
    """
    losses = Counter(run.loss for run in runs)
    seeds = Counter((run.loss, run.seed) for run in runs)
    titles = {}
    for run in runs:
        title = LOSSES[run.loss].title if run.loss in LOSSES else run.loss
        if losses[run.loss] > 1:
            title += f", seed {run.seed}"
        if seeds[run.loss, run.seed] > 1:
            title += f" ({run.name})"
        titles[run.name] = title
    return titles


NO_RUNS = (
    "No runs here yet. Train one with `python -m experiments.run --loss ce --data DIR`, "
    "where DIR holds the Oxford-IIIT Pet dataset, then reload this page."
)

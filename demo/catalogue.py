"""The runs the app shows, read from disk each time so that a new run needs no restart."""

import os
import stat
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from experiments.cli.program import typed
from experiments.store.recorded_options import used_options
from experiments.store.run_reader import RunReader
from experiments.store.runs import Run, find_runs
from experiments.store.scored.photo_scores import has_details
from seg.labelled.masks import BORDER_WIDTH
from seg.losses import LOSSES


@dataclass(frozen=True)
class Catalogue:
    """The folders that hold the runs. Reading them again costs little: only what changed is read."""

    folders: tuple[Path, ...]
    reader: RunReader = field(default_factory=RunReader)

    def read(self) -> tuple[list[Run], list[str]]:
        """All that can be read, by loss and name; and one line for each folder that looks like a run but cannot be."""
        return find_runs(list(self.folders), self.reader)

    def runs(self) -> list[Run]:
        """All that can be read, by loss and name."""
        return self.read()[0]

    def scored(self) -> list[Run]:
        """Runs with at least one row of scores."""
        return [run for run in self.runs() if not run.epochs.empty]

    def with_photo_scores(self) -> list[Run]:
        """Runs whose scores of single photos are known."""
        return [run for run in self.scored() if has_details(run)]

    def with_checkpoint(self) -> list[Run]:
        """Runs that can segment a photo."""
        return [run for run in self.runs() if run.checkpoint is not None]

    def chosen(self, names: Iterable[str]) -> list[Run]:
        """The runs of these names, in the catalogue's order; a name that is gone is left out."""
        wanted = set(names)
        return [run for run in self.runs() if run.name in wanted]

    def border_width(self) -> float:
        """How wide the borders of one's own photos are that most of the runs have learnt, as a share of the side."""
        widths = Counter(used_options(run.info)["border_width"] for run in self.runs() if run.own_photos)
        return max(widths, key=widths.__getitem__, default=BORDER_WIDTH)

    def for_visitors(self, line: str) -> str:
        """A line on a file of a run, called as below the folder of all runs: where that lies is no visitor's affair."""
        for folder in self.folders:
            line = line.replace(f"{folder}{os.sep}", "")
        return line


def last_change(path: Path) -> int | None:
    """When a file was last changed, in nanoseconds; None where it is not there any more, or is no ordinary file.

    Also when another took its place that is older itself.
    """
    try:
        found = path.stat()
    except OSError:
        return None
    return max(found.st_mtime_ns, found.st_ctime_ns) if stat.S_ISREG(found.st_mode) else None


def lost_sentence(names: Sequence[str], runs: Sequence[Run]) -> str:
    """A sentence on names chosen in a page that was opened earlier; empty where each is still one of these runs."""
    there = {run.name for run in runs}
    lost = [name for name in names if name not in there]
    are, them = ("is", "it") if len(lost) == 1 else ("are", "them")
    said = f"{', '.join(lost)} {are} not here any more: reload the page to choose others, or train {them} again."
    return said if lost else ""


def epochs_in_words(run: Run) -> str:
    """How far it was trained: `20 epochs`, `8 of 20 epochs`."""
    trained, planned = run.epochs_trained, run.epochs_planned
    epochs = "epoch" if planned == 1 else "epochs"
    return f"{planned} {epochs}" if trained == planned else f"{trained} of {planned} {epochs}"


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
    f"No runs here yet. Train one with `{typed('run')} --loss ce --data DIR`, "
    "where DIR holds the Oxford-IIIT Pet dataset, then reload this page."
)

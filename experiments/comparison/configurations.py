"""Runs that differ in nothing but their seed, taken together."""

import json
import re
from dataclasses import dataclass

from experiments.store.recorded_options import WITHOUT_EFFECT
from experiments.store.runs import MASKS, Run
from seg.losses import BASELINE, LOSSES
from seg.options import FIELDS

# The article's question is of these; any other loss, and another gamma or other weights, are secondary
ASKED = ("weighted", "focal")


@dataclass(frozen=True)
class Configuration:
    """One way to train, and its runs, one a seed.

    Attributes:
        name: the runs' name without the seed, as in `focal-weighted`; says so where training is unfinished.
        epochs: epochs trained.
    """

    name: str
    runs: tuple[Run, ...]
    epochs: int

    @property
    def loss(self) -> str:
        """The name of the loss that all its runs were trained with."""
        return self.runs[0].loss

    @property
    def finished(self) -> bool:
        """Whether it has trained for as long as it was to."""
        return self.epochs == self.runs[0].epochs_planned

    @property
    def of_masks(self) -> bool:
        """Whether it is anyone's predicted masks, of which neither seeds nor epochs are known."""
        return self.runs[0].status == MASKS

    @property
    def seeds(self) -> list[int]:
        """Of each run, in their order."""
        return [run.seed for run in self.runs]


def configurations(runs: list[Run]) -> list[Configuration]:
    """The runs, grouped by all that matters but the seed; the order is that of each group's first run.

    A second run of the same options and seed (trained on another machine, say) begins a group of its
    own: it is no new seed. So does a run that has trained for another number of epochs, or in another precision.
    """
    groups: dict[tuple[str, int], list[Run]] = {}
    seeds: dict[tuple[str, int], set[int]] = {}
    for run in runs:
        options = {name: value for name, value in run.used_options.items() if name not in WITHOUT_EFFECT}
        key, copy = json.dumps([options, run.epochs_trained], sort_keys=True), 0
        while run.seed in seeds.get((key, copy), ()):
            copy += 1
        groups.setdefault((key, copy), []).append(run)
        seeds.setdefault((key, copy), set()).add(run.seed)

    found: dict[str, Configuration] = {}
    for members in groups.values():
        first = members[0]
        trained, planned = first.epochs_trained, first.epochs_planned
        progress = "" if trained == planned else f" ({trained} of {planned} epochs)"
        stem = re.sub(rf"-s{first.seed}(?=$| )", "", first.name)
        names = [stem + progress, first.name + progress, str(first.folder)]
        if names[0] in found and _precision(found[names[0]].runs[0]) != _precision(first):
            names.insert(0, f"{stem} ({_precision(first)}){progress}")
        name = next(name for name in names if name not in found)
        found[name] = Configuration(name, tuple(members), first.epochs_trained)
    return list(found.values())


def _precision(run: Run) -> str:
    return run.used_options["precision"]


def baseline(found: list[Configuration]) -> Configuration | None:
    """Unweighted cross-entropy, which the others are compared with, finished where one is; None where no run has it."""
    candidates = [configuration for configuration in found if configuration.loss == BASELINE]
    return min(candidates, key=lambda c: (not c.finished, len(c.name)), default=None)


def is_primary(configuration: Configuration) -> bool:
    """Whether its loss has what it has of its own as by default: class weights by median frequency, gamma 2."""
    if configuration.loss not in ASKED:
        return False
    options, entry = configuration.runs[0].used_options, LOSSES[configuration.loss]
    usual = {"class_weights": entry.class_weights, "gamma": FIELDS["gamma"].default}
    return all((options.get(name) or "none") == value for name, value in usual.items() if name in entry.takes)

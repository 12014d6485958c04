"""The runs that are shown where nobody has chosen any: one of each loss."""

from collections.abc import Sequence

from experiments.comparison.configurations import Configuration, configurations
from experiments.comparison.footing import footing_or_none, trained
from experiments.comparison.selection import select_runs
from experiments.store.runs import Run
from experiments.store.scored.photo_scores import has_details


def first_runs(runs: Sequence[Run]) -> list[str]:
    """The names of one run of each loss that can be compared with each other, in the order of the runs.

    Of each loss one on the footing that most of the project's comparison stands on; where it has none there, one that
    shares an earlier epoch with the others.
    """
    scored = [run for run in runs if not run.epochs.empty]
    found = configurations(scored)
    selected = {run.name for run in select_runs(scored, named=False).chosen}
    alike = [c for c in found if any(run.name in selected for run in c.runs)]
    chosen: list[Run] = []
    for candidates in (alike, [c for c in found if c not in alike]):
        for configuration in sorted(candidates, key=_rank):
            run = configuration.runs[0]
            if all(run.loss != other.loss for other in chosen) and _comparable([*chosen, run]):
                chosen.append(run)
    names = {run.name for run in chosen}
    return [run.name for run in runs if run.name in names]


def _rank(configuration: Configuration) -> tuple:
    detailed = sum(map(has_details, configuration.runs))
    return (not configuration.finished, -configuration.epochs, -detailed, len(configuration.runs[0].name))


def _comparable(runs: list[Run]) -> bool:
    """Whether there is an epoch after which all were scored alike; one that has finished none keeps nobody from it."""
    there = trained(runs)
    return not there or footing_or_none(there) is not None

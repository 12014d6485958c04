"""What is compared: the chosen runs, seeds of one configuration together."""

from collections.abc import Sequence
from dataclasses import replace

from demo.figures.names import names_of_runs, without_run_names
from demo.selection.first import first_runs
from experiments.comparison.configurations import Configuration, configurations
from experiments.comparison.selection import select_runs
from experiments.store.runs import Run


def chosen_configurations(scored: list[Run], names: Sequence[str]) -> list[Configuration]:
    """Of the runs of these names; a name that is gone is left out."""
    return configurations([run for run in scored if run.name in names])


def further_seeds(scored: list[Run], chosen: Sequence[Configuration]) -> list[tuple[Configuration, list[Run]]]:
    """Of each chosen configuration the runs that differ from it in their seed alone, and were not chosen."""
    whole = {run.name: each.runs for each in configurations(scored) for run in each.runs}
    names = {run.name for configuration in chosen for run in configuration.runs}
    found = [(c, [run for run in whole[c.runs[0].name] if run.name not in names]) for c in chosen]
    return [(configuration, runs) for configuration, runs in found if runs]


def apart_sentence(scored: list[Run], names: Sequence[str]) -> str:
    """Names the runs on another footing, where the first choice stands; empty where a person chose."""
    if set(names) != set(first_runs(scored)):
        return ""
    selection = select_runs(scored, named=False)
    apart = replace(selection, apart=[run for run in selection.apart if run.name not in names])
    return without_run_names(apart.apart_sentence, names_of_runs(configurations(scored)))

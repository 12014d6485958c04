"""Which runs are compared: seeds of one configuration are one choice, called by its first run's name."""

from collections.abc import Sequence

import gradio as gr

from demo.catalogue import Catalogue
from demo.figures.names import names_in_words, names_of_runs, sentence_case, without_run_names
from experiments.comparison.answer.sentences import listed
from experiments.comparison.configurations import Configuration, configurations
from experiments.comparison.selection import select_runs
from experiments.store.runs import Run
from experiments.store.scored.photo_scores import has_details


def run_choices(catalogue: Catalogue, names: Sequence[str] | None) -> dict:
    """An update of the choice between configurations, with those of these runs chosen.

    Where the names say nothing, the `first_choice` is chosen.
    """
    scored = catalogue.scored()
    found = configurations(scored)
    chosen = chosen_configurations(found, names) or first_choice(scored)
    return gr.update(choices=configuration_choices(found), value=values(chosen), visible=bool(found))


def configuration_choices(found: list[Configuration]) -> list[tuple[str, str]]:
    """What each configuration is called, and the name of its first run, which stands for it."""
    told = [_describe(c, name) for c, name in zip(found, names_in_words(found), strict=True)]
    return list(zip(told, values(found), strict=True))


def values(found: list[Configuration]) -> list[str]:
    """The names that stand for these configurations where they are chosen."""
    return [configuration.runs[0].name for configuration in found]


def chosen_configurations(found: list[Configuration], names: Sequence[str] | None) -> list[Configuration]:
    """Those of which a run has one of these names."""
    return [c for c in found if any(run.name in (names or ()) for run in c.runs)]


def first_choice(scored: list[Run]) -> list[Configuration]:
    """One configuration of each loss, all on the footing that most of the project's comparison stands on."""
    selected = {run.name for run in select_runs(scored, named=False).chosen}
    found = configurations(scored)
    # where no run has finished an epoch there is nothing to select by
    alike = [c for c in found if any(run.name in selected for run in c.runs)] or found

    def rank(configuration: Configuration) -> tuple:
        detailed = sum(map(has_details, configuration.runs))
        return (not configuration.finished, -detailed, len(configuration.runs[0].name))

    losses = dict.fromkeys(c.loss for c in alike)
    return [min((c for c in alike if c.loss == loss), key=rank) for loss in losses]


def apart_sentence(scored: list[Run], chosen: list[Configuration]) -> str:
    """Names the runs on another footing, where the first choice stands; empty where a person chose."""
    if set(values(chosen)) != set(values(first_choice(scored))):
        return ""
    return without_run_names(select_runs(scored, named=False).apart_sentence, names_of_runs(configurations(scored)))


def _describe(configuration: Configuration, name: str) -> str:
    seeds = f"seed{'' if len(configuration.runs) == 1 else 's'} {listed([str(seed) for seed in configuration.seeds])}"
    trained, planned = configuration.epochs, configuration.runs[0].epochs_planned
    epochs = f"{planned}" if configuration.finished else f"{trained} of {planned}"
    return f"{sentence_case(name)}, {seeds} · {epochs} {'epoch' if planned == 1 else 'epochs'}"

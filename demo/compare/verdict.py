"""What stands first in the tab: the verdict in words, three facts, and all that it rests on, as HTML."""

from collections.abc import Sequence
from html import escape

from demo.compare.facts import how_sure, loss_or_threshold, more_sentences, other_seeds, the_price
from demo.compare.headline import headline
from demo.figures.names import names_in_words, names_of_runs, sentence_case, without_run_names
from demo.figures.styles import styles
from experiments.cli.program import typed
from experiments.comparison.analysis import Analysis
from experiments.comparison.answer.seeds import seeds_of_differences
from experiments.comparison.answer.sentences import listed
from experiments.comparison.answer.verdict import verdict
from experiments.comparison.configurations import Configuration
from experiments.store.runs import Run


def waiting_html(words: str) -> str:
    """The place of a verdict that is being found, with what takes so long in words."""
    return (
        '<section class="verdict waiting" data-testid="verdict" aria-busy="true">'
        f'<p class="said" role="status">{escape(words)}</p></section>'
    )


# until it is known which
WAITING = waiting_html("Comparing the losses …")


def awaited_words(chosen: list[Configuration], photos: int | None) -> str:
    """What is being compared, `Comparing cross-entropy and focal loss on 3,669 photos …`."""
    names = names_in_words(chosen)
    doing = f"Comparing {listed(names)}" if len(names) > 1 else f"Reading the scores of {names[0]}"
    return f"{doing}{'' if photos is None else f' on {photos:,} photos'} …"


def verdict_html(
    analysis: Analysis,
    chosen: list[Configuration],
    lacking: list[Run],
    apart: str,
    further: Sequence[tuple[Configuration, list[Run]]] = (),
) -> str:
    """The verdict over the configurations that have scores.

    Args:
        chosen: all that are looked at, also those that have not finished an epoch.
        lacking: chosen runs whose scores of single photos are all that is missing for intervals.
        apart: a sentence on runs that were not chosen.
        further: seeds that were not chosen, as `demo.compare.choice.further_seeds` gives them.
    """
    styled, names = styles(chosen), names_of_runs(chosen)
    facts = {
        "Loss or threshold?": loss_or_threshold(analysis, styled),
        "The price": the_price(analysis, styled),
        "How sure": how_sure(analysis, styled),
    }
    untrained = [run for c in chosen for run in c.runs if run.epochs_trained == 0]
    columns = "".join(f"<div><h3>{title}</h3><p>{said}</p></div>" for title, said in facts.items())
    notices = [_without(untrained, names), _missing(analysis), other_seeds(analysis, styled, further)]
    sentences = verdict(analysis) if len(analysis.configurations) > 1 else []
    if analysis.footing.detailed and analysis.compared_with and any(len(c.runs) > 1 for c in analysis.configurations):
        sentences += seeds_of_differences(analysis)
    sentences += [_lacking(lacking), apart]
    return (
        f'<section class="verdict" data-testid="verdict"><h2 class="said">{headline(analysis, styled)}</h2>'
        f'{"".join(f"""<p class="notice">{notice}</p>""" for notice in notices if notice)}'
        f'<div class="facts">{columns}</div>{more_sentences(list(filter(None, sentences)), names)}</section>'
    )


def no_verdict_html(chosen: list[Configuration]) -> str:
    """What is known where none of the chosen runs has finished an epoch; empty where none is chosen."""
    runs, names = [run for c in chosen for run in c.runs], names_of_runs(chosen)
    return said_alone_html(f"No verdict yet. {_without(runs, names)}") if runs else ""


def why_no_verdict_html(error: Exception, chosen: list[Configuration]) -> str:
    """Why these runs cannot be compared."""
    return said_alone_html(escape(f"{sentence_case(without_run_names(str(error), names_of_runs(chosen)))}."))


def said_alone_html(html: str) -> str:
    """What stands in a verdict's place where there is none."""
    return f'<section class="verdict" data-testid="verdict"><h2 class="said">{html}</h2></section>'


def _missing(analysis: Analysis) -> str:
    """What would have to be chosen for an answer."""
    if len(analysis.configurations) == 1:
        return "One loss alone cannot answer which is better: choose another above."
    if analysis.baseline is None:
        return "Whether a loss helps shows against plain cross-entropy: choose a run of it above."
    return ""


def _without(runs: list[Run], names: dict[str, str]) -> str:
    told = listed([names[run.name] for run in runs])
    return escape(f"{sentence_case(told)}: no epoch is finished yet.") if runs else ""


def _lacking(runs: list[Run]) -> str:
    score_it = f"`{typed('evaluate')} RUN --details`"
    return f"Intervals need the scores of single photos, from {score_it}, of {_listed(runs)}." if runs else ""


def _listed(runs: list[Run]) -> str:
    return listed([f"`{run.name}`" for run in runs])

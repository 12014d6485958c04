"""What the Spot check tab shows, as updates of its parts."""

from collections.abc import Callable
from functools import partial

import gradio as gr
import pandas as pd
from pandas.io.formats.style import Styler

from demo.catalogue import Catalogue, choices, first_choices, lost_sentence
from demo.figures.distribution import distribution
from demo.spot.layout import Parts
from demo.spot.ranking import ALL_BREEDS, SUSPICION, breeds, ranking
from demo.tabs import Updates
from experiments.scores import SCORES
from seg import InputError

# A table of thousands of rows is slow to draw, and nobody reads them
SHOWN_ROWS = 200

NO_DETAILS = (
    "No run has scores of single photos yet: finish one, or score an unfinished one with "
    "`python -m experiments.evaluate FOLDER --details`."
)


def show_ranking(
    parts: Parts, catalogue: Catalogue, names: list[str] | None, rank_by: str, score: str, chosen_breed: str | None
) -> Updates:
    """Updates of explanation, table and figure."""

    def told(sentence: str) -> Updates:
        return {parts.explanation: sentence, parts.table: gr.update(visible=False), parts.figure: None}

    there = catalogue.with_photo_scores()
    if not there:
        return told(NO_DETAILS)
    runs = [run for run in there if run.name in (names or [])]
    lost = lost_sentence(names, there, "scores of single photos")
    if not runs:
        return told(lost or "Choose at least one run.")
    try:
        table, words = ranking(runs, rank_by, score, chosen_breed or ALL_BREEDS)
        figure = distribution(runs, score).as_value()
    except InputError as error:
        return told(str(error))
    if len(table) > SHOWN_ROWS:
        words += f" The first {SHOWN_ROWS} of {len(table):,} photos are listed."
    words += f" {lost}" if lost else ""
    shown = table.head(SHOWN_ROWS)
    shown.insert(0, "rank", range(1, len(shown) + 1))
    write = "{:.3f}".format if rank_by == SUSPICION else partial(SCORES[score].text, tight=True)
    return {
        parts.explanation: words,
        parts.table: gr.update(value=_with_digits(shown, write), visible=True),
        parts.figure: figure,
    }


def _with_digits(table: pd.DataFrame, write: Callable[[float], str]) -> Styler:
    """The table, its numbers with as many digits each, so that columns line up; they sort as numbers."""
    return table.style.format(write, subset=[name for name in table if table[name].dtype.kind == "f"])


def show_choices(
    parts: Parts, catalogue: Catalogue, names: list[str] | None, rank_by: str, score: str, chosen_breed: str | None
) -> Updates:
    """Updates of the choices of runs and breeds as the disk has them now, and of what `show_ranking` shows then.

    Args:
        names: the runs chosen here before, or in another tab; None chooses the first.
    """
    runs = catalogue.with_photo_scores()
    there = [run.name for run in runs]
    chosen = [name for name in names or [] if name in there] or first_choices(runs)
    try:
        named = breeds(runs[:1])
    except InputError:  # `show_ranking` says why
        named = [ALL_BREEDS]
    return {
        parts.runs: gr.update(choices=choices(runs), value=chosen, visible=bool(runs)),
        parts.breed: gr.update(choices=named),
        **show_ranking(parts, catalogue, chosen, rank_by, score, chosen_breed),
    }

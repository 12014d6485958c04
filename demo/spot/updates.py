"""What the Failures tab shows, as updates of its parts."""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import cast

import gradio as gr
import pandas as pd
from pandas.io.formats.style import Styler

from demo.analysis import photo_scores_stamp
from demo.catalogue import NO_RUNS, Catalogue, lost_sentence, run_titles
from demo.figures.distribution import distribution
from demo.selection.followed import Selected
from demo.spot.layout import Parts
from demo.spot.photo import photo_html
from demo.spot.ranking import ALL_BREEDS, HARDEST, LABELS, SUSPICION, breeds, ranking
from demo.tabs import Updates
from experiments.comparison.answer.sentences import listed
from experiments.scores import CHOSEN_FIRST, SCORES, Place, appearing
from experiments.store.runs import Run
from experiments.store.scored.photo_scores import has_details
from seg import InputError

# A table of thousands of rows is slow to draw, and nobody reads them
SHOWN_ROWS = 200

HOW_SCORED = "Finish its training, or score it with `python -m experiments.evaluate FOLDER --details`."
NO_DETAILS = f"No run has scores of single photos yet. {HOW_SCORED}"


def show_all(
    parts: Parts,
    catalogue: Catalogue,
    dataset: Path,
    selected: Selected,
    ranked: tuple | None,
    reasons: dict[str, str],
) -> Updates:
    """Updates of the choices, of explanation, table and figure, and of the photo that is looked at.

    Args:
        ranked: what the table shows already, of which nothing is given again.
        reasons: why its photos' labels are suspected.
    """
    chosen = catalogue.chosen(selected.runs)
    runs = [run for run in chosen if has_details(run)]
    rank_by = _known(selected.text("rank"), LABELS, HARDEST)
    score = _known(selected.text("photoScore"), [each.name for each in appearing(Place.PHOTOS)], CHOSEN_FIRST.name)
    try:
        there = breeds(runs[:1])
    except InputError:  # `_show_ranking` says why
        there = [ALL_BREEDS]
    breed = _known(selected.text("breed"), there, ALL_BREEDS)
    stamp = (rank_by, score, breed, *map(photo_scores_stamp, runs), tuple(selected.runs))
    updates: Updates = {}
    if stamp != ranked:
        updates = {
            parts.ranked: stamp,
            parts.rank_by: gr.update(value=rank_by),
            parts.score: gr.update(value=score),
            parts.breed: gr.update(choices=there, value=breed),
            parts.reasons: {},
            **_show_ranking(parts, catalogue, selected.runs, chosen, rank_by, score, breed),
        }
        reasons = cast("dict[str, str]", updates[parts.reasons])
    photo = selected.text("photo")
    # without a row there is none to click
    detail = photo_html(dataset, photo, chosen, reasons.get(photo or "", "")) if runs else ""
    return {**updates, parts.detail: detail}


def _known(said: str | None, there: Collection[str], first: str) -> str:
    """What is said, where it can be chosen."""
    return said if said is not None and said in there else first


def _show_ranking(
    parts: Parts,
    catalogue: Catalogue,
    names: Sequence[str],
    chosen: Sequence[Run],
    rank_by: str,
    score: str,
    breed: str,
) -> Updates:
    """Updates of explanation, table and figure."""

    def told(sentence: str) -> Updates:
        return {parts.explanation: sentence, parts.table: gr.update(visible=False), parts.figure: None}

    if not catalogue.with_photo_scores():
        return told(NO_DETAILS if catalogue.runs() else NO_RUNS)
    runs = [run for run in chosen if has_details(run)]
    titles = run_titles(chosen)
    lacking = lost_sentence(names, catalogue.runs())
    if len(runs) < len(chosen):
        bare = listed([titles[run.name] for run in chosen if not has_details(run)])
        lacking = f"{lacking} Without scores of single photos: {bare}. {HOW_SCORED}".strip()
    if not runs:
        return told(lacking or "Choose at least one run above.")
    try:
        table, words = ranking(runs, rank_by, score, breed)
        figure = distribution(runs, score).as_value()
    except InputError as error:
        return told(str(error))
    if len(table) > SHOWN_ROWS:
        words += f" The first {SHOWN_ROWS} of {len(table):,} photos are listed."
    words += f" {lacking}" if lacking else ""
    shown = table.head(SHOWN_ROWS)
    shown.insert(0, "rank", range(1, len(shown) + 1))
    write = "{:.3f}".format if rank_by == SUSPICION else partial(SCORES[score].text, tight=True)
    return {
        parts.explanation: words,
        # a reason takes lines; rows that do not are as high from the first
        parts.table: gr.update(value=_with_digits(shown, write), visible=True, wrap=rank_by == SUSPICION),
        parts.figure: figure,
        parts.reasons: dict(zip(shown["photo"], shown["reason"], strict=True)) if rank_by == SUSPICION else {},
    }


def _with_digits(table: pd.DataFrame, write: Callable[[float], str]) -> Styler:
    """The table, its numbers with as many digits each, so that columns line up; they sort as numbers."""
    return table.style.format(write, subset=[name for name in table if table[name].dtype.kind == "f"])

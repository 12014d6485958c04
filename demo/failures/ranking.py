"""What the gallery shows of every photo: its scores, and what speaks against its label. The page puts them in order."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from demo.analysis import (
    apart_from_damaged,
    cached_broken,
    cached_photo_scores,
    cached_suspects,
    damaged_sentence,
)
from demo.catalogue import Catalogue, run_titles
from demo.failures.photo import NOT_HERE
from demo.figures.names import without_run_names
from demo.labelled import Labelled
from demo.stage.component import stage_value
from experiments.comparison.answer.sentences import listed
from experiments.reporting.measured import measured_sentence
from experiments.scores import CHOSEN_FIRST, SCORES, Place, Score, appearing
from experiments.store.runs import Run
from experiments.store.scored.photo_scores import has_details
from experiments.units import PER_CENT
from seg import InputError

HOW_SUSPECTED = "The less the networks believe a label, the earlier its photo comes: a score called label quality."
# What a pane needs of a run, of what the stage has
SHOWN_OF_RUN = ("run", "title", "note", "colour", "onPhoto", "dash", "symbol", "version")


def failures_value(catalogue: Catalogue, dataset: Labelled, names: Sequence[str], asked: str | None = None) -> dict:
    """What the tab shows of the runs of these names.

    Args:
        asked: the score that photos are ranked by, where a person chose one.

    Returns:
        `scores`, [(title, name)], of which one can be chosen. `dataset`, whether photos are there, `said`, a
        sentence where they are not, and `search`, what a search is of. `missing`, where photos cannot be
        ranked: `text`, and `act` and `button`, what helps. Else `score`, the chosen one: `name`, `title`,
        `noun`, `meaning`, `percent`, `top` (the end of its scale), `better` (whether more is); `losses`, the
        runs, as the stage has them; `classes` and `ramp` of the stage; `lacking`, a sentence on runs that are
        left out; `photos`, their names; `values`, a list a run, in which None is an unknown score; `broken`,
        the places in `photos` of those whose label is broken; and `suspects`: `order`, places in `photos`, the
        most suspicious first, `reasons`, in this order, and `how`, on what they rest; or `text`, why there are
        none.
    """
    chosen = catalogue.chosen(names)
    runs = [run for run in chosen if has_details(run)]
    score = next((each for each in appearing(Place.PHOTOS) if each.name == asked), CHOSEN_FIRST)
    are_here = dataset.are_here
    value = {
        "scores": [(each.title, each.name) for each in appearing(Place.PHOTOS)],
        "dataset": are_here,
        "search": "Search names" if dataset.are_own else "Search breeds",
        "said": "" if are_here else NOT_HERE,
    }
    try:
        return value | (_ranked(chosen, runs, score) if runs else {"missing": _missing(catalogue, chosen)})
    except InputError as error:
        rest, damaged = apart_from_damaged(chosen, error)
        whole = [run for run in rest if has_details(run)]
        said = damaged_sentence(damaged, run_titles(chosen)) if damaged else str(error)
        if not (damaged and whole):
            return value | {"missing": _state(said, "add", "Choose other runs")}
    shown = value | _ranked(rest, whole, score)
    return shown | {"lacking": " ".join(filter(None, [said, shown.get("lacking")]))}


def _state(text: str, act: str, button: str) -> dict:
    return {"text": text, "act": act, "button": button}


def _missing(catalogue: Catalogue, chosen: Sequence[Run]) -> dict:
    """Why none of the chosen runs ranks a photo, and what helps."""
    there = catalogue.runs()
    if not there:
        return _state("No runs are here yet: train one, and it appears.", "copy", "Copy the command")
    if not any(map(has_details, there)):
        said = "No run has scores of single photos yet: they come when training ends."
        return _state(said, "curves", "Show scores by epoch")
    if not chosen:
        return _state("No run is chosen.", "add", "Choose a run")
    return _state(_have_no(chosen, "scores", run_titles(chosen)), "add", "Choose other runs")


def _ranked(chosen: Sequence[Run], runs: Sequence[Run], score: Score) -> dict:
    titles = run_titles(chosen)
    unknown = _unknown(runs, score, titles)
    if unknown:
        return {"missing": _state(unknown, "first-score", f"Show {CHOSEN_FIRST.noun}")}
    values = pd.DataFrame({run.name: cached_photo_scores(run)[score.name] for run in runs})
    if values.dropna().empty:
        return {"missing": _state("These runs were not scored on the same photos.", "add", "Choose other runs")}
    broken = cached_broken(runs, score.name)
    # a photo that a run has not scored is compared with none
    values = values[values.notna().all(axis=1) | values.index.isin(broken)]
    stage = stage_value(None, runs, {})
    panes = [{key: pane[key] for key in SHOWN_OF_RUN} for pane in stage["panes"]]
    for pane in panes:
        pane["title"] = titles[pane["run"]]  # as among all that are chosen: no other tab calls it otherwise
    return {
        "score": _described(score, values),
        "losses": panes,
        "classes": stage["classes"],
        "ramp": stage["ramp"],
        "lacking": _lacking(chosen, runs, titles),
        "photos": values.index.tolist(),
        "values": {name: _rounded(values[name]) for name in values},
        "broken": np.flatnonzero(values.index.isin(broken)).tolist(),
        "suspects": _suspects(runs, values.index, titles),
    }


def _unknown(runs: Sequence[Run], score: Score, titles: Mapping[str, str]) -> str:
    """A sentence on the runs whose files are of a version without this score; empty where all have it."""
    lacking = [] if score.counted else [run for run in runs if cached_photo_scores(run)[score.name].isna().all()]
    return _have_no(lacking, score.noun, titles)


def _have_no(runs: Sequence[Run], what: str, titles: Mapping[str, str]) -> str:
    have = "has" if len(runs) == 1 else "have"
    return f"{listed([titles[run.name] for run in runs])} {have} no {what} of single photos." if runs else ""


def _lacking(chosen: Sequence[Run], runs: Sequence[Run], titles: Mapping[str, str]) -> str:
    return _have_no([run for run in chosen if run not in runs], "scores", titles)


def _described(score: Score, values: pd.DataFrame) -> dict:
    percent = score.unit is PER_CENT
    return {
        "name": score.name,
        "title": score.title,
        "noun": score.noun,
        "meaning": score.meaning.replace("trimap", "label"),
        "percent": percent,
        # without end: but for a few photos all lie below
        "top": 1.0 if percent else float(np.nanquantile(values.to_numpy(), 0.995)),
        "better": score.higher_is_better,
    }


def _rounded(column: pd.Series) -> list[float | None]:
    return [None if value != value else round(value, 4) for value in column.tolist()]


def _suspects(runs: Sequence[Run], photos: pd.Index, titles: Mapping[str, str]) -> dict:
    unknown = _unknown(runs, SCORES["label_quality"], titles)
    if unknown:
        return {"text": unknown}
    try:
        table = cached_suspects(runs)
    except InputError as error:
        return {"text": without_run_names(str(error), titles).replace("trimap", "label")}
    table = table[table.index.isin(photos)]
    return {
        "order": photos.get_indexer(table.index).tolist(),
        "reasons": [reason.replace("trimap", "label") for reason in table["reason"]],
        "how": f"{HOW_SUSPECTED} {measured_sentence('planted-labels')}".replace("trimap", "label").strip(),
    }

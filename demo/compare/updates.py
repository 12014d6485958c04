"""What the tab shows of the chosen runs, as updates of its parts: none where nothing has changed."""

from dataclasses import dataclass, replace
from html import escape

import gradio as gr

from demo.analysis import apart_from_damaged, cached_analysis, damaged_sentence, photo_scores_stamp
from demo.catalogue import NO_RUNS, Catalogue, lost_sentence
from demo.compare.choice import apart_sentence, chosen_configurations, further_seeds
from demo.compare.confusion import confusion_tables
from demo.compare.layout import Parts
from demo.compare.scores import scores_html
from demo.compare.table import column_types, styled_table, table_label, table_note, written_table
from demo.compare.verdict import (
    awaited_words,
    no_verdict_html,
    said_alone_html,
    verdict_html,
    waiting_html,
    why_no_verdict_html,
)
from demo.figures.by_epoch import by_epoch
from demo.figures.names import in_markdown, names_of_runs, sentence_case, without_run_names
from demo.figures.operating import operating_curves
from demo.figures.outline import near_the_outline
from demo.figures.price import price
from demo.figures.reliability import reliability
from demo.figures.styles import styles
from demo.selection.followed import Selected
from demo.tabs import Updates
from experiments.comparison.analysis import Analysis
from experiments.comparison.configurations import Configuration
from experiments.comparison.footing import footing_or_none, lacking_details, shared_footing, trained
from experiments.scores import CHOSEN_FIRST, Place, appearing
from experiments.store.runs import Run
from seg import InputError

NONE_CHOSEN = "Choose at least one run above."


def refresh_epochs(parts: Parts, catalogue: Catalogue, selected: Selected, drawn: tuple | None) -> Updates:
    """Updates of what the epochs alone say of the chosen runs, and of what is drawn then.

    Args:
        drawn: what is drawn already, of which nothing is given again.
    """
    runs = catalogue.runs()
    scored = [run for run in runs if not run.epochs.empty]
    chosen, epoch = chosen_configurations(scored, selected.runs), compared_epoch(selected)
    score = selected.text("score")
    score = score if score in [each.name for each in appearing(Place.CURVES)] else CHOSEN_FIRST.name
    opened, epochs = selected.text("details") is not None, _epochs_stamp(chosen)
    lines, table = (score, epochs), (epoch, epochs)
    had_lines, had_table, had_opened = drawn or (None, None, None)
    updates: Updates = {}
    if lines != had_lines:
        updates[parts.score] = gr.update(value=score, visible=bool(scored))
        updates[parts.lines] = by_epoch(chosen, score, styles(chosen)).as_value() if chosen else None
    if table != had_table:
        lost = lost_sentence(selected.runs, runs)
        updates[parts.message] = in_markdown(lost) or (NO_RUNS if not scored else "" if chosen else NONE_CHOSEN)
        updates |= _show_table(parts, chosen, epoch)
    if opened != had_opened:
        updates[parts.details] = gr.update(open=opened)
    return {**updates, parts.drawn: (lines, table, opened)} if updates else {}


def compared_epoch(selected: Selected) -> int | None:
    """The page's epoch; the untrained networks of epoch 0, which Watch shows, are not compared."""
    return None if selected.epoch is None else max(1, selected.epoch)


def _show_table(parts: Parts, chosen: list[Configuration], epoch: int | None) -> Updates:
    runs = [run for configuration in chosen for run in configuration.runs]
    if not runs:
        hidden = gr.update(visible=False)
        return {parts.table: hidden, parts.files: None, parts.marks: "", parts.note: ""}
    there, note = trained(runs), ""
    try:
        footing = shared_footing(there, epoch) if there else None
        styled = styled_table(runs, footing)
    except InputError as error:
        whole, damaged = apart_from_damaged(runs, error)
        if whole and damaged:
            rest = _show_table(parts, _of_these(chosen, whole), epoch)
            return rest | {parts.note: f"{rest[parts.note]} {in_markdown(_left_out(chosen, damaged))}".strip()}
        footing, note = None, f"The table has no scores: {without_run_names(str(error), names_of_runs(chosen))}."
        styled = styled_table(runs, footing)
    label = table_label(footing)
    return {
        parts.table: gr.update(value=styled, datatype=column_types(styled.data), label=label, visible=True),
        parts.files: written_table(styled.data),
        parts.marks: table_note(runs, footing),
        parts.note: in_markdown(note),
    }


def _epochs_stamp(chosen: list[Configuration]) -> tuple:
    """Another one when these runs' epochs are, or what is known of their last."""
    return tuple(
        (run.name, run.status, run.info.get("started"), run.epochs_trained, len(run.epochs), photo_scores_stamp(run))
        for configuration in chosen
        for run in configuration.runs
    )


@dataclass(frozen=True)
class _Question:
    """What is compared, after which epoch, and what is not but told of; `stamp` is another one when it is."""

    chosen: list[Configuration]
    epoch: int | None
    apart: str
    further: list[tuple[Configuration, list[Run]]]
    stamp: tuple


def _question(catalogue: Catalogue, selected: Selected) -> _Question:
    scored, epoch = catalogue.scored(), compared_epoch(selected)
    chosen, apart = chosen_configurations(scored, selected.runs), apart_sentence(scored, selected.runs)
    further = further_seeds(scored, chosen)
    others = tuple(_shared_stamp(run) for _, runs in further for run in runs)
    return _Question(chosen, epoch, apart, further, (apart, others, *_answer_stamp(chosen, epoch)))


def refresh_answer(parts: Parts, catalogue: Catalogue, selected: Selected, explained: tuple | None) -> Updates:
    """Updates of what the scores of single photos say of the chosen runs, and of what is explained then.

    Args:
        explained: what is explained already, of which nothing is given again.
    """
    asked = _question(catalogue, selected)
    if asked.stamp == explained:
        return {}
    answer = _show_answer(parts, asked)
    return {**answer, parts.awaited: "", parts.explained: asked.stamp}


def await_answer(parts: Parts, catalogue: Catalogue, selected: Selected, explained: tuple | None) -> Updates:
    """Updates that say what `refresh_answer` is about to compare; none where it will change nothing.

    In the verdict's place where there is none yet, else beside the last one.
    """
    asked = _question(catalogue, selected)
    there = trained([run for configuration in asked.chosen for run in configuration.runs])
    if not there or asked.stamp == explained:
        return {}
    footing = footing_or_none(there, asked.epoch)
    words = awaited_words(asked.chosen, None if footing is None else footing.photos)
    if explained is None:
        return {parts.verdict: waiting_html(words)}
    return {parts.awaited: f'<p class="awaited" role="status">{escape(words)}</p>'}


def _answer_stamp(chosen: list[Configuration], epoch: int | None) -> tuple:
    """Another one when what these runs share is: a run that grows past it changes nothing."""
    runs = [run for configuration in chosen for run in configuration.runs]
    return (
        footing_or_none(trained(runs), epoch),
        *map(_shared_stamp, runs),
    )


def _shared_stamp(run: Run) -> tuple:
    return run.name, run.info.get("started"), photo_scores_stamp(run)


def _show_answer(parts: Parts, asked: _Question) -> Updates:
    """Updates of the verdict, the scores, and the figures of an analysis."""
    chosen = asked.chosen
    there = trained([run for configuration in chosen for run in configuration.runs])
    by_pixel = [parts.outline, parts.sure, parts.sure_border]
    nothing: Updates = {
        parts.scores: "",
        **dict.fromkeys((parts.operating, parts.price, *by_pixel)),
        parts.by_pixel: gr.update(visible=False),
        parts.confusion: "",
    }
    if not there:
        return {parts.verdict: no_verdict_html(chosen), **nothing}
    try:
        analysis = cached_analysis(there, asked.epoch)
        shown = nothing | _show_scores(parts, analysis, chosen)
        shown |= _show_pixels(parts, analysis, chosen) if analysis.footing.detailed else {}
    except InputError as error:
        whole, damaged = apart_from_damaged(there, error)
        if not damaged:
            return {parts.verdict: why_no_verdict_html(error, chosen), **nothing}
        left_out = _left_out(chosen, damaged)
        if not whole:
            return {parts.verdict: said_alone_html(escape(left_out)), **nothing}
        apart = " ".join(filter(None, [asked.apart, left_out]))
        return _show_answer(parts, replace(asked, chosen=_of_these(chosen, whole), apart=apart))
    said = verdict_html(analysis, chosen, lacking_details(there), asked.apart, asked.further)
    return {**shown, parts.verdict: said}


def _of_these(chosen: list[Configuration], runs: list[Run]) -> list[Configuration]:
    """The configurations with these of their runs alone."""
    names = {run.name for run in runs}
    kept = [(each, tuple(run for run in each.runs if run.name in names)) for each in chosen]
    return [replace(each, runs=rest) for each, rest in kept if rest]


def _left_out(chosen: list[Configuration], damaged: list[Run]) -> str:
    return sentence_case(damaged_sentence(damaged, names_of_runs(chosen)))


def _show_scores(parts: Parts, analysis: Analysis, chosen: list[Configuration]) -> Updates:
    styled = styles(chosen)
    return {
        parts.scores: scores_html(analysis, styled),
        parts.operating: operating_curves(analysis, styled).as_value(),
        parts.price: price(analysis, styled).as_value(),
    }


def _show_pixels(parts: Parts, analysis: Analysis, chosen: list[Configuration]) -> Updates:
    """Of what only runs know whose pixels were looked at one by one."""
    styled = styles(chosen)
    return {
        parts.by_pixel: gr.update(visible=True),
        parts.confusion: confusion_tables(analysis, styled),
        parts.outline: near_the_outline(analysis, styled).as_value(),
        parts.sure: reliability(analysis, styled, "all").as_value(),
        parts.sure_border: reliability(analysis, styled, "border_probability").as_value(),
    }

"""What the Compare tab shows of the chosen runs, as updates of its parts: none where nothing has changed."""

import gradio as gr

from demo.analysis import cached_analysis, photo_scores_stamp
from demo.catalogue import NO_RUNS, Catalogue
from demo.compare.answer import answer_text, cards, confusion_tables, no_answer_text
from demo.compare.choice import chosen_configurations, configuration_choices
from demo.compare.layout import Parts
from demo.compare.table import column_types, styled_table, table_note
from demo.figures.by_epoch import by_epoch
from demo.figures.outline import near_the_outline
from demo.figures.reliability import reliability
from demo.figures.scores import final_scores
from demo.figures.styles import styles
from demo.figures.trade_offs import price, recall_and_precision
from demo.tabs import Updates
from experiments.comparison.configurations import Configuration, configurations
from experiments.store.photo_scores import has_details
from experiments.store.runs import Run
from seg import InputError

NONE_CHOSEN = "Choose at least one run."


def show_epochs(parts: Parts, catalogue: Catalogue, names: list[str] | None, score: str) -> Updates:
    """Updates of what needs the epochs alone."""
    found = chosen_configurations(configurations(catalogue.scored()), names)
    runs = [run for configuration in found for run in configuration.runs]
    if not runs:
        message = NONE_CHOSEN if catalogue.scored() else NO_RUNS
        hidden = gr.update(visible=False)
        return {
            parts.message: _with_broken(message, catalogue),
            parts.lines: None,
            parts.table: hidden,
            parts.download: hidden,
            parts.marks: "",
            parts.note: "",
            parts.timer: gr.Timer(active=False),
        }
    styled = styled_table(runs)
    return {
        parts.message: _with_broken("", catalogue),
        parts.lines: by_epoch(found, score, styles(found)).as_value(),
        parts.table: gr.update(value=styled, datatype=column_types(styled.data), visible=True),
        parts.download: gr.update(visible=True),
        parts.marks: table_note(runs),
        parts.note: photos_note(runs),
        parts.timer: gr.Timer(active=any(run.status == "running" for run in runs)),
    }


def show_answer(parts: Parts, catalogue: Catalogue, names: list[str] | None) -> Updates:
    """Updates of what needs the scores of single photos."""
    found = chosen_configurations(configurations(catalogue.scored()), names)
    runs = [run for configuration in found for run in configuration.runs]
    detailed = [run for run in runs if has_details(run)]
    bare = [run for run in runs if run not in detailed]
    figures = [parts.bars, parts.trade, parts.price, parts.outline, parts.sure, parts.sure_border]
    nothing = {parts.cards: "", **dict.fromkeys(figures), parts.more: gr.update(visible=False), parts.confusion: ""}
    if not runs:
        return {parts.answer: "", **nothing}
    if not detailed:
        return {parts.answer: no_answer_text(bare), **nothing}
    try:
        analysis = cached_analysis(detailed)
        matrices = confusion_tables(analysis)
    except InputError as error:
        return {parts.answer: str(error), **nothing}
    styled = styles(found)
    return {
        parts.answer: answer_text(analysis, bare),
        parts.cards: cards(analysis, styled),
        parts.bars: final_scores(analysis, styled).as_value(),
        parts.trade: recall_and_precision(analysis, styled).as_value(),
        parts.price: price(analysis, styled).as_value(),
        parts.more: gr.update(visible=True),
        parts.confusion: matrices,
        parts.outline: near_the_outline(analysis, styled).as_value(),
        parts.sure: reliability(analysis, styled, "all").as_value(),
        parts.sure_border: reliability(analysis, styled, "border").as_value(),
    }


def photos_note(runs: list[Run]) -> str:
    """A sentence on how many photos the scores come from, where not every score comes from all."""
    sampled = [run for run in runs if run.info.get("validation_sample_photos") != run.info.get("validation_photos")]
    if not sampled:
        return ""
    counts = sorted({run.info["validation_sample_photos"] for run in sampled if "validation_sample_photos" in run.info})
    photos = " or ".join(f"{count:,}" for count in counts)
    return (
        f"While training, {', '.join(run.name for run in sampled)} scored a fixed sample of {photos} validation photos "
        "after each epoch: lines and table show that. The last score of a finished run, and the answer, count "
        "all of them."
    )


def _with_broken(message: str, catalogue: Catalogue) -> str:
    broken = catalogue.broken()
    return message + "".join(f"\n\n⚠ Left out: {line}" for line in broken)


def refresh_epochs(
    parts: Parts, catalogue: Catalogue, names: list[str] | None, score: str, drawn: tuple | None
) -> Updates:
    """Updates of the choices, of what `show_epochs` shows, and of what is drawn then, as far as they have changed."""
    found = configurations(catalogue.scored())
    choices = configuration_choices(found)
    stamp = _epochs_stamp(chosen_configurations(found, names), score, catalogue.broken())
    if (choices, stamp) == drawn:
        return {}
    had_choices, had_stamp = drawn or (None, None)
    updates = {parts.drawn: (choices, stamp)}
    if choices != had_choices:
        updates[parts.runs] = gr.update(choices=choices, visible=bool(choices))
    if stamp != had_stamp:
        updates |= show_epochs(parts, catalogue, names, score)
    return updates


def refresh_answer(parts: Parts, catalogue: Catalogue, names: list[str] | None, explained: tuple | None) -> Updates:
    """Updates of what `show_answer` shows, and of what is explained then, unless that is explained already."""
    found = chosen_configurations(configurations(catalogue.scored()), names)
    runs = [run for configuration in found for run in configuration.runs]
    stamp = tuple((run.name, photo_scores_stamp(run) if has_details(run) else None) for run in runs)
    if stamp == explained:
        return {}
    return {**show_answer(parts, catalogue, names), parts.explained: stamp}


def _epochs_stamp(found: list[Configuration], score: str, broken: list[str]) -> tuple:
    """Another one when `show_epochs` has something else to show."""
    runs = [
        (run.name, run.status, run.info.get("started"), run.epochs_trained, len(run.epochs))
        for configuration in found
        for run in configuration.runs
    ]
    return (score, tuple(runs), tuple(broken))

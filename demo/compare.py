"""The Compare tab: how well each loss finds the border, by epoch and in the end."""

import json
from dataclasses import dataclass, field
from functools import lru_cache

import gradio as gr
import pandas as pd

from demo.catalogue import NO_RUNS, Catalogue
from demo.figures import SCORES, by_epoch, final_scores
from experiments.analysis import Analysis, analyse
from experiments.answer import answer
from experiments.details import has_details
from experiments.runs import Run
from experiments.tables import SHOWN, differences_section, runs_table
from seg import InputError

NONE_CHOSEN = "Choose at least one run."


@dataclass(frozen=True)
class CompareTab:
    """What the page fills: all but the answer when it opens, the answer when the tab is looked at."""

    runs: gr.CheckboxGroup
    score: gr.Dropdown
    answer: gr.Markdown
    outputs: list[gr.Component]


def compare(catalogue: Catalogue, names: list[str], score: str) -> list:
    """What the tab shows for these runs: explanation, two figures, table, note."""
    runs = catalogue.chosen(names)
    if not runs:
        message = NONE_CHOSEN if catalogue.scored() else NO_RUNS
        hidden = gr.update(visible=False)
        return [_with_broken(message, catalogue), hidden, hidden, hidden, ""]
    return [
        _with_broken(SCORES[score][1], catalogue),
        gr.update(value=by_epoch(runs, score), visible=True),
        gr.update(value=final_scores(runs, score), visible=True),
        gr.update(value=table(runs), visible=True),
        photos_note(runs),
    ]


def table(runs: list[Run]) -> pd.DataFrame:
    """The runs' last scores in per cent, one row a run."""
    numbers = runs_table(runs)
    shown = pd.DataFrame(
        {
            "Run": numbers["name"],
            "Loss": numbers["loss"],
            "Epochs": [f"{run.epochs_trained} of {run.epochs_planned}" for run in runs],
            "Status": numbers["status"],
        }
    )
    for score in SHOWN:
        shown[SCORES[score][0]] = (100 * numbers[score]).astype(float).round(2)
    return shown


@dataclass(frozen=True)
class _Scored:
    """Runs as they are on the disk; two are the same while no file of the analysis changed."""

    stamps: tuple[tuple[str, int, int], ...]
    runs: tuple[Run, ...] = field(compare=False)


def analysis_of(runs: list[Run]) -> Analysis:
    """The analysis of these runs, computed once for as long as their files stay as they are.

    Raises:
        InputError: they cannot be compared, or a file is damaged.
    """
    stamps = [(run.name, run.epochs_trained, (run.folder / "images.csv").stat().st_mtime_ns) for run in runs]
    return _analysis(_Scored(tuple(stamps), tuple(runs)))


@lru_cache(maxsize=16)
def _analysis(scored: _Scored) -> Analysis:
    return analyse(list(scored.runs))


def answer_of(catalogue: Catalogue, names: list[str]) -> str:
    """The answer that the chosen runs give, with the differences and their intervals below, as Markdown."""
    runs = catalogue.chosen(names)
    detailed = [run for run in runs if has_details(run)]
    if not runs:
        return ""
    if len(detailed) < 2:
        return "Choose two runs that have scores of single photos (`images.csv`) to see what their difference shows."
    try:
        analysis = analysis_of(detailed)
    except InputError as error:
        return str(error)
    bare = [run.name for run in runs if run not in detailed]
    parts = [" ".join(answer(analysis))]
    if analysis.compared_with is not None and len(analysis.configurations) > 1:
        parts.append(differences_section(analysis).as_markdown(level=3))
    if bare:
        parts.append(f"Without scores of single photos, so not in these numbers: {', '.join(bare)}.")
    return "\n\n".join(parts)


def compare_api(catalogue: Catalogue, names: list[str] | None) -> dict:
    """The comparison of these runs, or of all that have scores of single photos.

    Raises:
        gr.Error: there is no such run, or these cannot be compared.
    """
    there = {run.name: run for run in catalogue.scored() if has_details(run)}
    unknown = [name for name in names or [] if name not in there]
    if unknown or not there:
        choices = ", ".join(there) or "none, no run has an images.csv yet"
        raise gr.Error(f"no scores of single photos for {', '.join(unknown) or 'any run'}: choose from {choices}")
    try:
        analysis = analysis_of([there[name] for name in names or there])
    except InputError as error:
        raise gr.Error(str(error)) from error
    return {
        "answer": answer(analysis),
        "compared_with": analysis.compared_with,
        "photos": analysis.photos,
        "seeds_counted": analysis.seeds_counted,
        "scores": _records(analysis.scores),
        "reliability": _records(analysis.reliability),
    }


def _records(table: pd.DataFrame) -> list[dict]:
    """Rows for JSON, which has no NaN."""
    return json.loads(table.to_json(orient="records", double_precision=10))


def photos_note(runs: list[Run]) -> str:
    """A sentence on how many photos the scores come from, where not every score comes from all."""
    sampled = [run for run in runs if run.info.get("validation_sample_photos") != run.info.get("validation_photos")]
    if not sampled:
        return ""
    counts = sorted({run.info["validation_sample_photos"] for run in sampled if "validation_sample_photos" in run.info})
    photos = " or ".join(f"{count:,}" for count in counts)
    return (
        f"While training, {', '.join(run.name for run in sampled)} scored a fixed sample of {photos} validation photos "
        "after each epoch; the score after a finished run's last epoch counts all of them."
    )


def _with_broken(message: str, catalogue: Catalogue) -> str:
    broken = catalogue.broken()
    return message + "".join(f"\n\n⚠ Left out: {line}" for line in broken)


def build_compare_tab(catalogue: Catalogue) -> CompareTab:
    with gr.Row():
        runs = gr.CheckboxGroup(label="Runs", elem_id="compare-runs", scale=3)
        score = gr.Dropdown(
            [(label, name) for name, (label, _) in SCORES.items()],
            value="border_f1",
            label="Score",
            elem_id="compare-metric",
            scale=1,
            min_width=200,
        )
    answered = gr.Markdown(elem_id="compare-answer")
    explanation = gr.Markdown()
    with gr.Row():
        lines = gr.Plot(show_label=False, elem_id="compare-figure", visible=False)
        bars = gr.Plot(show_label=False, elem_id="compare-bars", visible=False)
    scores = gr.Dataframe(
        interactive=False,
        label="Scores after each run's last epoch, in per cent",
        elem_id="compare-table",
        visible=False,
        wrap=True,
    )
    note = gr.Markdown(elem_classes="note")
    outputs = [explanation, lines, bars, scores, note]
    gr.on(
        [runs.input, score.input],
        lambda names, score: compare(catalogue, names, score),
        inputs=[runs, score],
        outputs=outputs,
        trigger_mode="always_last",
        show_progress="hidden",
        api_visibility="private",
    )
    address = "(names, score) => borderlineAddress({ runs: names, score })"
    gr.on([runs.input, score.input], None, inputs=[runs, score], js=address, api_visibility="private")
    runs.input(
        lambda names: answer_of(catalogue, names),
        runs,
        answered,
        trigger_mode="always_last",
        show_progress="hidden",
        api_visibility="private",
    )
    return CompareTab(runs, score, answered, outputs)

"""The Compare tab: how well each loss finds the border, by epoch and in the end."""

from dataclasses import dataclass

import gradio as gr
import pandas as pd

from demo.catalogue import NO_RUNS, Catalogue
from demo.figures import SCORES, by_epoch, final_scores
from experiments.runs import Run
from experiments.tables import SHOWN, runs_table

NONE_CHOSEN = "Choose at least one run."


@dataclass(frozen=True)
class CompareTab:
    runs: gr.CheckboxGroup
    score: gr.Dropdown
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
    return CompareTab(runs, score, outputs)

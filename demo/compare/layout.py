"""The Compare tab's components, each in its place."""

from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.blocks import Block

from demo.figures.component import figure_view
from experiments.scores import CHOSEN_FIRST, Place, appearing

# Seconds between looks at a run that trains: an epoch takes longer
REFRESH = 4


@dataclass(frozen=True)
class Parts:
    """The components; those that are not explained here are what their names say.

    Attributes:
        message: what is missing or cannot be read.
        lines: the figure by epoch.
        table: the runs' scores; `marks` is a sentence on what it marks, `note` says why there are none.
        more: what is closed at first, around `confusion`, `outline`, `sure` and `sure_border`.
        sure: reliability of all pixels; `sure_border` by probability of border.
        timer: ticks while a run trains.
        drawn: what `refresh_epochs` has shown, so that it draws nothing twice.
        explained: the same of `refresh_answer`.
        looked_at: whether the tab was ever open: the analysis begins then, not when the page opens.
    """

    runs: gr.CheckboxGroup
    score: gr.Dropdown
    message: gr.Markdown
    answer: gr.Markdown
    cards: gr.HTML
    lines: gr.HTML
    bars: gr.HTML
    trade: gr.HTML
    price: gr.HTML
    table: gr.Dataframe
    marks: gr.Markdown
    download: gr.Button
    note: gr.Markdown
    more: gr.Accordion
    confusion: gr.HTML
    outline: gr.HTML
    sure: gr.HTML
    sure_border: gr.HTML
    timer: gr.Timer
    drawn: gr.State
    explained: gr.State
    looked_at: gr.State

    def by_epoch(self) -> list[Block]:
        """What `refresh_epochs` fills."""
        shown = [self.message, self.lines, self.table, self.download, self.marks, self.note]
        return [self.runs, *shown, self.timer, self.drawn]

    def by_photo(self) -> list[Block]:
        """What `refresh_answer` fills."""
        figures = [self.bars, self.trade, self.price, self.outline, self.sure, self.sure_border]
        return [self.answer, self.cards, *figures, self.more, self.confusion, self.explained]


def lay_out() -> Parts:
    """The tab's components, empty, laid out where this is called."""
    with gr.Row():
        runs = gr.CheckboxGroup(label="Runs, seeds of one configuration together", elem_id="compare-runs", scale=3)
        score = gr.Dropdown(
            [(score.title, score.name) for score in appearing(Place.CURVES)],
            value=CHOSEN_FIRST.name,
            label="Score by epoch",
            elem_id="compare-metric",
            scale=1,
            min_width=200,
        )
    above: dict[str, Any] = {
        "message": gr.Markdown(),
        "answer": gr.Markdown(elem_id="compare-answer"),
        "cards": gr.HTML(elem_id="compare-cards", apply_default_css=False),
    }
    with gr.Row():
        first: dict[str, Any] = {"lines": figure_view("compare-figure"), "bars": figure_view("compare-bars")}
    with gr.Row():
        second: dict[str, Any] = {"trade": figure_view("compare-trade"), "price": figure_view("compare-price")}
    table = gr.Dataframe(
        interactive=False,
        label="Scores, per cent",
        elem_id="compare-table",
        visible=False,
        show_search="filter",
        buttons=["copy", "fullscreen"],
    )
    with gr.Row():
        marks = gr.Markdown(elem_id="compare-marks")
        download = gr.Button("Download table (CSV)", size="sm", elem_id="compare-download", visible=False, scale=0)
    below: dict[str, Any] = {
        "table": table,
        "marks": marks,
        "download": download,
        "note": gr.Markdown(elem_classes="note"),
    }
    more = _lay_out_more()
    states: dict[str, Any] = {"drawn": gr.State(), "explained": gr.State(), "looked_at": gr.State(False)}
    timer = gr.Timer(REFRESH, active=False)
    return Parts(runs, score, **above, **first, **second, **below, **more, timer=timer, **states)


def _lay_out_more() -> dict[str, Any]:
    """What is closed at first, by the names of `Parts`."""
    with gr.Accordion("Where the errors are, and how sure", open=False, visible=False, elem_id="compare-more") as more:
        gr.Markdown(
            "### What became of each class\n\nEach row is a true class and sums to 100 %: on the diagonal it was "
            "found, elsewhere taken for the column's class."
        )
        confusion = gr.HTML(elem_id="compare-confusion", apply_default_css=False)
        outline = figure_view("compare-outline")
        with gr.Row():
            sure = figure_view("compare-reliability")
            sure_border = figure_view("compare-reliability-border")
    return {"more": more, "confusion": confusion, "outline": outline, "sure": sure, "sure_border": sure_border}

"""The tab's components, each in its place."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block

from demo.compare import scores, verdict
from demo.figures.component import TEMPLATE, figure_view
from demo.scripts import on_load
from experiments.scores import CHOSEN_FIRST, Place, appearing

CURVES = (Path(__file__).parent / "curves.html").read_text(encoding="utf-8").replace("FIGURE", TEMPLATE)
TABLE_FILES = (Path(__file__).parent / "table.html").read_text(encoding="utf-8")
OPERATING = (Path(__file__).parent / "operating.html").read_text(encoding="utf-8").replace("FIGURE", TEMPLATE)


@dataclass(frozen=True)
class Parts:
    """The components; those that are not explained here are what their names say.

    Attributes:
        message: what is missing or cannot be read.
        awaited: says what is being compared while the verdict is still that of the last choice.
        lines: the figure by epoch.
        operating: recall against precision, and the slider of the threshold.
        price: pixel accuracy against border F1.
        table: the runs' scores; `marks` is a sentence on what it marks, `note` says why there are none,
            `files` are the buttons that take it elsewhere.
        details: what is closed at first.
        by_pixel: what is around `confusion`, `outline`, `sure` and `sure_border`.
        sure: reliability of all pixels; `sure_border` by probability of border.
        drawn: what `refresh_epochs` has shown, so that it draws nothing twice.
        explained: the same of `refresh_answer`.
    """

    score: gr.Dropdown
    message: gr.Markdown
    awaited: gr.HTML
    verdict: gr.HTML
    scores: gr.HTML
    operating: gr.HTML
    lines: gr.HTML
    table: gr.Dataframe
    marks: gr.Markdown
    files: gr.HTML
    note: gr.Markdown
    price: gr.HTML
    by_pixel: gr.Column
    confusion: gr.HTML
    outline: gr.HTML
    sure: gr.HTML
    sure_border: gr.HTML
    drawn: gr.State
    explained: gr.State
    details: gr.Accordion

    def by_epoch(self) -> list[Block]:
        """What `refresh_epochs` fills."""
        shown = [self.message, self.lines, self.table, self.files, self.marks, self.note]
        return [self.score, self.details, *shown, self.drawn]

    def by_photo(self) -> list[Block]:
        """What `refresh_answer` fills."""
        figures = [self.operating, self.price, self.outline, self.sure, self.sure_border]
        return [self.awaited, self.verdict, self.scores, *figures, self.by_pixel, self.confusion, self.explained]


def lay_out() -> Parts:
    """The tab's components, empty, laid out where this is called."""
    above: dict[str, Any] = {
        "message": gr.Markdown(elem_id="compare-message"),
        "awaited": gr.HTML("", elem_id="compare-awaited", apply_default_css=False),
        "verdict": gr.HTML(
            verdict.WAITING, js_on_load=on_load("compare/js/verdict.js"), elem_id="verdict", apply_default_css=False
        ),
    }
    with gr.Row(elem_id="compare-two"):
        panels: dict[str, Any] = {
            "scores": gr.HTML(
                scores.WAITING,
                js_on_load=on_load("compare/js/scores.js"),
                elem_id="scores",
                apply_default_css=False,
            ),
            "operating": figure_view("operating", OPERATING, "compare/js/operating.js"),
        }
    score = gr.Dropdown(
        [(score.title, score.name) for score in appearing(Place.CURVES)],
        value=CHOSEN_FIRST.name,
        label="Score by epoch",
        elem_id="compare-metric",
        min_width=200,
    )
    lines = figure_view("curves", CURVES, "compare/js/curves.js")
    more = _lay_out_more()
    states: dict[str, Any] = {"drawn": gr.State(), "explained": gr.State()}
    return Parts(score, **above, **panels, lines=lines, **more, **states)


def _lay_out_more() -> dict[str, Any]:
    """What is closed at first, by the names of `Parts`."""
    with gr.Accordion("Details", open=False, elem_id="compare-more") as details:
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
            files = gr.HTML(
                None,
                html_template=TABLE_FILES,
                js_on_load=on_load("compare/js/table.js"),
                elem_id="compare-files",
                apply_default_css=False,
            )
        note = gr.Markdown(elem_classes="note")
        price = figure_view("compare-price")
        with gr.Column(visible=False) as by_pixel:
            confusion = gr.HTML(
                js_on_load=on_load("compare/js/confusion.js"), elem_id="compare-confusion", apply_default_css=False
            )
            outline = figure_view("compare-outline")
            with gr.Row():
                sure = figure_view("compare-reliability")
                sure_border = figure_view("compare-reliability-border")
    shown: dict[str, Any] = {"table": table, "marks": marks, "files": files, "note": note, "price": price}
    pixels = {"by_pixel": by_pixel, "confusion": confusion, "outline": outline}
    return {"details": details, **shown, **pixels, "sure": sure, "sure_border": sure_border}

"""The Failures tab: photos that are hard, that divide two losses, or whose label is probably wrong."""

from collections.abc import Callable
from pathlib import Path

import gradio as gr

from demo.catalogue import Catalogue
from demo.failures.photo import answer_value, photo_value, small_pictures
from demo.failures.ranking import failures_value
from demo.labelled import Labelled
from demo.scripts import on_load
from demo.selection.followed import read_selected
from demo.serving.words import spoken
from demo.tabs import HIDDEN, Page
from demo.uploads import several, text

FOLDER = Path(__file__).parent


def build_failures_tab(page: Page) -> None:
    """The tab, laid out where this is called; it is filled when it is looked at, and when the runs or the score change.

    All else is the page's own: order, search and brush ask the server for nothing.
    """
    catalogue, dataset = page.catalogue, page.dataset
    failures = gr.HTML(
        # what can be chosen, and nothing to choose from yet
        {"scores": failures_value(catalogue, dataset, [])["scores"], "waiting": True},
        html_template=(FOLDER / "failures.html").read_text(encoding="utf-8"),
        js_on_load=on_load("failures/js/failures.js"),
        apply_default_css=False,
        server_functions=_functions(catalogue, dataset),
        elem_id="failures",
    )

    def show(said: dict | None) -> dict:
        selected = read_selected(said, page.follows)
        return failures_value(catalogue, dataset, selected.runs, selected.text("photoScore"))

    page.selection.select(show, inputs=page.selection, outputs=failures, trigger_mode="always_last", **HIDDEN)


def _functions(catalogue: Catalogue, dataset: Labelled) -> list[Callable[[object], dict]]:
    """What the page calls: `server.thumbs({photos})`, `server.look({photo, runs})`, `server.answer({photo, run})`."""

    @spoken
    def thumbs(asked: object) -> dict:
        return small_pictures(dataset, several(asked, "photos"))

    @spoken
    def look(asked: object) -> dict:
        return photo_value(catalogue, dataset, text(asked, "photo"), list(map(str, several(asked, "runs"))))

    @spoken
    def answer(asked: object) -> dict:
        return answer_value(catalogue, dataset, text(asked, "photo"), text(asked, "run"))

    return [thumbs, look, answer]

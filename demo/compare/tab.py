"""Which loss? How well each finds the border: the verdict, the scores, and what a moved threshold does."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from demo.compare.layout import lay_out
from demo.compare.updates import await_answer, refresh_answer, refresh_epochs
from demo.selection.followed import read_selected
from demo.tabs import HIDDEN, Page, Updates

# What is chosen here is kept with the rest of the page's state
KEEP_SCORE = "(score) => window.borderline?.set({ score })"
KEEP_DETAILS = "() => window.borderline?.set({ details: 'open' })"
FORGET_DETAILS = "() => window.borderline?.set({ details: null })"


def build_compare_tab(page: Page) -> None:
    """The tab, laid out where this is called; it is filled when it is looked at, and when what is chosen changes."""
    catalogue, parts = page.catalogue, lay_out()
    common: dict[str, Any] = {"trigger_mode": "always_last", **HIDDEN}

    def show_epochs(said: dict | None, drawn: tuple | None) -> Updates:
        selected = read_selected(said, page.follows)
        return refresh_epochs(parts, catalogue, selected, drawn) or gr.skip()

    def show_answer(said: dict | None, explained: tuple | None) -> Iterator[Updates]:
        selected = read_selected(said)
        yield await_answer(parts, catalogue, selected, explained) or gr.skip()
        yield refresh_answer(parts, catalogue, selected, explained) or gr.skip()

    # two events: the analysis takes longer; one after the other, so that nothing is analysed twice at once
    page.selection.select(show_epochs, inputs=[page.selection, parts.drawn], outputs=parts.by_epoch(), **common)
    page.selection.select(
        show_answer,
        inputs=[page.selection, parts.explained],
        outputs=parts.by_photo(),
        concurrency_id="compare-answer",
        **common,
    )
    parts.score.input(None, inputs=parts.score, js=KEEP_SCORE, api_visibility="private")
    parts.details.expand(None, js=KEEP_DETAILS, api_visibility="private")
    parts.details.collapse(None, js=FORGET_DETAILS, api_visibility="private")

"""Which loss? How well each finds the border: the verdict, the scores, and what a moved threshold does."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from demo.address import Address
from demo.compare.choice import run_choices
from demo.compare.layout import lay_out
from demo.compare.updates import await_answer, refresh_answer, refresh_epochs
from demo.tabs import HIDDEN, Opening, Page, Updates

ADDRESS = "(names, score) => window.borderlineAddress?.({ runs: names, score })"


def build_compare_tab(page: Page) -> Opening:
    """The tab, laid out where this is called: the analysis begins when it is looked at, not when the page opens."""
    catalogue, tab, parts = page.catalogue, page.tab, lay_out()
    common: dict[str, Any] = {"trigger_mode": "always_last", **HIDDEN}

    def explain(names: list[str], explained: tuple | None) -> Iterator[Updates]:
        yield {parts.looked_at: True, **await_answer(parts, catalogue, names, explained)}
        yield refresh_answer(parts, catalogue, names, explained) or gr.skip()

    def explain_anew(names: list[str], explained: tuple | None, looked_at: bool) -> Iterator[Updates]:
        if looked_at:
            yield await_answer(parts, catalogue, names, explained) or gr.skip()
        yield (looked_at and refresh_answer(parts, catalogue, names, explained)) or gr.skip()

    # one after the other, so that nothing is analysed twice at once
    answering: dict[str, Any] = {"concurrency_id": "compare-answer", **common}
    shown = [parts.looked_at, *parts.by_photo()]
    tab.select(explain, inputs=[parts.runs, parts.explained], outputs=shown, **answering)
    gr.on(
        # `change`, not `input`: the page's address chooses as well
        [parts.runs.change, parts.score.change, tab.select, parts.timer.tick],
        lambda names, score, drawn: refresh_epochs(parts, catalogue, names, score, drawn) or gr.skip(),
        inputs=[parts.runs, parts.score, parts.drawn],
        outputs=parts.by_epoch(),
        **common,
    )
    gr.on(
        [parts.runs.change, parts.timer.tick],
        explain_anew,
        inputs=[parts.runs, parts.explained, parts.looked_at],
        outputs=parts.by_photo(),
        **answering,
    )
    gr.on(
        [parts.runs.input, parts.score.input],
        None,
        inputs=[parts.runs, parts.score],
        js=ADDRESS,
        api_visibility="private",
    )

    def fill(address: Address) -> Updates:
        """The choices; the tab draws the rest itself."""
        asked: Updates = {parts.score: gr.update(value=address.score)} if address.score else {}
        return {parts.runs: run_choices(catalogue, address.runs), **asked}

    return Opening([parts.runs, parts.score], fill)

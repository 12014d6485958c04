"""The Spot check tab: photos that are hard, that divide two runs, or whose label is probably wrong."""

import gradio as gr

from demo.spot.layout import lay_out
from demo.spot.photo import photo_html
from demo.spot.ranking import SUSPICION
from demo.spot.updates import show_choices, show_ranking
from demo.tabs import HIDDEN, Page, Updates


def build_spot_tab(page: Page) -> None:
    """The tab, laid out where this is called; it fills itself when it is looked at."""
    catalogue, dataset, parts = page.catalogue, page.dataset, lay_out()
    gr.on(
        [parts.runs.input, parts.rank_by.input, parts.score.input, parts.breed.input],
        lambda *asked: show_ranking(parts, catalogue, *asked),
        inputs=parts.asked(),
        outputs=parts.shown(),
        trigger_mode="always_last",
        **HIDDEN,
    )

    def select(names: list[str], rank_by: str, event: gr.SelectData) -> Updates:
        _, photo, *rest = event.row_value
        reason = rest[-1] if rank_by == SUSPICION else ""
        return {
            parts.photo: photo,
            parts.reason: reason,
            parts.detail: photo_html(catalogue, dataset, photo, names, reason),
        }

    parts.table.select(
        select, inputs=[parts.runs, parts.rank_by], outputs=[parts.photo, parts.reason, parts.detail], **HIDDEN
    )
    parts.runs.input(
        lambda photo, names, reason: photo_html(catalogue, dataset, photo, names, reason),
        inputs=[parts.photo, parts.runs, parts.reason],
        outputs=parts.detail,
        **HIDDEN,
    )
    # read when it is first looked at: the scores of thousands of photos take a moment
    page.tab.select(
        lambda *asked: show_choices(parts, catalogue, *asked),
        inputs=parts.asked(),
        outputs=[parts.runs, parts.breed, *parts.shown()],
        show_progress="minimal",
        api_visibility="private",
    )

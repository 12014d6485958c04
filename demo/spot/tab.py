"""The Failures tab: photos that are hard, that divide two runs, or whose label is probably wrong."""

import gradio as gr

from demo.selection.followed import read_selected
from demo.spot.layout import lay_out
from demo.spot.updates import show_all
from demo.tabs import HIDDEN, Page, Updates

# What is chosen here is kept with the rest of the page's state
KEEP = "(value) => window.borderline?.set({ %s: value })"


def build_spot_tab(page: Page) -> None:
    """The tab, laid out where this is called; it is filled when it is looked at, and when what is chosen changes."""
    catalogue, dataset, parts = page.catalogue, page.dataset, lay_out()

    def show(said: dict | None, ranked: tuple | None, reasons: dict[str, str]) -> Updates:
        return show_all(parts, catalogue, dataset, read_selected(said, page.follows), ranked, reasons)

    def keep_photo(event: gr.SelectData) -> str:
        return event.row_value[1]

    page.selection.select(
        show,
        inputs=[page.selection, parts.ranked, parts.reasons],
        outputs=parts.shown(),
        trigger_mode="always_last",
        **HIDDEN,
    )
    for part, key in ((parts.rank_by, "rank"), (parts.score, "photoScore"), (parts.breed, "breed")):
        part.input(None, inputs=part, js=KEEP % key, api_visibility="private")
    chosen = parts.table.select(keep_photo, outputs=parts.photo, **HIDDEN)
    chosen.then(None, inputs=parts.photo, js=KEEP % "photo", api_visibility="private")

"""The Watch tab: predictions on the probe photos, epoch by epoch, all runs on one slider.

The page fetches each mosaic once and draws from memory: sliding makes no request.
"""

from pathlib import Path

import gradio as gr

from demo.scripts import on_load
from demo.scrub.export import export_functions
from demo.scrub.own_photo import own_functions
from demo.scrub.probe_photos import ProbePhotos
from demo.scrub.value import empty_value, scrub_value
from demo.selection.followed import read_selected
from demo.tabs import HIDDEN, Page

FOLDER = Path(__file__).parent


def build_scrub_tab(page: Page) -> None:
    """The tab, laid out where this is called."""
    catalogue, photos = page.catalogue, ProbePhotos(page.dataset)
    gr.set_static_paths([photos.served])
    view = gr.HTML(
        empty_value(),
        html_template=(FOLDER / "scrub.html").read_text(),
        js_on_load=on_load("scrub/js/scrub.js"),
        apply_default_css=False,
        server_functions=[*own_functions(catalogue), *export_functions(photos.served)],
        elem_id="scrub-view",
    )

    def show(event: gr.EventData) -> dict:
        return scrub_value(catalogue, photos, read_selected(event).runs)

    page.selection.select(show, outputs=view, trigger_mode="always_last", **HIDDEN)

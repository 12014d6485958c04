"""The Watch tab: predictions on the probe photos, epoch by epoch, all runs on one slider.

The page fetches each mosaic once and draws from memory: sliding makes no request.
"""

from pathlib import Path

import gradio as gr

from demo.scripts import on_load
from demo.selection.followed import read_selected
from demo.tabs import HIDDEN, Page
from demo.watch.export import export_functions
from demo.watch.own_photo import own_functions
from demo.watch.probe_photos import ProbePhotos, tile_function
from demo.watch.value import empty_value, watch_value

FOLDER = Path(__file__).parent


def build_watch_tab(page: Page) -> None:
    """The tab, laid out where this is called."""
    catalogue, photos = page.catalogue, ProbePhotos(page.dataset)
    view = gr.HTML(
        empty_value(),
        html_template=(FOLDER / "watch.html").read_text(encoding="utf-8"),
        js_on_load=on_load("watch/js/watch.js"),
        apply_default_css=False,
        server_functions=[tile_function(photos), *own_functions(catalogue), *export_functions()],
        elem_id="watch-view",
    )

    def show(said: dict | None) -> dict:
        return watch_value(catalogue, photos, read_selected(said).runs)

    page.selection.select(show, inputs=page.selection, outputs=view, trigger_mode="always_last", **HIDDEN)

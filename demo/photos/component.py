"""The banner over the tabs that show the dataset's photos, and what it asks of the app."""

import html
from collections.abc import Callable
from pathlib import Path

import gradio as gr

from demo.photos.banner import Offer, banner_value
from demo.photos.download import PhotoDownload, Stage
from demo.scripts import on_load
from demo.serving.words import spoken

FOLDER = Path(__file__).parent


def photos_view(download: PhotoDownload, offer: Offer) -> gr.HTML:
    """The banner; its event `select` says that the photos have come while the page was open."""
    value = banner_value(download.standing(), offer, download.dataset)
    words = {key.upper(): html.escape(value[key] or "") for key in ("title", "said", "button")}
    # what is missing has its place from the first frame
    words["HIDDEN"] = " hidden" if value["stage"] == Stage.HERE.value else ""
    template = (FOLDER / "photos.html").read_text(encoding="utf-8")
    for name, word in words.items():
        template = template.replace(name, word)
    return gr.HTML(
        value,
        html_template=template,
        js_on_load=on_load("photos/js/photos.js"),
        apply_default_css=False,
        server_functions=_functions(download, offer),
        elem_id="photos",
    )


def _functions(download: PhotoDownload, offer: Offer) -> list[Callable[[object], dict]]:
    """What the page calls as `server.photos(null)` and, where it may, `server.start(null)` and `server.stop(null)`."""

    @spoken
    def photos(_: object) -> dict:
        return banner_value(download.standing(), offer, download.dataset)

    @spoken
    def start(_: object) -> dict:
        download.start()
        return photos(None)

    @spoken
    def stop(_: object) -> dict:
        download.stop()
        return photos(None)

    return [photos, start, stop] if offer is Offer.BUTTON else [photos]

"""The Try tab: one photo on the stage, as each chosen run's network sees it, over the strip of photos."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from demo.catalogue import NO_RUNS, Catalogue
from demo.figures.names import sentence_case
from demo.labelled import Labelled
from demo.scripts import on_load
from demo.segment.answers import Session, show_answers
from demo.segment.download import pack, write_download
from demo.selection.first import first_runs
from demo.selection.followed import read_selected
from demo.serving.words import spoken
from demo.stage.component import stage_value, stage_view
from demo.stage.photos import Offered, chosen_photo, offered_photo, offered_photos, shown_photo
from demo.tabs import HIDDEN, Opening, Page, Updates
from demo.uploads import NOT_OURS, several
from seg import InputError

FOLDER = Path(__file__).parent
# A newer request must start while the older one is at work; more at once would only slow each other
AT_ONCE = 2


@dataclass(frozen=True)
class Parts:
    """The tab's components.

    Attributes:
        session: what this browser tab shows.
        file: the last download.
    """

    session: gr.State
    stage: gr.HTML
    strip: gr.HTML
    file: gr.File


def lay_out(catalogue: Catalogue, dataset: Labelled) -> Parts:
    """The tab's components, laid out where this is called."""
    first = catalogue.chosen(first_runs(catalogue.runs()))
    session = gr.State(Session())
    waiting = stage_value(None, first, {}, status="" if first else NO_RUNS, busy=bool(first))
    stage = stage_view(waiting, "segment-result")
    strip = gr.HTML(
        {"photos": []},  # they come when the page opens
        html_template=(FOLDER / "strip.html").read_text(encoding="utf-8"),
        js_on_load=on_load("segment/js/strip.js"),
        apply_default_css=False,
        server_functions=[_photo_function(dataset), _brought_function(dataset)],
        elem_id="segment-photo",
    )
    parts = Parts(session, stage, strip, gr.File(visible="hidden"))
    _connect_download(catalogue, dataset, parts)
    return parts


def strip_value(dataset: Labelled) -> dict:
    """What the strip shows: the photos that the page offers, but for those that cannot be read."""
    tiles = []
    for name, photo in offered_photos(dataset).items():
        with suppress(InputError):  # who asks for it by its name is told what is wrong
            tiles.append(_tile(name, photo))
    return {"photos": tiles}


def _tile(name: str, photo: Offered) -> dict:
    return {"id": name, "title": photo.title, "thumb": photo.thumb}


def _photo_function(dataset: Labelled) -> Callable[[object], dict]:
    """What the page calls as `server.photo(name)` for one that the strip does not offer: its tile, or `error`."""

    @spoken
    def photo(name: object) -> dict:
        if not isinstance(name, str):
            raise InputError(NOT_OURS)
        return _tile(name, offered_photo(name, dataset))

    return photo


def _brought_function(dataset: Labelled) -> Callable[[object], dict]:
    """What the page calls as `server.brought({path, title})` of an upload: `error` in words where it is no photo."""

    @spoken
    def brought(upload: object) -> dict:
        shown_photo(chosen_photo(upload if isinstance(upload, dict) else {}, dataset))
        return {}

    return brought


def build_segment_tab(page: Page) -> Opening:
    """The tab, laid out where this is called: another photo, and other runs, start a segmentation."""
    catalogue, parts = page.catalogue, lay_out(page.catalogue, page.dataset)

    def show(said: dict | None, session: Session) -> Iterator[dict]:
        selected = read_selected(said, page.follows)
        note = ""
        try:
            photo = chosen_photo(selected.said["photoFile"] or selected.text("photo"), page.dataset)
        except InputError as error:
            note, photo = f"{error} The first is shown.", chosen_photo(None, page.dataset)
        yield from show_answers(catalogue, session, photo, selected.runs, note)
        # Gradio repeats a run's last word when it ends: not that of an older photo over a newer one
        yield gr.skip()

    page.selection.select(
        show,
        inputs=[page.selection, parts.session],
        outputs=parts.stage,
        # a newer request starts beside the older one, which then stops at its next network
        trigger_mode="multiple",
        concurrency_limit=AT_ONCE,
        **HIDDEN,
    )
    return Opening([parts.strip], lambda: {parts.strip: strip_value(page.dataset)})


def _connect_download(catalogue: Catalogue, dataset: Labelled, parts: Parts) -> None:
    """Write what a button of the stage, or of the strip, asks for, and have the browser save it."""

    def download(session: Session, event: gr.EventData) -> str:
        asked = _said(event)
        shift, run = asked.get("shift", 0), str(asked.get("checkpoint"))
        return write_download(catalogue, session, session.runs, str(asked.get("what")), run, shift)

    written = parts.stage.click(download, inputs=parts.session, outputs=parts.file, **HIDDEN)

    def pack_strip(session: Session, event: gr.EventData) -> Iterator[Updates]:
        value, photos, lost = strip_value(dataset), [], 0
        for asked in several(_said(event), "photos"):
            try:
                photos.append(chosen_photo(asked, dataset))
            except InputError:  # counted, and said at the end
                lost += 1
        try:
            for packed in pack(catalogue, session.runs, photos):
                gone = f" {lost} of the photos are gone." if lost and packed.path else ""
                yield {parts.strip: value | {"said": packed.said + gone}, parts.file: packed.path}
        except InputError as error:
            # not the file of an earlier download, which would be saved again
            yield {parts.strip: value | {"said": sentence_case(f"{error}.")}, parts.file: None}

    packed = parts.strip.click(pack_strip, inputs=parts.session, outputs=[parts.strip, parts.file], **HIDDEN)
    for asked in (written, packed):
        asked.success(None, inputs=parts.file, js=_SAVE, **HIDDEN)
        asked.then(None, js=_REST, **HIDDEN)


def _said(event: gr.EventData) -> dict:
    """What the page has sent with an event."""
    said = event._data
    return said if isinstance(said, dict) else {}


_REST = """() => document.dispatchEvent(new CustomEvent("borderline:downloaded"))"""

_SAVE = """(file) => {
    if (!file) return;
    const link = document.createElement("a");
    link.href = file.url;
    link.download = file.orig_name;
    link.click();
}"""

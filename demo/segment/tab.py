"""The Try tab: one photo on the stage, as each chosen run's network sees it, over the strip of photos."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from demo.address import Address
from demo.catalogue import NO_RUNS, Catalogue, first_choices, titled_choices
from demo.scripts import on_load
from demo.segment.answers import Session, show_answers
from demo.segment.download import write_download
from demo.segment.photos import chosen_photo, offered_photos
from demo.stage.component import stage_value, stage_view
from demo.tabs import HIDDEN, Opening, Page, Updates
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
    runs: gr.CheckboxGroup
    stage: gr.HTML
    strip: gr.HTML
    file: gr.File


def lay_out(catalogue: Catalogue) -> Parts:
    """The tab's components, laid out where this is called. Runs are read anew when the page opens."""
    runs = catalogue.with_checkpoint()
    first = [run for run in runs if run.name in first_choices(runs)]
    session = gr.State(Session())
    chosen = gr.CheckboxGroup(
        titled_choices(runs),
        value=[run.name for run in first],
        label="Runs",
        show_label=False,
        container=False,
        visible=bool(runs),
        elem_id="segment-checkpoints",
    )
    waiting = stage_value(None, first, {}, status="" if first else NO_RUNS, busy=bool(first))
    stage = stage_view(waiting, "segment-result")
    strip = gr.HTML(
        {"photos": []},  # they come when the page opens, and the first of them starts a segmentation
        html_template=(FOLDER / "strip.html").read_text(),
        js_on_load=on_load("segment/js/strip.js"),
        apply_default_css=False,
        elem_id="segment-photo",
    )
    parts = Parts(session, chosen, stage, strip, gr.File(visible="hidden"))
    _connect_download(catalogue, parts)
    return parts


def strip_value(dataset: Path) -> dict:
    """What the strip shows: the photos that the page offers."""
    offered = offered_photos(dataset).items()
    return {"photos": [{"id": name, "title": photo.title, "thumb": photo.thumb} for name, photo in offered]}


def build_segment_tab(page: Page) -> Opening:
    """The tab, laid out where this is called: another photo, and other runs, start a segmentation."""
    catalogue, parts = page.catalogue, lay_out(page.catalogue)

    def choose_photo(session: Session, names: list[str], event: gr.EventData) -> Iterator[dict]:
        asked = {name: getattr(event, name) for name in ("offered", "path", "title") if hasattr(event, name)}
        try:
            photo = chosen_photo(asked, page.dataset)
        except InputError as error:
            yield stage_value(None, [], {}, status=str(error))
            return
        yield from show_answers(catalogue, session, photo, names)
        # Gradio repeats a run's last word when it ends: not that of an older photo over a newer one
        yield gr.skip()

    def choose_runs(session: Session, names: list[str]) -> Iterator[dict]:
        yield from show_answers(catalogue, session, session.photo, names)
        yield gr.skip()

    # a newer request starts beside the older one, which then stops at its next network
    common = {"outputs": parts.stage, "trigger_mode": "multiple", "concurrency_limit": AT_ONCE, **HIDDEN}
    common |= {"concurrency_id": "segment", "inputs": [parts.session, parts.runs]}
    parts.strip.select(choose_photo, **common)
    parts.runs.input(choose_runs, **common)

    def fill(address: Address) -> Updates:
        there = catalogue.with_checkpoint()
        return {
            parts.runs: gr.update(choices=titled_choices(there), value=first_choices(there), visible=bool(there)),
            parts.strip: strip_value(page.dataset),
        }

    return Opening([parts.runs, parts.strip], fill)


def _connect_download(catalogue: Catalogue, parts: Parts) -> None:
    """Write what a button of the stage asks for, and have the browser save it."""

    def download(session: Session, names: list[str], event: gr.EventData) -> str:
        return write_download(catalogue, session, names, event.what, event.checkpoint)

    written = parts.stage.click(download, inputs=[parts.session, parts.runs], outputs=parts.file, **HIDDEN)
    written.success(None, inputs=parts.file, js=_SAVE, **HIDDEN)
    written.then(None, js=_REST, **HIDDEN)


_REST = """() => document.dispatchEvent(new CustomEvent("borderline:downloaded"))"""

_SAVE = """(file) => {
    const link = document.createElement("a");
    link.href = file.url;
    link.download = file.orig_name;
    link.click();
}"""

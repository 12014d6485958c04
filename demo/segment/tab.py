"""The Segment tab: one photo, each chosen checkpoint's answer, side by side or two in one picture."""

from collections.abc import Iterator
from dataclasses import dataclass

import gradio as gr
from gradio.events import Dependency

from demo.address import Address
from demo.catalogue import FIRST_CHOICES, NO_RUNS, Catalogue, choices
from demo.scripts import function, on_load
from demo.segment.cards import sentence_html, waiting_html
from demo.segment.download import write_download
from demo.segment.masks import WAITING, show_masks
from demo.segment.pair import pair_choices, pair_pictures
from demo.segment.session import Session
from demo.segment.views import OPACITY, VIEWS
from demo.tabs import HIDDEN, Opening, Page, Updates
from experiments.store.probe import sample_photos

# A newer request must start while the older one is at work; more at once would only slow each other
AT_ONCE = 2


@dataclass(frozen=True)
class Parts:
    """The tab's components.

    Attributes:
        session: what this browser tab keeps of its photo.
        left: what the left half of `slider` shows; `right` the other half.
        file: the last download.
    """

    session: gr.State
    photo: gr.Image
    checkpoints: gr.CheckboxGroup
    view: gr.Radio
    result: gr.HTML
    left: gr.Dropdown
    right: gr.Dropdown
    slider: gr.ImageSlider
    file: gr.File


def opening_photo() -> str | None:
    """The sample the page opens with: the cub, whose whole outline is in the picture, or else the first."""
    samples = sample_photos()
    path = samples.get("cheetah2") or next(iter(samples.values()), None)
    return str(path) if path else None


def lay_out(catalogue: Catalogue) -> Parts:
    """The tab's components, laid out where this is called. Runs are read anew when the page opens."""
    runs = catalogue.with_checkpoint()
    first = runs[:FIRST_CHOICES]
    session = gr.State(Session())
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=300):
            photo = _lay_out_photo()
            # what is there now keeps the room
            checkpoints = gr.CheckboxGroup(
                choices(runs),
                value=[run.name for run in first],
                label="Checkpoints",
                visible=bool(runs),
                elem_id="segment-checkpoints",
            )
        with gr.Column(scale=5, min_width=320, elem_id="segment-out"):
            with gr.Row(elem_id="segment-bar"):
                view = gr.Radio(
                    [(name, key) for key, name in VIEWS.items()],
                    value="mask",
                    label="View",
                    container=False,
                    elem_id="segment-view",
                )
                gr.HTML(_OPACITY, elem_id="segment-opacity")
            result = gr.HTML(
                # the page opens with a sample: the room for its masks is kept
                waiting_html(first, "" if sample_photos() else WAITING) if first else sentence_html(NO_RUNS),
                js_on_load=on_load("segment/js/result.js"),
                elem_id="segment-result",
            )
            gr.Markdown("### Two in one picture", elem_id="segment-two")
            with gr.Row():
                left = gr.Dropdown([], label="Left", elem_id="segment-left", min_width=140)
                right = gr.Dropdown([], label="Right", elem_id="segment-right", min_width=140)
            slider = gr.ImageSlider(
                label="Drag the line to compare",
                format="webp",
                height=460,
                max_height=460,
                interactive=False,
                buttons=["fullscreen"],
                elem_id="segment-slider",
            )
    return Parts(session, photo, checkpoints, view, result, left, right, slider, gr.File(visible="hidden"))


def _lay_out_photo() -> gr.Image:
    """Where a photo is handed over, over the samples."""
    photo = gr.Image(
        label="Photo",
        type="filepath",
        image_mode=None,  # hand the file over as it is: the segmenter reads every mode
        sources=["upload", "webcam", "clipboard"],
        height=300,
        elem_id="segment-photo",
    )
    samples = [[str(path)] for path in sample_photos().values()]
    if samples:
        gr.Examples(samples, photo, label="Samples", elem_id="segment-samples")
    return photo


def build_segment_tab(page: Page) -> Opening:
    """The tab, laid out where this is called: the photo's change and the checkpoints' start a segmentation."""
    catalogue, parts = page.catalogue, lay_out(page.catalogue)

    def update_result(session: Session, path: str | None, names: list[str]) -> Iterator[str | dict]:
        yield from show_masks(catalogue, session, path, names)
        # Gradio repeats a run's last word when it ends: not that of an older photo over a newer one
        yield gr.skip()

    segmented = gr.on(
        [parts.photo.change, parts.checkpoints.input],
        update_result,
        inputs=[parts.session, parts.photo, parts.checkpoints],
        outputs=parts.result,
        # a newer request starts beside the older one, which then stops at its next checkpoint
        trigger_mode="multiple",
        concurrency_limit=AT_ONCE,
        **HIDDEN,
    )
    _connect_pair(parts, segmented)
    _connect_download(parts)

    def fill(address: Address) -> Updates:
        there = catalogue.with_checkpoint()
        chosen = [run.name for run in there[:FIRST_CHOICES]]
        return {parts.checkpoints: gr.update(choices=choices(there), value=chosen, visible=bool(there))}

    def show_sample(opened: Dependency) -> None:
        # only now, when the checkpoints are chosen: the photo's change starts the first segmentation
        opened.then(opening_photo, outputs=parts.photo, **HIDDEN).then(
            None, js=name_samples(), api_visibility="private"
        )

    return Opening([parts.checkpoints], fill, show_sample)


def _connect_pair(parts: Parts, segmented: Dependency) -> None:
    """Show two answers in one picture, whenever a photo was segmented, and as a person chooses."""

    def choose(session: Session, left: str | None, right: str | None) -> Updates:
        sides, left, right = pair_choices(session, left, right)
        return {
            parts.left: gr.update(choices=sides, value=left),
            parts.right: gr.update(choices=sides, value=right),
        }

    sides = [parts.left, parts.right]
    pictures = {"fn": pair_pictures, "inputs": [parts.session, parts.view, *sides], "outputs": parts.slider, **HIDDEN}
    name_line = {"fn": None, "inputs": sides, "js": function("segment/js/slider.js", "nameSlider"), **HIDDEN}
    chosen = segmented.then(choose, inputs=[parts.session, *sides], outputs=sides, **HIDDEN)
    chosen.then(**pictures).then(**name_line)
    changes = [parts.view.input, parts.left.input, parts.right.input]
    gr.on(changes, trigger_mode="always_last", **pictures).then(**name_line)


def _connect_download(parts: Parts) -> None:
    """Write what a button of the result asks for, and have the browser save it."""

    def download(session: Session, event: gr.EventData) -> str:
        return write_download(session, event.what, event.checkpoint)

    written = parts.result.click(download, inputs=parts.session, outputs=parts.file, **HIDDEN)
    written.success(None, inputs=parts.file, js=_SAVE, **HIDDEN)
    written.then(None, js=_REST, **HIDDEN)


# Works in the page alone: it sets one CSS variable that the layers read
_OPACITY = (
    '<label>Mask opacity <input type="range" min="0" max="1" step="0.05" value="' + str(OPACITY) + '" '
    'aria-label="Mask opacity" '
    "oninput=\"document.getElementById('segment-result').style.setProperty('--mask-opacity', this.value)\"></label>"
)

_REST = """() => document.querySelectorAll("#segment-result [data-download]").forEach((button) => {
    button.disabled = false;
})"""

_SAVE = """(file) => {
    const link = document.createElement("a");
    link.href = file.url;
    link.download = file.orig_name;
    link.click();
}"""


def name_samples() -> str:
    """JavaScript that gives the sample pictures' buttons the names that Gradio leaves out."""
    return f"""() => document.querySelectorAll("#segment-samples .gallery-item").forEach(
        (button, index) => button.setAttribute("aria-label", "Sample: " + {list(sample_photos())}[index]))"""

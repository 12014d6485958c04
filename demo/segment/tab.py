"""The Segment tab: one photo, each chosen checkpoint's answer, side by side or two in one picture."""

import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
from gradio.events import Dependency
from PIL import Image

from demo.address import Address
from demo.catalogue import FIRST_CHOICES, NO_RUNS, Catalogue, choices
from demo.photo import segment_photo
from demo.segment.cards import Answer, result_html, sentence_html, waiting_html
from demo.segment.session import Session
from demo.segment.views import OPACITY, VIEWS, cut_out, disagreement, picture
from demo.tabs import Opening, Page
from experiments.store.probe import sample_photos
from seg import InputError
from seg.palette import indexed_image

FOLDER = Path(__file__).parent
# A newer request must start while the older one is at work; more at once would only slow each other
AT_ONCE = 2

WAITING = "Upload, snap or paste a photo, or click a sample: its masks appear here."
NONE_CHOSEN = "Choose a checkpoint to see its mask."
PHOTO = "Photo"  # beside the checkpoints, in the picture that compares two


def show_masks(catalogue: Catalogue, session: Session, path: str | None, names: list[str]) -> Iterator[str]:
    """The result's HTML, again after each checkpoint, or a sentence that says what is missing.

    Ends early, without another word, when the session has a newer request.
    """
    session.turn += 1
    turn = session.turn
    runs = catalogue.with_checkpoint()
    chosen = [run for run in runs if run.name in (names or [])]
    try:
        if path is None or path != session.path:
            session.lay_down(path)
    except InputError as error:
        yield sentence_html(str(error), "error")
        return
    if path is None or not chosen:
        session.answers = {}
        yield waiting_html(chosen, WAITING) if chosen else sentence_html(NONE_CHOSEN if runs else NO_RUNS)
        return
    photo, shown, known, answers = session.photo, session.shown, session.known, {}
    for run in chosen:
        key = (run.checkpoint, run.checkpoint.stat().st_mtime_ns)
        if key not in known:
            yield result_html(shown, photo.size, chosen, answers)
            if session.turn != turn:
                return
            try:
                known[key] = Answer.of(*segment_photo(photo, run), shown.size)
            except InputError as error:
                answers[run.name] = str(error)
                continue
            if session.turn != turn:
                return
        answers[run.name] = known[key]
    if session.turn != turn:  # all was known, but a newer request has been answered meanwhile
        return
    session.answers = answers
    yield result_html(shown, photo.size, chosen, answers)


def offer_sides(session: Session, left: str | None, right: str | None) -> list[dict]:
    """Updates for the left and right choice: the first two checkpoints, where a choice is no longer there."""
    names = list(session.found())
    sides = [PHOTO, *names] if names else []
    if left not in sides:
        left = next((name for name in (*names, *sides) if name != right), None)
    if right not in sides:
        right = next((name for name in (*names, *sides) if name != left), None)
    return [gr.update(choices=sides, value=left), gr.update(choices=sides, value=right)]


def compare_two(
    session: Session, view: str, left: str | None, right: str | None
) -> tuple[Image.Image, Image.Image] | None:
    """The two pictures of a view; None while there is none."""
    # in this order: another photo takes the answers away with it
    shown, found = session.shown, session.found()
    if not {left, right} <= {PHOTO, *found} or not found:
        return None
    differs = disagreement([answer.shown for answer in found.values()])
    return tuple(
        shown if side == PHOTO else picture(view, shown, found[side].layer(view, differs)) for side in (left, right)
    )


def write_download(session: Session, what: str, checkpoint: str) -> str:
    """Path of the file that a download button asks for, at the photo's own size.

    Args:
        what: "mask" or "cutout" of one checkpoint, or "all" for a ZIP with both of each.
    """
    path, photo, found = session.path, session.photo, session.found()
    if not found or (what != "all" and checkpoint not in found):
        raise gr.Error("this result is gone: choose the photo again")
    photo_name = Path(path).stem
    # Gradio copies the file into its own cache and serves it from there
    folder = Path(tempfile.mkdtemp(prefix="borderline-"))
    pictures = {}
    for name in found if what == "all" else [checkpoint]:
        if what != "cutout":
            pictures[f"{photo_name}-{name}-mask.png"] = indexed_image(found[name].mask)
        if what != "mask":
            pictures[f"{photo_name}-{name}-cutout.png"] = cut_out(photo, found[name].mask)
    for name, image in pictures.items():
        # the strongest compression takes seconds for a large photo, and a fifth off its file
        image.save(folder / name, "PNG", compress_level=1)
    if what != "all":
        return str(folder / next(iter(pictures)))
    target = folder / f"{photo_name}-masks.zip"
    with zipfile.ZipFile(target, "w") as archive:  # stored: a PNG does not get smaller
        for name in pictures:
            archive.write(folder / name, name)
    return str(target)


def opening_photo() -> str | None:
    """The sample the page opens with: the cub, whose whole outline is in the picture, or else the first."""
    samples = sample_photos()
    path = samples.get("cheetah2") or next(iter(samples.values()), None)
    return str(path) if path else None


def build_segment_tab(page: Page) -> Opening:
    catalogue = page.catalogue
    samples = sample_photos()
    runs = catalogue.with_checkpoint()
    first = runs[:FIRST_CHOICES]
    session = gr.State(Session())
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=300):
            photo = gr.Image(
                label="Photo",
                type="filepath",
                image_mode=None,  # hand the file over as it is: the segmenter reads every mode
                sources=["upload", "webcam", "clipboard"],
                height=300,
                elem_id="segment-photo",
            )
            if samples:
                gr.Examples(
                    [[str(path)] for path in samples.values()], photo, label="Samples", elem_id="segment-samples"
                )
            # read anew when the page opens; what is there now keeps the room
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
                waiting_html(first, "" if samples else WAITING) if first else sentence_html(NO_RUNS),
                js_on_load=(FOLDER / "js" / "result.js").read_text(),
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
    file = gr.File(visible="hidden")

    def update(session: Session, path: str | None, names: list[str]) -> Iterator[str | dict]:
        yield from show_masks(catalogue, session, path, names)
        # Gradio repeats a run's last word when it ends: not that of an older photo over a newer one
        yield gr.skip()

    hidden = {"show_progress": "hidden", "api_visibility": "private"}
    offer = {"fn": offer_sides, "inputs": [session, left, right], "outputs": [left, right], **hidden}
    pair = {"fn": compare_two, "inputs": [session, view, left, right], "outputs": slider, **hidden}
    dress = {"fn": None, "inputs": [left, right], "js": (FOLDER / "js" / "slider.js").read_text(), **hidden}
    gr.on(
        [photo.change, checkpoints.input],
        update,
        inputs=[session, photo, checkpoints],
        outputs=result,
        # a newer request starts beside the older one, which then stops at its next checkpoint
        trigger_mode="multiple",
        concurrency_limit=AT_ONCE,
        **hidden,
    ).then(**offer).then(**pair).then(**dress)
    gr.on([view.input, left.input, right.input], trigger_mode="always_last", **pair).then(**dress)

    def download(session: Session, event: gr.EventData) -> str:
        return write_download(session, event.what, event.checkpoint)

    written = result.click(download, inputs=session, outputs=file, **hidden)
    written.success(None, inputs=file, js=_SAVE, **hidden)
    written.then(None, js=_REST, **hidden)

    def fill(address: Address) -> list:
        there = catalogue.with_checkpoint()
        chosen = [run.name for run in there[:FIRST_CHOICES]]
        return [gr.update(choices=choices(there), value=chosen, visible=bool(there))]

    def then(opened: Dependency) -> None:
        # only now, when the checkpoints are chosen: the photo's change starts the first segmentation
        opened.then(opening_photo, outputs=photo, **hidden).then(None, js=name_samples(), api_visibility="private")

    return Opening([checkpoints], fill, then)


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

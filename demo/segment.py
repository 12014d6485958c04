"""The Segment tab: one photo, each chosen checkpoint's mask over it, side by side."""

import base64
import html
import io
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import gradio as gr
import numpy as np
from PIL import Image, ImageOps

from demo.catalogue import LOSS_NAMES, NO_RUNS, Catalogue, describe, segmenter
from experiments.probe import sample_photos
from experiments.runs import Run
from seg import CLASS_NAMES, InputError
from seg.inference import as_rgb
from seg.palette import CLASS_COLOURS, indexed_image

# A photo of this many pixels takes 0.9 GB while its probabilities are upsampled
MAX_PIXELS = 50_000_000
# Longest side of the picture on the page; the mask to download has the photo's own size
SHOWN_SIDE = 960

WAITING = '<p class="empty">Upload, snap or paste a photo, or click a sample: its masks appear here.</p>'
NONE_CHOSEN = '<p class="empty">Choose a checkpoint to see its mask.</p>'


@dataclass(frozen=True)
class Result:
    """One checkpoint's answer for one photo: `mask` (H, W) uint8 at the photo's own size."""

    mask: np.ndarray
    milliseconds: float

    def shares(self) -> dict[str, float]:
        """Share of the photo's pixels of each class, by name; they sum to 1."""
        counts = np.bincount(self.mask.ravel(), minlength=len(CLASS_NAMES))
        return {name: float(count) / self.mask.size for name, count in zip(CLASS_NAMES, counts, strict=True)}


def open_photo(path: str | Path) -> Image.Image:
    """The photo with its EXIF rotation applied.

    Raises:
        InputError: not an image, damaged, or larger than the app takes.
    """
    name = Path(path).name
    try:
        with Image.open(path) as photo:
            if photo.width * photo.height > MAX_PIXELS:
                megapixels = photo.width * photo.height / 1e6
                raise InputError(f"{name} has {megapixels:.0f} megapixels: scale it to at most {MAX_PIXELS // 10**6}")
            photo.load()
            return ImageOps.exif_transpose(photo)
    except Image.DecompressionBombError as error:
        raise InputError(f"{name} is too large: scale it to at most {MAX_PIXELS // 10**6} megapixels") from error
    except (OSError, SyntaxError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{name} cannot be read as an image: save it as JPEG or PNG and try again") from error


def segment_photo(photo: Image.Image, run: Run) -> Result:
    network = segmenter(run)
    started = time.perf_counter()
    mask = network.predict(photo).mask
    return Result(mask, 1000 * (time.perf_counter() - started))


def show_masks(catalogue: Catalogue, path: str | None, names: list[str], progress: gr.Progress) -> str:
    """The result's HTML: a card for each checkpoint, or a sentence that says what is missing."""
    runs = catalogue.with_checkpoint()
    if not runs:
        return f'<p class="empty">{_code(NO_RUNS)}</p>'
    if path is None:
        return WAITING
    chosen = [run for run in runs if run.name in (names or [])]
    if not chosen:
        return NONE_CHOSEN
    try:
        photo = open_photo(path)
    except InputError as error:
        return f'<p class="empty error">{html.escape(str(error))}</p>'
    shown = as_rgb(photo)
    shown.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
    picture = _data_uri(shown, "JPEG", quality=88)
    cards = []
    for run in progress.tqdm(chosen, desc="segmenting"):
        try:
            cards.append(_card(run, segment_photo(photo, run), picture, shown.size, Path(path).stem))
        except InputError as error:
            cards.append(f'<figure class="card"><p class="error">{html.escape(str(error))}</p></figure>')
    return f"{_LEGEND}<div class='cards'>{''.join(cards)}</div>"


def _card(run: Run, result: Result, picture: str, shown: tuple[int, int], photo_name: str) -> str:
    mask = indexed_image(result.mask)
    overlay = mask.resize(shown, Image.Resampling.NEAREST)
    overlay.info["transparency"] = CLASS_NAMES.index("background")
    shares = "".join(
        f'<li><i style="background:{colour}"></i>{name} <b>{share:.1%}</b></li>'
        for colour, (name, share) in zip(CLASS_COLOURS, result.shares().items(), strict=True)
    )
    size = f"{result.mask.shape[1]} × {result.mask.shape[0]}"
    return (
        '<figure class="card">'
        f"<figcaption><b>{html.escape(describe(run))}</b><span>{LOSS_NAMES.get(run.loss, run.loss)}</span></figcaption>"
        f'<div class="stack"><img src="{picture}" alt="the photo">'
        f'<img class="mask" src="{_data_uri(overlay, "PNG")}" alt="mask of {html.escape(run.name)}"></div>'
        f'<ul class="shares">{shares}</ul>'
        f'<p class="meta"><span>{size} · {result.milliseconds:.0f} ms</span>'
        f'<a download="{html.escape(photo_name)}-{html.escape(run.name)}.png" '
        f'href="{_data_uri(mask, "PNG", optimize=True)}">Download mask</a></p></figure>'
    )


# The slider works in the page alone: it sets one CSS variable that all masks read
_LEGEND = (
    '<div class="result-bar"><label>Mask opacity '
    '<input type="range" min="0" max="1" step="0.05" value="0.65" aria-label="Mask opacity" '
    "oninput=\"this.closest('#segment-result').style.setProperty('--mask-opacity', this.value)\"></label></div>"
)


def _data_uri(image: Image.Image, kind: str, **options) -> str:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(file.getvalue()).decode()}"


def _code(sentence: str) -> str:
    """A sentence with `code` in backticks, as HTML."""
    parts = html.escape(sentence).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))


def segment_api(catalogue: Catalogue, photo: str, checkpoint: str) -> tuple[str, dict]:
    """Segment a photo with one checkpoint.

    Returns:
        The path of an indexed PNG of the photo's own size after EXIF rotation, values 0 (pet),
        1 (background), 2 (border); and a report: checkpoint, size [width, height], share, milliseconds.
    """
    runs = {run.name: run for run in catalogue.with_checkpoint()}
    if checkpoint not in runs:
        raise gr.Error(f"no checkpoint {checkpoint}: choose from {', '.join(runs) or 'none, there are no runs yet'}")
    if not photo:
        raise gr.Error("no photo: give an image file")
    try:
        image = open_photo(photo)
        result = segment_photo(image, runs[checkpoint])
    except InputError as error:
        raise gr.Error(str(error)) from error
    # Gradio copies the file into its own cache and serves it from there
    with tempfile.NamedTemporaryFile(prefix=f"{Path(photo).stem}-{checkpoint}-", suffix=".png", delete=False) as file:
        indexed_image(result.mask).save(file, "PNG", optimize=True)
    height, width = result.mask.shape
    report = {
        "checkpoint": checkpoint,
        "size": [width, height],
        "share": result.shares(),
        "milliseconds": round(result.milliseconds, 1),
    }
    return file.name, report


@dataclass(frozen=True)
class SegmentTab:
    photo: gr.Image
    checkpoints: gr.CheckboxGroup
    result: gr.HTML


def build_segment_tab(catalogue: Catalogue) -> SegmentTab:
    samples = sample_photos()
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
            checkpoints = gr.CheckboxGroup(label="Checkpoints", elem_id="segment-checkpoints")
        with gr.Column(scale=5, min_width=320):
            result = gr.HTML(WAITING, elem_id="segment-result")

    def update(path: str | None, names: list[str], progress=gr.Progress()) -> str:  # noqa: B008 Gradio reads it
        return show_masks(catalogue, path, names, progress)

    gr.on(
        [photo.change, checkpoints.input],
        update,
        inputs=[photo, checkpoints],
        outputs=result,
        trigger_mode="always_last",
        api_visibility="private",
    )
    return SegmentTab(photo, checkpoints, result)


def name_samples() -> str:
    """JavaScript that gives the sample pictures' buttons the names that Gradio leaves out."""
    return f"""() => document.querySelectorAll("#segment-samples .gallery-item").forEach(
        (button, index) => button.setAttribute("aria-label", "Sample: " + {list(sample_photos())}[index]))"""


def add_segment_api(catalogue: Catalogue) -> None:
    """`/segment (photo: file, checkpoint: str) -> (mask: file, report: dict)`, with no place on the page."""
    with gr.Row(visible=False):
        photo, checkpoint = gr.File(label="photo", type="filepath"), gr.Textbox(label="checkpoint")
        mask, report = gr.File(label="mask"), gr.JSON(label="report")

        def segment(photo: str, checkpoint: str) -> tuple[str, dict]:
            """Segment a photo: an indexed PNG of its size (0 pet, 1 background, 2 border) and a report.

            Args:
                photo: an image file.
                checkpoint: the name of a run with a checkpoint, as /runs lists them.
            """
            return segment_api(catalogue, photo, checkpoint)

        # agents know it by the function's name, and what it does by its docstring
        gr.Button().click(segment, inputs=[photo, checkpoint], outputs=[mask, report], api_name="segment")

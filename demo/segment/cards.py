"""The Segment tab's result as HTML: a card for each checkpoint with a layer for each view.

All layers are in the page at once, and the stylesheet shows those of the chosen view: another view asks
the server for nothing.
"""

import html
from dataclasses import dataclass

import numpy as np
from PIL import Image

from demo.catalogue import describe
from demo.images import class_shares, data_uri
from demo.segment.views import (
    CONFIDENCE_COLOURS,
    VIEWS,
    agreeing_share,
    confidence_levels,
    disagreement,
    layer,
    outline_length,
    shrink,
)
from experiments.store.runs import Run
from seg.inference import Prediction
from seg.losses import loss_label
from seg.pets import CLASS_COLOURS, CLASS_NAMES


@dataclass(frozen=True)
class Answer:
    """What one checkpoint made of one photo.

    Attributes:
        mask: (H, W) uint8 classes at the photo's own size.
        shown: the same at the size on the page.
        confidence: levels at half the size on the page, as `confidence_levels` gives them.
        outline: length of the pet's outline in pixels of the photo.
        milliseconds: of the one pass that gave all of it.
        pictures: the layer of each view but disagreement, as a data URI.
    """

    mask: np.ndarray
    shown: np.ndarray
    confidence: np.ndarray
    outline: float
    milliseconds: float
    pictures: dict[str, str]

    @classmethod
    def from_prediction(cls, prediction: Prediction, milliseconds: float, size: tuple[int, int]) -> "Answer":
        """The answer for a photo that is shown at this width and height."""
        height, width = prediction.mask.shape
        shown = shrink(prediction.mask, size)
        # the network answers at 128 x 128: half the size on the page loses nothing of it
        confidence = confidence_levels(prediction.probabilities, ((size[0] + 1) // 2, (size[1] + 1) // 2))
        pictures = {view: data_uri(layer(view, shown, confidence), "PNG") for view in VIEWS if view != "disagreement"}
        return cls(prediction.mask, shown, confidence, outline_length(shown, (width, height)), milliseconds, pictures)

    def layer(self, view: str, differs: np.ndarray) -> Image.Image:
        """What a view puts over the photo; `differs` is where the checkpoints disagree."""
        return layer(view, self.shown, self.confidence, differs)


def result_html(photo: Image.Image, size: tuple[int, int], runs: list[Run], answers: dict[str, Answer | str]) -> str:
    """The photo with each run's answer.

    Args:
        photo: RGB, at the size on the page.
        size: the photo's own width and height.
        answers: by run name: an answer, or a sentence that says why there is none; runs that are
            missing are still at work.
    """
    complete = len(answers) == len(runs)
    found = [answer for answer in answers.values() if isinstance(answer, Answer)]
    # where they disagree is known when all have answered
    differs = disagreement([answer.shown for answer in found]) if complete and len(found) > 1 else None
    cards = "".join(_card(run, answers.get(run.name), differs, complete and len(found) < 2) for run in runs)
    status = _agreement(found) if complete else _progress(len(answers), len(runs))
    return _page(cards, status, f"{size[0]} × {size[1]} pixels", not complete, data_uri(photo, "JPEG", quality=88))


def waiting_html(runs: list[Run], sentence: str = "") -> str:
    """The result before there is a photo: it takes the room that the masks will need.

    Args:
        sentence: what to do; without one the photo is on its way.
    """
    status = f"<span>{html.escape(sentence)}</span>" if sentence else _progress(0, len(runs))
    return _page("".join(_card(run, None) for run in runs), status, "–", busy=not sentence)


def _page(cards: str, status: str, size: str, busy: bool, photo: str = "data:,") -> str:
    return (
        f'<div class="result" aria-busy="{str(busy).lower()}" style="--photo: url({photo})">'
        f'<div class="summary" role="status">{status}</div>{_LEGEND}<div class="cards">{cards}</div>'
        f'<p class="note">Photo: {size}.<br>Border length: the line around the pet, in pixels of the photo. '
        "Where the pet leaves the photo there is none.</p></div>"
    )


def sentence_html(sentence: str, kind: str = "") -> str:
    """A sentence instead of a result; `code` in backticks."""
    parts = html.escape(sentence).split("`")
    text = "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))
    return f'<p class="empty {kind}">{text}</p>'


def _card(run: Run, answer: Answer | str | None, differs: np.ndarray | None = None, alone: bool = False) -> str:
    title = (
        f"<figcaption><b>{html.escape(describe(run))}</b><span>{html.escape(loss_label(run.loss))}</span></figcaption>"
    )
    if answer is None:
        return (
            f'<div class="card pending">{title}<div class="stack"><div class="photo"></div></div>'
            f'{_numbers({}, "–", "–")}<p class="downloads"></p></div>'
        )
    if isinstance(answer, str):
        return f'<figure class="card">{title}<p class="error">{html.escape(answer)}</p></figure>'
    name = html.escape(run.name)
    pictures = answer.pictures
    if differs is not None:
        pictures = pictures | {"disagreement": data_uri(answer.layer("disagreement", differs), "PNG")}
    layers = "".join(
        f'<img class="layer {view}" src="{source}" alt="{VIEWS[view]} of {name}">'
        for view, source in pictures.items()
        if view != "cutout"
    )
    # the cut-out is the photo itself, let through where the layer is opaque
    cutout = (
        f'<div class="layer cutout" role="img" aria-label="Cut-out of {name}" '
        f'style="--pet: url({pictures["cutout"]})"></div>'
    )
    need = '<p class="alone">Choose a second checkpoint to see where they disagree.</p>' if alone else ""
    return (
        f'<figure class="card">{title}'
        f'<div class="stack"><div class="photo" role="img" aria-label="the photo"></div>{layers}{cutout}{need}</div>'
        f"{_numbers(class_shares(answer.mask), f'{answer.outline:,.0f} px', f'{answer.milliseconds:.0f} ms')}"
        f'<p class="downloads">{_button("mask", "Mask", run.name)}{_button("cutout", "Cut-out", run.name)}</p></figure>'
    )


def _numbers(shares: dict[str, float], outline: str, duration: str) -> str:
    rows = [
        (f'<i style="background:{colour}"></i>{name}', f"{shares[name]:.1%}" if shares else "–")
        for colour, name in zip(CLASS_COLOURS, CLASS_NAMES, strict=True)
    ]
    rows += [("border length", outline), ("time", duration)]
    return '<dl class="numbers">' + "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows) + "</dl>"


def _agreement(found: list[Answer]) -> str:
    if not found:
        return ""
    text = ""
    if len(found) > 1:
        which = "Both" if len(found) == 2 else f"All {len(found)}"
        share = agreeing_share([answer.mask for answer in found])
        text = f'{which}<span class="wide"> checkpoints</span> agree on <b>{share:.1%}</b> of the pixels'
    return f"<span>{text}</span>{_button('all', 'All as ZIP')}"


def _progress(done: int, total: int) -> str:
    return f'<label>Segmenting: {done} of {total} <progress max="{total}" value="{done}"></progress></label>'


def _button(what: str, text: str, checkpoint: str = "") -> str:
    name = html.escape(checkpoint)
    label = f"Download {text.lower()} of {name}" if checkpoint else "Download all masks and cut-outs as ZIP"
    return (
        f'<button type="button" data-download="{what}" data-checkpoint="{name}" aria-label="{label}">↓ {text}</button>'
    )


_LEGEND = (
    '<div class="legends"><ul class="legend classes" aria-label="Legend">'
    + "".join(
        f'<li class="{name}"><i style="background:{colour}"></i>{name}</li>'
        for colour, name in zip(CLASS_COLOURS, CLASS_NAMES, strict=True)
    )
    + '</ul><p class="legend ramp">unsure, 33 % <i style="background: linear-gradient(90deg, '
    + ", ".join(CONFIDENCE_COLOURS)
    + ')"></i> 100 %, sure</p></div>'
)

"""One photo of the dataset in the Failures tab: itself, its label, each chosen run's mask."""

import html
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from demo.catalogue import epochs_in_words, run_titles
from demo.checkpoints import segmenter
from demo.images import data_uri
from experiments.store.runs import Run
from seg import InputError
from seg.pets import (
    BACKGROUND,
    CLASS_COLOURS,
    CLASS_NAMES,
    DATASET_FOLDER,
    BadPair,
    indexed_image,
    photo_path,
    read_trimap,
    trimap_path,
)
from seg.photo import BadPhoto, stored_photo

NOTHING_CHOSEN = '<p class="empty">Click a row to see the photo, its label and each run\'s mask.</p>'


def photo_html(dataset: Path, photo: str | None, runs: Sequence[Run], reason: str = "") -> str:
    """One photo as HTML: itself, its label, and each run's mask where it has weights; or how to get the dataset.

    Args:
        reason: why its label is suspected.
    """
    # a photo of one's own, and a sample, have no label that could be looked at
    if not photo or not re.fullmatch(r"\w+_\d+", photo):
        return NOTHING_CHOSEN
    name = photo
    path = photo_path(dataset, name)
    title = f"<h3>{html.escape(name)}</h3>" + (f"<p>{html.escape(reason.capitalize())}.</p>" if reason else "")
    try:
        picture = stored_photo(path)
    except BadPhoto as error:
        if error.missing:
            return (
                f'{title}<p class="empty">The photo is not shipped. To see it, run '
                "<code>python -m experiments.fetch --data data</code> and start the app again, or set "
                f"<code>PETS_DATA</code> to a folder that holds <code>{DATASET_FOLDER}/</code>.</p>"
            )
        why = f" ({html.escape(error.why)})" if error.why else ""
        return f'{title}<p class="empty error">{html.escape(name)} {error.wrong}{why}.</p>'
    tiles = [_tile("photo", picture, None)]
    try:
        tiles.append(_tile("label", picture, read_trimap(trimap_path(dataset, name), path)))
    except BadPair as error:
        tiles.append(_refusal(error))
    titles = run_titles(runs)
    for run in runs:
        caption = f"{titles[run.name]}, {epochs_in_words(run)}"
        try:
            if run.checkpoint is None:
                raise InputError(f"{caption}: its weights are not here, only its scores")
            tiles.append(_tile(caption, picture, segmenter(run).predict(picture).mask))
        except InputError as error:
            tiles.append(_refusal(error))
    tints = zip(CLASS_COLOURS, CLASS_NAMES, strict=True)
    legend = "".join(f'<li><i style="background:{tint}"></i>{word}</li>' for tint, word in tints)
    return f'{title}<div class="spot-tiles">{"".join(tiles)}</div><ul class="spot-legend">{legend}</ul>'


def _refusal(error: InputError) -> str:
    """Why a tile is not there, in its place."""
    return f'<figure><figcaption class="error">{html.escape(str(error))}</figcaption></figure>'


def _tile(caption: str, picture: Image.Image, mask: np.ndarray | None) -> str:
    """The photo, under a mask (H, W) uint8 of its size where there is one."""
    layers = f'<img src="{data_uri(picture, "JPEG")}" alt="{html.escape(caption)}">'
    if mask is not None:
        overlay = indexed_image(mask)
        overlay.info["transparency"] = BACKGROUND
        layers += f'<img class="mask" src="{data_uri(overlay, "PNG")}" alt="">'
    return f'<figure><div class="stack">{layers}</div><figcaption>{html.escape(caption)}</figcaption></figure>'

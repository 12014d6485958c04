"""Masks and cut-outs as files."""

import tempfile
import zipfile
from pathlib import Path

import gradio as gr

from demo.segment.session import Session
from demo.segment.views import cut_out
from seg.pets import indexed_image


def write_download(session: Session, what: str, checkpoint: str) -> str:
    """Path of the file that a download button asks for, at the photo's own size.

    Args:
        what: "mask" or "cutout" of one checkpoint, or "all" for a ZIP with both of each.
    """
    path, photo, found = session.path, session.photo, session.found()
    if path is None or photo is None or not found or (what != "all" and checkpoint not in found):
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

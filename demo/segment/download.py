"""Masks and cut-outs as files."""

import tempfile
import zipfile
from pathlib import Path

import gradio as gr
import numpy as np
from PIL import Image

from demo.catalogue import Catalogue
from demo.segment.answers import Session, answer, mask_of
from demo.segment.photos import picture_of
from seg import InputError
from seg.pets import PET, indexed_image


def write_download(catalogue: Catalogue, session: Session, names: list[str], what: str, checkpoint: str) -> str:
    """Path of the file that a download button asks for, at the photo's own size.

    Args:
        names: of the runs that are chosen.
        what: "mask" or "cutout" of one run's network, or "all" for a ZIP with both of each that is chosen.
    """
    photo = session.photo
    wanted = set(names or []) if what == "all" else {checkpoint}
    runs = [run for run in catalogue.with_checkpoint() if run.name in wanted]
    if photo is None or not runs:
        raise gr.Error("this result is gone: choose the photo again")
    photo_name = Path(photo.title).stem
    # Gradio copies the file into its own cache and serves it from there
    folder = Path(tempfile.mkdtemp(prefix="borderline-"))
    pictures: dict[str, Image.Image] = {}
    try:
        picture = picture_of(photo)
        for run in runs:
            mask = mask_of(answer(photo, run))
            if what != "cutout":
                pictures[f"{photo_name}-{run.name}-mask.png"] = indexed_image(mask)
            if what != "mask":
                pictures[f"{photo_name}-{run.name}-cutout.png"] = cut_out(picture, mask)
    except InputError as error:
        raise gr.Error(str(error)) from error
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


def cut_out(photo: Image.Image, mask: np.ndarray) -> Image.Image:
    """The pet alone, RGBA: opaque where the mask (H, W) says PET, and nothing of the photo elsewhere."""
    pet = Image.fromarray(np.where(mask == PET, 255, 0).astype(np.uint8))
    image = Image.new("RGBA", photo.size)
    image.paste(photo, mask=pet)
    image.putalpha(pet)
    return image

"""What is made of a photo and its mask: pictures that hold nothing of the photo's metadata, and shares of classes."""

from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageChops
from PIL.PngImagePlugin import PngInfo

from seg.pets import BORDER, CLASS_NAMES, PET, indexed_image
from seg.pixels.rgb import UNREADABLE

# How much of an overlay is colour: what the page's slider says at first
OPACITY = 0.65
# What a file that was written here says of itself, by PNG's own keyword for it
_SOFTWARE, _BORDERLINE = "Software", "Borderline"


def mask_picture(photo: Image.Image, mask: np.ndarray) -> Image.Image:
    """The classes (H, W) alone, whose values are the pixels of a palette image."""
    return indexed_image(mask)


def overlay(photo: Image.Image, mask: np.ndarray) -> Image.Image:
    """The photo, RGB, with the colours of pet and border over it, as the page's view Mask has it at first."""
    plain = Image.new("RGB", photo.size)  # without what the photo's file said beside its pixels
    plain.paste(photo)
    coloured = Image.blend(plain, indexed_image(mask).convert("RGB"), OPACITY)
    return Image.composite(coloured, plain, _where(mask, PET, BORDER))


def cut_out(photo: Image.Image, mask: np.ndarray) -> Image.Image:
    """The pet alone, RGBA: opaque where the mask (H, W) says PET, and nothing of the photo elsewhere."""
    image = Image.new("RGB", photo.size)  # without what the photo's file said beside its pixels
    image.paste(photo)
    cut_away(image, mask)
    return image


def cut_away(photo: Image.Image, mask: np.ndarray) -> None:
    """Make a photo, RGB, its own `cut_out`."""
    pet = _where(mask, PET)
    photo.paste(0, mask=ImageChops.invert(pet))
    photo.putalpha(pet)


# By what a person calls them; files are named after them without a hyphen
PICTURES = {"mask": mask_picture, "overlay": overlay, "cut-out": cut_out}


def save(image: Image.Image, file: IO[bytes] | Path) -> None:
    """Write it as a PNG that says that it was written here."""
    info = PngInfo()
    info.add_text(_SOFTWARE, _BORDERLINE)
    # the strongest compression takes seconds for a large photo, and a fifth off its file
    image.save(file, "PNG", compress_level=1, pnginfo=info)


def written_here(path: Path) -> bool:
    """Whether `save` wrote this file."""
    try:
        with Image.open(path) as image:
            return image.info.get(_SOFTWARE) == _BORDERLINE
    except UNREADABLE:
        return False


def class_shares(mask: np.ndarray) -> dict[str, float]:
    """Share of the photo's pixels of each class, by name; they sum to 1."""
    # each counted alone: counting them at once takes eight bytes a pixel
    return {name: np.count_nonzero(mask == number) / mask.size for number, name in enumerate(CLASS_NAMES)}


def _where(mask: np.ndarray, *classes: int) -> Image.Image:
    """White where the mask (H, W) has one of these classes."""
    return Image.fromarray(mask).point([255 if number in classes else 0 for number in range(256)])

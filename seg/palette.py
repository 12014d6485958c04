"""The colours of the classes, the same in every picture: Okabe and Ito's palette, safe for the colour-blind."""

import numpy as np
from PIL import Image

# PET sky blue, BACKGROUND black, BORDER orange
CLASS_COLOURS = ("#56B4E9", "#000000", "#E69F00")


def indexed_image(classes: np.ndarray) -> Image.Image:
    """A palette image whose pixel values are the classes (H, W) uint8."""
    image = Image.fromarray(classes)
    image.putpalette(b"".join(bytes.fromhex(colour[1:]) for colour in CLASS_COLOURS))
    return image

"""A photo that somebody hands to the app: opening it, segmenting it, the shares of its classes."""

import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from demo.catalogue import segmenter
from experiments.store.runs import Run
from seg import InputError
from seg.inference import Prediction
from seg.pets import CLASS_NAMES

# A photo of this many pixels takes 0.9 GB while its probabilities are upsampled
MAX_PIXELS = 50_000_000


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


def segment_photo(photo: Image.Image, run: Run) -> tuple[Prediction, float]:
    """The run's prediction for a photo, and the milliseconds of its one pass."""
    network = segmenter(run)
    started = time.perf_counter()
    prediction = network.predict(photo)
    return prediction, 1000 * (time.perf_counter() - started)


def class_shares(mask: np.ndarray) -> dict[str, float]:
    """Share of the photo's pixels of each class, by name; they sum to 1."""
    counts = np.bincount(mask.ravel(), minlength=len(CLASS_NAMES))
    return {name: float(count) / mask.size for name, count in zip(CLASS_NAMES, counts, strict=True)}

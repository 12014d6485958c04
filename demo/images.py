"""Pictures and masks as the page takes them: themselves as text, their classes as shares."""

import base64
import io

import numpy as np
from PIL import Image

from seg.pets import CLASS_NAMES


def data_uri(image: Image.Image, kind: str, **options: object) -> str:
    """The picture itself as a `data:` URI, so that the page fetches nothing.

    Args:
        kind: "PNG" or "JPEG".
        options: what Pillow takes for files of that kind, such as `quality`.
    """
    file = io.BytesIO()
    image.save(file, kind, **options)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(file.getvalue()).decode()}"


def class_shares(mask: np.ndarray) -> dict[str, float]:
    """Share of the photo's pixels of each class, by name; they sum to 1."""
    counts = np.bincount(mask.ravel(), minlength=len(CLASS_NAMES))
    return {name: float(count) / mask.size for name, count in zip(CLASS_NAMES, counts, strict=True)}

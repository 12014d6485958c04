"""What the page needs of one network's answer: enough to move its threshold without asking again."""

import base64
import io
import zlib
from dataclasses import dataclass

import numpy as np
from PIL import Image

from seg.inference import SmallPrediction
from seg.metrics import CLASSES
from seg.thresholds.shift import border_margin

# Levels of the margin in a logit: at a shift of whole tenths the threshold lies between two levels, so that nothing is
# rounded. Beyond REACH logits all margins are one
LEVELS_PER_LOGIT, REACH = 60, 2.1
# The level of the largest margin at which border does not win without a shift
LEVEL_OF_ZERO = 127
CONFIDENCE_LEVELS = 64
# The surest of three classes has at least this share
LOWEST_CONFIDENCE = 1 / CLASSES


@dataclass(frozen=True)
class Pane:
    """One network's answer for a photo.

    Attributes:
        mask: the classes at the photo's own size, an indexed PNG file.
        levels: (h, w) uint8 at the size on the page, see `margin_levels`.
        background: (h, w) bool, where background is likelier than pet.
        confidence: (h', w') uint8, see `confidence_levels`.
        counts: (2, 256) int64, pixels of the photo at its own size by `background` and level.
    """

    mask: bytes
    levels: np.ndarray
    background: np.ndarray
    confidence: np.ndarray
    counts: np.ndarray

    def classes(self) -> np.ndarray:
        """The mask, (H, W) uint8."""
        with Image.open(io.BytesIO(self.mask)) as image:
            return np.asarray(image)

    def as_value(self) -> dict:
        """What the page decodes: planes as text, deflated, each row as differences from the pixel before."""
        height, width = self.confidence.shape
        return {
            "levels": deflated_rows(self.levels),
            "background": deflated(np.packbits(self.background)),
            "confidence": deflated_rows(self.confidence),
            "confidence_size": [width, height],
            "counts": self.counts.tolist(),
        }


def margin_levels(probabilities: np.ndarray) -> np.ndarray:
    """`border_margin` as levels, (H, W) uint8 in [1, 253].

    Border wins at a shift of d logits, a multiple of 0.1 in [-2, 2], where the level is above 127 - 60 d.

    Args:
        probabilities: (3, H, W) float32.
    """
    steps = np.ceil(LEVELS_PER_LOGIT * np.clip(border_margin(probabilities), -REACH, REACH))
    return (LEVEL_OF_ZERO + steps).astype(np.uint8)


def confidence_levels(probabilities: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The largest of the class probabilities (3, H, W), as levels 0 (1/3) to 63 (1), uint8, at a width and height."""
    levels = np.empty(size[::-1], np.uint8)
    for rows, columns, part in SmallPrediction(probabilities, size).tiles():
        share = (part.max(axis=0) - LOWEST_CONFIDENCE) / (1 - LOWEST_CONFIDENCE)
        levels[rows, columns] = (share * (CONFIDENCE_LEVELS - 1)).round().clip(0, CONFIDENCE_LEVELS - 1)
    return levels


def level_counts(levels: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Pixels by whether background is likelier than pet, and by level: (2, 256) int64 of two (H, W)."""
    cells = background.astype(np.int64) * 256 + levels
    return np.bincount(cells.ravel(), minlength=512).reshape(2, 256)


def shrink(plane: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The plane (H, W) at another width and height, of the nearest pixels: nothing appears that was not there."""
    return plane[np.ix_(_nearest(size[1], plane.shape[0]), _nearest(size[0], plane.shape[1]))]


def shrink_into(plane: np.ndarray, rows: slice, columns: slice, part: np.ndarray, size: tuple[int, int]) -> None:
    """Lay into the plane what `shrink` finds in these rows and columns of a whole one of this width and height."""
    ours = []
    for places, small, large in ((rows, plane.shape[0], size[1]), (columns, plane.shape[1], size[0])):
        nearest = _nearest(small, large)
        first, last = np.searchsorted(nearest, [places.start, places.stop])
        ours.append((slice(first, last), nearest[first:last] - places.start))
    (above, from_rows), (left, from_columns) = ours
    plane[above, left] = part[np.ix_(from_rows, from_columns)]


def _nearest(small: int, large: int) -> np.ndarray:
    """Which of `large` pixels each of `small` has in its middle."""
    return ((np.arange(small) + 0.5) * large / small).astype(np.int64)


def deflated_rows(plane: np.ndarray) -> str:
    """A plane (H, W) of bytes, each row as differences from the pixel before, which deflate better, as text."""
    return deflated(np.diff(plane, axis=1, prepend=0).astype(np.uint8))


def deflated(plane: np.ndarray) -> str:
    """The bytes of a uint8 array, deflated, as text."""
    return base64.b64encode(zlib.compress(np.ascontiguousarray(plane).tobytes(), 6)).decode()

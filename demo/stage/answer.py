"""What one run's network makes of one photo, computed once."""

import io
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from demo.catalogue import last_change
from demo.checkpoints import checkpoint_of, segment_photo, segmented
from demo.stage.pane import (
    Pane,
    confidence_levels,
    level_counts,
    margin_levels,
    shrink,
)
from demo.stage.photos import Offered, picture_of, shown_photo
from experiments.store.runs import Run
from seg.inference import Prediction
from seg.metrics import CLASSES
from seg.pets import BACKGROUND, PET, indexed_image
from seg.thresholds.shift import shifted_mask


def answer(photo: Offered, run: Run) -> Pane:
    """What a run's network makes of a photo, computed once for as long as both files stay as they are.

    Raises:
        InputError: the photo or the checkpoint cannot be used.
    """
    with checkpoint_of(run) as version:
        return _answer(photo, last_change(photo.path), *version)


@lru_cache(maxsize=48)  # about 1 MB each
def _answer(photo: Offered, changed: int | None, checkpoint: Path, checkpoint_changed: int) -> Pane:
    shown, label = shown_photo(photo)
    prediction, _ = segmented(picture_of(photo), checkpoint, checkpoint_changed)
    return pane_of(prediction, shown.shown, label)


def pane_of(prediction: Prediction, size: tuple[int, int], label: np.ndarray | None) -> Pane:
    """The pane of a prediction, for planes of this width and height.

    Args:
        label: (H, W) true classes at the photo's own size, where they are known.
    """
    probabilities = prediction.probabilities
    levels, background = margin_levels(probabilities), probabilities[BACKGROUND] > probabilities[PET]
    if label is None:
        counts = level_counts(levels, background)
    else:
        counts = np.stack([level_counts(levels[label == kind], background[label == kind]) for kind in range(CLASSES)])
    file = io.BytesIO()
    indexed_image(prediction.mask).save(file, "PNG")
    half = ((size[0] + 1) // 2, (size[1] + 1) // 2)  # the network answers at 128 x 128: this loses nothing of it
    confidence = confidence_levels(probabilities, half)
    return Pane(file.getvalue(), shrink(levels, size), shrink(background, size), confidence, counts)


def mask_of(pane: Pane) -> np.ndarray:
    """The classes (H, W) at the photo's own size."""
    with Image.open(io.BytesIO(pane.mask)) as image:
        return np.asarray(image)


def mask_at(photo: Offered, run: Run, shift: float) -> np.ndarray:
    """The classes (H, W) at the photo's own size where the border's logit is shifted, as the page shows them.

    Args:
        shift: in tenths, within [-2, 2].

    Raises:
        InputError: the photo or the checkpoint cannot be used.
    """
    return shifted_mask(segment_photo(picture_of(photo), run)[0].probabilities, shift)

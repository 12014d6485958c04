"""What one run's network makes of one photo, computed once."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from demo.catalogue import last_change
from demo.checkpoints import checkpoint_of, segment_photo, segmented
from demo.photo import MASKS, room_for
from demo.stage.pane import Pane, confidence_levels, level_counts, margin_levels, shrink_into
from demo.stage.photos import CACHES, Offered, shown_photo
from experiments.store.runs import Run
from seg.inference import SmallPrediction, likeliest
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


@lru_cache(maxsize=32)  # about 1 MB each
def _answer(photo: Offered, changed: int | None, checkpoint: Path, checkpoint_changed: int) -> Pane:
    shown, label = shown_photo(photo)
    prediction, _ = segmented(photo, checkpoint, checkpoint_changed)
    with room_for(photo.path, times=MASKS):
        return pane_of(prediction, shown.shown, label)


def pane_of(prediction: SmallPrediction, size: tuple[int, int], label: np.ndarray | None) -> Pane:
    """The pane of a prediction, for planes of this width and height.

    Args:
        label: (H, W) true classes at the photo's own size, where they are known.
    """
    planes = (np.zeros(size[::-1], np.uint8), np.zeros(size[::-1], bool))
    kinds = 1 if label is None else CLASSES
    counts = np.zeros((kinds, 2, 256), np.int64)
    mask = np.empty(prediction.size[::-1], np.uint8)
    for rows, columns, probabilities in prediction.tiles():
        levels, background = margin_levels(probabilities), probabilities[BACKGROUND] > probabilities[PET]
        mask[rows, columns] = likeliest(probabilities)
        for plane, values in zip(planes, (levels, background), strict=True):
            shrink_into(plane, rows, columns, values, prediction.size)
        for kind in range(kinds):
            there = slice(None) if label is None else label[rows, columns] == kind
            counts[kind] += level_counts(levels[there], background[there])
    file = io.BytesIO()
    indexed_image(mask).save(file, "PNG")
    half = ((size[0] + 1) // 2, (size[1] + 1) // 2)  # the network answers at 128 x 128: this loses nothing of it
    confidence = confidence_levels(prediction.probabilities, half)
    return Pane(file.getvalue(), *planes, confidence, counts[0] if label is None else counts)


def forget() -> None:
    """Remember no photo any more, and nothing that was made of one."""
    for cache in (_answer, *CACHES):
        cache.cache_clear()


@contextmanager
def mask_of(photo: Offered, run: Run, shift: float = 0) -> Iterator[np.ndarray]:
    """The classes (H, W) at the photo's own size; inside there is memory for one picture of that size after another.

    Args:
        shift: of the border's logit, in tenths within [-2, 2], as the page shows them.

    Raises:
        InputError: the photo or the checkpoint cannot be used.
    """
    make: Callable[[], np.ndarray] = answer(photo, run).classes
    if shift:
        make = partial(segment_photo(photo, run)[0].mask, partial(shifted_mask, shift=shift))
    with room_for(photo.path):
        yield make()

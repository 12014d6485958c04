"""The border's margin, kept as histograms: every score of the border follows from them, at every threshold.

The margin of a pixel is log p(border) - max(log p(pet), log p(background)). Border wins where margin + shift > 0, so a
shift of the border's logit before the argmax (post-hoc logit adjustment, Menon et al. 2021, section 4) moves the
threshold, and no forward pass is needed to know what it does.
"""

import numpy as np
import torch
from torch import Tensor

from seg.metrics import CLASSES
from seg.pets import BACKGROUND, BORDER, PET

# Shifts are whole tenths: in tenths, from -60 to 60
STEPS = np.arange(-60, 61)
SHIFTS = STEPS / 10
# Between the bins; the first and the last bin are open
EDGES = torch.from_numpy(SHIFTS.astype(np.float32))
BINS = len(EDGES) + 1
# Of pixels: true border; not border, and the better of the other two right; not border, and that one wrong
TRUE_BORDER, OTHER_RIGHT, OTHER_WRONG = range(3)
KINDS = 3


def margin_histograms(logits: Tensor, truth: Tensor) -> Tensor:
    """Pixels of each photo by kind and margin: (B, 3, 122) int64, bins of 0.1 in [-6, 6] with open ends.

    A margin on an edge counts in the bin below it, and of equal logits of pet and background pet is the better, so
    that at shift 0 the counts are those of the argmax.

    Args:
        logits: (B, 3, H, W) float32, or log-probabilities: the softmax's sum cancels.
        truth: (B, H, W) int64.
    """
    pet, background, border = (logits[:, number] for number in (PET, BACKGROUND, BORDER))
    wrong = (background > pet) != (truth == BACKGROUND)
    kind = (OTHER_RIGHT + wrong.byte()).masked_fill_(truth == BORDER, TRUE_BORDER)  # OTHER_WRONG is the next
    photo = torch.arange(len(truth), device=truth.device).view(-1, 1, 1)
    cells = _bins(border - torch.maximum(pet, background)).add_(photo * KINDS * BINS).add_(kind, alpha=BINS)
    return torch.bincount(cells.flatten(), minlength=len(truth) * KINDS * BINS).view(-1, KINDS, BINS)


def _bins(margins: Tensor) -> Tensor:
    """`torch.bucketize(margins, EDGES)`, which is slower by far: edges are so regular that the nearest is known."""
    tenths = (torch.nan_to_num(margins, nan=torch.inf) * 10).round_().clamp_(STEPS[0], STEPS[-1])
    nearest = (tenths - STEPS[0]).long()
    edges = EDGES.to(margins.device).index_select(0, nearest.flatten()).view_as(margins)
    return nearest.add_(~(margins <= edges))


def painted_from(histograms: np.ndarray) -> np.ndarray:
    """Pixels of each kind that are painted border at each shift: (..., 3, 121) int64 of (..., 3, 122) histograms."""
    # at a shift of k tenths those win that lie above the edge at -k tenths: all bins from there on
    return np.cumsum(histograms[..., :0:-1], axis=-1, dtype=np.int64)


def confusions_at(histograms: np.ndarray, step: int) -> np.ndarray:
    """Confusion counts (..., 3, 3) int64 that have the border's scores and the pixel accuracy at a shift.

    Which of pet and background a pixel that is not border has is not kept: those that the better of the two gets
    right stand as pet taken for pet, those that it gets wrong as pet taken for background, and what becomes of missed
    border as border taken for pet. So the scores of pet and background alone do not follow.

    Args:
        histograms: (..., 3, 122).
        step: the shift in tenths, in [-60, 60].
    """
    above = histograms[..., BINS - 1 - (step - STEPS[0]) :]  # the bins of `painted_from`
    return _as_confusions(histograms.sum(axis=-1, dtype=np.int64), above.sum(axis=-1, dtype=np.int64))


def curve(histograms: np.ndarray) -> np.ndarray:
    """`confusions_at` every shift of SHIFTS: (121, ..., 3, 3)."""
    painted = np.moveaxis(painted_from(histograms), -1, 0)
    return _as_confusions(np.broadcast_to(histograms.sum(axis=-1, dtype=np.int64), painted.shape), painted)


def _as_confusions(pixels: np.ndarray, painted: np.ndarray) -> np.ndarray:
    """Both (..., 3), by kind."""
    counts = np.zeros((*pixels.shape[:-1], CLASSES, CLASSES), dtype=np.int64)
    left = pixels - painted
    counts[..., BORDER, BORDER], counts[..., BORDER, PET] = painted[..., TRUE_BORDER], left[..., TRUE_BORDER]
    counts[..., PET, BORDER] = painted[..., OTHER_RIGHT] + painted[..., OTHER_WRONG]
    counts[..., PET, PET], counts[..., PET, BACKGROUND] = left[..., OTHER_RIGHT], left[..., OTHER_WRONG]
    return counts


def painted_share(histograms: np.ndarray) -> np.ndarray:
    """Share of all pixels that is painted border at each shift: (..., 121) of (..., 3, 122) counts."""
    return painted_from(histograms).sum(axis=-2) / histograms.sum(axis=(-2, -1), dtype=np.int64)[..., None]


def average_precision(histograms: np.ndarray) -> np.ndarray:
    """Average precision of the border, (...,) float64 of (..., 3, 122) counts: precision averaged over recall.

    The kinds that are not border may also come added up, (..., 2, 122).

    Pixels ranked by margin, those of one bin at once: the sum over bins of the recall gained times the precision so
    far (as in scikit-learn's `average_precision_score`). NaN where no pixel is border.
    """
    falling = histograms[..., ::-1].astype(np.float64)
    true, painted = falling[..., TRUE_BORDER, :], falling.sum(axis=-2).cumsum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where(painted > 0, true.cumsum(axis=-1) / painted, 0)
        return (true * precision).sum(axis=-1) / true.sum(axis=-1)

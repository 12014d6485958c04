"""Scores of a segmentation. Nearly all follow from one confusion matrix: rows true classes, columns predicted."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from seg.pets import BACKGROUND, BORDER, CLASS_NAMES, PET

CLASSES = len(CLASS_NAMES)
BANDS = (1, 2, 4, 8, 16)
CALIBRATION_BINS = 15


def confusion_per_photo(predicted: Tensor, truth: Tensor) -> Tensor:
    """Confusion counts of each photo: (B, 3, 3) int64 from two (B, H, W) class maps."""
    batch = len(truth)
    photo = torch.arange(batch, device=truth.device).view(-1, 1, 1)
    cells = (photo * CLASSES + truth.long()) * CLASSES + predicted.long()
    return torch.bincount(cells.flatten(), minlength=batch * CLASSES**2).view(batch, CLASSES, CLASSES)


@dataclass(frozen=True)
class Counts:
    """Confusion counts as formulas read them, all float64.

    Attributes:
        cells: (..., 3, 3), rows true classes, columns predicted.
        hits, true, predicted: (..., 3) pixels of each class: found, true, and taken for it.
    """

    cells: np.ndarray
    hits: np.ndarray
    true: np.ndarray
    predicted: np.ndarray


def _article_iou(counts: Counts) -> np.ndarray:
    """The article's micro-averaged Jaccard index that ignores pixels whose true class is BACKGROUND."""
    animal = [PET, BORDER]
    painted = counts.predicted[..., animal] - counts.cells[..., BACKGROUND, animal]
    hits, true = counts.hits[..., animal], counts.true[..., animal]
    return hits.sum(axis=-1) / (painted + true - hits).sum(axis=-1)


def _ious(counts: Counts) -> np.ndarray:
    return counts.hits / (counts.true + counts.predicted - counts.hits)


def _mean_iou(counts: Counts) -> np.ndarray:
    """The mean over the classes that occur."""
    ious = _ious(counts)
    return np.nansum(ious, axis=-1) / (~np.isnan(ious)).sum(axis=-1)


# Every score that follows from confusion counts: fractions, each (...,)
FORMULAS: dict[str, Callable[[Counts], np.ndarray]] = {
    "pixel_accuracy": lambda counts: counts.hits.sum(axis=-1) / counts.true.sum(axis=-1),
    "article_iou": _article_iou,
    "mean_iou": _mean_iou,
    "pet_iou": lambda counts: _ious(counts)[..., PET],
    "background_iou": lambda counts: _ious(counts)[..., BACKGROUND],
    "border_iou": lambda counts: _ious(counts)[..., BORDER],
    "border_recall": lambda counts: counts.hits[..., BORDER] / counts.true[..., BORDER],
    "border_precision": lambda counts: counts.hits[..., BORDER] / counts.predicted[..., BORDER],
    "border_f1": lambda counts: (
        2 * counts.hits[..., BORDER] / (counts.true[..., BORDER] + counts.predicted[..., BORDER])
    ),
}


def scores_from_counts(confusions: np.ndarray, names: Iterable[str] | None = None) -> dict[str, np.ndarray]:
    """Scores of confusion counts, as fractions in [0, 1], each (...,) float64.

    NaN where a score has no meaning: recall with no true pixel, precision with none predicted,
    IoU and F1 with neither.

    Args:
        confusions: (..., 3, 3), rows true classes, columns predicted.
        names: of FORMULAS; all of them unless given.
    """
    # float64: a confusion matrix of 3,669 photos counts 60 million pixels, past float32's integers
    cells = confusions.astype(np.float64, copy=False)
    hits = np.diagonal(cells, axis1=-2, axis2=-1)
    counts = Counts(cells, hits, true=cells.sum(axis=-1), predicted=cells.sum(axis=-2))
    with np.errstate(invalid="ignore", divide="ignore"):
        return {name: FORMULAS[name](counts) for name in (FORMULAS if names is None else names)}


def confusion_scores(confusion: Tensor) -> dict[str, float]:
    """Every score of `scores_from_counts` of one confusion matrix, (3, 3) int64."""
    return {name: float(score) for name, score in scores_from_counts(confusion.cpu().numpy()).items()}


def custom_iou(probabilities: Tensor, truth: Tensor) -> Tensor:
    """The article's soft IoU of each photo, (B,): over probabilities, classes and pixels together.

    Args:
        probabilities: (B, 3, H, W) float32.
        truth: (B, H, W) int64.
    """
    smooth = 0.001
    # the one-hot truth picks one probability a pixel, so neither product nor sum needs it built
    intersection = probabilities.gather(1, truth[:, None]).sum(dim=(1, 2, 3))
    union = probabilities.sum(dim=(1, 2, 3)) + truth[0].numel() - intersection
    return (intersection + smooth) / (union + smooth)


def dilate(regions: Tensor, pixels: int) -> Tensor:
    """Grow boolean regions (B, H, W) by a square of 2 x pixels + 1; nothing lies outside the photo."""
    grown = regions[:, None].float()
    side = 2 * pixels + 1
    # a square is separable: rows, then columns
    grown = F.max_pool2d(grown, (side, 1), stride=1, padding=(pixels, 0))
    grown = F.max_pool2d(grown, (1, side), stride=1, padding=(0, pixels))
    return grown[:, 0] > 0


def boundary_iou(predicted: Tensor, truth: Tensor) -> Tensor:
    """Boundary IoU of the pet silhouette in each photo, (B,) float64 (Cheng et al. 2021, section 4).

    The silhouette is the PET region. Its boundary is what an erosion by 2 % of the photo's diagonal
    removes, the photo's edge counted as outside. Two empty boundaries agree: 1.

    Args:
        predicted, truth: (B, H, W) class maps.
    """
    inner = [_inner_boundary(classes == PET) for classes in (predicted, truth)]
    intersection = (inner[0] & inner[1]).sum(dim=(1, 2)).double()
    union = (inner[0] | inner[1]).sum(dim=(1, 2)).double()
    return torch.where(union > 0, intersection / union.clamp_min(1), 1.0)


def _inner_boundary(regions: Tensor) -> Tensor:
    height, width = regions.shape[-2:]
    pixels = max(1, round(0.02 * math.hypot(height, width)))
    outside = F.pad(~regions, (1, 1, 1, 1), value=True)
    return regions & dilate(outside, pixels)[:, 1:-1, 1:-1]


def band_counts(predicted: Tensor, truth: Tensor) -> Tensor:
    """Pixels and correct pixels within 1, 2, 4, 8, 16 pixels of the true silhouette: (5, 2) int64.

    The trimap experiment of Kohli et al. 2009: accuracy near the true contour. The silhouette is
    the PET region; a pixel lies in a band if the square of that many pixels around it meets both
    the region and its outside. The photo's edge is no contour.

    Args:
        predicted, truth: (B, H, W) class maps.
    """
    pet, correct = truth == PET, predicted == truth
    rows = []
    for pixels in BANDS:
        band = dilate(pet, pixels) & dilate(~pet, pixels)
        rows.append(torch.stack([band.sum(), (band & correct).sum()]))
    return torch.stack(rows)


def calibration_sums(probabilities: Tensor, truth: Tensor) -> Tensor:
    """Reliability sums in 15 equal bins of confidence, the largest probability: (2, 15, 3) float64.

    First all pixels, then true border pixels; for each bin the count, the summed confidence and
    the number of correct pixels (Guo et al. 2017, section 2).

    Args:
        probabilities: (B, 3, H, W) float32.
        truth: (B, H, W) int64.
    """
    confidence, predicted = probabilities.max(dim=1)
    correct = predicted == truth
    bins = (confidence * CALIBRATION_BINS).long().clamp_(0, CALIBRATION_BINS - 1)
    groups = []
    for chosen in (torch.ones_like(correct), truth == BORDER):
        where = bins[chosen]
        columns = (None, confidence[chosen].double(), correct[chosen].double())
        groups.append(
            torch.stack([torch.bincount(where, c, minlength=CALIBRATION_BINS).double() for c in columns], dim=1)
        )
    return torch.stack(groups)

"""Scores of a segmentation. Nearly all follow from one confusion matrix: rows true classes, columns predicted."""

import functools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from seg.pets import BACKGROUND, BORDER, CLASS_NAMES, PET

CLASSES = len(CLASS_NAMES)
# Each silhouette of a photo, by its classes. Its outline is one edge of the border: the inner one is the pet's,
# the outer one that of pet and border
SILHOUETTES = {"pet": (PET,), "pet_and_border": (PET, BORDER)}
SIDES = ("inside", "outside")
BANDS = (1, 2, 4, 8, 16)
TOLERANCES = (1, 2)
# `all` by confidence, `border_probability` by the probability given to BORDER
CALIBRATED = ("all", "border_probability")
CALIBRATION_BINS = 15
# of the softmin in `label_quality`, as cleanlab has it
SOFTMIN_TEMPERATURE = 0.1


# Devices that have no float64: Apple's GPU
WITHOUT_FLOAT64 = frozenset({"mps"})


def where_float64_is(values: Tensor) -> Tensor:
    """The values on their device, or on the CPU where that has no float64."""
    return values.cpu() if values.device.type in WITHOUT_FLOAT64 else values


def double(values: Tensor) -> Tensor:
    """The values in float64, on their device or on the CPU."""
    return where_float64_is(values).double()


def decided(scores: Tensor) -> Tensor:
    """The class of the largest score of each pixel, the first of equals: (B, H, W) uint8.

    As `argmax(dim=1)`, which takes a hundred times as long.

    Args:
        scores: (B, 3, H, W) logits or probabilities, finite.
    """
    pet, background, border = (scores[:, number] for number in (PET, BACKGROUND, BORDER))
    classes = (background > pet).byte()
    return classes.masked_fill_(border > torch.maximum(pet, background), BORDER)


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


def dilate(regions: Tensor, pixels: int, reach: int = 0) -> Tensor:
    """Grow boolean regions (B, H, W) by a square of 2 x pixels + 1; nothing lies outside the photo.

    Args:
        reach: so many of the pixels they are grown by already.
    """
    grown = regions
    while reach < pixels:
        # no farther than what is grown already reaches, or what lies between would be left out at the photo's edge
        step = min(reach + 1, pixels - reach)
        # a square is separable: rows, then columns
        grown = _spread(_spread(grown, step, dim=-2), step, dim=-1)
        reach += step
    return grown


def _near(regions: Tensor, pixels: int) -> Tensor:
    """Pixels of (B, H, W) at most so far from one of the boolean regions, as the crow flies."""
    near = regions.clone()
    for down in range(pixels + 1):
        # the disc's row so far up and down
        row = regions
        for across in range(1, math.isqrt(pixels**2 - down**2) + 1):
            row = row | _spread(regions, across, dim=-1)
        near |= _spread(row, down, dim=-2)
    return near


def _spread(regions: Tensor, step: int, *, dim: int) -> Tensor:
    """The regions, and what lies exactly so many pixels before and behind them."""
    spread, left = regions.clone(), regions.shape[dim] - step
    if left > 0:
        spread.narrow(dim, step, left).logical_or_(regions.narrow(dim, 0, left))
        spread.narrow(dim, 0, left).logical_or_(regions.narrow(dim, step, left))
    return spread


def boundary_iou(predicted: Tensor, truth: Tensor, silhouette: str = "pet") -> Tensor:
    """Boundary IoU of a silhouette in each photo, (B,) float64 (Cheng et al. 2021, section 4).

    A silhouette's boundary is what an erosion by 2 % of the photo's diagonal removes, the photo's edge counted as
    outside. Two empty boundaries agree: 1.

    Args:
        predicted, truth: (B, H, W) class maps.
        silhouette: of SILHOUETTES.
    """
    inner = [_inner_boundary(_region(classes, silhouette)) for classes in (predicted, truth)]
    intersection = double((inner[0] & inner[1]).sum(dim=(1, 2)))
    union = double((inner[0] | inner[1]).sum(dim=(1, 2)))
    return torch.where(union > 0, intersection / union.clamp_min(1), 1.0)


def _region(classes: Tensor, silhouette: str) -> Tensor:
    """Boolean, of the shape of the class map."""
    inside = [classes == each for each in SILHOUETTES[silhouette]]
    return functools.reduce(torch.logical_or, inside)


def _inner_boundary(regions: Tensor) -> Tensor:
    height, width = regions.shape[-2:]
    pixels = max(1, round(0.02 * math.hypot(height, width)))
    outside = F.pad(~regions, (1, 1, 1, 1), value=True)
    return regions & dilate(outside, pixels)[:, 1:-1, 1:-1]


def band_counts(predicted: Tensor, truth: Tensor) -> Tensor:
    """Pixels and correct pixels by distance from both edges of the true border: (2, 2, 5, 2) int64.

    By silhouette (SILHOUETTES), side of its outline (SIDES) and distance: of at most 1 pixel, and of more than the
    band before up to 2, 4, 8 and 16 (BANDS). A pixel's distance is that of the nearest one on the other side of the
    outline, the longer of across and down: their sums up to a band are the trimap experiment of Kohli et al. 2009. The
    photo's edge is no outline.

    Args:
        predicted, truth: (B, H, W) class maps.
    """
    correct = predicted == truth
    rows = []
    for silhouette in SILHOUETTES:
        region = _region(truth, silhouette)
        for side in (region, ~region):
            grown, reach = ~side, 0
            for pixels in BANDS:
                grown, reach = dilate(grown, pixels, reach), pixels
                within = side & grown
                rows.append(torch.stack([torch.count_nonzero(within), torch.count_nonzero(within & correct)]))
    within_each = torch.stack(rows).view(len(SILHOUETTES), len(SIDES), len(BANDS), 2)
    # without those of the band before
    return within_each.diff(dim=2, prepend=torch.zeros_like(within_each[:, :, :1]))


def border_matches(predicted: Tensor, truth: Tensor) -> Tensor:
    """Border pixels of each photo that have one of the other map within a tolerance: (B, 2, 2) int64.

    By tolerance (TOLERANCES, in pixels, as the crow flies): true border pixels found, and predicted ones well placed.
    Recall and precision with a tolerance are these over all true and all predicted border pixels. Martin, Fowlkes and
    Malik 2004 match them one to one; here each may be matched many times, as in Csurka et al. 2013.

    Args:
        predicted, truth: (B, H, W) class maps.
    """
    painted, true = predicted == BORDER, truth == BORDER
    counts = []
    for pixels in TOLERANCES:
        found, placed = true & _near(painted, pixels), painted & _near(true, pixels)
        counts.append(torch.stack([found.sum(dim=(1, 2)), placed.sum(dim=(1, 2))], dim=1))
    return torch.stack(counts, dim=1)


def calibration_sums(probabilities: Tensor, truth: Tensor) -> Tensor:
    """Reliability sums of all pixels in 15 equal bins of a probability: (2, 15, 3) float64.

    First by confidence, the largest probability (Guo et al. 2017, section 2), then class-wise, by the probability of
    BORDER (Kull et al. 2019, section 2); for each bin the count, the summed probability, and how many pixels have the
    class it was of.

    Args:
        probabilities: (B, 3, H, W) float32.
        truth: (B, H, W) int64.
    """
    probabilities, truth = where_float64_is(probabilities), where_float64_is(truth)
    confidence = functools.reduce(torch.maximum, probabilities.unbind(dim=1))
    groups = []
    for probability, happened in (
        (confidence, decided(probabilities) == truth),
        (probabilities[:, BORDER], truth == BORDER),
    ):
        bins = (probability * CALIBRATION_BINS).long().clamp_(0, CALIBRATION_BINS - 1).flatten()
        # those of which it did not happen, then those of which it did
        pixels = torch.bincount(bins + CALIBRATION_BINS * happened.flatten(), minlength=2 * CALIBRATION_BINS)
        otherwise, so = pixels.double().view(2, CALIBRATION_BINS)
        summed = torch.bincount(bins, probability.double().flatten(), minlength=CALIBRATION_BINS)
        groups.append(torch.stack([otherwise + so, summed, so], dim=1))
    return torch.stack(groups)


def label_quality(probabilities: Tensor, truth: Tensor) -> Tensor:
    """How far each photo's trimap is to be trusted, (B,) float64 in [0, 1]: the soft minimum of p(given label).

    A mean over pixels in which those count most that the model believes least: weights are a softmax of minus the
    probability over 0.1 (Lad and Mueller 2023, section 4).

    Args:
        probabilities: (B, 3, H, W) float32.
        truth: (B, H, W) int64.
    """
    given = double(probabilities.gather(1, truth[:, None]).flatten(1))
    return ((-given / SOFTMIN_TEMPERATURE).softmax(dim=1) * given).sum(dim=1)

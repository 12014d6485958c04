"""The three losses the project compares, all from logits (B, 3, H, W) and a mask (B, H, W) int64."""

from collections.abc import Callable

import torch
from focal_loss.focal_loss import FocalLoss
from torch import Tensor, nn

LOSSES = ("ce", "weighted", "focal")

Loss = Callable[[Tensor, Tensor], Tensor]


class Diverged(FloatingPointError):
    """Training produced a loss or logits that are not finite."""


def make_loss(
    name: str,
    class_weights: Tensor | None = None,
    gamma: float = 2.0,
    *,
    label_smoothing: float = 0.0,
    soft_iou: float = 0.0,
) -> Loss:
    """The loss of that name, a scalar mean over pixels (weighted by class where there are weights).

    `ce`: unweighted cross-entropy. `weighted`: cross-entropy with class weights. `focal`: focal
    loss (Lin et al. 2017, equation 5), from focal-loss-torch, on softmax probabilities.

    Args:
        class_weights: (3,) float32 on the logits' device; needed by `weighted`, optional for `focal`.
        gamma: focal loss's focusing parameter; 0 is cross-entropy.
        label_smoothing: share of the target spread over all classes (Szegedy et al. 2016, section 7);
            of `ce` and `weighted` only.
        soft_iou: how much of `soft_iou_loss` is added.
    """
    if name == "ce":
        loss: Loss = nn.CrossEntropyLoss(label_smoothing=label_smoothing)
    elif name == "weighted":
        if class_weights is None:
            raise ValueError("the weighted loss needs class weights")
        loss = nn.CrossEntropyLoss(weight=class_weights, label_smoothing=label_smoothing)
    elif name == "focal":
        loss = _focal(FocalLoss(gamma=gamma, weights=class_weights), gamma)
    else:
        raise ValueError(f"{name} is not a loss: choose from {', '.join(LOSSES)}")
    if not soft_iou:
        return loss
    return lambda logits, mask: loss(logits, mask) + soft_iou * soft_iou_loss(logits, mask)


def soft_iou_loss(logits: Tensor, mask: Tensor) -> Tensor:
    """One minus the soft IoU of the batch, averaged over classes (Rahman and Wang 2016), a scalar in [0, 1].

    Args:
        logits: (B, 3, H, W).
        mask: (B, H, W) int64.
    """
    probabilities = logits.softmax(dim=1)
    # of a class that is neither there nor predicted both sums are zero: its IoU is one
    smallest = 1e-6
    ious = []
    for number, probability in enumerate(probabilities.unbind(dim=1)):
        truth = mask == number
        intersection = (probability * truth).sum()
        union = probability.sum() + truth.sum() - intersection
        ious.append((intersection + smallest) / (union + smallest))
    return 1 - torch.stack(ious).mean()


def _focal(focal: FocalLoss, gamma: float) -> Loss:
    def loss(logits: Tensor, mask: Tensor) -> Tensor:
        probabilities = logits.softmax(dim=1).permute(0, 2, 3, 1)
        if 0 < gamma < 1:  # (1 - p) ** gamma has no finite slope where p is 1
            probabilities = probabilities.clamp(max=1 - torch.finfo(probabilities.dtype).eps)
        try:
            return focal(probabilities.reshape(-1, probabilities.shape[-1]), mask.reshape(-1))
        except AssertionError as error:  # the package asserts that probabilities lie in [0, 1]; NaN does not
            raise Diverged("the logits are not finite") from error

    return loss


def balanced_weights(class_counts: Tensor, scheme: str) -> Tensor:
    """Class weights from pixel counts, (3,) float32.

    Args:
        class_counts: (N, 3) int64, pixels of each class in each training photo.
        scheme: `median`, median-frequency balancing (SegNet, section 3.1; Eigen and Fergus 2015): a
            class's frequency is its share of the pixels of the photos that hold it, its weight the
            median frequency over its own. `inverse`: all pixels over three times the class's pixels.

    Raises:
        ValueError: a class has no pixel, so no weight.
    """
    counts = class_counts.double()
    totals = counts.sum(dim=0)
    if (totals == 0).any():
        raise ValueError("a class has no pixel in the training photos, so it cannot be weighted")
    if scheme == "inverse":
        weights = totals.sum() / (len(totals) * totals)
    elif scheme == "median":
        pixels_where_present = (counts.sum(dim=1, keepdim=True) * (counts > 0)).sum(dim=0)
        frequency = totals / pixels_where_present
        weights = frequency.median() / frequency
    else:
        raise ValueError(f"{scheme} is not a weighting scheme: choose median or inverse")
    return weights.to(torch.float32)

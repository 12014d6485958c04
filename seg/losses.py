"""The losses that can be trained with: a registry, and the functions its entries name.

All are scalars of logits (B, 3, H, W) and a mask (B, H, W) int64. torch is imported by the
functions that need it, not by this module: option parsing reads the registry and answers at once.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seg import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from seg.options import Options

Loss = Callable[["Tensor", "Tensor"], "Tensor"]


class Diverged(FloatingPointError):
    """Training produced a loss or logits that are not finite.

    Attributes:
        photos: places in the training split of the first batch that had such a loss; empty where none is known.
    """

    def __init__(self, said: str, photos: Sequence[int] = ()) -> None:
        super().__init__(said)
        self.photos = tuple(photos)


class NoClassWeights(InputError):
    """Class weights were to follow `scheme`, and a class has no pixel."""

    def __init__(self, scheme: str) -> None:
        super().__init__("a class has no pixel in the training photos, so it cannot be weighted")
        self.scheme = scheme


@dataclass(frozen=True)
class LossEntry:
    """What the project knows of a loss.

    Attributes:
        build: from the options and the class weights, (3,) float32 on the logits' device or None, to the loss.
        title: what it is called where there is little room: "Weighted".
        label: what it is called in full.
        noun: what it adds to plain cross-entropy, in a sentence: "With class weights border F1 rises ...".
        colour: the same in every figure; safe for the colour-blind beside the others and the classes.
        photo_colour: the same, lighter, for lines over a photo.
        marker: by Plotly's name, of the loss's first configuration.
        takes: the options that only some losses take.
        class_weights: the weighting where none is given; one other than `none` means that it needs weights.
    """

    build: Callable[[Options, Tensor | None], Loss]
    title: str
    label: str
    noun: str
    colour: str
    photo_colour: str
    marker: str
    takes: tuple[str, ...] = ()
    class_weights: str = "none"


def make_loss(options: Options, class_weights: Tensor | None = None) -> Loss:
    """The loss that the options name, with as much soft IoU loss added as they say.

    Args:
        class_weights: (3,) float32 on the logits' device; None for none.

    Raises:
        ValueError: it needs class weights and there are none.
    """
    entry = LOSSES[options.loss]
    if entry.class_weights != "none" and class_weights is None:
        raise ValueError(f"the loss {options.loss} needs class weights")
    loss = entry.build(options, class_weights)
    if not options.soft_iou:
        return loss
    return lambda logits, mask: loss(logits, mask) + options.soft_iou * soft_iou_loss(logits, mask)


def _cross_entropy(options: Options, class_weights: Tensor | None) -> Loss:
    from torch import nn

    return nn.CrossEntropyLoss(weight=class_weights, label_smoothing=options.label_smoothing)


def _focal(options: Options, class_weights: Tensor | None) -> Loss:
    """Lin et al. 2017, equation 5, from focal-loss-torch, on softmax probabilities."""
    import torch
    from focal_loss.focal_loss import FocalLoss

    focal = FocalLoss(gamma=options.gamma, weights=class_weights)

    def loss(logits: Tensor, mask: Tensor) -> Tensor:
        probabilities = logits.softmax(dim=1).permute(0, 2, 3, 1)
        if 0 < options.gamma < 1:  # (1 - p) ** gamma has no finite slope where p is 1
            probabilities = probabilities.clamp(max=1 - torch.finfo(probabilities.dtype).eps)
        try:
            return focal(probabilities.reshape(-1, probabilities.shape[-1]), mask.reshape(-1))
        except AssertionError as error:  # the package asserts that probabilities lie in [0, 1]; NaN does not
            raise Diverged("the logits are not finite") from error

    return loss


def _dice(options: Options, class_weights: Tensor | None) -> Loss:
    """One minus the Dice coefficient of the batch over probabilities, averaged over classes (Milletari et al. 2016)."""

    def loss(logits: Tensor, mask: Tensor) -> Tensor:
        probabilities = logits.softmax(dim=1)
        # of a class that is neither there nor predicted both sums are zero: its coefficient is one
        smallest, total = 1e-6, logits.new_zeros(())
        for number, probability in enumerate(probabilities.unbind(dim=1)):
            truth = mask == number
            both = 2 * (probability * truth).sum() + smallest
            total = total + both / (probability.sum() + truth.sum() + smallest)
        return 1 - total / logits.shape[1]

    return loss


LOSSES = {
    "ce": LossEntry(
        build=_cross_entropy,
        title="Cross-entropy",
        label="unweighted cross-entropy",
        noun="unweighted cross-entropy",
        colour="#0072B2",
        photo_colour="#3FB2FF",
        marker="circle",
        takes=("label_smoothing",),
    ),
    "weighted": LossEntry(
        build=_cross_entropy,
        title="Weighted",
        label="weighted cross-entropy",
        noun="class weights",
        colour="#D55E00",
        photo_colour="#FF7A2F",
        marker="square",
        takes=("class_weights", "label_smoothing"),
        class_weights="median",
    ),
    "focal": LossEntry(
        build=_focal,
        title="Focal",
        label="focal loss",
        noun="focal loss",
        colour="#009E73",
        photo_colour="#2FE0A5",
        marker="diamond",
        takes=("class_weights", "gamma"),
    ),
    "dice": LossEntry(
        build=_dice,
        title="Dice",
        label="Dice loss",
        noun="Dice loss",
        colour="#882255",
        photo_colour="#E887B8",
        marker="star",
    ),
}
# What the others are compared with
BASELINE = "ce"
# Of losses that only another version knows: none is a class's, a known loss's or the article's
SPARE_COLOURS = ("#999933", "#AA4499", "#117733", "#AA7744")
SPARE_PHOTO_COLOUR = "#E6E08A"


def loss_colour(name: str) -> str:
    """The colour of a loss, known or not: the same in every figure, and no class's."""
    if name in LOSSES:
        return LOSSES[name].colour
    return SPARE_COLOURS[zlib.crc32(name.encode()) % len(SPARE_COLOURS)]


def loss_photo_colour(name: str) -> str:
    """The colour of a loss for lines over a photo, known or not."""
    return LOSSES[name].photo_colour if name in LOSSES else SPARE_PHOTO_COLOUR


def loss_label(name: str) -> str:
    """What a loss is called; one that only another version knows by its name."""
    return LOSSES[name].label if name in LOSSES else name


def losses_taking(option: str) -> list[str]:
    """The losses that take an option, where not all do: empty for an option of the training itself."""
    return [name for name, entry in LOSSES.items() if option in entry.takes]


def soft_iou_loss(logits: Tensor, mask: Tensor) -> Tensor:
    """One minus the soft IoU of the batch, averaged over classes (Rahman and Wang 2016), a scalar in [0, 1].

    Args:
        logits: (B, 3, H, W).
        mask: (B, H, W) int64.
    """
    import torch

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


def balanced_weights(class_counts: Tensor, scheme: str) -> Tensor:
    """Class weights from pixel counts, (3,) float32.

    Args:
        class_counts: (N, 3) int64, pixels of each class in each training photo.
        scheme: `median`, median-frequency balancing (SegNet, section 3.2; Eigen and Fergus 2015): a
            class's frequency is its share of the pixels of the photos that hold it, its weight the
            median frequency over its own. `inverse`: all pixels over three times the class's pixels.

    Raises:
        NoClassWeights: a class has no pixel, so no weight.
    """
    counts = class_counts.double()
    totals = counts.sum(dim=0)
    if (totals == 0).any():
        raise NoClassWeights(scheme)
    if scheme == "inverse":
        weights = totals.sum() / (len(totals) * totals)
    elif scheme == "median":
        pixels_where_present = (counts.sum(dim=1, keepdim=True) * (counts > 0)).sum(dim=0)
        frequency = totals / pixels_where_present
        weights = frequency.median() / frequency
    else:
        raise ValueError(f"{scheme} is not a weighting scheme: choose median or inverse")
    return weights.float()

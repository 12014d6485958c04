"""Score a model on a split: every photo once, at the photos' own size, whatever size the network runs at."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seg.batches import DeviceSplit, resize_photos
from seg.losses import Diverged, Loss
from seg.metrics import (
    band_counts,
    border_matches,
    boundary_iou,
    calibration_sums,
    confusion_per_photo,
    confusion_scores,
    custom_iou,
    decided,
    double,
    label_quality,
)
from seg.parallel import ALONE, Ranks
from seg.thresholds.margins import margin_histograms

# Of `Details`: one value a photo, and sums over photos
_BY_PHOTO = ("boundary_iou_with_border", "label_quality", "border_matches", "margins")
_SUMMED = ("bands", "calibration")


Precision = Literal["bf16", "fp32"]


@dataclass(frozen=True)
class Details:
    """What only a pass over all N photos after the last epoch measures; all tensors on the CPU.

    Attributes:
        boundary_iou_with_border, label_quality: (N,) float64, see `seg.metrics`.
        border_matches: (N, 2, 2) int64, see `seg.metrics.border_matches`.
        margins: (N, 3, 122) int64, see `seg.thresholds.margins.margin_histograms`.
        bands: (2, 2, 5, 2) int64, see `seg.metrics.band_counts`.
        temperature: what logits are divided by in the second half of `calibration`.
        calibration: (2, 2, 15, 3) float64, see `seg.metrics.calibration_sums`; at temperature 1 and at `temperature`.
    """

    boundary_iou_with_border: Tensor
    label_quality: Tensor
    border_matches: Tensor
    margins: Tensor
    bands: Tensor
    temperature: float
    calibration: Tensor


@dataclass(frozen=True)
class Evaluation:
    """What one pass over N photos measured; all tensors on the CPU.

    Attributes:
        loss: mean over photos of the loss that was trained.
        confusions: (N, 3, 3) int64.
        cross_entropy, custom_iou, boundary_iou: (N,) float64, one value a photo.
        details: None unless asked for.
    """

    loss: float
    confusions: Tensor
    cross_entropy: Tensor
    custom_iou: Tensor
    boundary_iou: Tensor
    details: Details | None

    def scores(self) -> dict[str, float]:
        """The scores of `epochs.csv`, `val_loss` included."""
        return {
            "val_loss": self.loss,
            **confusion_scores(self.confusions.sum(dim=0)),
            "custom_iou": self.custom_iou.mean().item(),
            "boundary_iou": self.boundary_iou.mean().item(),
        }


def choose_precision(device: torch.device) -> Precision:
    """`bf16` where the device multiplies bfloat16 in hardware, else `fp32`."""
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    if device.type == "cpu":
        return "bf16" if torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported() else "fp32"
    return "fp32"


def autocast(device: torch.device, precision: str) -> AbstractContextManager:
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


def predict_logits(
    model: nn.Module, photos: Tensor, network_size: int, precision: str, *, flip: bool = False
) -> Tensor:
    """Logits (B, 3, S, S) float32 of uint8 photos (B, 3, S, S), the network run at network_size.

    Where the two sizes differ, probabilities are upsampled bilinearly, as in inference, and
    returned as their logarithms, which are logits again.

    Args:
        flip: average the probabilities with those of the mirrored photos, mirrored back.
    """
    size = photos.shape[-1]
    inputs = resize_photos(photos, network_size)

    def forward(inputs: Tensor) -> Tensor:
        with autocast(photos.device, precision):
            return model(inputs.contiguous(memory_format=torch.channels_last)).float()

    logits = forward(inputs)
    if network_size == size and not flip:
        return logits
    probabilities = logits.softmax(dim=1)
    if flip:
        probabilities = (probabilities + forward(inputs.flip(-1)).softmax(dim=1).flip(-1)) / 2
    if network_size != size:
        probabilities = F.interpolate(probabilities, (size, size), mode="bilinear")
    return probabilities.clamp_min(torch.finfo(torch.float32).tiny).log()


@torch.no_grad()
def evaluate(
    model: nn.Module,
    split: DeviceSplit,
    loss: Loss,
    *,
    network_size: int,
    precision: str,
    batch_size: int = 64,
    flip: bool = False,
    temperature: float | None = None,
    on_batch: Callable[[int], None] = lambda photos: None,
    ranks: Ranks = ALONE,
) -> Evaluation:
    """Score every photo of the split. The model is left in evaluation mode.

    Args:
        flip: average each prediction with the mirrored photo's.
        temperature: where given, the evaluation has details, and its calibration is also of logits divided by this.
        on_batch: called with the number of photos after each batch; what it raises ends the pass.
        ranks: each scores some of the batches, and all have the whole evaluation.
    """
    model.eval()
    found = []
    for turn, own in ranks.turns(range(0, len(split), batch_size)):
        for start in own:
            photos, truth = split.photos[start : start + batch_size], split.masks[start : start + batch_size].long()
            # class after class, as all that follows goes through them: a network gives them pixel after pixel
            logits = predict_logits(model, photos, network_size, precision, flip=flip).contiguous()
            found.append(_measured(logits, truth, _told_to_all(loss, ranks), temperature))
        on_batch(min(len(split), turn[-1] + batch_size) - turn[0])
    found = ranks.in_order(found)

    def photos_of(name: str) -> Tensor:
        return torch.cat([batch[name] for batch in found]).cpu()

    def total(name: str) -> Tensor:
        return torch.stack([batch[name] for batch in found]).sum(dim=0).cpu()

    details = None
    if temperature is not None:
        by_photo = {name: photos_of(name) for name in _BY_PHOTO}
        details = Details(**by_photo, **{name: total(name) for name in _SUMMED}, temperature=temperature)
    return Evaluation(
        loss=(total("loss") / len(split)).item(),
        **{name: photos_of(name) for name in ("confusions", "cross_entropy", "custom_iou", "boundary_iou")},
        details=details,
    )


def _told_to_all(loss: Loss, ranks: Ranks) -> Loss:
    """The loss; of several ranks one that alone has logits that are not finite goes on, with a loss that is not."""
    if ranks.count == 1:
        return loss

    def told(logits: Tensor, truth: Tensor) -> Tensor:
        try:
            return loss(logits, truth)
        except Diverged:
            return logits.sum() * math.nan

    return told


def _measured(logits: Tensor, truth: Tensor, loss: Loss, temperature: float | None) -> dict[str, Tensor]:
    """What `Evaluation` says of a batch, and `Details` where there is a temperature; sums, or one value a photo."""
    probabilities, predicted = logits.softmax(dim=1), decided(logits)
    measured = {
        "loss": double(loss(logits, truth)) * len(truth),
        "confusions": confusion_per_photo(predicted, truth),
        "cross_entropy": double(-logits.log_softmax(dim=1).gather(1, truth[:, None])).mean(dim=(1, 2, 3)),
        "custom_iou": double(custom_iou(probabilities, truth)),
        "boundary_iou": boundary_iou(predicted, truth),
    }
    if temperature is None:
        return measured
    tempered = (logits / temperature).softmax(dim=1)
    return measured | {
        "boundary_iou_with_border": boundary_iou(predicted, truth, "pet_and_border"),
        "label_quality": label_quality(probabilities, truth),
        "border_matches": border_matches(predicted, truth),
        "margins": margin_histograms(logits, truth),
        "bands": band_counts(predicted, truth),
        "calibration": torch.stack([calibration_sums(each, truth) for each in (probabilities, tempered)]),
    }

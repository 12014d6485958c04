"""What is set on training photos when training is done: BatchNorm's statistics, the temperature, the threshold.

Nothing of it is ever chosen on the photos that a run is scored on.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seg.batches import DeviceSplit, resize_photos
from seg.evaluation import autocast, predict_logits
from seg.metrics import double, scores_from_counts
from seg.parallel import ALONE, Ranks
from seg.thresholds.margins import STEPS, curve, margin_histograms

# Every tenth photo of the training split, so of every breed: 368 of 3,680
EVERY = 10
# Photos that BatchNorm's statistics are re-estimated on: five batches of 64
RENORM_PHOTOS = 320
# Temperatures tried, 5 % apart; between them the minimum is that of a parabola
_TEMPERATURES = np.geomspace(0.2, 5, 67)


@dataclass(frozen=True)
class Tuning:
    """What the training photos' own predictions say.

    Attributes:
        margins: (N, 3, 122) int64 on the CPU, see `seg.thresholds.margins.margin_histograms`.
        temperature: what the logits are to be divided by for the least cross-entropy (Guo et al. 2017, section 4.2).
    """

    margins: Tensor
    temperature: float


@torch.no_grad()
def tune(
    model: nn.Module,
    photos: DeviceSplit,
    *,
    network_size: int,
    precision: str,
    batch_size: int = 64,
    flip: bool = False,
    on_batch: Callable[[int], None] = lambda photos: None,
    ranks: Ranks = ALONE,
) -> Tuning:
    """Predict training photos, as they are, and fit the temperature. The model is left in evaluation mode.

    Args:
        photos: of the training split, one in EVERY.
        flip: average each prediction with the mirrored photo's.
        on_batch: called with the number of photos after each batch; what it raises ends the pass.
        ranks: each predicts some of the batches, and all have the whole tuning.
    """
    model.eval()
    found = []
    for turn, own in ranks.turns(range(0, len(photos), batch_size)):
        for start in own:
            batch, truth = photos.photos[start : start + batch_size], photos.masks[start : start + batch_size].long()
            logits = predict_logits(model, batch, network_size, precision, flip=flip)
            tried = [double(F.cross_entropy(logits / t, truth, reduction="sum")) for t in _TEMPERATURES]
            found.append({"margins": margin_histograms(logits, truth), "entropies": torch.stack(tried)})
        on_batch(min(len(photos), turn[-1] + batch_size) - turn[0])
    found = ranks.in_order(found)
    entropies = torch.stack([batch["entropies"] for batch in found]).sum(dim=0)
    return Tuning(torch.cat([batch["margins"] for batch in found]).cpu(), _least(entropies.cpu().numpy()))


def _least(entropies: np.ndarray) -> float:
    """The temperature of the least cross-entropy, by a parabola through the best one tried and its neighbours."""
    best = int(np.clip(entropies.argmin(), 1, len(entropies) - 2))
    before, here, after = entropies[best - 1 : best + 2]
    bend = before - 2 * here + after
    moved = float(np.clip((before - after) / (2 * bend), -1, 1)) if bend > 0 else 0.0
    step = np.log(_TEMPERATURES[1] / _TEMPERATURES[0])
    return float(_TEMPERATURES[best] * np.exp(moved * step))


def tuned_step(histograms: np.ndarray) -> int:
    """The shift, in tenths, at which the border's F1 over these photos is highest; the one nearest 0 of equals.

    Args:
        histograms: (N, 3, 122), of training photos.
    """
    f1 = np.nan_to_num(scores_from_counts(curve(histograms.sum(axis=0, dtype=np.int64)), ["border_f1"])["border_f1"])
    best = STEPS[f1 == f1.max()]
    return int(best[np.abs(best).argmin()])


@torch.no_grad()
def renorm(model: nn.Module, photos: DeviceSplit, *, network_size: int, precision: str, batch_size: int = 64) -> None:
    """Re-estimate BatchNorm's statistics on whole, unaugmented training photos, in place.

    While it trains, the statistics are a moving average over weights that still change and photos that are augmented.
    The SegNet paper computes them anew when training is done (section 4).
    """
    layers = [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the plain average over batches
    model.train()
    for start in range(0, len(photos), batch_size):
        inputs = resize_photos(photos.photos[start : start + batch_size], network_size)
        with autocast(inputs.device, precision):
            model(inputs.contiguous(memory_format=torch.channels_last))
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
    model.eval()

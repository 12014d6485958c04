"""Photos scored in detail, the network's own time left out: beside torchmetrics on the same logits."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from experiments.benchmarks.side_by_side import NotMeasured, Peer, Row, Setting, at_least
from seg.batches import DeviceSplit
from seg.evaluation import Evaluation, evaluate
from seg.losses import make_loss
from seg.metrics import CALIBRATION_BINS, CLASSES
from seg.options import Options
from seg.pets import BACKGROUND, BORDER, PET
from seg.thresholds.margins import EDGES

PHOTOS, BATCH, SIDE, TEMPERATURE = 3_669, 64, 128, 1.3
# Batches of logits that are made; they are given again and again
DRAWN = 4
SETTINGS = (
    "validate_args=False; a confusion_matrix a photo; accuracy, recall, precision, F1 and IoU in one MetricCollection; "
    "calibration_error of 15 bins by confidence and by the border's probability, as it is and tempered; "
    "average_precision of 121 thresholds. It has no margins a photo, bands, matches, boundary IoU and label quality"
)


class Given(nn.Module):
    """In the place of a network: gives batches of logits that were made before."""

    def __init__(self, logits: list[Tensor]) -> None:
        super().__init__()
        self._next = cycle(logits)

    def forward(self, photos: Tensor) -> Tensor:
        """The next batch, of as many as there are photos."""
        return next(self._next)[: len(photos)]


@dataclass(frozen=True)
class Work:
    """What is scored: photos that nobody looks at, their masks, and batches of logits (B, 3, S, S)."""

    split: DeviceSplit
    logits: list[Tensor]


def rows(setting: Setting) -> Iterator[Row | NotMeasured]:
    """All photos of the test split's number, all that a finished run keeps of them."""
    path = f"{PHOTOS:,} photos scored in detail, without the network"
    try:
        import torchmetrics
    except ImportError:
        yield NotMeasured(path, "torchmetrics is not installed: pip install -r requirements-dev.txt")
        return
    work = drawn_work(PHOTOS, setting.device)
    peer = Peer(f"torchmetrics {torchmetrics.__version__}", partial(with_torchmetrics, work), SETTINGS)
    yield Row(path, "photos/s", partial(ours, work), peer, at_least(5), amount=PHOTOS, repeats=3, warm_up=False)


def drawn_work(photos: int, device: torch.device) -> Work:
    """Masks of discs, and logits that find most of them, in the layout that a network gives them in."""
    generator = torch.Generator().manual_seed(0)
    away = torch.hypot(*torch.meshgrid(*[torch.linspace(-0.5, 0.5, SIDE)] * 2, indexing="ij"))
    inside = away - (0.2 + 0.2 * torch.rand(photos, 1, 1, generator=generator))
    masks = torch.where(inside > 0.03, BACKGROUND, torch.where(inside < -0.03, PET, BORDER)).byte()
    logits = []
    for _ in range(DRAWN):
        noise = torch.randn(BATCH, CLASSES, SIDE // 8, SIDE // 8, generator=generator)
        found = F.one_hot(masks[: min(BATCH, photos)].long(), CLASSES).permute(0, 3, 1, 2) * 3.0
        drawn = F.interpolate(noise, (SIDE, SIDE), mode="bilinear")[: len(found)] * 2 + found
        logits.append(drawn.to(device).contiguous(memory_format=torch.channels_last))
    pixels = torch.zeros(1, 3, 1, 1, dtype=torch.uint8).expand(photos, 3, SIDE, SIDE)  # takes no memory
    return Work(DeviceSplit(pixels.to(device), masks.to(device)), logits)


def ours(work: Work) -> Evaluation:
    """All that a finished run keeps."""
    loss, precision = make_loss(Options(loss="ce")), "fp32"
    options: dict[str, Any] = {"network_size": SIDE, "precision": precision, "temperature": TEMPERATURE}
    return evaluate(Given(work.logits), work.split, loss, batch_size=BATCH, **options)


@torch.no_grad()
def with_torchmetrics(work: Work) -> dict[str, Tensor]:
    """What of it torchmetrics has: `confusions` of each photo, scores of all, calibration and average precision."""
    from torchmetrics import MetricCollection
    from torchmetrics.classification import (
        BinaryAveragePrecision,
        BinaryCalibrationError,
        MulticlassAccuracy,
        MulticlassCalibrationError,
        MulticlassF1Score,
        MulticlassJaccardIndex,
        MulticlassPrecision,
        MulticlassRecall,
    )
    from torchmetrics.functional.classification import multiclass_confusion_matrix

    unchecked: dict[str, Any] = {"validate_args": False}
    each: dict[str, Any] = {"num_classes": CLASSES, "average": "none", **unchecked}
    device = work.split.masks.device
    # those of one state share it
    scores = MetricCollection(
        {
            "accuracy": MulticlassAccuracy(CLASSES, average="micro", **unchecked),
            "recall": MulticlassRecall(**each),
            "precision": MulticlassPrecision(**each),
            "f1": MulticlassF1Score(**each),
            "iou": MulticlassJaccardIndex(**each),
        }
    ).to(device)
    bins: dict[str, Any] = {"n_bins": CALIBRATION_BINS, "norm": "l1", **unchecked}
    sure = [MulticlassCalibrationError(CLASSES, **bins).to(device) for _ in range(2)]
    sure_border = [BinaryCalibrationError(**bins).to(device) for _ in range(2)]
    ranked = BinaryAveragePrecision(thresholds=EDGES.sigmoid(), **unchecked).to(device)
    given, confusions = Given(work.logits), []
    for start in range(0, len(work.split), BATCH):
        truth = work.split.masks[start : start + BATCH].long()
        logits = given(truth)
        predicted = logits.argmax(dim=1)
        confusions += [
            multiclass_confusion_matrix(one, other, CLASSES, validate_args=False)
            for one, other in zip(predicted, truth, strict=True)
        ]
        scores.update(predicted, truth)
        border = (truth == BORDER).long()
        for temperature, all_pixels, of_border in zip((1, TEMPERATURE), sure, sure_border, strict=True):
            probabilities = (logits / temperature).softmax(dim=1)
            all_pixels.update(probabilities, truth)
            of_border.update(probabilities[:, BORDER], border)
        margin = logits[:, BORDER] - torch.maximum(logits[:, PET], logits[:, BACKGROUND])
        ranked.update(margin.sigmoid(), border)
    errors = {
        f"{name}_{number}": metric.compute()
        for name, metrics in (("calibration", sure), ("border_calibration", sure_border))
        for number, metric in enumerate(metrics)
    }
    return {"confusions": torch.stack(confusions), **scores.compute(), **errors, "average_precision": ranked.compute()}

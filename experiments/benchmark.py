"""The project's speed on this machine: `python -m experiments.benchmark`. Random photos, no dataset."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from PIL import Image
from torch import nn
from tqdm import tqdm

from experiments.command_line import OneLineParser, choose_device, positive, run_command
from seg.batches import training_batch
from seg.data import DeviceSplit
from seg.evaluation import autocast, choose_precision, evaluate
from seg.inference import Segmenter, fold_batch_norms
from seg.losses import make_loss
from seg.pooling import max_pool, max_unpool
from seg.segnet import SegNet
from seg.training import Recipe, TrainingState

BATCH = 64


@dataclass(frozen=True)
class Measurement:
    """A figure with its spread: `values` in `unit`, one a repetition."""

    name: str
    values: list[float]
    unit: str

    def row(self) -> str:
        middle, low, high = statistics.median(self.values), min(self.values), max(self.values)
        return f"{self.name:44} {middle:9.2f} {low:9.2f} {high:9.2f} {self.unit}"


def main(arguments: list[str] | None) -> int:
    parser = OneLineParser(prog="python -m experiments.benchmark", description="Measure the project's speed.")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")
    parser.add_argument("--only", choices=BENCHMARKS, help="measure this alone")
    parser.add_argument("--repeat", type=positive(int), default=5, help="repetitions after a warm-up (default: 5)")
    options = parser.parse_args(arguments)
    device = choose_device(options.device)
    precision = choose_precision(device)
    chosen = [options.only] if options.only else list(BENCHMARKS)
    measured = []
    for name in tqdm(chosen, desc="measuring", leave=False):
        measured += BENCHMARKS[name](device, precision, options.repeat)
    print(f"{device}, {precision}, torch {torch.__version__}, {torch.get_num_threads()} threads")
    print(f"{'':44} {'median':>9} {'min':>9} {'max':>9}")
    for measurement in measured:
        print(measurement.row())
    return 0


def training(device: torch.device, precision: str, repeat: int) -> list[Measurement]:
    """Whole training steps of cross-entropy, batch-making included, at 128 x 128 and 64 x 64."""
    measurements = []
    split, loss = _random_split(device, BATCH), make_loss("ce")
    for size in (128, 64):
        state = TrainingState.start(Recipe(precision=precision), device)
        state.model.train()
        everything = torch.arange(BATCH, device=device)

        def step(state: TrainingState = state, size: int = size, everything: torch.Tensor = everything) -> None:
            photos, masks = training_batch(split, everything, size, state.generator, jitter=0.3)
            state.optimiser.zero_grad(set_to_none=True)
            with autocast(device, precision):
                logits = state.model(photos.contiguous(memory_format=torch.channels_last))
            loss(logits.float(), masks).backward()
            state.optimiser.step()

        rates = [BATCH / seconds for seconds in _time(step, device, repeat)]
        measurements.append(Measurement(f"training, {size} x {size}", rates, "photos/s"))
    return measurements


def scoring(device: torch.device, precision: str, repeat: int) -> list[Measurement]:
    """Evaluation at 128 x 128, all scores but the detailed ones."""
    split = _random_split(device, BATCH)
    model = SegNet().to(device, memory_format=torch.channels_last)

    def score() -> None:
        evaluate(model, split, make_loss("ce"), network_size=128, precision=precision, batch_size=BATCH)

    return [Measurement("scoring, 128 x 128", [BATCH / s for s in _time(score, device, repeat)], "photos/s")]


def inference(device: torch.device, precision: str, repeat: int) -> list[Measurement]:
    """One 500 x 375 photo through `Segmenter.predict`, as the app calls it: always fp32."""
    model = fold_batch_norms(SegNet().eval()).to(device, memory_format=torch.channels_last)
    segmenter = Segmenter(model, device, 128, {})
    photo = Image.effect_noise((500, 375), 64).convert("RGB")
    seconds = _time(lambda: segmenter.predict(photo), device, repeat)
    return [Measurement("inference, one 500 x 375 photo", [1000 * s for s in seconds], "ms")]


def pooling(device: torch.device, precision: str, repeat: int) -> list[Measurement]:
    """Pool and unpool the first stage's output, forward and backward: uint8 offsets against int64 indices."""
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    x = torch.randn(BATCH, 64, 128, 128, device=device, dtype=dtype).relu_()
    x = x.contiguous(memory_format=torch.channels_last).requires_grad_()
    native_pool, native_unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)

    def offsets() -> None:
        y = max_unpool(*max_pool(x))
        y.backward(y.detach())

    def indices() -> None:
        y = native_unpool(*native_pool(x))
        y.backward(y.detach())

    ours, native = [], []
    for _ in range(repeat):  # side by side, so that a machine that slows down slows both
        ours += _time(offsets, device, 1)
        native += _time(indices, device, 1)
    ratios = [b / a for a, b in zip(ours, native, strict=True)]
    return [
        Measurement("pooling, uint8 offsets", [1000 * s for s in ours], "ms"),
        Measurement("pooling, nn.MaxPool2d and nn.MaxUnpool2d", [1000 * s for s in native], "ms"),
        Measurement("pooling, times faster than PyTorch's", ratios, ""),
        Measurement("pooling, bytes kept an output, ours", [max_pool(x)[1].element_size()], "B"),
        Measurement("pooling, bytes kept an output, PyTorch's", [native_pool(x)[1].element_size()], "B"),
    ]


BENCHMARKS: dict[str, Callable[[torch.device, str, int], list[Measurement]]] = {
    "training": training,
    "scoring": scoring,
    "inference": inference,
    "pooling": pooling,
}


def _random_split(device: torch.device, count: int) -> DeviceSplit:
    generator = torch.Generator().manual_seed(0)
    photos = torch.randint(0, 256, (count, 3, 128, 128), dtype=torch.uint8, generator=generator)
    masks = torch.randint(0, 3, (count, 128, 128), dtype=torch.uint8, generator=generator)
    return DeviceSplit(photos.to(device), masks.to(device))


def _time(work: Callable[[], object], device: torch.device, repeat: int) -> list[float]:
    """Seconds of each repetition, after one that is not counted."""

    def finish() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    seconds = []
    for repetition in range(repeat + 1):
        started = time.perf_counter()
        work()
        finish()
        if repetition:
            seconds.append(time.perf_counter() - started)
    return seconds


if __name__ == "__main__":
    run_command(main)

"""What `experiments.benchmark` times, on random photos, each function a benchmark of that name."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from tqdm import tqdm

from experiments.comparison.bootstrap import estimate, estimate_difference, resample
from seg.batches import DeviceSplit, training_batch
from seg.evaluation import autocast, evaluate
from seg.inference import Segmenter, fold_batch_norms
from seg.losses import make_loss
from seg.networks.pooling import max_pool, max_unpool
from seg.networks.segnet import SegNet
from seg.options import Options
from seg.training import TrainingState

BATCH = 64


@dataclass(frozen=True)
class Measurement:
    """A figure with its spread: `values` in `unit`, one a step."""

    name: str
    unit: str
    values: list[float]


@dataclass(frozen=True)
class Stopwatch:
    """Times `steps` calls, after one that is not counted, and shows each in the progress bar."""

    device: torch.device
    precision: str
    steps: int
    progress: tqdm

    def seconds(self, *works: Callable[[], object]) -> list[list[float]]:
        """Seconds of each call, a list for each work; works take turns, so a machine that slows down slows all."""
        taken: list[list[float]] = [[] for _ in works]
        self.progress.reset(total=len(works) * (self.steps + 1))
        for step in range(self.steps + 1):
            for work, seconds in zip(works, taken, strict=True):
                self._wait()
                started = time.perf_counter()
                work()
                self._wait()  # an accelerator works on after the call returns
                if step:
                    seconds.append(time.perf_counter() - started)
                self.progress.update()
        return taken

    def _wait(self) -> None:
        if self.device.type != "cpu":
            torch.accelerator.synchronize(self.device)


def training(watch: Stopwatch) -> list[Measurement]:
    """Photos a second of whole training steps of cross-entropy, batch-making included, at two sizes."""
    options = Options(loss="ce", precision=watch.precision)
    split, loss = _random_split(watch.device), make_loss(options)
    everything = torch.arange(BATCH, device=watch.device)
    measurements = []
    for size in (128, 64):
        state = TrainingState.start(options, watch.device)
        state.model.train()

        def step(size: int = size, state: TrainingState = state) -> None:
            photos, masks = training_batch(split, everything, size, state.generator, options.jitter, options.jitter_of)
            state.optimiser.zero_grad(set_to_none=True)
            with autocast(watch.device, watch.precision):
                logits = state.model(photos.contiguous(memory_format=torch.channels_last))
            loss(logits.float(), masks).backward()
            state.optimiser.step()

        (seconds,) = watch.seconds(step)
        measurements.append(Measurement(f"training, {size} x {size}", "photos/s", [BATCH / s for s in seconds]))
    return measurements


def scoring(watch: Stopwatch) -> list[Measurement]:
    """Photos a second of an evaluation, with all that a row of `epochs.csv` needs."""
    split, loss = _random_split(watch.device), make_loss(Options(loss="ce"))
    model = SegNet().to(watch.device).to(memory_format=torch.channels_last)
    (seconds,) = watch.seconds(lambda: evaluate(model, split, loss, network_size=128, precision=watch.precision))
    return [Measurement("scoring, 128 x 128", "photos/s", [BATCH / s for s in seconds])]


def inference(watch: Stopwatch) -> list[Measurement]:
    """Milliseconds of one photo through `Segmenter.predict`, as the app calls it: always in fp32."""
    model = fold_batch_norms(SegNet().eval()).to(watch.device).to(memory_format=torch.channels_last)
    segmenter = Segmenter(model, watch.device, 128, {})
    measurements = []
    for size in ((128, 128), (500, 375)):
        photo = Image.effect_noise(size, 64).convert("RGB")
        (seconds,) = watch.seconds(partial(segmenter.predict, photo))
        name = f"inference, one photo of {size[0]} x {size[1]}"
        measurements.append(Measurement(name, "ms", [1000 * s for s in seconds]))
    return measurements


def pooling(watch: Stopwatch) -> list[Measurement]:
    """Milliseconds to pool and unpool the first stage's output, forward and backward, and MiB kept in between.

    One-byte offsets against PyTorch's int64 indices.
    """
    dtype = torch.bfloat16 if watch.precision == "bf16" else torch.float32
    x = torch.randn(BATCH, 64, 128, 128, device=watch.device, dtype=dtype).relu_()
    x = x.contiguous(memory_format=torch.channels_last).requires_grad_()
    native_pool, native_unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)
    ways = {
        "seg.networks.pooling": lambda: max_unpool(*max_pool(x)),
        "nn.MaxPool2d, nn.MaxUnpool2d": lambda: native_unpool(*native_pool(x)),
    }

    def forward_and_backward(way: Callable[[], Tensor]) -> None:
        x.grad = None  # or the second call would also add
        y = way()
        y.backward(y.detach())

    ours, native = watch.seconds(*(lambda way=way: forward_and_backward(way) for way in ways.values()))
    times = [
        Measurement(f"pooling, {name}", "ms", [1000 * s for s in seconds])
        for name, seconds in zip(ways, (ours, native), strict=True)
    ]
    ratio = Measurement("pooling, times faster", "", [b / a for a, b in zip(ours, native, strict=True)])
    kept = [Measurement(f"pooling, {name} keeps", "MiB", [_kept(way, x) / 2**20]) for name, way in ways.items()]
    return [*times, ratio, *kept]


def _kept(work: Callable[[], Tensor], given: Tensor) -> int:
    """Bytes that the forward pass keeps for the backward pass, beside its input."""
    kept = {}

    def note(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        output = work()
    kept.pop(given.untyped_storage().data_ptr(), None)
    del output
    return sum(kept.values())


def bootstrap(watch: Stopwatch) -> list[Measurement]:
    """Seconds for the intervals of three configurations of three seeds over the test split's 3,669 photos."""
    confusions = np.random.default_rng(0).integers(0, 2_000, (9, 3_669, 3, 3))
    configurations = [{seed: first + seed for seed in range(3)} for first in (0, 3, 6)]

    def intervals() -> None:
        resampled = resample(confusions)
        for entries in configurations:
            estimate(resampled, entries)
            estimate_difference(resampled, entries, configurations[0])

    (seconds,) = watch.seconds(intervals)
    return [Measurement("bootstrap, 9 runs, 10,000 resamples", "s", seconds)]


def _random_split(device: torch.device) -> DeviceSplit:
    photos = torch.randint(0, 256, (BATCH, 3, 128, 128), dtype=torch.uint8)
    masks = torch.randint(0, 3, (BATCH, 128, 128), dtype=torch.uint8)
    return DeviceSplit(photos.to(device), masks.to(device))

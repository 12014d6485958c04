"""Train SegNet: read `train` from top to bottom."""

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from seg.batches import training_batch
from seg.checkpoint import BadCheckpoint, read_tensors, write_tensors
from seg.data import DeviceSplit
from seg.evaluation import Evaluation, autocast, evaluate
from seg.losses import Diverged, Loss
from seg.segnet import SegNet


@dataclass(frozen=True)
class Recipe:
    """How to train; the defaults are the article's.

    Attributes:
        sizes: side in pixels of the photos the network sees, one an epoch.
        learning_rate_step, learning_rate_decay: StepLR's step in epochs and factor.
        jitter: strength of brightness, contrast and saturation jitter.
        precision: `fp32`, or `bf16` for automatic mixed precision.
    """

    sizes: tuple[int, ...] = (128,) * 20
    seed: int = 0
    batch_size: int = 64
    learning_rate: float = 1e-3
    learning_rate_step: int = 7
    learning_rate_decay: float = 0.7
    jitter: float = 0.3
    precision: str = "fp32"

    @property
    def epochs(self) -> int:
        return len(self.sizes)

    def network_size(self, epoch: int) -> int:
        """Side in pixels that the network is run at after this epoch; 0 is the untrained model."""
        return self.sizes[max(epoch, 1) - 1]


def progressive_sizes(epochs: int, size: int) -> tuple[int, ...]:
    """A cheaper schedule: half the size first, then three quarters, the last 15 % of the epochs whole.

    Progressive resizing as in Tan and Le 2021, section 4. For 20 epochs at 128: 14 at 64, 3 at 96,
    3 at 128. Sides are rounded down to multiples of 16.
    """
    whole = min(epochs, max(1, round(0.15 * epochs)))
    three_quarters = min(epochs - whole, whole)
    half = epochs - whole - three_quarters
    smaller = [max(16, int(size * share) // 16 * 16) for share in (0.5, 0.75)]
    return (smaller[0],) * half + (smaller[1],) * three_quarters + (size,) * whole


@dataclass
class TrainingState:
    """All that training changes, so that saving it and loading it loses nothing.

    Attributes:
        epoch: finished epochs.
        batch: batches done of the epoch under way.
        order: the photos' order in the epoch under way, (N,) int64; None between epochs.
        loss_sum: float64 scalar, the losses of the epoch under way, each times its batch's photos.
        training_seconds, seconds: time spent in the epoch under way, without and with evaluation.
    """

    model: SegNet
    optimiser: torch.optim.Adam
    scheduler: torch.optim.lr_scheduler.StepLR
    generator: torch.Generator
    epoch: int = 0
    batch: int = 0
    order: Tensor | None = None
    loss_sum: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.float64))
    training_seconds: float = 0.0
    seconds: float = 0.0

    @classmethod
    def start(cls, recipe: Recipe, device: torch.device) -> "TrainingState":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed)
            model = SegNet()
        model = model.to(device=device, memory_format=torch.channels_last)
        optimiser = torch.optim.Adam(model.parameters(), lr=recipe.learning_rate)
        scheduler = torch.optim.lr_scheduler.StepLR(
            optimiser, recipe.learning_rate_step, gamma=recipe.learning_rate_decay
        )
        generator = torch.Generator(device).manual_seed(recipe.seed)
        return cls(model, optimiser, scheduler, generator, loss_sum=torch.zeros((), dtype=torch.float64, device=device))

    def save(self, path: Path) -> None:
        """Write everything to one safetensors file, atomically."""
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        optimiser = self.optimiser.state_dict()
        for parameter, values in optimiser["state"].items():
            tensors |= {f"optimiser.{parameter}.{name}": value for name, value in values.items()}
        tensors |= {"generator": self.generator.get_state(), "loss_sum": self.loss_sum}
        if self.order is not None:
            tensors["order"] = self.order
        numbers = {
            "epoch": self.epoch,
            "batch": self.batch,
            "training_seconds": self.training_seconds,
            "seconds": self.seconds,
            "scheduler": self.scheduler.state_dict(),
            "groups": optimiser["param_groups"],
        }
        write_tensors(path, tensors, {"training": json.dumps(numbers)})

    def load(self, path: Path) -> None:
        """Continue from a saved state, in place.

        Raises:
            BadCheckpoint: the file cannot be read or is no training state.
        """
        tensors, metadata = read_tensors(path)
        try:
            numbers = json.loads(metadata["training"])
            weights = {n.removeprefix("model."): v for n, v in tensors.items() if n.startswith("model.")}
            self.model.load_state_dict(weights)
            moments: dict[int, dict[str, Tensor]] = {}
            for name, value in tensors.items():
                if name.startswith("optimiser."):
                    _, parameter, moment = name.split(".")
                    # Adam keeps its moments in the weights' memory format; another one rounds differently
                    channels_last = value.ndim == 4
                    moments.setdefault(int(parameter), {})[moment] = (
                        value.contiguous(memory_format=torch.channels_last) if channels_last else value
                    )
            self.optimiser.load_state_dict({"state": moments, "param_groups": numbers["groups"]})
            self.scheduler.load_state_dict(numbers["scheduler"])
            # the saved optimiser did step: without this the scheduler warns that it never has
            self.optimiser._opt_called = True
            self.generator.set_state(tensors["generator"])
            device = self.loss_sum.device
            self.loss_sum = tensors["loss_sum"].to(device)
            self.order = tensors["order"].to(device) if "order" in tensors else None
            self.epoch, self.batch = numbers["epoch"], numbers["batch"]
            self.training_seconds, self.seconds = numbers["training_seconds"], numbers["seconds"]
        except (KeyError, ValueError, RuntimeError, TypeError, AttributeError) as error:
            reason = str(error).strip().splitlines()[0]
            raise BadCheckpoint(f"{path} is not a training state ({reason}): start anew with --overwrite") from error


@dataclass(frozen=True)
class EpochResult:
    """What `epochs.csv` records of an epoch, and the evaluation behind it."""

    epoch: int
    seconds: float
    images_per_second: float
    learning_rate: float
    train_loss: float
    evaluation: Evaluation


def train(
    recipe: Recipe,
    state: TrainingState,
    training: DeviceSplit,
    validation: DeviceSplit,
    validation_sample: DeviceSplit,
    loss: Loss,
    on_batch: Callable[[str, int], None],
) -> Iterator[EpochResult]:
    """Train from the given state to the recipe's last epoch, yielding after each; epoch 0 is untrained.

    Args:
        validation: scored after the last epoch.
        validation_sample: scored after every other epoch; may be the same.
        on_batch: called with "training" or "scoring" and the number of photos after each batch. What
            it raises ends training with the state as it is, ready to be saved and continued.

    Raises:
        Diverged: the loss is no longer finite.
    """

    def scored(epoch: int) -> Evaluation:
        last = epoch == recipe.epochs
        return evaluate(
            state.model,
            validation if last else validation_sample,
            loss,
            network_size=recipe.network_size(epoch),
            precision=recipe.precision,
            batch_size=recipe.batch_size,
            detailed=last,
            on_batch=lambda photos: on_batch("scoring", photos),
        )

    device = training.photos.device
    nan = float("nan")
    if state.epoch == 0 and state.order is None:
        started = time.perf_counter()
        evaluation = scored(0)
        yield EpochResult(0, time.perf_counter() - started, nan, recipe.learning_rate, nan, evaluation)

    while state.epoch < recipe.epochs:
        started = time.perf_counter()
        epoch = state.epoch + 1
        learning_rate = state.scheduler.get_last_lr()[0]
        if state.order is None:
            state.order = torch.randperm(len(training), generator=state.generator, device=device)
        batches = state.order.split(recipe.batch_size)

        state.model.train()
        try:
            try:
                while state.batch < len(batches):
                    indices = batches[state.batch]
                    size = recipe.network_size(epoch)
                    photos, masks = training_batch(training, indices, size, state.generator, recipe.jitter)
                    state.optimiser.zero_grad(set_to_none=True)
                    with autocast(device, recipe.precision):
                        logits = state.model(photos.contiguous(memory_format=torch.channels_last))
                    batch_loss = loss(logits.float(), masks)
                    batch_loss.backward()
                    state.optimiser.step()
                    state.loss_sum += batch_loss.detach() * len(indices)
                    state.batch += 1
                    on_batch("training", len(indices))
                # reading the sum waits for the device, so the clock stops after the work
                train_loss = state.loss_sum.item() / len(training)
            finally:
                state.training_seconds += time.perf_counter() - started
            if not math.isfinite(train_loss):
                raise Diverged(f"the training loss of epoch {epoch} is {train_loss}")
            evaluation = scored(epoch)
            if not math.isfinite(evaluation.loss):  # the last step of the epoch broke the weights
                raise Diverged(f"the validation loss after epoch {epoch} is {evaluation.loss}")
        finally:
            state.seconds += time.perf_counter() - started

        seconds, training_seconds = state.seconds, state.training_seconds
        state.scheduler.step()
        state.epoch, state.batch, state.order = epoch, 0, None
        state.loss_sum = torch.zeros_like(state.loss_sum)
        state.training_seconds = state.seconds = 0.0
        yield EpochResult(epoch, seconds, len(training) / training_seconds, learning_rate, train_loss, evaluation)

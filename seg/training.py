"""Train SegNet: read `train` from top to bottom."""

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from seg.batches import training_batch
from seg.checkpoint import BadCheckpoint, read_tensors, write_tensors
from seg.data import DeviceSplit
from seg.evaluation import Evaluation, autocast, evaluate
from seg.losses import Diverged, Loss
from seg.segnet import SegNet

SCHEDULES = ("step", "cosine")


@dataclass(frozen=True)
class Recipe:
    """How to train; the defaults are the article's.

    Attributes:
        sizes: side in pixels of the photos the network sees, one an epoch.
        schedule: of the learning rate: `step`, or `cosine` from its whole to 0 (Loshchilov and Hutter 2017).
        learning_rate_step, learning_rate_decay: the step schedule's step in epochs, and factor.
        warmup: epochs in which the learning rate grows linearly to what the schedule says.
        weight_decay: decoupled from the gradient (Loshchilov and Hutter 2019).
        smallest_crop: least share of its photo's area that a random crop has; 1 crops nothing.
        jitter: strength of brightness, contrast and saturation jitter.
        final_relu: see `SegNet`.
        averaging: decay a step of the weights' moving average, which is then what is scored and kept; 0
            keeps the weights themselves.
        precision: `fp32`, or `bf16` for automatic mixed precision.
    """

    sizes: tuple[int, ...] = (128,) * 20
    seed: int = 0
    batch_size: int = 64
    learning_rate: float = 1e-3
    schedule: str = "step"
    learning_rate_step: int = 7
    learning_rate_decay: float = 0.7
    warmup: float = 0.0
    weight_decay: float = 0.0
    smallest_crop: float = 1.0
    jitter: float = 0.3
    final_relu: bool = True
    averaging: float = 0.0
    precision: str = "fp32"

    @property
    def epochs(self) -> int:
        return len(self.sizes)

    def network_size(self, epoch: int) -> int:
        """Side in pixels that the network is run at after this epoch; 0 is the untrained model."""
        return self.sizes[max(epoch, 1) - 1]

    def learning_rate_at(self, epoch: int, batch: int, batches: int) -> float:
        """The learning rate of that batch, from 0, of that epoch, from 1."""
        done = epoch - 1 + batch / batches
        if self.schedule == "cosine":
            factor = (1 + math.cos(math.pi * done / self.epochs)) / 2
        else:
            factor = self.learning_rate_decay ** ((epoch - 1) // self.learning_rate_step)
        if self.warmup:
            factor *= min(1.0, (done + 1 / batches) / self.warmup)
        return self.learning_rate * factor


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
        averaged: the moving average of the weights, where the recipe asks for one.
        epoch: finished epochs.
        batch: batches done of the epoch under way.
        order: the photos' order in the epoch under way, (N,) int64; None between epochs.
        loss_sum: float64 scalar, the losses of the epoch under way, each times its batch's photos.
        training_seconds, seconds: time spent in the epoch under way, without and with evaluation.
    """

    model: SegNet
    optimiser: torch.optim.AdamW
    generator: torch.Generator
    averaged: AveragedModel | None = None
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
            model = SegNet(final_relu=recipe.final_relu)
        model = model.to(device=device, memory_format=torch.channels_last)
        # without decay AdamW is Adam
        optimiser = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
        generator = torch.Generator(device).manual_seed(recipe.seed)
        averaged = None
        if recipe.averaging:
            # the buffers too: BatchNorm's running statistics belong to the weights they were taken with
            averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(recipe.averaging), use_buffers=True)
        loss_sum = torch.zeros((), dtype=torch.float64, device=device)
        return cls(model, optimiser, generator, averaged, loss_sum=loss_sum)

    @property
    def scored_model(self) -> SegNet:
        """The model that is scored and kept."""
        return self.model if self.averaged is None else self.averaged.module

    def save(self, path: Path) -> None:
        """Write everything to one safetensors file, atomically."""
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        if self.averaged is not None:
            tensors |= {f"averaged.{name}": value for name, value in self.averaged.state_dict().items()}
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
            self.model.load_state_dict(_named("model.", tensors))
            if self.averaged is not None:
                self.averaged.load_state_dict(_named("averaged.", tensors))
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
            self.generator.set_state(tensors["generator"])
            device = self.loss_sum.device
            self.loss_sum = tensors["loss_sum"].to(device)
            self.order = tensors["order"].to(device) if "order" in tensors else None
            self.epoch, self.batch = numbers["epoch"], numbers["batch"]
            self.training_seconds, self.seconds = numbers["training_seconds"], numbers["seconds"]
        except (KeyError, ValueError, RuntimeError, TypeError, AttributeError) as error:
            reason = str(error).strip().splitlines()[0]
            raise BadCheckpoint(f"{path} is not a training state ({reason}): start anew with --overwrite") from error


def _named(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin with the prefix, without it."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


@dataclass(frozen=True)
class EpochResult:
    """What `epochs.csv` records of an epoch (the learning rate is its first batch's), and the evaluation behind it."""

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
            state.scored_model,
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
        if state.order is None:
            state.order = torch.randperm(len(training), generator=state.generator, device=device)
        batches = state.order.split(recipe.batch_size)
        learning_rate = recipe.learning_rate_at(epoch, 0, len(batches))

        state.model.train()
        try:
            try:
                while state.batch < len(batches):
                    indices = batches[state.batch]
                    size = recipe.network_size(epoch)
                    photos, masks = training_batch(
                        training, indices, size, state.generator, recipe.jitter, recipe.smallest_crop
                    )
                    for group in state.optimiser.param_groups:
                        group["lr"] = recipe.learning_rate_at(epoch, state.batch, len(batches))
                    state.optimiser.zero_grad(set_to_none=True)
                    with autocast(device, recipe.precision):
                        logits = state.model(photos.contiguous(memory_format=torch.channels_last))
                    batch_loss = loss(logits.float(), masks)
                    batch_loss.backward()
                    state.optimiser.step()
                    if state.averaged is not None:
                        state.averaged.update_parameters(state.model)
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
        state.epoch, state.batch, state.order = epoch, 0, None
        state.loss_sum = torch.zeros_like(state.loss_sum)
        state.training_seconds = state.seconds = 0.0
        yield EpochResult(epoch, seconds, len(training) / training_seconds, learning_rate, train_loss, evaluation)

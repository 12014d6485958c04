"""Train a network: read `train` from top to bottom."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from seg.batches import DeviceSplit, training_batch
from seg.evaluation import Evaluation, autocast, evaluate
from seg.losses import Diverged, Loss
from seg.metrics import double
from seg.options import Options
from seg.parallel import ALONE, Ranks
from seg.thresholds.tuning import EVERY, Tuning, tune
from seg.training.state import TrainingState

# Batches after which a loss that is not finite is noticed at the latest
LOOKED_AT_EVERY = 20


class _FirstBroken:
    """The first batch of an epoch whose loss is not finite, kept on the device, which a look at it would stop."""

    def __init__(self, device: torch.device, ranks: Ranks) -> None:
        self._batch, self._ranks = torch.full((), -1, dtype=torch.int32, device=device), ranks

    def note(self, batch: int, loss: Tensor) -> None:
        self._batch = torch.where((self._batch < 0) & ~loss.isfinite(), batch, self._batch)

    def check(self, epoch: int, batches: Sequence[Tensor]) -> None:
        """Raise where there is one.

        Raises:
            Diverged: with the batch's photos.
        """
        first = int(self._batch)
        if first >= 0:
            self._ranks.part()
            where = f"batch {first + 1} of epoch {epoch}"
            raise Diverged(f"the training loss is not finite in {where}", batches[first].tolist())


@dataclass(frozen=True)
class EpochResult:
    """What `epochs.csv` records of an epoch (the learning rate is its first batch's), and the evaluation behind it.

    The last epoch's evaluation has details, and the tuning that they rest on; None after others.
    """

    epoch: int
    seconds: float
    images_per_second: float
    learning_rate: float
    train_loss: float
    evaluation: Evaluation
    tuning: Tuning | None = None


def train(
    options: Options,
    state: TrainingState,
    training: DeviceSplit,
    validation: DeviceSplit,
    validation_sample: DeviceSplit,
    loss: Loss,
    on_batch: Callable[[str, int], None],
    ranks: Ranks = ALONE,
) -> Iterator[EpochResult]:
    """Train from the given state to the last epoch, yielding after each; epoch 0 is untrained.

    Args:
        validation: scored after the last epoch.
        validation_sample: scored after every other epoch; may be the same.
        on_batch: called with "training", "tuning" (after the last epoch) or "scoring" and the number of photos
            after each batch. What it raises ends training with the state as it is, ready to be saved and continued.
        ranks: those that train it together, all from the same state, each its part of every batch; what they yield is
            the same. What ends one is to end all at the same batch: see `seg.parallel.Ranks.any`.

    Raises:
        Diverged: the loss is no longer finite; of training batches noticed LOOKED_AT_EVERY batches later at the most.
        ValueError: the precision is still `auto`, so nobody could say with which one it was trained.
    """

    def scored(epoch: int) -> tuple[Evaluation, Tuning | None]:
        last, model, tuning = epoch == options.epochs, state.scored_model, None
        size, precision, batch_size = options.network_size(epoch), options.precision, options.batch_size
        if last:
            sample = training.every(EVERY)
            tuning = tune(
                model,
                sample,
                network_size=size,
                precision=precision,
                batch_size=batch_size,
                on_batch=lambda photos: on_batch("tuning", photos),
                ranks=ranks,
            )
        evaluation = evaluate(
            model,
            validation if last else validation_sample,
            loss,
            network_size=size,
            precision=precision,
            batch_size=batch_size,
            temperature=tuning.temperature if tuning else None,
            on_batch=lambda photos: on_batch("scoring", photos),
            ranks=ranks,
        )
        return evaluation, tuning

    if options.precision == "auto":
        raise ValueError("the precision is not decided: see seg.evaluation.choose_precision")
    device = training.photos.device
    nan = float("nan")
    engine = ranks.engine(state.model)
    if state.epoch == 0 and state.order is None:
        started = time.perf_counter()
        evaluation, _ = scored(0)
        yield EpochResult(0, time.perf_counter() - started, nan, options.lr, nan, evaluation)

    while state.epoch < options.epochs:
        started = time.perf_counter()
        epoch = state.epoch + 1
        if state.order is None:
            state.order = torch.randperm(len(training), generator=state.generator, device=device)
        batches = state.order.split(options.batch_size)
        learning_rate = options.learning_rate_at(epoch, 0, len(batches))
        broken = _FirstBroken(device, ranks)

        state.model.train()
        try:
            try:
                while state.batch < len(batches):
                    indices = batches[state.batch]
                    share, size = ranks.share(len(indices)), options.network_size(epoch)
                    augmented = (state.generator, options.jitter, options.jitter_of, options.crop)
                    photos, masks = training_batch(training, indices, size, *augmented, share.rows)
                    for group in state.optimiser.param_groups:
                        group["lr"] = options.learning_rate_at(epoch, state.batch, len(batches))
                    state.optimiser.zero_grad(set_to_none=True)
                    with autocast(device, options.precision):
                        logits = engine(photos.contiguous(memory_format=torch.channels_last))
                    try:
                        batch_loss = loss(logits.float(), masks) * share.weight
                    except Diverged as error:  # one that looks at what it is given
                        if ranks.count == 1:
                            where = f"batch {state.batch + 1} of epoch {epoch}"
                            raise Diverged(f"{error} in {where}", indices.tolist()) from error
                        batch_loss = logits.sum() * nan  # the sum over ranks tells them all
                    batch_loss.backward()
                    state.optimiser.step()
                    if state.averaged is not None:
                        state.averaged.update_parameters(state.model)
                    mean_loss = ranks.total(batch_loss.detach()) / ranks.count
                    state.loss_sum += double(mean_loss * len(indices))
                    broken.note(state.batch, mean_loss)
                    state.batch += 1
                    if state.batch % LOOKED_AT_EVERY == 0 or state.batch == len(batches):
                        broken.check(epoch, batches)
                    try:
                        on_batch("training", len(indices))
                    except BaseException:  # whoever stops here would keep broken weights
                        broken.check(epoch, batches)
                        raise
                ranks.copy_first(state.model, state.averaged)
                # reading the sum waits for the device, so the clock stops after the work
                train_loss = state.loss_sum.item() / len(training)
            finally:
                state.training_seconds += time.perf_counter() - started
            if not math.isfinite(train_loss):  # of a state that was kept broken
                ranks.part()
                raise Diverged(f"the training loss of epoch {epoch} is {train_loss}")
            evaluation, tuning = scored(epoch)
            if not math.isfinite(evaluation.loss):  # the last step of the epoch broke the weights
                ranks.part()
                raise Diverged(f"the validation loss after epoch {epoch} is {evaluation.loss}")
        finally:
            state.seconds += time.perf_counter() - started

        seconds, training_seconds = state.seconds, state.training_seconds
        state.epoch, state.batch, state.order = epoch, 0, None
        state.loss_sum = torch.zeros_like(state.loss_sum)
        state.training_seconds = state.seconds = 0.0
        yield EpochResult(
            epoch, seconds, len(training) / training_seconds, learning_rate, train_loss, evaluation, tuning
        )

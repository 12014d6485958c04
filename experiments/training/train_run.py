"""One run from its first epoch, or from where it was stopped, to its last, into its folder."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from experiments.cli.interruption import noted_signals
from experiments.curves.told import Curves
from experiments.store.files import in_words
from experiments.store.folder import state_path
from experiments.store.probe import load_probe
from experiments.store.scored.details import Scored
from experiments.store.scored.photo_scores import Provenance
from experiments.store.writer import RunWriter
from experiments.training.data import DeviceData, RunData, fingerprints, upload
from experiments.training.environment import commit, environment
from experiments.training.going_on import check_log
from experiments.training.progress import Progress
from seg.batches import DeviceSplit
from seg.losses import Diverged, Loss, balanced_weights, make_loss
from seg.options import Options
from seg.parallel import ALONE, OthersFailed, Ranks, is_lost
from seg.pets import CLASS_NAMES
from seg.thresholds.tuning import EVERY
from seg.training import train
from seg.training.state import TrainingState

# Of the photos of the first batch whose loss is not finite
TOLD_PHOTOS = 3
_MEMORY_FULL = "the device's memory is full"
_LOST = "another process that trained it has ended: what it said is above"


class Interrupted(Exception):
    """The person asked the run to stop, in `epoch`; nothing is lost."""

    def __init__(self, epoch: int) -> None:
        super().__init__(f"interrupted in epoch {epoch}")
        self.epoch = epoch


class RunFailed(Exception):
    """The run cannot go on as it is; its cause is the error that stopped it, `reason` says it in words."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"{folder.name} failed: {reason}")
        self.reason = reason


@dataclass(frozen=True)
class _Begun:
    """What every rank trains with."""

    photos: DeviceData
    weights: Tensor | None
    loss: Loss
    state: TrainingState
    finished: int

    @property
    def splits(self) -> tuple[DeviceSplit, DeviceSplit, DeviceSplit]:
        return self.photos.training, self.photos.validation, self.photos.validation_sample


def _begun(folder: Path, options: Options, data: RunData, device: torch.device, ranks: Ranks, resuming: bool) -> _Begun:
    """The state that the folder keeps, or the first one, and what it is trained on."""
    photos = upload(data, device)
    weights = _class_weights(options, photos)
    loss = make_loss(options, None if weights is None else weights.to(device))
    state = TrainingState.start(options, device)
    finished = -1
    if resuming:
        if state_path(folder).exists():
            state.load(state_path(folder))
            # without one the first epoch was never finished: nothing is kept and the run starts over
            finished = state.epoch if state.epoch > 0 or state.order is not None else -1
        if ranks.first:
            check_log(folder, finished)
    return _Begun(photos, weights, loss, state, finished)


def train_run(
    folder: Path,
    options: Options,
    data: RunData,
    device: torch.device,
    log: Sequence[str],
    *,
    resuming: bool,
    ranks: Ranks = ALONE,
) -> None:
    """Train from the folder's state, or from the start, to the last epoch, and write everything to the folder.

    Where several ranks train it, the first one calls this, the others `follow_run`.

    Raises:
        Interrupted: Ctrl-C, SIGTERM, or a terminal that was closed.
        RunFailed: the loss diverged, the memory is full, or a file cannot be written.
        LogTooShort: the folder's log lacks epochs that its state has finished.
        NoClassWeights: the training photos give the loss no class weights.
        OthersFailed: another rank could not begin, or go on, and has said why.
    """
    begun = ranks.together(lambda: _begun(folder, options, data, device, ranks, resuming))
    _check_alike(begun.state, folder, ranks)
    probe, state = load_probe(data.validation, own=data.own), begun.state
    described = _description(begun, data) | {"environment": environment(device, options.precision, ranks.count)}

    def begin() -> RunWriter:
        try:
            if resuming:
                return RunWriter.resume(folder, options, described, probe.layout(), after=begun.finished)
            return RunWriter.begin(folder, options, described, probe.layout())
        except OSError as error:
            raise RunFailed(folder, in_words(error, folder)) from error

    shown = Progress(options, state, begun.photos)
    # who starts the ranks passes on to each the Ctrl-C that each has had
    second_stops = ranks.count == 1
    with noted_signals(second_stops=second_stops) as received, shown as progress, Curves(folder, log) as curves:
        writer = ranks.together(begin)

        def on_batch(phase: str, count: int) -> None:
            if ranks.any(bool(received)):  # before anything is shown: the terminal may be what is gone
                raise Interrupted(state.epoch + 1)
            progress.advance(phase, count)

        with _ending_in_order(writer, state, data.training.names):
            for result in train(options, state, *begun.splits, begun.loss, on_batch, ranks):
                size = options.network_size(result.epoch)
                mosaic = probe.predict(state.scored_model, device, size, options.precision)
                writer.epoch(result, mosaic, state, input_size=size)
                progress.finish_epoch(result)
                curves.tell()

        assert result.tuning is not None, "the last epoch has it"
        made = Provenance(options.precision, commit())
        names = data.training.names[::EVERY]
        try:
            writer.finished(Scored(data.validation.names, result.evaluation, names, result.tuning, made))
        except OSError as error:
            raise _failed(writer, error) from error


def follow_run(
    folder: Path, options: Options, data: RunData, device: torch.device, *, resuming: bool, ranks: Ranks
) -> None:
    """Train another rank's run with it, and write nothing: what `train_run` does in the first.

    Raises:
        Interrupted: as `train_run`, in every rank.
        RunFailed: the memory is full here.
        OthersFailed: another rank could not begin, or go on, and has said why.
    """
    begun = ranks.together(lambda: _begun(folder, options, data, device, ranks, resuming))
    _check_alike(begun.state, folder, ranks)
    with noted_signals() as received:
        ranks.together(lambda: None)  # the first one begins the record

        def on_batch(phase: str, count: int) -> None:
            if ranks.any(bool(received)):
                raise Interrupted(begun.state.epoch + 1)

        try:
            for _ in train(options, begun.state, *begun.splits, begun.loss, on_batch, ranks):
                pass
        except Diverged as error:  # as in every rank: the first one says so
            raise OthersFailed from error
        except torch.OutOfMemoryError as error:
            raise RunFailed(folder, _MEMORY_FULL) from error
        except Exception as error:
            if is_lost(error):
                raise OthersFailed from error
            raise


def _check_alike(state: TrainingState, folder: Path, ranks: Ranks) -> None:
    """Raise where a rank reads another state than the others.

    Raises:
        InputError: the folder is another one on its machine.
    """
    where = (state.epoch, state.batch, float(state.loss_sum))
    ranks.assert_alike(where, f"{folder} is not the same on every machine: have it on a disk that they share")


@contextmanager
def _ending_in_order(writer: RunWriter, state: TrainingState, names: Sequence[str]) -> Iterator[None]:
    """While inside, whatever ends the training is recorded before it goes on its way.

    Args:
        names: of the training photos.

    Raises:
        Interrupted: as it was raised inside.
        RunFailed: in the place of an error that the run cannot go on with.
    """
    try:
        yield
    except Interrupted:
        try:
            writer.interrupted(state)
        except OSError as error:  # the disk is full, or gone: what was kept before is whole
            raise _failed(writer, error) from error
        raise
    except (Diverged, torch.OutOfMemoryError, OSError) as error:
        raise _failed(writer, error, names) from error
    except KeyboardInterrupt:  # a second Ctrl-C: the epoch under way is lost
        with suppress(OSError):
            writer.interrupted(None)
        raise
    except BaseException as error:
        if is_lost(error):  # what was kept of the last epoch is whole
            raise _failed(writer, RuntimeError(_LOST)) from error
        writer.failed(repr(error))
        raise


def _failed(writer: RunWriter, error: BaseException, names: Sequence[str] = ()) -> RunFailed:
    """Record the failure; what is to be raised."""
    reason, more = str(error), {}
    if isinstance(error, OSError):
        reason = in_words(error, writer.folder)
    elif isinstance(error, torch.OutOfMemoryError):
        reason = _MEMORY_FULL
    elif isinstance(error, Diverged) and error.photos:
        photos = [names[place] for place in error.photos]
        told = ", ".join(photos[:TOLD_PHOTOS])
        left = len(photos) - TOLD_PHOTOS
        reason += f", of {told}{f' and {left} more, see diverged in its run.json' if left > 0 else ''}"
        more = {"diverged": photos}
    writer.failed(reason, **more)
    return RunFailed(writer.folder, reason)


def _class_weights(options: Options, photos: DeviceData) -> Tensor | None:
    """(3,) float32 on the CPU; None where the loss is to have none."""
    if options.class_weights in (None, "none"):
        return None
    if isinstance(options.class_weights, tuple):
        return torch.tensor(options.class_weights, dtype=torch.float32)
    return balanced_weights(photos.training.class_counts().cpu(), options.class_weights)


def _description(begun: _Begun, data: RunData) -> dict:
    """What `run.json` says of the network and the photos, known before the first epoch."""
    photos, weights = begun.photos, begun.weights
    splits = {
        "trainval": (photos.training, data.training.skipped),
        data.scored: (photos.validation, data.validation.skipped),
    }
    pixels = {name: split.class_counts().sum(dim=0).tolist() for name, (split, _) in splits.items()}
    return {
        "own_photos": data.own,
        "parameters": sum(parameter.numel() for parameter in begun.state.model.parameters()),
        "class_weights": None if weights is None else [round(weight, 6) for weight in weights.tolist()],
        "training_photos": len(photos.training),
        "validation_photos": len(photos.validation),
        "validation_sample_photos": len(photos.validation_sample),
        "skipped_pairs": {name: len(skipped) for name, (_, skipped) in splits.items()},
        "excluded_photos": data.excluded,
        "photos": fingerprints(data),
        "class_pixels": {name: dict(zip(CLASS_NAMES, counts, strict=True)) for name, counts in pixels.items()},
    }

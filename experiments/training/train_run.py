"""One run from its first epoch, or from where it was stopped, to its last, into its folder."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
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
from seg.losses import Diverged, balanced_weights, make_loss
from seg.options import Options
from seg.pets import CLASS_NAMES
from seg.thresholds.tuning import EVERY
from seg.training import TrainingState, train

# Of the photos of the first batch whose loss is not finite
TOLD_PHOTOS = 3


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


def train_run(
    folder: Path, options: Options, data: RunData, device: torch.device, log: Sequence[str], *, resuming: bool
) -> None:
    """Train from the folder's state, or from the start, to the last epoch, and write everything to the folder.

    Raises:
        Interrupted: Ctrl-C, SIGTERM, or a terminal that was closed.
        RunFailed: the loss diverged, the memory is full, or a file cannot be written.
        LogTooShort: the folder's log lacks epochs that its state has finished.
        NoClassWeights: the training photos give the loss no class weights.
    """
    photos = upload(data, device)
    weights = _class_weights(options, photos)
    loss = make_loss(options, None if weights is None else weights.to(device))
    probe = load_probe(data.validation, own=data.own)
    state = TrainingState.start(options, device)
    finished = -1
    if resuming:
        if state_path(folder).exists():
            state.load(state_path(folder))
            # without one the first epoch was never finished: nothing is kept and the run starts over
            finished = state.epoch if state.epoch > 0 or state.order is not None else -1
        check_log(folder, finished)
    described = _description(state, weights, data, photos) | {"environment": environment(device, options.precision)}

    shown = Progress(options, state, photos)
    with noted_signals(second_stops=True) as received, shown as progress, Curves(folder, log) as curves:
        try:
            if resuming:
                writer = RunWriter.resume(folder, options, described, probe.layout(), after=finished)
            else:
                writer = RunWriter.begin(folder, options, described, probe.layout())
        except OSError as error:
            raise RunFailed(folder, in_words(error, folder)) from error

        def on_batch(phase: str, count: int) -> None:
            if received:  # before anything is shown: the terminal may be what is gone
                raise Interrupted(state.epoch + 1)
            progress.advance(phase, count)

        splits = (photos.training, photos.validation, photos.validation_sample)
        with _ending_in_order(writer, state, data.training.names):
            for result in train(options, state, *splits, loss, on_batch):
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
        writer.failed(repr(error))
        raise


def _failed(writer: RunWriter, error: BaseException, names: Sequence[str] = ()) -> RunFailed:
    """Record the failure; what is to be raised."""
    reason, more = str(error), {}
    if isinstance(error, OSError):
        reason = in_words(error, writer.folder)
    elif isinstance(error, torch.OutOfMemoryError):
        reason = "the device's memory is full"
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


def _description(state: TrainingState, weights: Tensor | None, data: RunData, photos: DeviceData) -> dict:
    """What `run.json` says of the network and the photos, known before the first epoch."""
    splits = {
        "trainval": (photos.training, data.training.skipped),
        data.scored: (photos.validation, data.validation.skipped),
    }
    pixels = {name: split.class_counts().sum(dim=0).tolist() for name, (split, _) in splits.items()}
    return {
        "own_photos": data.own,
        "parameters": sum(parameter.numel() for parameter in state.model.parameters()),
        "class_weights": None if weights is None else [round(weight, 6) for weight in weights.tolist()],
        "training_photos": len(photos.training),
        "validation_photos": len(photos.validation),
        "validation_sample_photos": len(photos.validation_sample),
        "skipped_pairs": {name: len(skipped) for name, (_, skipped) in splits.items()},
        "excluded_photos": data.excluded,
        "photos": fingerprints(data),
        "class_pixels": {name: dict(zip(CLASS_NAMES, counts, strict=True)) for name, counts in pixels.items()},
    }

"""One run from its first epoch, or from where it was stopped, to its last, into its folder."""

import platform
import shlex
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import torch
from safetensors import SafetensorError
from tqdm import tqdm

from experiments.cli.command_line import choose_device
from experiments.cli.interruption import noted_signals
from experiments.cli.options import read_options, recorded
from experiments.store.environment import processor_and_threads
from experiments.store.folder import create_folder, hold
from experiments.store.probe import load_probe
from experiments.store.runs import Run, read_run
from experiments.store.writer import RunWriter, state_path
from seg import InputError
from seg.batches import DeviceSplit
from seg.cache import Split, load_split
from seg.evaluation import choose_precision
from seg.losses import Diverged, balanced_weights, make_loss
from seg.options import Options
from seg.pets import CLASS_NAMES
from seg.training import EpochResult, TrainingState, train


class Interrupted(Exception):
    """The person asked the run to stop."""


def begin_run(folder: Path, options: Options, *, data: Path, device: str, overwrite: bool, again: str) -> int:
    """Train a new run; 0 when finished.

    Args:
        data: folder holding the dataset.
        overwrite: replace the run that is in the folder.
        again: options to type again when the run is resumed, for the message that says how.

    Raises:
        InputError: the folder is not free, or the data or the device cannot be used.
    """
    device = choose_device(device)
    if options.precision == "auto":  # decided once: a run that goes on elsewhere keeps it
        options = replace(options, precision=choose_precision(device))
    if folder.exists() and not overwrite:
        create_folder(folder, overwrite=False)  # says so before the data is read
    photos = load_run_data(data, options)
    create_folder(folder, overwrite=overwrite)
    with hold(folder):
        return train_run(folder, options, photos, device, resuming=False, again=again)


def resume_run(folder: Path, typed: dict, *, data: Path, device: str, again: str) -> int:
    """Train an interrupted run to its end; 0 when finished.

    Args:
        typed: options of the person, which must be those that the run was begun with.
        data, again: as `begin_run`.

    Raises:
        InputError: the run is finished, or was begun otherwise.
    """
    resumed = _unfinished(folder)
    try:
        options = read_options(resumed.info)
    except InputError as error:
        raise InputError(f"{folder}: {error}") from error
    changed = sorted(
        name
        for name, value in typed.items()
        if value != getattr(options, name) and (name, value) != ("precision", "auto")
    )
    if changed:
        option = changed[0].replace("_", "-")
        raise InputError(f"{folder} was not begun with this --{option}: leave it out, or start another run")
    device = choose_device(device)
    begun_on = resumed.environment.get("device", device.type)
    if begun_on != device.type:  # no other kind of device can continue its random generator
        raise InputError(f"{folder} was begun on another device: continue it with --device {begun_on}")
    if options.precision == "auto":
        options = replace(options, precision=choose_precision(device))
    photos = load_run_data(data, options)
    if resumed.info.get("training_photos") not in (None, len(photos.training)):
        raise InputError(
            f"{folder} was begun with {resumed.info['training_photos']} training photos, {data} gives "
            f"{len(photos.training)}: pass the --data it was begun with"
        )
    with hold(folder):
        _unfinished(folder)  # nor finished by another process, just now
        if state_path(folder).exists():  # else nothing is kept of it
            _note_differences(resumed, environment(device, options.precision))
        return train_run(folder, options, photos, device, resuming=True, again=again)


def _unfinished(folder: Path) -> Run:
    run = read_run(folder)
    if run.status == "finished":
        raise InputError(f"{folder} is finished: there is nothing to resume")
    return run


def _note_differences(run: Run, now: dict) -> None:
    """Say in one line in what the run goes on otherwise than it was begun: the same seed then rounds otherwise."""
    before, after = (_circumstances(each) for each in (run.environment, now))
    changed = [f"{name} {before[name]}, now {after[name]}" for name in before if before[name] != after.get(name)]
    if changed:
        print(
            f"note: {run.name} was begun with {'; '.join(changed)}: it will not be bit for bit what it would have been",
            file=sys.stderr,
        )


def _circumstances(environment: dict) -> dict[str, str]:
    """What an environment of `run.json` says of all that rounding depends on, where it says it."""
    device, threads = processor_and_threads(environment)
    said = {"precision": environment.get("precision"), "device": device, "threads": threads}
    packages = environment.get("packages")
    said |= packages if isinstance(packages, dict) else {}
    return {name: str(value) for name, value in said.items() if value is not None}


@dataclass(frozen=True)
class RunData:
    """The photos of a run; `validation_sample` is scored after each epoch, `validation` after the last.

    Attributes:
        scored: what the validation photos are: the `test` split, or the `holdout` of the training split.
    """

    training: Split
    validation: Split
    validation_sample: Split
    scored: str


def load_run_data(root: Path, options: Options) -> RunData:
    """The photos that a run of these options needs, from the dataset in root."""

    def load(split: str) -> Split:
        return load_split(root, split, options.size, skip_bad=options.skip_bad)

    training = load("trainval")
    if options.holdout:
        training, validation = training.holdout()
    else:
        validation = load("test")
    scored = "holdout" if options.holdout else "test"
    return RunData(training.sample(options.limit), validation, validation.sample(options.val_limit), scored)


def train_run(
    folder: Path, options: Options, data: RunData, device: torch.device, *, resuming: bool, again: str = ""
) -> int:
    """Train from the folder's state, or from the start, until done or asked to stop; 0 when finished.

    Args:
        again: options to type again when the run is resumed, for the message that says how.
    """
    resume_command = f"python -m experiments.run --resume {shlex.quote(str(folder))}{again}"
    training = DeviceSplit.upload(data.training, device)
    validation = DeviceSplit.upload(data.validation, device)
    whole = data.validation_sample is data.validation
    validation_sample = validation if whole else DeviceSplit.upload(data.validation_sample, device)
    counts = training.class_counts().cpu()
    weights = _class_weights(options.class_weights, counts)
    loss = make_loss(options, None if weights is None else weights.to(device))
    probe = load_probe(data.validation)

    state = TrainingState.start(options, device)
    if resuming and state_path(folder).exists():
        state.load(state_path(folder))

    described = {
        "options": recorded(options),
        "parameters": sum(parameter.numel() for parameter in state.model.parameters()),
        "class_weights": None if weights is None else [round(weight, 6) for weight in weights.tolist()],
        "training_photos": len(training),
        "validation_photos": len(validation),
        "validation_sample_photos": len(validation_sample),
        "skipped_pairs": {"trainval": len(data.training.skipped), data.scored: len(data.validation.skipped)},
        "class_pixels": {
            "trainval": dict(zip(CLASS_NAMES, counts.sum(dim=0).tolist(), strict=True)),
            data.scored: dict(zip(CLASS_NAMES, validation.class_counts().sum(dim=0).tolist(), strict=True)),
        },
        "environment": environment(device, options.precision),
    }

    with (
        noted_signals(second_stops=True) as received,
        _Progress(options, state, training, validation, validation_sample) as bar,
    ):
        if resuming:
            # without a state the first epoch was never finished: nothing is kept and the run starts over
            begun = state.epoch > 0 or state.order is not None
            writer = RunWriter.resume(folder, described, probe.layout(), after=state.epoch if begun else -1)
        else:
            writer = RunWriter.begin(folder, described, probe.layout())

        def on_batch(phase: str, photos: int) -> None:
            bar.advance(phase, photos)
            if received:
                raise Interrupted

        try:
            for result in train(options, state, training, validation, validation_sample, loss, on_batch):
                size = options.network_size(result.epoch)
                mosaic = probe.predict(state.scored_model, device, size, options.precision)
                writer.epoch(result, mosaic, state, input_size=size)
                bar.finish_epoch(result)
        except Interrupted:
            writer.interrupted(state)
            bar.close()
            print(f"Interrupted in epoch {state.epoch + 1}; nothing is lost. Continue with:")
            print(f"  {resume_command}")
            return 130
        except (Diverged, torch.OutOfMemoryError, OSError, SafetensorError) as error:
            with suppress(OSError):  # a full disk has no room for this either
                writer.failed(str(error))
            bar.close()
            print(f"error: {folder.name} failed: {_remedy(error, resume_command)}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:  # a second Ctrl-C: the epoch under way is lost
            writer.interrupted(None)
            raise
        except BaseException as error:
            writer.failed(repr(error))
            raise

    writer.finished(data.validation.names, result.evaluation)
    print(f"{folder}: finished. See it with `python app.py`, compare it with `python -m experiments.compare`.")
    return 0


def _class_weights(choice: str | tuple[float, ...] | None, counts: torch.Tensor) -> torch.Tensor | None:
    if choice is None or choice == "none":
        return None
    if isinstance(choice, tuple):
        return torch.tensor(choice, dtype=torch.float32)
    try:
        return balanced_weights(counts, choice)
    except ValueError as error:
        raise InputError(f"--class-weights {choice}: {error}; pass three numbers, or train on more photos") from error


def environment(device: torch.device, precision: str) -> dict:
    """Where and with what a run is trained, as `run.json` records it."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else _processor()
    packages = ("torch", "torchvision", "numpy", "focal-loss-torch", "safetensors")
    return {
        "device": device.type,
        "device_name": name,
        "threads": torch.get_num_threads(),
        "precision": precision,
        "commit": _commit(),
        "python": platform.python_version(),
        "system": platform.system(),
        "packages": {package: version(package) for package in packages},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _commit() -> str | None:
    """The project's commit, with `+changes` where the code differs from it; None outside a checkout."""
    project = Path(__file__).parents[2]

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(project), *arguments], capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", "seg", "experiments/*.py")
        return git("rev-parse", "HEAD") + ("+changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _remedy(error: Exception, resume_command: str) -> str:
    if isinstance(error, Diverged):
        return f"{error}: lower --lr and start again with --overwrite"
    if isinstance(error, torch.OutOfMemoryError):
        return "the device's memory is full: lower --batch-size and start again with --overwrite"
    return f"{error}: mend that, then continue with `{resume_command}`"


class _Progress:
    """One progress bar an epoch, over training and scoring, and one line an epoch."""

    def __init__(
        self,
        options: Options,
        state: TrainingState,
        training: DeviceSplit,
        validation: DeviceSplit,
        validation_sample: DeviceSplit,
    ) -> None:
        self.epochs = options.epochs
        self.totals = (len(training), len(validation), len(validation_sample))
        fresh = state.epoch == 0 and state.order is None
        self.epoch = 0 if fresh else state.epoch + 1
        self.done = min(state.batch * options.batch_size, len(training))
        self.bar: tqdm | None = None

    def __enter__(self) -> "_Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def advance(self, phase: str, photos: int) -> None:
        if self.bar is None:
            training, validation, sample = self.totals
            total = (training if self.epoch else 0) + (validation if self.epoch == self.epochs else sample)
            interval = 0.1 if sys.stderr.isatty() else 30
            self.bar = tqdm(
                total=total, initial=self.done, unit="img", leave=False, mininterval=interval, dynamic_ncols=True
            )
        self.bar.set_description(f"epoch {self.epoch}/{self.epochs} {phase}", refresh=False)
        self.bar.update(photos)

    def finish_epoch(self, result: EpochResult) -> None:
        self.close()
        scores = result.evaluation.scores()
        trained = f", {result.images_per_second:.0f} img/s, train loss {result.train_loss:.4f}" if result.epoch else ""
        print(
            f"epoch {result.epoch:>2}/{self.epochs}: {result.seconds:.1f} s{trained}, val loss {scores['val_loss']:.4f}"
            f", pixel accuracy {scores['pixel_accuracy']:.2%}, border recall {scores['border_recall']:.2%}"
            f", precision {scores['border_precision']:.2%}, F1 {scores['border_f1']:.2%}",
            flush=True,
        )
        self.epoch, self.done = result.epoch + 1, 0

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None

"""Train SegNet with one loss and log the run: `python -m experiments.run --loss focal`."""

import argparse
import platform
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch
from safetensors import SafetensorError
from tqdm import tqdm

from experiments.command_line import (
    OneLineParser,
    add_data_option,
    choose_device,
    run_command,
)
from experiments.details import write_details
from experiments.options import (
    DEFAULTS,
    add_options,
    photo_size,
    recorded,
    reread,
    resolve,
    run_name,
    training_recipe,
)
from experiments.probe import Probe, load_probe
from experiments.runs import (
    DEFAULT_FOLDER,
    Run,
    append_epoch,
    create_folder,
    hold,
    keep_epochs_until,
    read_run,
    save_mosaic,
    write_json,
)
from seg import InputError
from seg.checkpoint import save_checkpoint
from seg.data import DeviceSplit, Split, load_split
from seg.evaluation import choose_precision
from seg.losses import Diverged, balanced_weights, make_loss
from seg.pets import CLASS_NAMES
from seg.training import EpochResult, Recipe, TrainingState, train


class Interrupted(Exception):
    """The person asked the run to stop."""


def main(arguments: list[str] | None) -> int:
    given = vars(_parser().parse_args(arguments))
    if given.pop("resume", None) is None:
        options = resolve(given)
        folder = given["out"] / (given["name"] or run_name(given))
        resumed = None
    else:
        folder = _resumed_folder(arguments, given)
        resumed = read_run(folder)
        if resumed.status == "finished":
            raise InputError(f"{folder} is finished: there is nothing to resume")
        options = reread(resumed.info["options"])
        changed = sorted(name for name in given if name in DEFAULTS and given[name] != options[name])
        if changed:
            option = changed[0].replace("_", "-")
            raise InputError(f"{folder} was not begun with this --{option}: leave it out, or start another run")
    device = choose_device(given["device"])
    if resumed is not None and _begun_on(resumed) not in (None, device.type):
        raise InputError(f"{folder} was begun on another device: continue it with --device {_begun_on(resumed)}")
    if resumed is None and folder.exists() and not given["overwrite"]:
        create_folder(folder, overwrite=False)  # says so before the data is read

    data = load_run_data(given["data"], options)
    if resumed is None:
        create_folder(folder, overwrite=given["overwrite"])
    elif resumed.info.get("training_photos") not in (None, len(data.training)):
        raise InputError(
            f"{folder} was begun with {resumed.info['training_photos']} training photos, {given['data']} gives "
            f"{len(data.training)}: pass the --data it was begun with"
        )
    with hold(folder):
        if resumed is not None and read_run(folder).status == "finished":  # by another process, just now
            raise InputError(f"{folder} is finished: there is nothing to resume")
        return train_run(folder, options, data, device, resuming=resumed is not None, again=_again(given))


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


def load_run_data(root: Path, options: dict) -> RunData:
    """The photos that a run of these options needs, from the dataset in root."""

    def load(split: str) -> Split:
        return load_split(root, split, photo_size(options), skip_bad=options["skip_bad"])

    training = load("trainval")
    if options["holdout"]:
        training, validation = training.holdout()
    else:
        validation = load("test")
    scored = "holdout" if options["holdout"] else "test"
    return RunData(training.sample(options["limit"]), validation, validation.sample(options["val_limit"]), scored)


def train_run(
    folder: Path, options: dict, data: RunData, device: torch.device, *, resuming: bool, again: str = ""
) -> int:
    """Train from the folder's state, or from the start, until done or asked to stop; 0 when finished.

    Args:
        again: options to type again when the run is resumed, for the message that says how.
    """
    resume_command = f"python -m experiments.run --resume {shlex.quote(str(folder))}{again}"
    precision = choose_precision(device) if options["precision"] == "auto" else options["precision"]
    recipe = training_recipe(options, precision)
    training = DeviceSplit.upload(data.training, device)
    validation = DeviceSplit.upload(data.validation, device)
    whole = data.validation_sample is data.validation
    validation_sample = validation if whole else DeviceSplit.upload(data.validation_sample, device)
    counts = training.class_counts().cpu()
    weights = _class_weights(options["class_weights"], counts)
    loss = make_loss(
        options["loss"],
        None if weights is None else weights.to(device),
        options["gamma"],
        label_smoothing=options["label_smoothing"],
        soft_iou=options["soft_iou"],
    )
    probe = load_probe(data.validation)

    state = TrainingState.start(recipe, device)
    saved = folder / "state.safetensors"
    if resuming:
        if saved.exists():
            state.load(saved)
        # without a state the first epoch was never finished: nothing is kept and the run starts over
        begun = state.epoch > 0 or state.order is not None
        keep_epochs_until(folder, state.epoch if begun else -1)

    info = {
        "options": recorded(options),
        "status": "running",
        "started": _now(),
        "ended": None,
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
        "environment": _environment(device, precision),
        "scores": None,
    }
    if resuming:
        info["started"] = read_run(folder).info.get("started", info["started"])

    with _stop_on_signal() as asked_to_stop, _Progress(recipe, state, training, validation, validation_sample) as bar:
        write_json(folder / "run.json", info)
        write_json(folder / "predictions" / "probe.json", probe.layout())

        def on_batch(phase: str, photos: int) -> None:
            bar.advance(phase, photos)
            if asked_to_stop():
                raise Interrupted

        try:
            for result in train(recipe, state, training, validation, validation_sample, loss, on_batch):
                _record(folder, result, state, recipe, options, probe, device)
                bar.finish_epoch(result)
                info["scores"] = _defined(result.evaluation.scores())
                write_json(folder / "run.json", info)
        except Interrupted:
            state.save(saved)
            write_json(folder / "run.json", info | {"status": "interrupted", "ended": _now()})
            bar.close()
            print(f"Interrupted in epoch {state.epoch + 1}; nothing is lost. Continue with:")
            print(f"  {resume_command}")
            return 130
        except (Diverged, torch.OutOfMemoryError, OSError, SafetensorError) as error:
            with suppress(OSError):  # a full disk has no room for this either
                write_json(folder / "run.json", info | {"status": "failed", "ended": _now(), "error": str(error)})
            bar.close()
            print(f"error: {folder.name} failed: {_remedy(error, resume_command)}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:  # a second Ctrl-C: the epoch under way is lost
            write_json(folder / "run.json", info | {"status": "interrupted", "ended": _now()})
            raise
        except BaseException as error:
            write_json(folder / "run.json", info | {"status": "failed", "ended": _now(), "error": repr(error)})
            raise

    write_details(folder, data.validation.names, result.evaluation)
    write_json(folder / "run.json", info | {"status": "finished", "ended": _now()})
    saved.unlink(missing_ok=True)
    print(f"{folder}: finished. See it with `python app.py`, compare it with `python -m experiments.compare`.")
    return 0


def _record(
    folder: Path,
    result: EpochResult,
    state: TrainingState,
    recipe: Recipe,
    options: dict,
    probe: Probe,
    device: torch.device,
) -> None:
    """Write all that an epoch leaves behind; the state last, so that a kill in between repeats the epoch."""
    size = recipe.network_size(result.epoch)
    append_epoch(folder, result)
    save_mosaic(folder, result.epoch, probe.predict(state.scored_model, device, size, recipe.precision))
    if result.epoch == 0:
        return
    checkpoint = {
        "loss": options["loss"],
        "epoch": result.epoch,
        "input_size": size,
        "scores": _defined(result.evaluation.scores()),
    }
    save_checkpoint(folder / "model.safetensors", state.scored_model, **checkpoint)
    if options["keep_epochs"]:
        (folder / "weights").mkdir(exist_ok=True)
        save_checkpoint(folder / "weights" / f"epoch-{result.epoch:03d}.safetensors", state.scored_model, **checkpoint)
    # not after the last epoch: a kill before the run is finished then repeats it, details and all
    if result.epoch < recipe.epochs:
        state.save(folder / "state.safetensors")


def _defined(scores: dict[str, float]) -> dict[str, float | None]:
    """Scores for JSON, which has no NaN."""
    return {name: None if score != score else score for name, score in scores.items()}


def _class_weights(choice: str | list[float] | None, counts: torch.Tensor) -> torch.Tensor | None:
    if choice is None or choice == "none":
        return None
    if isinstance(choice, list):
        return torch.tensor(choice, dtype=torch.float32)
    try:
        return balanced_weights(counts, choice)
    except ValueError as error:
        raise InputError(f"--class-weights {choice}: {error}; pass three numbers, or train on more photos") from error


def _environment(device: torch.device, precision: str) -> dict:
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
    else:
        name = f"{_processor()}, {torch.get_num_threads()} threads"
    packages = ("torch", "torchvision", "numpy", "focal-loss-torch", "safetensors")
    return {
        "device": device.type,
        "device_name": name,
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
    project = Path(__file__).parent.parent

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(project), *arguments], capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", "seg", "experiments/*.py")
        return git("rev-parse", "HEAD") + ("+changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _remedy(error: Exception, resume_command: str) -> str:
    if isinstance(error, Diverged):
        return f"{error}: lower --lr and start again with --overwrite"
    if isinstance(error, torch.OutOfMemoryError):
        return "the device's memory is full: lower --batch-size and start again with --overwrite"
    return f"{error}: mend that, then continue with `{resume_command}`"


def _again(given: dict) -> str:
    """What was typed and is no part of the recipe, to be typed again with --resume."""
    defaults = _parser()
    typed = [name for name in ("data", "device") if given[name] != defaults.get_default(name)]
    return "".join(f" --{name} {shlex.quote(str(given[name]))}" for name in typed)


def _begun_on(run: Run) -> str | None:
    """The device of a run's random generator, which no other kind of device can continue."""
    environment = run.info.get("environment")
    return environment.get("device") if isinstance(environment, dict) else None


@contextmanager
def _stop_on_signal() -> Iterator:
    """While inside, Ctrl-C and SIGTERM only set a flag; a second Ctrl-C stops at once."""
    received = []

    def remember(number: int, frame: object) -> None:
        received.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, remember) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Progress:
    """One progress bar an epoch, over training and scoring, and one line an epoch."""

    def __init__(
        self,
        recipe: Recipe,
        state: TrainingState,
        training: DeviceSplit,
        validation: DeviceSplit,
        validation_sample: DeviceSplit,
    ) -> None:
        self.epochs = recipe.epochs
        self.totals = (len(training), len(validation), len(validation_sample))
        fresh = state.epoch == 0 and state.order is None
        self.epoch = 0 if fresh else state.epoch + 1
        self.done = min(state.batch * recipe.batch_size, len(training))
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


def _resumed_folder(arguments: list[str] | None, given: dict) -> Path:
    named = _parser().parse_args(arguments).resume
    if named != "":
        return Path(named)
    if given["name"] is None and "loss" not in given:
        raise InputError("--resume needs the run's folder, or --loss or --name to find it by")
    return given["out"] / (given["name"] or run_name(given))


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog="python -m experiments.run",
        description="Train SegNet on the Oxford-IIIT Pet dataset with one loss and log the run to a folder.",
        epilog="The defaults are the article's recipe: 20 epochs, Adam, StepLR, batches of 64, 128 x 128.",
    )
    add_options(parser)
    where = parser.add_argument_group("run")
    add_data_option(where)
    where.add_argument("--out", type=Path, default=DEFAULT_FOLDER, metavar="DIR", help="folder of runs (default: runs)")
    where.add_argument("--name", default=None, help="the run's folder (default: LOSS-sSEED)")
    where.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")
    where.add_argument(
        "--resume", nargs="?", const="", default=None, metavar="RUN", help="continue an interrupted run's folder"
    )
    where.add_argument("--overwrite", action="store_true", help="replace a run of the same name")
    return parser


if __name__ == "__main__":
    run_command(main)

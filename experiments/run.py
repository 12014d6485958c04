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
    not_negative,
    positive,
    run_command,
)
from experiments.probe import Probe, load_probe
from experiments.runs import (
    DEFAULT_FOLDER,
    Run,
    append_epoch,
    create_folder,
    keep_epochs_until,
    read_run,
    save_mosaic,
    write_details,
    write_json,
)
from seg import CLASS_NAMES, InputError
from seg.checkpoint import save_checkpoint
from seg.data import DeviceSplit, Split, load_split
from seg.evaluation import choose_precision
from seg.losses import LOSSES, Diverged, balanced_weights, make_loss
from seg.training import EpochResult, Recipe, TrainingState, progressive_sizes, train

# The article's recipe, and how much of the data to use; every run records all of these.
DEFAULTS = {
    "loss": None,
    "epochs": 20,
    "seed": 0,
    "lr": 1e-3,
    "lr_step": 7,
    "lr_decay": 0.7,
    "batch_size": 64,
    "size": 128,
    "progressive": False,
    "jitter": 0.3,
    "gamma": 2.0,
    "class_weights": None,
    "precision": "auto",
    "limit": None,
    "val_limit": None,
    "skip_bad": False,
    "keep_epochs": False,
}


class Interrupted(Exception):
    """The person asked the run to stop."""


def main(arguments: list[str] | None) -> int:
    given = vars(_parser().parse_args(arguments))
    if given.pop("resume", None) is None:
        options = DEFAULTS | {name: value for name, value in given.items() if name in DEFAULTS}
        _check(options)
        folder = given["out"] / (given["name"] or f"{options['loss']}-s{options['seed']}")
        resumed = None
    else:
        folder = _resumed_folder(arguments, given)
        resumed = read_run(folder)
        if resumed.status == "finished":
            raise InputError(f"{folder} is finished: there is nothing to resume")
        options = DEFAULTS | resumed.info["options"]
        changed = sorted(name for name in given if name in DEFAULTS and given[name] != _typed(options, name))
        if changed:
            option = changed[0].replace("_", "-")
            raise InputError(f"{folder} was not begun with this --{option}: leave it out, or start another run")
    device = choose_device(given["device"])
    if resumed is not None and _begun_on(resumed) not in (None, device.type):
        raise InputError(f"{folder} was begun on another device: continue it with --device {_begun_on(resumed)}")
    if resumed is None and folder.exists() and not given["overwrite"]:
        create_folder(folder, overwrite=False)  # says so before the data is read

    training, validation = (
        load_split(given["data"], split, _photo_size(options), skip_bad=options["skip_bad"])
        for split in ("trainval", "test")
    )
    data = RunData(training.sample(options["limit"]), validation, validation.sample(options["val_limit"]))
    if resumed is None:
        create_folder(folder, overwrite=given["overwrite"])
    elif resumed.info.get("training_photos") not in (None, len(data.training)):
        raise InputError(
            f"{folder} was begun with {resumed.info['training_photos']} training photos, {given['data']} gives "
            f"{len(data.training)}: pass the --data it was begun with"
        )
    return train_run(folder, options, data, device, resuming=resumed is not None, again=_again(given))


@dataclass(frozen=True)
class RunData:
    """The photos of a run; `validation_sample` is scored after each epoch, `validation` after the last."""

    training: Split
    validation: Split
    validation_sample: Split


def train_run(
    folder: Path, options: dict, data: RunData, device: torch.device, *, resuming: bool, again: str = ""
) -> int:
    """Train from the folder's state, or from the start, until done or asked to stop; 0 when finished.

    Args:
        again: options to type again when the run is resumed, for the message that says how.
    """
    resume_command = f"python -m experiments.run --resume {shlex.quote(str(folder))}{again}"
    precision = choose_precision(device) if options["precision"] == "auto" else options["precision"]
    recipe = _recipe(options, precision)
    training = DeviceSplit.upload(data.training, device)
    validation = DeviceSplit.upload(data.validation, device)
    whole = data.validation_sample is data.validation
    validation_sample = validation if whole else DeviceSplit.upload(data.validation_sample, device)
    counts = training.class_counts().cpu()
    weights = _class_weights(options["class_weights"], counts)
    loss = make_loss(options["loss"], None if weights is None else weights.to(device), options["gamma"])
    probe = load_probe(data.validation)

    state = TrainingState.start(recipe, device)
    saved = folder / "state.safetensors"
    if resuming:
        if saved.exists():
            state.load(saved)
        # without a state the first epoch was never finished: nothing is kept and the run starts over
        begun = state.epoch > 0 or state.order is not None
        keep_epochs_until(folder, state.epoch if begun else -1)

    # the schedule is an option like any other, so that runs that differ in it are seen to
    options = options | {"size": list(recipe.sizes) if options["progressive"] else options["size"]}
    info = {
        "options": options,
        "status": "running",
        "started": _now(),
        "ended": None,
        "parameters": sum(parameter.numel() for parameter in state.model.parameters()),
        "class_weights": None if weights is None else [round(weight, 6) for weight in weights.tolist()],
        "training_photos": len(training),
        "validation_photos": len(validation),
        "validation_sample_photos": len(validation_sample),
        "skipped_pairs": {"trainval": len(data.training.skipped), "test": len(data.validation.skipped)},
        "class_pixels": {
            "trainval": dict(zip(CLASS_NAMES, counts.sum(dim=0).tolist(), strict=True)),
            "test": dict(zip(CLASS_NAMES, validation.class_counts().sum(dim=0).tolist(), strict=True)),
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
    save_mosaic(folder, result.epoch, probe.predict(state.model, device, size, recipe.precision))
    if result.epoch == 0:
        return
    checkpoint = {
        "loss": options["loss"],
        "epoch": result.epoch,
        "input_size": size,
        "scores": _defined(result.evaluation.scores()),
    }
    save_checkpoint(folder / "model.safetensors", state.model, **checkpoint)
    if options["keep_epochs"]:
        (folder / "weights").mkdir(exist_ok=True)
        save_checkpoint(folder / "weights" / f"epoch-{result.epoch:03d}.safetensors", state.model, **checkpoint)
    # not after the last epoch: a kill before the run is finished then repeats it, details and all
    if result.epoch < recipe.epochs:
        state.save(folder / "state.safetensors")


def _defined(scores: dict[str, float]) -> dict[str, float | None]:
    """Scores for JSON, which has no NaN."""
    return {name: None if score != score else score for name, score in scores.items()}


def _recipe(options: dict, precision: str) -> Recipe:
    size, epochs = options["size"], options["epochs"]
    if isinstance(size, list):
        sizes = tuple(size)
    elif options["progressive"]:
        sizes = progressive_sizes(epochs, size)
    else:
        sizes = (size,) * epochs
    return Recipe(
        sizes=sizes,
        seed=options["seed"],
        batch_size=options["batch_size"],
        learning_rate=options["lr"],
        learning_rate_step=options["lr_step"],
        learning_rate_decay=options["lr_decay"],
        jitter=options["jitter"],
        precision=precision,
    )


def _photo_size(options: dict) -> int:
    return options["size"][-1] if isinstance(options["size"], list) else options["size"]


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


def _typed(options: dict, name: str) -> object:
    """An option as it was typed: a schedule of sizes goes back to the size it ends with."""
    return _photo_size(options) if name == "size" else options[name]


def _resumed_folder(arguments: list[str] | None, given: dict) -> Path:
    named = _parser().parse_args(arguments).resume
    if named != "":
        return Path(named)
    if given["name"] is None and "loss" not in given:
        raise InputError("--resume needs the run's folder, or --loss or --name to find it by")
    return given["out"] / (given["name"] or f"{given['loss']}-s{given.get('seed', DEFAULTS['seed'])}")


def _check(options: dict) -> None:
    """Fill in what depends on the loss; refuse what does not go together."""
    if options["loss"] is None:
        raise InputError(f"--loss is missing: choose from {', '.join(LOSSES)}")
    if options["class_weights"] is None:
        options["class_weights"] = "median" if options["loss"] == "weighted" else "none"
    weighted = options["class_weights"] != "none"
    if options["loss"] == "ce" and weighted:
        raise InputError("--loss ce takes no --class-weights: use --loss weighted")
    if options["loss"] == "weighted" and not weighted:
        raise InputError("--loss weighted needs --class-weights other than none: use --loss ce for no weights")
    if options["loss"] != "focal" and options["gamma"] != DEFAULTS["gamma"]:
        raise InputError(f"--gamma belongs to --loss focal: --loss {options['loss']} has none")
    if options["seed"] >= 2**63:
        raise InputError(f"--seed {options['seed']} is too large: choose one below 2**63")
    if options["size"] % 16:
        raise InputError(f"--size {options['size']} does not divide by 16: try {max(16, options['size'] // 16 * 16)}")


def _weights(text: str) -> str | list[float]:
    if text in ("median", "inverse", "none"):
        return text
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != len(CLASS_NAMES) or not all(0 < number < float("inf") for number in numbers):
        raise argparse.ArgumentTypeError(
            f"{text} is neither median, inverse, none nor three numbers above 0 like 1,0.5,2 (pet,background,border)"
        )
    return numbers


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog="python -m experiments.run",
        description="Train SegNet on the Oxford-IIIT Pet dataset with one loss and log the run to a folder.",
        epilog="The defaults are the article's recipe: 20 epochs, Adam, StepLR, batches of 64, 128 x 128.",
    )
    omit = argparse.SUPPRESS  # so that --resume can tell what was typed from what was not
    recipe = parser.add_argument_group("recipe")
    recipe.add_argument("--loss", choices=LOSSES, default=omit, help="the loss to train with (needed)")
    recipe.add_argument("--epochs", type=positive(int), default=omit, help="(default: 20)")
    recipe.add_argument("--seed", type=not_negative(int), default=omit, help="of weights and batches (default: 0)")
    recipe.add_argument("--lr", type=positive(float), default=omit, help="Adam's learning rate (default: 0.001)")
    recipe.add_argument("--lr-step", type=positive(int), default=omit, help="epochs between decays (default: 7)")
    recipe.add_argument("--lr-decay", type=positive(float), default=omit, help="factor of a decay (default: 0.7)")
    recipe.add_argument("--batch-size", type=positive(int), default=omit, help="(default: 64)")
    recipe.add_argument("--size", type=positive(int), default=omit, help="photos' side in pixels (default: 128)")
    recipe.add_argument(
        "--progressive",
        action="store_true",
        default=omit,
        help="early epochs at half the size, then three quarters, the last 15 %% at --size: for a CPU",
    )
    recipe.add_argument("--jitter", type=not_negative(float), default=omit, help="colour jitter (default: 0.3)")
    recipe.add_argument("--gamma", type=not_negative(float), default=omit, help="focal loss's gamma (default: 2)")
    recipe.add_argument(
        "--class-weights",
        type=_weights,
        default=omit,
        metavar="WEIGHTS",
        help="median, inverse, none, or three numbers: pet,background,border (default: median for weighted)",
    )
    data = parser.add_argument_group("data")
    add_data_option(data)
    data.add_argument("--limit", type=positive(int), default=omit, help="train on a fixed sample of this many photos")
    data.add_argument(
        "--val-limit",
        type=positive(int),
        default=omit,
        help="score a fixed sample of this many photos after each epoch, and all after the last",
    )
    data.add_argument(
        "--skip-bad", action="store_true", default=omit, help="leave out pairs that cannot be used, and count them"
    )
    where = parser.add_argument_group("run")
    where.add_argument("--out", type=Path, default=DEFAULT_FOLDER, metavar="DIR", help="folder of runs (default: runs)")
    where.add_argument("--name", default=None, help="the run's folder (default: LOSS-sSEED)")
    where.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")
    where.add_argument(
        "--precision", choices=("auto", "fp32", "bf16"), default=omit, help="auto: bf16 where the device has it"
    )
    where.add_argument("--keep-epochs", action="store_true", default=omit, help="keep the weights of every epoch")
    where.add_argument(
        "--resume", nargs="?", const="", default=None, metavar="RUN", help="continue an interrupted run's folder"
    )
    where.add_argument("--overwrite", action="store_true", help="replace a run of the same name")
    return parser


if __name__ == "__main__":
    run_command(main)

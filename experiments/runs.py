"""A run is a folder: its files, written while it trains and read back by everything else."""

import contextlib
import csv
import io
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
from PIL import Image

from experiments.scores import Place, appearing
from seg import InputError
from seg.losses import LOSSES
from seg.pets import CLASS_NAMES
from seg.training import EpochResult

try:
    import fcntl
except ImportError:  # Windows has no locks on folders
    fcntl = None

EPOCH_COLUMNS = (
    "epoch",
    "seconds",
    "images_per_second",
    "learning_rate",
    "train_loss",
    *(score.name for score in appearing(Place.EPOCHS)),
)
DETAILS = ("images.csv", "bands.csv", "calibration.csv")
CONFUSION_COLUMNS = tuple(f"{true}_as_{predicted}" for true in CLASS_NAMES for predicted in CLASS_NAMES)


class BadRun(InputError):
    """The folder is not a run, or its files are damaged."""


@dataclass(frozen=True)
class Run:
    """A run read from disk.

    Attributes:
        name: the folder's name; with its parent's where another run has the same.
        info: what `run.json` holds.
        epochs: `epochs.csv`, one row an epoch, row 0 the untrained model; empty before the first score.
    """

    name: str
    folder: Path
    info: dict
    epochs: pd.DataFrame

    @property
    def loss(self) -> str:
        return self.info["options"]["loss"]

    @property
    def seed(self) -> int:
        return self.info["options"]["seed"]

    @property
    def status(self) -> str:
        return self.info["status"]

    @property
    def epochs_trained(self) -> int:
        return 0 if self.epochs.empty else int(self.epochs["epoch"].iloc[-1])

    @property
    def epochs_planned(self) -> int:
        return self.info["options"]["epochs"]

    @property
    def environment(self) -> dict:
        """Where and with what it was begun; empty where the run does not say."""
        environment = self.info.get("environment")
        return environment if isinstance(environment, dict) else {}

    @property
    def device_name(self) -> str | None:
        """The processor and its threads, or the accelerator, that trained it; None where the run does not say."""
        name, threads = self.environment.get("device_name"), self.environment.get("threads")
        if not isinstance(name, str):
            return None
        of_processor = self.environment.get("device") == "cpu" and isinstance(threads, int)
        return f"{name}, {threads} {'thread' if threads == 1 else 'threads'}" if of_processor else name

    @property
    def photos_scored(self) -> int | None:
        """Test photos behind the last epoch's scores: all after the last planned epoch, before it a sample."""
        if self.epochs.empty:
            return None
        last = self.epochs_trained == self.epochs_planned
        photos = self.info.get("validation_photos" if last else "validation_sample_photos")
        return photos if isinstance(photos, int) else None

    @property
    def checkpoint(self) -> Path | None:
        path = self.folder / "model.safetensors"
        return path if path.is_file() else None

    def final(self, score: str) -> float | None:
        """The last epoch's score; None before the first epoch, or where the score has no meaning."""
        if self.epochs.empty or pd.isna(self.epochs[score].iloc[-1]):
            return None
        return float(self.epochs[score].iloc[-1])

    def mosaic(self, epoch: int) -> Path:
        return self.folder / "predictions" / f"epoch-{epoch:03d}.png"

    def probe_layout(self) -> dict | None:
        """`probe.json`, or None where the run has none that can be read."""
        try:
            layout = json.loads((self.folder / "predictions" / "probe.json").read_text())
            return layout if {"tile", "columns", "tiles"} <= layout.keys() else None
        except (OSError, ValueError, AttributeError):
            return None


def read_run(folder: Path) -> Run:
    """Read a run.

    Raises:
        BadRun: the folder holds no run, or `run.json` or `epochs.csv` is damaged.
    """
    folder = Path(folder)
    info = read_info(folder)
    try:
        text = (folder / "epochs.csv").read_bytes()
    except FileNotFoundError:
        text = b""
    except OSError as error:
        raise BadRun(f"{folder / 'epochs.csv'} cannot be read ({error.strerror})") from error
    return Run(folder.resolve().name, folder, info, parse_epochs(folder, text))


def read_info(folder: Path) -> dict:
    """`run.json`.

    Raises:
        BadRun: it is missing or damaged.
    """
    path = folder / "run.json"
    try:
        info = json.loads(path.read_text())
        options = info["options"]
        described = isinstance(info["status"], str) and isinstance(options["loss"], str)
        described = described and isinstance(options["seed"], int) and isinstance(options["epochs"], int)
    except FileNotFoundError as error:
        raise BadRun(f"{folder} is not a run (it has no run.json): give the folder of a run") from error
    except OSError as error:
        raise BadRun(f"{path} cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadRun(f"{path} does not describe a run ({error!r}): move the folder away, or train it anew") from error
    if not described:
        raise BadRun(f"{path} does not describe a run: move the folder away, or train it anew")
    return info


def parse_epochs(folder: Path, text: bytes) -> pd.DataFrame:
    """The whole rows of an `epochs.csv`: a run that is being written may end in half of one.

    Raises:
        BadRun: this is no table of epochs.
    """
    path = folder / "epochs.csv"
    whole = text[: text.rfind(b"\n") + 1]
    if not whole.strip():
        return pd.DataFrame(columns=list(EPOCH_COLUMNS), dtype=float)
    try:
        epochs = pd.read_csv(io.BytesIO(whole))
    except (pd.errors.ParserError, UnicodeDecodeError) as error:
        raise BadRun(f"{path} cannot be read ({error}): move the folder away, or train it anew") from error
    if tuple(epochs.columns) != EPOCH_COLUMNS:
        raise BadRun(f"{path} has other columns than a run's: move the folder away, or train it anew")
    epochs = epochs.apply(pd.to_numeric, errors="coerce").dropna(subset=["epoch", "pixel_accuracy"])
    return epochs[epochs["epoch"].between(0, 1e6) & (epochs["epoch"] % 1 == 0)]


def find_runs(folders: list[Path], read: Callable[[Path], Run] = read_run) -> tuple[list[Run], list[str]]:
    """All runs directly inside these folders, sorted by loss and name, and one line for each broken one.

    Where two folders hold a run of the same name both are kept: `ce-s0`, and `ce-s0 (runs)` from the later
    folder `runs`.
    """
    runs: dict[str, Run] = {}
    broken = []
    for parent in dict.fromkeys(folder.resolve() for folder in folders):
        if not parent.is_dir():
            continue
        for folder in sorted(parent.iterdir()):
            if not (folder / "run.json").exists():
                continue
            try:
                run = read(folder)
            except BadRun as error:
                broken.append(str(error))
                continue
            names = (run.name, f"{run.name} ({parent.name})", f"{run.name} ({parent})")
            name = next(name for name in names if name not in runs)
            runs[name] = replace(run, name=name)
    return sorted(runs.values(), key=_loss_then_name), broken


def _loss_then_name(run: Run) -> tuple[int, str]:
    order = list(LOSSES)
    return (order.index(run.loss) if run.loss in order else len(order), run.name)


def write_json(path: Path, content: dict) -> None:
    """Write and rename, so that a reader sees the old file or the whole new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(json.dumps(content, indent=2) + "\n")
    temporary.replace(path)


def create_folder(folder: Path, *, overwrite: bool) -> None:
    """Make the run's folder, empty but for `predictions/`.

    Raises:
        InputError: it exists and `overwrite` is not set, or it is no run and not empty, or cannot be made.
    """
    try:
        if folder.exists():
            # a run stopped before its first file has left an empty predictions/: as good as nothing
            empty = all(path.name == "predictions" and not any(path.iterdir()) for path in folder.iterdir())
            if not empty and not overwrite:
                raise InputError(
                    f"{folder} exists: continue it with --resume, replace it with --overwrite, or pass --name NAME"
                )
            if not empty and not (folder / "run.json").exists():
                raise InputError(f"{folder} is not a run, so --overwrite leaves it alone: pass --name NAME")
            with hold(folder):
                shutil.rmtree(folder)
        (folder / "predictions").mkdir(parents=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be made ({error.strerror}): pass --out DIR") from error


@contextlib.contextmanager
def hold(folder: Path) -> Iterator[None]:
    """While inside, no other process can hold this run's folder; a process that dies lets go.

    Raises:
        InputError: another process holds it.
    """
    if fcntl is None:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise InputError(f"{folder} is being trained by another process: wait for it, or stop it") from error
    finally:
        os.close(descriptor)


def append_epoch(folder: Path, result: EpochResult) -> None:
    """Add the epoch's row to `epochs.csv` and flush it to the disk."""
    row = {
        "epoch": result.epoch,
        "seconds": result.seconds,
        "images_per_second": result.images_per_second,
        "learning_rate": result.learning_rate,
        "train_loss": result.train_loss,
        **result.evaluation.scores(),
    }
    path = folder / "epochs.csv"
    fresh = not path.exists() or path.stat().st_size == 0
    with open(path, "a", newline="") as file:
        writer = csv.writer(file)
        if fresh:
            writer.writerow(EPOCH_COLUMNS)
        writer.writerow([csv_cell(row[column]) for column in EPOCH_COLUMNS])
        file.flush()
        os.fsync(file.fileno())


def csv_cell(value: float | int | str) -> str:
    """Seven digits are enough for every score; an undefined one is an empty cell."""
    if isinstance(value, float):
        return "" if value != value else f"{value:.7g}"
    return str(value)


def keep_epochs_until(folder: Path, epoch: int) -> None:
    """Drop the rows and mosaics of epochs after this one, and what was scored in detail: resuming does them again."""
    for name in DETAILS:
        (folder / name).unlink(missing_ok=True)
    path = folder / "epochs.csv"
    if path.exists():
        rows = list(csv.reader(path.read_text().splitlines()))
        whole = [row for row in rows[1:] if len(row) == len(EPOCH_COLUMNS) and row[0].isdigit()]
        kept = rows[:1] + [row for row in whole if int(row[0]) <= epoch]
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        with open(temporary, "w", newline="") as file:
            csv.writer(file).writerows(kept)
        temporary.replace(path)
    for mosaic in (folder / "predictions").glob("epoch-*.png"):
        if int(mosaic.stem.removeprefix("epoch-")) > epoch:
            mosaic.unlink()


def save_mosaic(folder: Path, epoch: int, mosaic: Image.Image) -> None:
    path = folder / "predictions" / f"epoch-{epoch:03d}.png"
    temporary = path.with_name(f".{path.name}.tmp")
    mosaic.save(temporary, format="PNG", optimize=True)
    temporary.replace(path)

"""A run is a folder: reading the files that `experiments.store.writer` writes while it trains."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.scores import Place, appearing
from experiments.store.csv_table import BadTable, read_table
from seg import InputError
from seg.losses import LOSSES
from seg.pets import CLASS_NAMES

if TYPE_CHECKING:
    import pandas as pd

EPOCH_COLUMNS = (
    "epoch",
    "seconds",
    "images_per_second",
    "learning_rate",
    "train_loss",
    *(score.name for score in appearing(Place.EPOCHS)),
)
DETAILS = ("images.csv", "bands.csv", "calibration.csv")
# Of run.json; a reader refuses a newer one, and reads an unknown key or column of its own by leaving it alone
FORMAT = 1
LAST_EPOCH = 1_000_000
CONFUSION_COLUMNS = tuple(f"{true}_as_{predicted}" for true in CLASS_NAMES for predicted in CLASS_NAMES)


class BadRun(InputError):
    """The folder is not a run, or its files are damaged."""


@dataclass(frozen=True)
class Run:
    """A run read from disk.

    Attributes:
        name: the folder's name; with its parent's where another run has the same.
        info: what `run.json` holds.
        epochs: `epochs.csv`, one row an epoch, row 0 the untrained model; empty before the first score. It has all of
            EPOCH_COLUMNS, NaN where the file lacks one, then the columns that only the file knows.
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
        """The processor and its threads, or the accelerator, that trained it, or each of several; None where unsaid."""
        names = []
        for environment in self.environments:
            name, threads = processor_and_threads(environment)
            if name is not None and environment.get("device") in ("cpu", None) and threads is not None:
                name += f", {threads} {'thread' if threads == 1 else 'threads'}"
            names += [] if name is None else [name]
        return ", then ".join(dict.fromkeys(names)) or None

    @property
    def environments(self) -> list[dict]:
        """Where and with what it was begun, then where it went on each time it was resumed, as far as it says so."""
        later = [entry.get("environment") for entry in self.info.get("resumed", []) if isinstance(entry, dict)]
        return [environment for environment in (self.info.get("environment"), *later) if isinstance(environment, dict)]

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
        value = math.nan if self.epochs.empty else float(self.epochs[score].iloc[-1])
        return None if math.isnan(value) else value

    def mosaic(self, epoch: int) -> Path:
        return mosaic_path(self.folder, epoch)

    def probe_layout(self) -> dict | None:
        """`probe.json`, or None where the run has none that can be read."""
        try:
            layout = json.loads((self.folder / "predictions" / "probe.json").read_text())
            return layout if {"tile", "columns", "tiles"} <= layout.keys() else None
        except (OSError, ValueError, AttributeError):
            return None


def processor_and_threads(environment: dict) -> tuple[str | None, int | None]:
    """The device's name and its number of threads, each None where a record does not say it."""
    name, threads = environment.get("device_name"), environment.get("threads")
    name = name if isinstance(name, str) else None
    older = re.fullmatch(r"(.+), (\d+) threads", name or "")  # before they were recorded apart
    if older and threads is None:
        name, threads = older[1], int(older[2])
    return name, threads if _is_whole(threads) else None


def mosaic_path(folder: Path, epoch: int) -> Path:
    return folder / "predictions" / f"epoch-{epoch:03d}.png"


def read_run(folder: Path) -> Run:
    """Read a run.

    Raises:
        BadRun: the folder holds no run, or `run.json` or `epochs.csv` is damaged.
    """
    folder = Path(folder)
    info = read_info(folder)
    path = folder / "epochs.csv"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = b""
    except OSError as error:
        raise BadRun(f"{path} cannot be read ({error.strerror})") from error
    return Run(folder.resolve().name, folder, info, _parse_epochs(path, content))


def read_info(folder: Path) -> dict:
    """`run.json`.

    Raises:
        BadRun: it is missing or damaged, or of a format newer than this version.
    """
    path = folder / "run.json"
    try:
        info = json.loads(path.read_text())
        version = info.get("format", FORMAT)  # older runs do not say
        if _is_whole(version) and version > FORMAT:
            raise BadRun(f"{path} has format {version}, this version reads up to {FORMAT}: update Borderline")
        options = info["options"]
        described = isinstance(info["status"], str) and isinstance(options["loss"], str)
        described = described and isinstance(options["seed"], int) and isinstance(options["epochs"], int)
        sizes = options.get("size", 1)  # a progressive run's are its schedule
        described = described and bool(sizes) and all(map(_is_whole, sizes if isinstance(sizes, list) else [sizes]))
        described = described and _is_whole(version) and version >= 1
        described = described and isinstance(info.get("resumed", []), list)
    except FileNotFoundError as error:
        raise BadRun(f"{folder} is not a run (it has no run.json): give the folder of a run") from error
    except OSError as error:
        raise BadRun(f"{path} cannot be read ({error.strerror})") from error
    except BadRun:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadRun(f"{path} does not describe a run ({error!r}): move the folder away, or train it anew") from error
    if not described:
        raise BadRun(f"{path} does not describe a run: move the folder away, or train it anew")
    return info


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _parse_epochs(path: Path, content: bytes) -> pd.DataFrame:
    """The rows of an `epochs.csv`, by epoch: of several rows of one epoch the last in the file.

    A last line without its end is left out: a run that is being written may end in half of one.

    Raises:
        BadRun: this is no table of epochs.
    """
    whole = content[: content.rfind(b"\n") + 1]
    if not whole.strip():
        whole = ",".join(EPOCH_COLUMNS).encode()
    try:
        epochs = read_table(path, whole, EPOCH_COLUMNS, needed=["epoch"], whole=["epoch"])
        for line, epoch in epochs["epoch"].items():
            if epoch > LAST_EPOCH:
                raise BadTable(f"{path}, line {line}: epoch is {epoch:g}, which is past {LAST_EPOCH:,}")
    except BadTable as error:
        raise BadRun(f"{error}: mend the file, move the run's folder away, or train it anew") from error
    ordered = epochs.sort_values("epoch", kind="stable").drop_duplicates("epoch", keep="last")
    return ordered.reset_index(drop=True).astype({"epoch": int})


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

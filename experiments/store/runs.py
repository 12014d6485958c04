"""A run is a folder: reading the files that `experiments.store.writer` writes while it trains."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.store.csv_table import BadTable
from experiments.store.environment import device_with_threads
from experiments.store.epochs import read_epochs
from experiments.store.folder import weights_path
from seg import InputError
from seg.hub import cached_repository
from seg.losses import LOSSES
from seg.options import Options

if TYPE_CHECKING:
    import pandas as pd

# Of run.json; a reader refuses a newer one, and reads an unknown key or column of its own by leaving it alone
FORMAT = 1
# The status of what is no run, but anyone's predicted masks, scored as one
MASKS = "masks"


class BadRun(InputError):
    """The folder is not a run, or its files are damaged."""


@dataclass(frozen=True)
class Run:
    """A run read from disk.

    Attributes:
        name: the folder's name, or that of the repository on the Hub that it is; with where it lies where another run
            has the same.
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
        """The name of the loss it was trained with."""
        return self.info["options"]["loss"]

    @property
    def seed(self) -> int:
        """What its weights and the order of its photos were drawn from."""
        return self.info["options"]["seed"]

    @property
    def status(self) -> str:
        """`running`, `finished`, `interrupted` or `failed`; `masks` of what is no run."""
        return self.info["status"]

    @property
    def epochs_trained(self) -> int:
        """The last epoch that has a row; 0 before there is one."""
        return 0 if self.epochs.empty else int(self.epochs["epoch"].iloc[-1])

    @property
    def epochs_planned(self) -> int:
        """Epochs that it was to be trained for."""
        return self.info["options"]["epochs"]

    @property
    def environment(self) -> dict:
        """Where and with what it was begun; empty where the run does not say."""
        environment = self.info.get("environment")
        return environment if isinstance(environment, dict) else {}

    @property
    def device_name(self) -> str | None:
        """The processor and its threads, or the accelerator, that trained it, or each of several; None where unsaid."""
        names = dict.fromkeys(map(device_with_threads, self.environments))
        return ", then ".join(name for name in names if name is not None) or None

    @property
    def environments(self) -> list[dict]:
        """Where and with what it was begun, then where it went on each time it was resumed, as far as it says so."""
        later = [entry.get("environment") for entry in self.info.get("resumed", []) if isinstance(entry, dict)]
        return [environment for environment in (self.info.get("environment"), *later) if isinstance(environment, dict)]

    @property
    def own_photos(self) -> bool:
        """Whether its scores are of one's own photos, not of the dataset's."""
        return self.info.get("own_photos") is True

    @property
    def photos_scored(self) -> int | None:
        """Photos behind the last epoch's row of scores; None before there is one, or where the run does not say."""
        return None if self.epochs.empty else self.photos_scored_at(self.epochs_trained)

    def photos_scored_at(self, epoch: int) -> int | None:
        """Photos behind an epoch's row of scores: all after the last planned one, a sample before; None if unsaid."""
        last = epoch == self.epochs_planned
        photos = self.info.get("validation_photos" if last else "validation_sample_photos")
        return photos if isinstance(photos, int) else None

    def network_side(self, epoch: int) -> int:
        """Side in pixels that the network was run at after this epoch; 0 is the untrained model."""
        size = self.info["options"].get("size", Options.size)
        if not isinstance(size, list):
            return size
        return size[min(max(epoch, 1), len(size)) - 1]

    @property
    def checkpoint(self) -> Path | None:
        """The file of its weights; None where it has none."""
        path = weights_path(self.folder)
        return path if path.is_file() else None

    def final(self, score: str) -> float | None:
        """The last epoch's score; None before the first epoch, or where the score has no meaning.

        Where a finished run was scored again, what `images.csv` says, not the row of that epoch.
        """
        scores = self.info.get("scores")
        if "scored" in self.info and isinstance(scores, dict) and isinstance(scores.get(score), float):
            return scores[score]
        value = math.nan if self.epochs.empty else float(self.epochs[score].iloc[-1])
        return None if math.isnan(value) else value


def run_name(folder: Path) -> str:
    """A run's name: its folder's; of one that is a whole repository on the Hub the repository's, not its commit's."""
    return (cached_repository(folder) or folder.name).rpartition("/")[2]


def read_run(folder: Path) -> Run:
    """The run in this folder, as its files are now.

    Raises:
        BadRun: the folder holds no run, or `run.json` or `epochs.csv` is damaged.
    """
    folder = Path(folder)
    info, path = read_info(folder), folder / "epochs.csv"
    try:
        epochs = read_epochs(path)
    except OSError as error:
        raise BadRun(f"{path} cannot be read ({error.strerror})") from error
    except BadTable as error:
        raise BadRun(f"{error}: mend the file, move the run's folder away, or train it anew") from error
    return Run(run_name(folder.resolve()), folder, info, epochs)


def read_unfinished(folder: Path) -> Run:
    """The run in this folder, which is to go on.

    Raises:
        InputError: it is finished.
        BadRun: as `read_run`.
    """
    run = read_run(folder)
    if run.status == "finished":
        raise InputError(f"{folder} is finished: there is nothing to resume")
    return run


def read_info(folder: Path) -> dict:
    """What `run.json` in this folder holds.

    Raises:
        BadRun: it is missing or damaged, or of a format newer than this version.
    """
    path = folder / "run.json"
    try:
        info = json.loads(path.read_text(encoding="utf-8"))
        version = info.get("format", FORMAT)  # older runs do not say
        if _is_whole(version) and version > FORMAT:
            raise BadRun(f"{path} has format {version}, this version reads up to {FORMAT}: update Borderline")
        described = _describes_run(info)
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


def _describes_run(info: dict) -> bool:
    """Whether what every reader takes for granted is there.

    Raises:
        KeyError, TypeError: it is not, by far.
    """
    options, version = info["options"], info.get("format", FORMAT)
    sizes = options.get("size", 1)  # a progressive run's are its schedule
    return (
        isinstance(info["status"], str)
        and isinstance(options["loss"], str)
        and isinstance(options["seed"], int)
        and isinstance(options["epochs"], int)
        and bool(sizes)
        and all(map(_is_whole, sizes if isinstance(sizes, list) else [sizes]))
        and _is_whole(version)
        and version >= 1
        and isinstance(info.get("resumed", []), list)
    )


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def find_runs(folders: list[Path], read: Callable[[Path], Run] = read_run) -> tuple[list[Run], list[str]]:
    """All runs directly inside these folders, sorted by loss and name, and one line for each broken one.

    A folder may itself be a run. Where two folders hold a run of the same name both are kept: `ce-s0`, and
    `ce-s0 (runs)` from the later folder `runs`.
    """
    runs: dict[str, Run] = {}
    broken = []
    for folder in dict.fromkeys(each for parent in folders for each in _runs_of(parent.resolve())):
        try:
            run = read(folder)
        except BadRun as error:
            broken.append(str(error))
            continue
        source = folder if cached_repository(folder) else folder.parent
        names = (run.name, f"{run.name} ({cached_repository(source) or source.name})", f"{run.name} ({source})")
        name = next(name for name in names if name not in runs)
        runs[name] = replace(run, name=name)
    return sorted(runs.values(), key=_loss_then_name), broken


def _runs_of(folder: Path) -> list[Path]:
    """The folders of the runs that a folder holds, or is."""
    if not folder.is_dir():
        return []
    return [each for each in (folder, *sorted(folder.iterdir())) if (each / "run.json").exists()]


def _loss_then_name(run: Run) -> tuple[int, str]:
    order = list(LOSSES)
    return (order.index(run.loss) if run.loss in order else len(order), run.name)

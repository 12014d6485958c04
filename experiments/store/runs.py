"""A run is a folder: reading the files that `experiments.store.writer` writes while it trains."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.store.csv_table import BadTable
from experiments.store.environment import device_with_threads
from experiments.store.epochs import read_epochs
from experiments.store.folder import is_held, weights_path
from experiments.store.reading.files import MOST_RECORD_BYTES, read_ordinary
from experiments.store.reading.record import BadRecord, assert_describes_run, parse_json
from experiments.store.recorded_options import used_options
from seg import InputError
from seg.hub import cached_repository
from seg.labelled.names import is_shown
from seg.losses import LOSSES
from seg.options import Options

if TYPE_CHECKING:
    import pandas as pd

# Of run.json; a reader refuses a newer one, and reads an unknown key or column of its own by leaving it alone
FORMAT = 1
# The status of what is no run, but anyone's predicted masks, scored as one
MASKS = "masks"
# Nobody will write to it any more
_ENDED = ("finished", MASKS)


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

    @cached_property
    def epochs_trained(self) -> int:
        """The last epoch that has a row; 0 before there is one."""
        return 0 if self.epochs.empty else int(self.epochs["epoch"].iloc[-1])

    @cached_property
    def used_options(self) -> dict[str, Any]:
        """`experiments.store.recorded_options.used_options` of it, to be read alone."""
        return used_options(self.info)

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
    def largest_side(self) -> int:
        """The largest side in pixels that the network was run at, or is to be."""
        size = self.info["options"].get("size", Options.size)
        return max(size) if isinstance(size, list) else size

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
        if "scored" in self.info and isinstance(scores, dict) and scores.get(score) is not None:
            return float(scores[score])
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
        epochs = read_epochs(path, growing=info["status"] not in _ENDED)
    except OSError as error:
        raise BadRun(f"{path} cannot be read ({error.strerror})") from error
    except BadTable as error:
        raise BadRun(f"{error}: mend the file, move the run's folder away, or train it anew") from error
    if info["status"] == "finished" and len(epochs):
        lost = set(range(epochs["epoch"].iloc[0], epochs["epoch"].iloc[-1])).difference(epochs["epoch"])
        if lost:
            said = f"{path} has no row of epoch {min(lost)}, and the run is finished"
            raise BadRun(f"{said}: put its lines back, move the run's folder away, or train it anew")
    return Run(run_name(Path(os.path.normpath(folder.absolute()))), folder, info, epochs)


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
        info = parse_json(read_ordinary(path, MOST_RECORD_BYTES))
        version = info.get("format", FORMAT) if isinstance(info, dict) else FORMAT  # older runs do not say
        if isinstance(version, int) and version > FORMAT:
            raise BadRun(f"{path} has format {version}, this version reads up to {FORMAT}: update Borderline")
        assert_describes_run(info)
    except FileNotFoundError as error:
        raise BadRun(f"{folder} is not a run (it has no run.json): give the folder of a run") from error
    except OSError as error:
        raise BadRun(f"{path} cannot be read ({error.strerror})") from error
    except BadRecord as error:
        raise BadRun(f"{path} does not describe a run ({error}): move the folder away, or train it anew") from error
    return info


def find_runs(folders: list[Path], read: Callable[[Path], Run] = read_run) -> tuple[list[Run], list[str]]:
    """All runs directly inside these folders, sorted by loss and name, and one line for each broken one.

    A folder may itself be a run, and a run a link to one: it is called as the link is. Where several folders hold a run
    of the same name all are kept: `ce-s0`, `ce-s0 (runs)` from the later folder `runs`, `ce-s0 (older/runs)`. One that
    says that it is running, and that no process holds, was `interrupted`.
    """
    runs: dict[str, Run] = {}
    there, broken = _runs_of(folders)
    for folder in there:
        try:
            run = read(folder)
        except BadRun as error:
            broken.append(str(error))
            continue
        name = next(name for name in _names(run.name, folder) if name not in runs)
        held = as_held(run)
        # what is known of a run that was read before stays known
        runs[name] = held if held.name == name else replace(held, name=name)
    return sorted(runs.values(), key=_loss_then_name), broken


def as_held(run: Run) -> Run:
    """The run, `interrupted` where it says that it is running and nobody holds its folder."""
    if run.status == "running" and is_held(run.folder) is False:
        return replace(run, info=run.info | {"status": "interrupted"})
    return run


def _runs_of(folders: list[Path]) -> tuple[list[Path], list[str]]:
    """The folders of the runs that these hold, or are, each once; and a line for each that nobody can look into."""
    found: dict[str, Path] = {}
    broken = []
    for parent in (Path(os.path.realpath(folder)) for folder in folders):
        try:
            # of a run and a link to it the run
            inside = sorted(parent.iterdir(), key=lambda each: (each.is_symlink(), each)) if parent.is_dir() else []
        except OSError as error:
            broken.append(f"{_shown(parent)} cannot be read ({error.strerror})")
            continue
        for each in (parent, *inside):
            try:
                os.lstat(each / "run.json")  # a link to nothing is there, too
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                broken.append(f"{_shown(each)} cannot be read ({error.strerror})")
                continue
            if is_shown(str(each)):
                found.setdefault(os.path.realpath(each), each)
            else:
                broken.append(f"{_shown(each)} has letters in its name that cannot be shown: rename it")
    return list(found.values()), broken


def _shown(path: Path) -> str:
    return str(path) if is_shown(str(path)) else ascii(str(path))


def _names(name: str, folder: Path) -> Iterator[str]:
    """What a run is called, and then where another is called so, with more and more of where it lies."""
    yield name
    source = folder if cached_repository(folder) else folder.parent
    repository = cached_repository(source)
    if repository:
        yield f"{name} ({repository})"
    for count in range(1, len(source.parts)):
        yield f"{name} ({'/'.join(source.parts[-count:])})"
    yield f"{name} ({source})"


def _loss_then_name(run: Run) -> tuple[int, str]:
    order = list(LOSSES)
    return (order.index(run.loss) if run.loss in order else len(order), run.name)

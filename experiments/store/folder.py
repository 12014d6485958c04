"""A run's folder: where its weights lie, how it is made and replaced, and held by the one process that writes."""

import contextlib
import functools
import os
import platform
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from experiments.store.files import abandoned, flush_folder
from experiments.store.reading.files import read_ordinary
from experiments.store.scored.names import delete_details
from seg import InputError
from seg.hub import WEIGHTS

try:
    import fcntl
except ImportError:  # Windows has no locks on folders
    fcntl = None  # type: ignore[assignment]


# Where weights of single epochs are kept
_EPOCHS = "weights"
# Under what a training state's metadata hold the run's `run.json`
RECORD = "run"
# Which process holds the folder, and on which machine
_HOLDER = ".holder"
_MOST_HOLDER_BYTES = 1000
# For a lock that is there for less than a moment: a tenth of a second in all
_LOCK_TRIES, _BETWEEN_TRIES = 20, 0.005
_MOSAIC = re.compile(r"epoch-([0-9]{3,})\.png")


def weights_path(folder: Path) -> Path:
    """Where a run keeps the weights of its last epoch."""
    return folder / WEIGHTS


def epoch_weights_path(folder: Path, epoch: int) -> Path:
    """Where a run that keeps the weights of every epoch keeps those of this one."""
    return folder / _EPOCHS / f"epoch-{epoch:03d}.safetensors"


def kept_epochs(folder: Path) -> dict[int, Path]:
    """The weights that the run has kept of its epochs, by epoch; the untrained ones are not among them."""
    found = {}
    for path in sorted((folder / _EPOCHS).glob("epoch-*.safetensors")):
        number = path.stem.removeprefix("epoch-")
        if number.isdecimal():
            found[int(number)] = path
    return found


def folder_of_weights(path: Path) -> Path:
    """The run's folder that weights of its last epoch, or of any that it has kept, lie in."""
    return path.parents[1] if path.parent.name == _EPOCHS else path.parent


def state_path(folder: Path) -> Path:
    """Where an unfinished run keeps what it needs to go on."""
    return folder / "state.safetensors"


class FolderTaken(InputError):
    """The folder holds something, which was not to be replaced."""


class NotARun(InputError):
    """The folder was to be replaced, and holds something else than a run."""


class FolderNotMade(InputError):
    """There can be no such folder."""


def create_folder(folder: Path, *, overwrite: bool) -> None:
    """Make the run's folder, with `predictions/` and nothing else of a run in it.

    What a run there has written is deleted; what anyone else has put beside it is left alone.

    Raises:
        FolderTaken: it exists and `overwrite` is not set.
        NotARun: `overwrite` is set, and it is no run and not empty.
        FolderNotMade: it cannot be made.
        InputError: another process holds it.
    """
    try:
        if folder.exists():
            if not as_good_as_empty(folder):
                if not overwrite:
                    raise FolderTaken(f"{folder} exists")
                if not (folder / "run.json").exists() and not state_path(folder).exists():
                    raise NotARun(f"{folder} is not a run, so it is left alone")
            with hold(folder):
                delete_run(folder)
        (folder / "predictions").mkdir(parents=True, exist_ok=True)
        flush_folder(folder.parent)
    except OSError as error:
        raise FolderNotMade(f"{folder} cannot be made ({error.strerror})") from error


def as_good_as_empty(folder: Path) -> bool:
    """Whether a folder holds no more than a run leaves that is stopped before its first file."""
    return all(
        path.name == _HOLDER or (path.name == "predictions" and path.is_dir() and not any(path.iterdir()))
        for path in folder.iterdir()
    )


def delete_run(folder: Path) -> None:
    """Delete what a run has written to a folder, `run.json` last, and the folders that are empty then.

    Raises:
        OSError: something cannot be deleted.
    """
    delete_details(folder)
    names = ("epochs.csv", "predictions/probe.json", state_path(folder).name, WEIGHTS)
    weights = [*kept_epochs(folder).values()]
    for path in [*abandoned(folder), *mosaics(folder).values(), *weights, *(folder / name for name in names)]:
        path.unlink(missing_ok=True)
    for inside in (folder / "predictions", folder / _EPOCHS):
        with contextlib.suppress(OSError):  # somebody else's files are in it
            inside.rmdir()
    (folder / "run.json").unlink(missing_ok=True)


def leave_nothing(folder: Path) -> None:
    """Delete a run of which nothing can be kept, with its folder where nobody else's files are in it."""
    with contextlib.suppress(OSError):
        delete_run(folder)
        (folder / _HOLDER).unlink(missing_ok=True)
        folder.rmdir()


def mosaics(folder: Path) -> dict[int, Path]:
    """The mosaics of the probe that a run has written, by epoch."""
    found = {}
    for path in sorted((folder / "predictions").glob("epoch-*.png")):
        named = _MOSAIC.fullmatch(path.name)
        if named:
            found[int(named[1])] = path
    return found


@contextlib.contextmanager
def hold(folder: Path, used: str = "trained") -> Iterator[None]:
    """While inside, no other process can hold this folder, nor this one again; a process that dies lets go.

    A file in the folder says which process it is. On a disk without locks, and on Windows, nobody is kept out: the
    former is said.

    Args:
        used: what its holder does to it, in a sentence.

    Raises:
        InputError: it is held.
    """
    if fcntl is None:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    holder, locked = folder / _HOLDER, False
    try:
        try:
            _lock(descriptor)
            locked = True
        except BlockingIOError as error:
            raise InputError(
                f"{folder} is being {used} by another process{_told_by(folder)}: wait for it, or stop it"
            ) from error
        except OSError as error:
            _note_once(f"{folder} cannot be locked ({error.strerror}): see to it that no other process uses it")
        if locked:
            with contextlib.suppress(OSError):  # a full disk: the lock holds without its owner's name
                holder.write_text(f"{os.getpid()} {platform.node()}\n", encoding="utf-8")
        yield
    finally:
        if locked:
            with contextlib.suppress(OSError):
                holder.unlink(missing_ok=True)
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Lock it for this process; whoever only asks, see `is_held`, has it for less than a moment, which is waited for.

    Raises:
        BlockingIOError: another process holds it.
        OSError: it cannot be locked.
    """
    for _ in range(_LOCK_TRIES):
        with contextlib.suppress(BlockingIOError):
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        time.sleep(_BETWEEN_TRIES)
    return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _holder_of(folder: Path) -> tuple[str, str] | None:
    """The process, and its machine, that the folder's own file names, be they gone; None where it names none."""
    try:
        said = read_ordinary(folder / _HOLDER, _MOST_HOLDER_BYTES).decode()
    except (OSError, UnicodeDecodeError):
        return None
    process, _, machine = said.strip().partition(" ")
    return (process, machine) if process.isdecimal() else None


def _told_by(folder: Path) -> str:
    """` (process 1234)`, on another machine with its name; nothing where nobody says it."""
    holder = _holder_of(folder)
    if holder is None:
        return ""
    process, machine = holder
    return f" (process {process}{'' if machine == platform.node() else f' on {machine}'})"


@functools.cache
def _note_once(said: str) -> None:
    print(f"note: {said}", file=sys.stderr)


def is_held(folder: Path) -> bool | None:
    """Whether a process holds this folder now; None where this disk or this system cannot tell.

    Nor can they of a process on another machine, or in a container, which this folder is shared with.
    """
    holder = _holder_of(folder)
    if fcntl is None or (holder is not None and holder[1] != platform.node()):
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        # shared: two that ask do not take each other for a holder
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return False

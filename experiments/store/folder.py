"""A run's folder: where its weights lie, how it is made and replaced, and held by the one process that writes."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from seg import InputError
from seg.hub import WEIGHTS

try:
    import fcntl
except ImportError:  # Windows has no locks on folders
    fcntl = None  # type: ignore[assignment]


# Where weights of single epochs are kept
_EPOCHS = "weights"


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
    """Make the run's folder, empty but for `predictions/`.

    Raises:
        FolderTaken: it exists and `overwrite` is not set.
        NotARun: `overwrite` is set, and it is no run and not empty.
        FolderNotMade: it cannot be made.
        InputError: another process holds it.
    """
    try:
        if folder.exists():
            # a run stopped before its first file has left an empty predictions/: as good as nothing
            empty = all(path.name == "predictions" and not any(path.iterdir()) for path in folder.iterdir())
            if not empty and not overwrite:
                raise FolderTaken(f"{folder} exists")
            if not empty and not (folder / "run.json").exists():
                raise NotARun(f"{folder} is not a run, so it is left alone")
            with hold(folder):
                shutil.rmtree(folder)
        (folder / "predictions").mkdir(parents=True)
    except OSError as error:
        raise FolderNotMade(f"{folder} cannot be made ({error.strerror})") from error


@contextlib.contextmanager
def hold(folder: Path, used: str = "trained") -> Iterator[None]:
    """While inside, no other process can hold this folder, nor this one again; a process that dies lets go.

    Args:
        used: what its holder does to it, in a sentence.

    Raises:
        InputError: it is held.
    """
    if fcntl is None:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise InputError(f"{folder} is being {used} by another process: wait for it, or stop it") from error
    finally:
        os.close(descriptor)


def is_held(folder: Path) -> bool | None:
    """Whether a process holds this folder now; None where this disk or this system cannot tell."""
    if fcntl is None:
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

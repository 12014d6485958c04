"""The one folder of this server, for what visitors send it and for what it makes for them; both end together.

It lies beside those of other servers on this machine. A lock says that its server lives: what a server that was killed
has left is removed when the next one starts. Each file has a folder of its own whose name nobody can guess, and goes
when nobody has asked for it for some hours.
"""

import atexit
import contextlib
import errno
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from seg import InputError

try:
    import fcntl
except ImportError:  # Windows: a server leaves the others' folders alone, and removes its own
    fcntl = None  # type: ignore[assignment]

PREFIX, LOCK, FILES, MOSAICS = "borderline-", ".borderline-server", "files", "mosaics"
# Of what visitors sent and got: as long as somebody may sit before a page, and what a small machine's disk has to give
MOST_SECONDS, MOST_BYTES = 12 * 3600, 4_000_000_000
# Of what Gradio puts there without a folder, and has forgotten at once
_FORGOTTEN_SECONDS = 60
# Where Gradio is told to keep its files
SETTING = "GRADIO_TEMP_DIR"


@dataclass(frozen=True)
class OwnFolder:
    """A folder that this process holds.

    Attributes:
        path: of it.
        lock: an open file in it, locked for as long as the process lives; None where the disk has no locks.
    """

    path: Path
    lock: int | None

    def remove(self) -> None:
        # the lock last: what is left where this is cut short is swept by the next server
        shutil.rmtree(self.path / FILES, ignore_errors=True)
        shutil.rmtree(self.path, ignore_errors=True)


def own_folder() -> OwnFolder:
    """This process's folder, made, and the files of servers that were killed removed, where it has none yet.

    Raises:
        InputError: no folder can be made.
    """
    return _claimed(os.getpid())


@cache
def _claimed(process: int) -> OwnFolder:
    parent = _parent()
    try:
        parent.mkdir(parents=True, exist_ok=True)
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent)).resolve()
    except OSError as error:
        raise InputError(
            f"{parent} cannot hold files ({error.strerror}): set {SETTING} to a folder that can be written"
        ) from error
    own = OwnFolder(path, _locked(path / LOCK))
    (path / FILES).mkdir()
    os.environ[SETTING] = str(path / FILES)  # Gradio asks for it whenever it keeps a file
    atexit.register(own.remove)
    sweep(parent)
    return own


def _parent() -> Path:
    """The folder that all servers' folders lie in: as Gradio is told, or this machine's for temporary files."""
    told = os.environ.get(SETTING)
    if not told:
        return Path(tempfile.gettempdir())
    # told by the process that has started this one, for itself
    return Path(told).parents[1] if Path(told).parent.joinpath(LOCK).exists() else Path(told)


def _locked(file: Path) -> int | None:
    """The file, made, open and locked; None where it is locked already, or cannot be."""
    if fcntl is None:  # an open file could not be removed there
        with contextlib.suppress(OSError):
            file.touch()
        return None
    descriptor = None
    try:
        descriptor = os.open(file, os.O_CREAT | os.O_RDWR | getattr(os, "O_CLOEXEC", 0), 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        if descriptor is not None:
            os.close(descriptor)
        return None
    return descriptor


def sweep(parent: Path) -> None:
    """Remove what servers have left in this folder that live no more, and nothing else."""
    if fcntl is None:
        return
    for path in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            lock = path / LOCK
            # of nobody else, and no link to elsewhere
            if path.is_symlink() or not lock.is_file() or path.stat().st_uid != os.getuid():
                continue
            descriptor = _locked(lock)
            if descriptor is not None:
                OwnFolder(path, descriptor).remove()
                os.close(descriptor)


def mend() -> None:
    """Make the folder anew where somebody has tidied it away, so that no other server takes it for one left behind."""
    lock = own_folder().path / LOCK
    files_folder()
    if lock.parent.is_dir() and not lock.exists():
        _locked(lock)  # open for as long as the process lives, as the first one


def files_folder() -> Path:
    """The folder of what visitors sent and got, which Gradio knows, too; made anew where somebody tidied it away."""
    own = own_folder()
    folder = Path(os.environ.get(SETTING) or own.path / FILES).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def mosaics_folder() -> Path:
    """The folder of pictures that are everybody's."""
    return own_folder().path / MOSAICS


@contextlib.contextmanager
def new_folder() -> Iterator[Path]:
    """An empty folder for one visitor's files; where what is done inside fails, it is removed.

    Raises:
        InputError: the disk is full, or becomes full inside.
    """
    folder = files_folder() / secrets.token_urlsafe(16)
    try:
        folder.mkdir()
        yield folder
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        full = disk_full(error)
        if full:
            raise full from error
        raise


def disk_full(error: BaseException) -> InputError | None:
    """What is said of a disk that takes no more; None of any other error."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return InputError("The disk of the machine that Borderline runs on is full: try again later.")
    return None


def visitors_folder(file: Path) -> Path | None:
    """The folder that `new_folder` made for this file, which need not be there; None of a file that lies elsewhere.

    Args:
        file: resolved.
    """
    root = files_folder()
    inside = file.relative_to(root).parts if file.is_relative_to(root) else ()
    return root / inside[0] if inside else None


def remove(file: Path) -> None:
    """Remove a visitor's file, and the folder that it had to itself."""
    with contextlib.suppress(OSError):  # the folder holds another file, or is gone
        file.unlink(missing_ok=True)
        for folder in file.parents:
            if visitors_folder(folder) is None:
                return
            folder.rmdir()


def used(file: Path) -> None:
    """Note that somebody asks for a file, so that it is kept."""
    folder = visitors_folder(file)
    with contextlib.suppress(OSError):  # gone this moment: who reads it is told
        os.utime(folder or file)


def tidy(now: float | None = None) -> None:
    """Remove what nobody has asked for in a long time, and what is beyond the most that is kept.

    Args:
        now: seconds since the epoch.
    """
    now = time.time() if now is None else now
    there = sorted((_last_use(path), path) for path in files_folder().glob("*"))
    room = MOST_BYTES
    for last, path in reversed(there):
        room -= _size(path)
        most = MOST_SECONDS if path.is_dir() else _FORGOTTEN_SECONDS
        if room < 0 or now - last > most:
            _remove(path)


def _last_use(path: Path) -> float:
    with contextlib.suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def _size(path: Path) -> int:
    total = 0
    for file in [path, *path.rglob("*")]:
        with contextlib.suppress(OSError):
            total += file.stat().st_size
    return total


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()

"""Files that anyone may have put into a run's folder: only ordinary ones are read, and no more than so much of them."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

# Hundreds of times what a run of the dataset has; a table of 250,000 photos has as much
MOST_TABLE_BYTES = 64_000_000
MOST_RECORD_BYTES = 16_000_000
MOST_ARCHIVE_BYTES = 1_000_000_000

# A pipe would keep whoever opens it waiting for a writer that never comes
_AT_ONCE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_ordinary(path: Path, most_bytes: int) -> bytes:
    """What a file holds.

    Raises:
        FileNotFoundError: there is none.
        OSError: it is no ordinary file, holds more, or cannot be read; `strerror` says why.
    """
    with open_ordinary(path, most_bytes) as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:  # it has grown meanwhile
        raise _too_large(path, most_bytes)
    return content


@contextmanager
def open_ordinary(path: Path, most_bytes: int) -> Iterator[BinaryIO]:
    """An ordinary file, open for reading.

    Raises:
        FileNotFoundError, OSError: as `read_ordinary`.
    """
    try:
        descriptor = os.open(path, _AT_ONCE)
    except FileNotFoundError as error:
        if path.is_symlink():
            raise _refused(path, "it is a link to nothing") from error
        raise
    try:
        _assert_ordinary(path, os.fstat(descriptor), most_bytes)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


def _assert_ordinary(path: Path, found: os.stat_result, most_bytes: int) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(found.st_mode):
        raise _refused(path, "it is no ordinary file")
    if found.st_size > most_bytes:
        raise _too_large(path, most_bytes)


def _too_large(path: Path, most_bytes: int) -> OSError:
    return _refused(path, f"it has more than {most_bytes / 1e6:,.0f} MB")


def _refused(path: Path, why: str) -> OSError:
    return OSError(0, why, str(path))

"""Writing a file whole: a reader sees the old file or the new one, never a part of it."""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{16}\.tmp")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new empty file beside `path` to write to; it takes the place of `path` once it is on the disk.

    Whatever is raised inside leaves `path` as it was and no temporary file. A process that is killed inside leaves
    `path` as it was too, and its temporary file: see `abandoned`.
    """
    path = Path(path)
    # random, not the process's number: threads write too, and so do machines that share a disk
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    try:
        try:
            mode = os.fstat(descriptor).st_mode & 0o777  # an ordinary file's, whatever the writer makes of it
        finally:
            os.close(descriptor)
        yield temporary
        temporary.chmod(mode)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def abandoned(folder: Path) -> list[Path]:
    """The temporary files in a folder and below, left by processes that were killed where nobody writes now."""
    return [path for path in folder.rglob(".*.tmp") if _TEMPORARY.fullmatch(path.name)]

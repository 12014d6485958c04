"""Writing a file whole: a reader sees the old file or the new one, never a part of it.

What a disk refuses that only makes this safer is done without: rights, flushing a folder, and, where it renames
nothing, the new file is written over the old one.
"""

import errno
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{16}\.tmp")
# Of a disk that has no such thing, or grants nobody the right to it; others say that a file is not written
REFUSALS = frozenset({errno.EPERM, errno.EACCES, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})


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
        with refusals_passed_over():
            temporary.chmod(mode)
        with open(temporary, "rb+") as file, refusals_passed_over():
            os.fsync(file.fileno())
        _put_in_place(temporary, path)
        flush_folder(path.parent)
    finally:
        with refusals_passed_over():
            temporary.unlink(missing_ok=True)


def write_json(path: Path, content: object) -> None:
    """Write JSON that a person can read, too; as `replacing`."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _put_in_place(temporary: Path, path: Path) -> None:
    try:
        temporary.replace(path)
    except OSError as error:
        if error.errno not in REFUSALS or path.is_dir():
            raise
        shutil.copyfile(temporary, path)


def flush_folder(folder: Path) -> None:
    """Have what was made, renamed or deleted in a folder outlive a power cut, where the disk can."""
    with refusals_passed_over():
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def refusals_passed_over() -> Iterator[None]:
    """While inside, what the disk does not have, or grants nobody, ends what is inside and no more."""
    try:
        yield
    except OSError as error:
        if error.errno not in REFUSALS:
            raise


def in_words(error: OSError, folder: Path) -> str:
    """What the system says about a file in a folder, without the name of a temporary one: `No space left on device in
    runs/ce-s0`."""
    return f"{error.strerror or error} in {folder}"


def abandoned(folder: Path) -> list[Path]:
    """The temporary files in a folder and below, left by processes that were killed where nobody writes now."""
    return [path for path in folder.rglob(".*.tmp") if _TEMPORARY.fullmatch(path.name)]

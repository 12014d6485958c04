"""The folder that a person's segmented photos go to: the names of its files, what may be replaced there, its table."""

import csv
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from experiments.cli.spreadsheets import UnixRows, harmless
from experiments.segmenting.names import file_name, shift_in_name, without_doubles
from experiments.segmenting.photos import Photo
from experiments.segmenting.pictures import save, written_here
from experiments.store.files import replacing
from seg import InputError
from seg.pets import CLASS_NAMES

TABLE = "segments.csv"
COLUMNS = ("photo", "run", "width", "height", *CLASS_NAMES, "milliseconds", "file")

# names of files that are no text in the system's encoding stay what they are
_NAMES = "surrogateescape"


class NotOurs(InputError):
    """A file that Borderline did not write is in the place of one that it would."""


class NoFolder(InputError):
    """There can be no files in the folder."""


@dataclass(frozen=True)
class Target:
    """A photo as one network sees it, before it is known.

    Attributes:
        run: what the network is called.
        stem: of its files, below the folder that they go to.
    """

    photo: Photo
    run: str
    stem: Path

    def file(self, kind: str) -> Path:
        """The file of one of PICTURES, below that folder."""
        return self.stem.with_name(f"{self.stem.name}-{kind.replace('-', '')}.png")


def plan(photos: Sequence[Photo], runs: Sequence[str], shift: float) -> list[Target]:
    """What is to be made of the photos, each by all runs before the next one, with names that differ."""
    pairs = [(photo, run) for photo in photos for run in runs]
    names = [
        (photo.folder / f"{file_name(photo.path.stem)}-{file_name(run)}{shift_in_name(shift)}").as_posix()
        for photo, run in pairs
    ]
    return [Target(photo, run, Path(name)) for (photo, run), name in zip(pairs, without_doubles(names), strict=True)]


def prepare(out: Path, planned: Sequence[Target], kinds: Sequence[str]) -> None:
    """Make the folder, and see before the work begins that nothing of a person's own is replaced.

    Raises:
        NoFolder: it cannot be made, or nothing can be written there.
        NotOurs: a file is in the way that Borderline did not write.
    """
    for target in planned:
        for path in (out / target.file(kind) for kind in kinds):
            if os.path.lexists(path) and not written_here(path):
                raise NotOurs(f"{path} is there, and Borderline did not write it")
    _rows(out / TABLE)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise NoFolder(f"{out} cannot be written to ({error.strerror})") from error


def write_picture(image: Image.Image, path: Path) -> None:
    """Write it whole, in place of one of that name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        save(image, temporary)


def write_table(out: Path, rows: Sequence[dict[str, str]]) -> None:
    """Add rows of COLUMNS to the folder's table, in place of those of the same files."""
    path = out / TABLE
    rows = [{name: str(harmless(cell)) for name, cell in row.items()} for row in rows]
    anew = {row["file"] for row in rows}
    kept = [row for row in _rows(path) if row["file"] not in anew]
    with replacing(path) as temporary, open(temporary, "w", newline="", encoding="utf-8", errors=_NAMES) as file:
        writer = csv.DictWriter(UnixRows(file), COLUMNS)
        writer.writeheader()
        writer.writerows([*kept, *rows])


def _rows(path: Path) -> list[dict[str, str]]:
    """The table's rows; none where it is not there.

    Raises:
        NotOurs: it is another table, or none.
    """
    if not path.exists():
        return []
    try:
        with open(path, newline="", encoding="utf-8", errors=_NAMES) as file:
            reader = csv.DictReader(file, strict=True)
            columns, rows = reader.fieldnames or (), list(reader)
    except (OSError, csv.Error) as error:
        raise NotOurs(f"{path} is there, and cannot be read ({error})") from error
    if tuple(columns) != COLUMNS or any(None in row for row in rows):  # None: cells beyond the columns
        raise NotOurs(f"{path} is there, and Borderline did not write it")
    return rows

"""The photos that a person means by files, folders and patterns."""

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.segmenting.pictures import written_here
from seg import InputError

# Of a folder's files those with these endings are photos. HEIC is not read everywhere, but a telephone's photos are
# not to be passed over in silence
ENDINGS = (".avif", ".bmp", ".gif", ".heic", ".heif", ".jfif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


@dataclass(frozen=True)
class Photo:
    """A photo to segment.

    Attributes:
        path: as a person finds it from where they are.
        folder: its folder below the deepest one that holds all that was given; `.` for that one itself.
    """

    path: Path
    folder: Path


def find_photos(given: Sequence[str]) -> list[Photo]:
    """The photos in what was given, in its order, each once.

    Args:
        given: files, folders, whose photos are those below, too, and patterns such as `pets/**/*.jpg`. What Borderline
            itself has written is no photo, unless it is given as a file; nor is what is hidden.

    Raises:
        InputError: one of them is not there, cannot be looked into, or has no photo.
    """
    found: dict[str, Path] = {}
    tops: list[Path] = []
    for text in given:
        paths = _paths(text)
        photos = [photo for path in paths for photo in (_below(path) if path.is_dir() else [path])]
        if not photos:
            raise InputError(f"{text} has no photos: they end in {', '.join(ENDINGS)}")
        tops += [path if path.is_dir() else path.parent for path in paths]
        for photo in photos:
            found.setdefault(_in_full(photo), photo)
    top = _deepest(tops)
    return [Photo(photo, _below_top(Path(full).parent, top)) for full, photo in found.items()]


def _paths(text: str) -> list[Path]:
    """The file or folder of that name, else the folders, and the photos, that the pattern matches.

    Raises:
        InputError: there is nothing.
    """
    if os.path.lexists(text):
        return [Path(text)]
    if not glob.has_magic(text):
        raise InputError(f"{text} is not there: give photos, folders or patterns such as 'pets/*.jpg'")
    # Path.glob takes no pattern that begins at the root
    matched = [Path(path) for path in sorted(glob.glob(text, recursive=True))]  # noqa: PTH207
    kept = [path for path in matched if path.is_dir() or _is_photo(path)]
    if not kept:
        raise InputError(f"{text} matches no photos: give other photos, folders or patterns")
    return kept


def _below(folder: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder, onerror=_not_read):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from filter(_is_photo, (Path(here) / name for name in sorted(files)))


def _is_photo(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS and not path.name.startswith(".") and not written_here(path)


def _not_read(error: OSError) -> None:
    raise InputError(f"{error.filename} cannot be read ({error.strerror}): give other photos") from error


def _deepest(folders: Sequence[Path]) -> Path | None:
    """The folder that holds all of these; None where they lie on several of Windows' drives."""
    try:
        return Path(os.path.commonpath([_in_full(folder) for folder in folders]))
    except ValueError:
        return None


def _in_full(path: Path) -> str:
    """From the root, without `..`; a link is not followed, its name is the person's."""
    return os.path.normpath(path.absolute())


def _below_top(folder: Path, top: Path | None) -> Path:
    return folder.relative_to(folder.anchor if top is None else top)

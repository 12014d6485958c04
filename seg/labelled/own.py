"""One's own photos as a dataset: a folder with `photos/` and `masks/`, and, where a person wants, a `split.csv`.

A photo and its mask have one name before the extension. `split.csv` has the columns `name,split`, the latter `train` or
`validation`; without it a fixed fifth of the photos validates.
"""

import csv
import hashlib
import io
import os
from pathlib import Path

from PIL import Image

from seg.pets import SPLITS, TEST, TRAINVAL, DatasetMissing
from seg.photo import HEIC_SUFFIXES

PHOTOS, MASKS, SPLIT = "photos", "masks", "split.csv"
# What a split is called in `split.csv`, and the dataset's own names
SPLIT_WORDS = {"train": TRAINVAL, "validation": TEST, "val": TEST, TRAINVAL: TRAINVAL, TEST: TEST}
VALIDATION_SHARE = 0.2


def photos_folder(root: Path) -> Path:
    return root / PHOTOS


def masks_folder(root: Path) -> Path:
    return root / MASKS


def all_names(root: Path) -> list[str]:
    """The names of all photos and masks, sorted: of each there is at least one of the two.

    Raises:
        DatasetMissing: there is no folder of photos or none of masks, or one cannot be read, or both are empty.
    """
    names = {name for folder in (photos_folder(root), masks_folder(root)) for name in pictures(folder)}
    if not names:
        raise DatasetMissing(f"{photos_folder(root)} holds no photo")
    return sorted(names)


def listed(root: Path, split: str) -> list[str]:
    """The names of a split's photos, sorted.

    Raises:
        DatasetMissing: as `all_names`; `split.csv` is wrong; the split would be empty.
    """
    names = all_names(root)
    path = root / SPLIT
    if path.exists():
        splits, wrong = read_split(path, names)
        if wrong:
            more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
            raise DatasetMissing(f"{wrong[0]}{more}")
    else:
        splits = fixed_split(names)
    members = [name for name in names if splits[name] == split]
    if not members:
        raise DatasetMissing(empty_splits(root, splits)[0])
    return members


def fixed_split(names: list[str]) -> dict[str, str]:
    """The split of each photo: a fifth validates, the same whatever the order and, nearly, whatever is added."""
    drawn = sorted(names, key=lambda name: hashlib.sha256(name.encode(errors="surrogatepass")).digest())
    validating = max(1, round(VALIDATION_SHARE * len(names)))
    return {name: TEST if place < validating else TRAINVAL for place, name in enumerate(drawn)}


def empty_splits(root: Path, splits: dict[str, str]) -> list[str]:
    """A line for each split that none of these photos is of."""
    path = root / SPLIT
    source = path if path.exists() else f"{photos_folder(root)}, which holds {len(splits)},"
    words = {split: word for word, split in reversed(SPLIT_WORDS.items())}
    return [f"{source} has no photo for {words[split]}" for split in SPLITS if split not in splits.values()]


def read_split(path: Path, names: list[str]) -> tuple[dict[str, str], list[str]]:
    """What `split.csv` says: the split of each photo, and a line for each thing that is wrong with it.

    Args:
        names: of all photos. The file may give them with their extension.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        return {}, [f"{path} is not UTF-8: save it as that"]
    except OSError as error:
        return {}, [f"{path} cannot be read ({error.strerror})"]
    head = text.partition("\n")[0]
    separator = max(",;\t", key=head.count)  # as spreadsheets of other countries write them
    columns, *lines = list(csv.reader(io.StringIO(text), delimiter=separator)) or [[]]
    columns = [column.strip().lower() for column in columns]
    if not {"name", "split"} <= set(columns):
        return {}, [f"{path} begins with {head.strip() or 'an empty line'}: its first line is to be name,split"]
    rows = [dict(zip(columns, line, strict=False)) for line in lines]
    known = set(names)
    splits: dict[str, str] = {}
    wrong = []
    for line, row in enumerate(rows, start=2):
        name, word = (row.get(column, "").strip() for column in ("name", "split"))
        word = word.lower()
        name = name if name in known else Path(name).stem
        if not any(value.strip() for value in row.values()):
            continue
        if not name or not word:
            wrong.append(f"{path}, line {line}: has no name or no split")
        elif name not in known:
            wrong.append(f"{path}, line {line}: there is no photo {name}")
        elif word not in SPLIT_WORDS:
            wrong.append(f"{path}, line {line}: {word} is no split: it is train or validation")
        elif name in splits:
            wrong.append(f"{path}, line {line}: names {name} twice")
        else:
            splits[name] = SPLIT_WORDS[word]
    if not wrong:
        wrong = [f"{path} does not say which split {name} is of" for name in names if name not in splits]
    return splits, wrong


def misplaced(root: Path) -> list[str]:
    """A line for each thing in the two folders that is no picture and so is not looked at."""
    there = [
        path for folder in (photos_folder(root), masks_folder(root)) if folder.is_dir() for path in folder.iterdir()
    ]
    return [
        f"{path} is no image"
        for path in sorted(there)
        if not (path.is_file() and _is_picture(path)) and not _is_systems(path)
    ]


def pictures(folder: Path) -> dict[str, list[Path]]:
    """The files in a folder that can be pictures, by their name before the extension.

    Raises:
        DatasetMissing: there is no such folder, or it cannot be read.
    """
    found: dict[str, list[Path]] = {}
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.is_file())
        for path in (folder / name for name in names):
            if _is_picture(path):
                found.setdefault(path.stem, []).append(path)
    except FileNotFoundError as error:
        raise DatasetMissing(f"{folder} is missing") from error
    except OSError as error:
        raise DatasetMissing(f"{folder} cannot be read ({error.strerror})") from error
    return found


def file_of(found: dict[str, list[Path]], folder: Path, name: str) -> tuple[Path, str]:
    """The file of that name among `pictures`, and what is wrong with it where it is not the only one."""
    files = found.get(name, [])
    if not files:
        return folder / name, f"{folder} has no picture called {name}"
    if len(files) > 1:
        return files[0], f"{folder} has {' and '.join(path.name for path in files)}: which of them is {name}'s?"
    return files[0], ""


def _is_systems(path: Path) -> bool:
    """Whether a person's system put it there."""
    return path.name[:1] == "." or path.name.lower() in ("thumbs.db", "desktop.ini")


def _is_picture(path: Path) -> bool:
    return path.name[:1] != "." and path.suffix.lower() in (*Image.registered_extensions(), *HEIC_SUFFIXES)

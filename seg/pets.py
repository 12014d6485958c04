"""What the Oxford-IIIT Pet dataset is: its classes and their colours, where its files lie, its lists, its trimaps.

Parkhi, Vedaldi, Zisserman and Jawahar, "Cats and Dogs", CVPR 2012. CC BY-SA 4.0.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from seg import InputError
from seg.photo import BadPhoto, seen_size, stored_size, with_image
from seg.pixels.rgb import UNREADABLE

# Class indices as the article numbers them
PET, BACKGROUND, BORDER = 0, 1, 2
CLASS_NAMES = ("pet", "background", "border")
# The same in every picture: sky blue, black and orange of Okabe and Ito's palette, safe for the colour-blind
CLASS_COLOURS = ("#9B7BFF", "#000000", "#FFD60A")
# What a trimap stores for them: each index plus one
TRIMAP_VALUES = (1, 2, 3)

# The official splits: the first trains, the second validates
TRAINVAL, TEST = "trainval", "test"
SPLITS = (TRAINVAL, TEST)

# The dataset's folder in a root, as torchvision lays it out
DATASET_FOLDER = "oxford-iiit-pet"

# of a trimap with wrong values, how many are told
_TOLD_VALUES = 8


Read = TypeVar("Read")


class DatasetMissing(InputError):
    """The folder holds no Oxford-IIIT Pet dataset in torchvision's layout."""


class BadPair(InputError):
    """A photo or its trimap cannot be used."""


class NoUsablePair(BadPair):
    """Of a split's pairs none is left."""


class UnknownPhoto(InputError):
    """No split has a photo of that name."""


class NoPhotoLeft(InputError):
    """All photos were to be left out."""


def indexed_image(classes: np.ndarray) -> Image.Image:
    """A palette image whose pixel values are the classes (H, W) uint8."""
    image = Image.fromarray(classes)
    image.putpalette(b"".join(bytes.fromhex(colour[1:]) for colour in CLASS_COLOURS))
    return image


def dataset_folder(root: Path) -> Path:
    return root / DATASET_FOLDER


def photo_path(root: Path, name: str) -> Path:
    return dataset_folder(root) / "images" / f"{name}.jpg"


def has_photos(root: Path) -> bool:
    """Whether the dataset's photos are here: a folder of lists and trimaps alone has none."""
    return photo_path(root, "").parent.is_dir()


def trimap_path(root: Path, name: str) -> Path:
    return dataset_folder(root) / "annotations" / "trimaps" / f"{name}.png"


def list_path(root: Path, split: str) -> Path:
    return dataset_folder(root) / "annotations" / f"{split}.txt"


def breed(photo: str) -> str:
    """`great_pyrenees_12` shows a great pyrenees."""
    return photo.rpartition("_")[0].replace("_", " ")


def listed_photos(root: Path, split: str) -> list[str]:
    """The names of a split's photos, without extension, in its list's order: by breed.

    Raises:
        DatasetMissing: no dataset, no list for this split, or one that names no photos.
    """
    if not dataset_folder(root).is_dir():
        raise DatasetMissing(f"{root} has no {DATASET_FOLDER}/ folder")
    path = list_path(root, split)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError as error:
        raise DatasetMissing(f"{path} is missing") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetMissing(f"{path} cannot be read ({error})") from error
    names = []
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        if not fields:
            continue
        if len(fields) != 4 or not all(field.isdecimal() for field in fields[1:]):
            raise DatasetMissing(f"{path} has a line that is not `NAME CLASS SPECIES BREED` (line {number})")
        names.append(fields[0])
    if not names:
        raise DatasetMissing(f"{path} lists no photo")
    return names


def read_trimap(path: Path, photo: Path, side: int | None = None) -> np.ndarray:
    """The classes that a trimap gives to the pixels of its photo.

    Files of any PNG type will do, such as palettes and 16 bits, as long as pixels hold 1, 2 and 3.

    Args:
        path: the trimap.
        photo: its photo, of which only the size is read; the trimap lies over what a person sees.
        side: resize to side x side, without keeping the aspect ratio, each pixel the nearest one's.

    Returns:
        (H, W) uint8 of the photo's size, or (side, side); values PET, BACKGROUND, BORDER.

    Raises:
        BadPair: one of the two is missing or no image, the trimap is damaged, has another size than its
            photo, or other values.
    """
    try:
        photo_size = seen_size(photo)
    except BadPhoto as error:
        raise BadPair(f"{error}{_called_otherwise(photo) if error.missing else ''}") from error

    def read(trimap: Image.Image) -> tuple[str, np.ndarray]:
        if trimap.size != photo_size:
            its_size, photos = ("{} x {}".format(*size) for size in (trimap.size, photo_size))
            turned = "" if stored_size(photo) == photo_size else " as its EXIF orientation turns it"
            raise BadPair(f"{path} is {its_size}, its photo {photos}{turned}")
        return trimap.mode, np.asarray(trimap)

    mode, values = _of_image(path, read)
    if values.ndim != 2 or not _are_trimap_values(values):
        held = f"{mode} pixels" if values.ndim != 2 else f"the values {told_values(np.unique(values))}"
        meant = [f"{value} ({name})" for value, name in zip(TRIMAP_VALUES, CLASS_NAMES, strict=True)]
        raise BadPair(f"{path} has {held}: a trimap holds {', '.join(meant[:-1])} and {meant[-1]}")
    classes = values.astype(np.uint8) - 1
    return classes if side is None else square(classes, side)


def _are_trimap_values(values: np.ndarray) -> bool:
    if values.dtype.kind == "u":  # a hundred times as fast, and said of each photo that is decoded
        return bool(values.min() >= min(TRIMAP_VALUES) and values.max() <= max(TRIMAP_VALUES))
    return bool(np.isin(values, TRIMAP_VALUES).all())


def square(classes: np.ndarray, side: int) -> np.ndarray:
    """Classes (H, W) uint8 at side x side, without keeping the aspect ratio, each pixel the nearest one's."""
    return np.asarray(Image.fromarray(classes).resize((side, side), Image.Resampling.NEAREST))


def _of_image(path: Path, use: Callable[[Image.Image], Read]) -> Read:
    """What `use` makes of the image in a file."""
    if not path.is_file():
        raise BadPair(f"{path} is missing{_called_otherwise(path)}")
    try:
        return with_image(path, use)
    except BadPair:
        raise
    except UNREADABLE as error:
        raise BadPair(f"{path} cannot be read ({error})") from error


def _called_otherwise(path: Path) -> str:
    """` (there is Own_1.JPG)` where a file's name differs in its capitals alone, which most disks tell apart."""
    try:
        alike = [each.name for each in path.parent.iterdir() if each.name.lower() == path.name.lower()]
    except OSError:
        alike = []
    return f" (there is {alike[0]})" if alike else ""


def told_values(values: Sequence[float] | np.ndarray) -> str:
    """The first of a label's values, and how many more there are."""
    told = ", ".join(f"{float(value):.15g}" for value in values[:_TOLD_VALUES])
    more = len(values) - _TOLD_VALUES
    return f"{told} and {more} more" if more > 0 else told

"""A photo with its label, whichever way the folder is laid out: the dataset in torchvision's, or one's own photos."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from seg import InputError, pets
from seg.labelled import own
from seg.labelled.masks import BORDER_WIDTH, read_mask
from seg.labelled.names import is_shown
from seg.pets import SPLITS, BadPair, UnknownPhoto
from seg.photo import open_photo, seen_size

# Of photos that are listed twice
TOLD_NAMES = 5


class DoubledPhotos(InputError):
    """Photos stand twice in a list, or in the lists of both splits."""


class HasBorders(InputError):
    """A width was given for the borders of photos whose labels have them."""


@dataclass(frozen=True)
class Pair:
    """A photo and its label.

    Attributes:
        photo, label: their files, which need not be there.
        border_width: of one's own photo, what its border is derived at (`seg.labelled.masks.read_mask`); None of the
            dataset's, whose trimaps have borders.
        wrong: why there are no such files, or none that can be used; else empty.
    """

    name: str
    photo: Path
    label: Path
    border_width: float | None = None
    wrong: str = ""

    def read_photo(self, most_pixels: int | None = None) -> Image.Image:
        """The photo as a person sees it, RGB: its label lies over that.

        Args:
            most_pixels: refuse one of more; None takes as many as Pillow does.

        Raises:
            BadPair, BadPhoto: it is missing, cannot be read, or has too many pixels.
        """
        self._check()
        return open_photo(self.photo, most_pixels)

    def read_square(self, side: int) -> np.ndarray:
        """The photo as networks are trained on it, resized to (side, side, 3) uint8, antialiased bilinear.

        Raises:
            BadPair, BadPhoto: it is missing or cannot be read.
        """
        return np.asarray(self.read_photo().resize((side, side), Image.Resampling.BILINEAR))

    def read_label(self, side: int | None = None) -> np.ndarray:
        """The classes of the photo's pixels.

        Args:
            side: resize to side x side, without keeping the aspect ratio, each pixel the nearest one's.

        Returns:
            (H, W) uint8 of the photo's size, or (side, side); values PET, BACKGROUND, BORDER.

        Raises:
            BadPair, BadPhoto: one of the two is missing or cannot be read, or the label is of another size, or holds
                something else.
        """
        self._check()
        if self.border_width is None:
            return pets.read_trimap(self.label, self.photo, side)
        classes = read_mask(self.label, seen_size(self.photo), self.border_width)
        return classes if side is None else pets.square(classes, side)

    def _check(self) -> None:
        if self.wrong:
            raise BadPair(self.wrong)


def are_own(root: Path) -> bool:
    """Whether the folder holds one's own photos, rather than the dataset, or is to hold that."""
    return own.photos_folder(root).is_dir() and not pets.dataset_folder(root).is_dir()


def are_here(root: Path) -> bool:
    """Whether there are photos: a folder of lists and trimaps alone has none."""
    return are_own(root) or pets.has_photos(root)


def listed_photos(root: Path, split: str) -> list[str]:
    """The names of a split's photos: the dataset's in its list's order, one's own sorted.

    Raises:
        DatasetMissing: there is neither, or the split has no photo or cannot be read.
    """
    return own.listed(root, split) if are_own(root) else pets.listed_photos(root, split)


def pairs_of(root: Path, names: Iterable[str], border_width: float = BORDER_WIDTH) -> list[Pair]:
    """The photos of these names with their labels; one that is not there is said when it is read.

    Raises:
        DatasetMissing: a folder of one's own photos is missing or cannot be read.
    """
    if not are_own(root):
        return [Pair(name, pets.photo_path(root, name), pets.trimap_path(root, name)) for name in names]
    folders = own.photos_folder(root), own.masks_folder(root)
    found = [own.pictures(folder) for folder in folders]
    pairs = []
    for name in names:
        (photo, wrong), (mask, also) = (own.file_of(*where, name) for where in zip(found, folders, strict=True))
        odd = "" if is_shown(name) else f"{folders[0]} has {ascii(name)}, whose name cannot be shown: rename it"
        pairs.append(Pair(name, photo, mask, border_width, odd or wrong or also))
    return pairs


def check_listed(root: Path, names: Collection[str]) -> None:
    """Raise where a name is in no split's list.

    Raises:
        UnknownPhoto: naming the first of those.
        DatasetMissing: as `listed_photos`; only where it has to look into that list.
    """
    unlisted = set(names)
    for split in SPLITS:
        if unlisted:
            unlisted.difference_update(listed_photos(root, split))
    if unlisted:
        more = f" (and {len(unlisted) - 1} more)" if len(unlisted) > 1 else ""
        raise UnknownPhoto(f"{min(unlisted)} is in no split of {root}{more}")


def check_lists(root: Path, splits: Collection[str] = SPLITS, left_out: Collection[str] = ()) -> None:
    """Raise where a photo stands twice in a list, or in both: what is scored has one row a photo, not trained on.

    Args:
        splits: whose lists are looked at.
        left_out: photos that are neither trained on nor scored.

    Raises:
        DoubledPhotos: naming all that is wrong.
        DatasetMissing: as `listed_photos`.
    """
    faults = list_faults(root, splits, left_out)
    if faults:
        raise DoubledPhotos("; ".join(faults))


def list_faults(root: Path, splits: Collection[str] = SPLITS, left_out: Collection[str] = ()) -> list[str]:
    """A line for each list that names photos twice, and one for photos that stand in several; as `check_lists`."""
    if are_own(root):  # a split.csv that names one twice cannot be read
        return []
    names = {split: listed_photos(root, split) for split in splits}
    faults = []
    for split, listed in names.items():
        doubled = [name for name, times in Counter(listed).items() if times > 1 and name not in left_out]
        if doubled:
            faults.append(f"{pets.list_path(root, split)} has {_told(doubled)} twice")
    several = Counter(name for listed in names.values() for name in set(listed) - set(left_out))
    shared = [name for name, times in several.items() if times > 1]
    if shared:
        lists = " and ".join(pets.list_path(root, split).name for split in names)
        faults.append(f"{lists} both have {_told(sorted(shared))}")
    return faults


def _told(names: list[str]) -> str:
    more = len(names) - TOLD_NAMES
    return ", ".join(names[:TOLD_NAMES]) + (f" and {more} more" if more > 0 else "")

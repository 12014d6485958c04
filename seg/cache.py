"""The Oxford-IIIT Pet dataset as uint8 arrays, decoded once and kept in a cache.

Parkhi, Vedaldi, Zisserman and Jawahar, "Cats and Dogs", CVPR 2012. CC BY-SA 4.0.
"""

import contextlib
import errno
import hashlib
import json
import math
import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seg import InputError
from seg.labelled.decoding import Pairs, decode
from seg.labelled.masks import BORDER_WIDTH
from seg.labelled.pairs import HasBorders, Pair, are_here, are_own, check_lists, listed_photos, pairs_of
from seg.pets import DatasetMissing, NoPhotoLeft, photo_path

# Caches of a split, size and way of leaving out pairs: one is 230 MB at 128 x 128, and each new place or time of the
# same photos makes another
KEPT = 3
# No decoding takes a day: what is half written then, a killed process has left
ABANDONED_SECONDS = 86_400
# what `_beside` names: whatever else lies there is not ours to delete
_HALF_WRITTEN = re.compile(r"(trainval|test)-\d+(-skip-bad)?-[0-9a-f]{12}\.[0-9a-f]{16}\.tmp")
CACHE_VARIABLE = "BORDERLINE_CACHE"
_ANOTHER_FOLDER = f"set {CACHE_VARIABLE} to a writable folder"
# While other processes write and delete the same cache
PUT_IN_PLACE_TRIES = 5


class CacheUnusable(InputError):
    """The folder of the caches cannot be written to."""


@dataclass(frozen=True)
class Split:
    """One split in memory-mapped arrays.

    Attributes:
        names: photo names without extension, in the split list's order.
        photos: (N, 3, S, S) uint8.
        masks: (N, S, S) uint8, values PET, BACKGROUND, BORDER.
        skipped: one line for each pair left out because it could not be used.
    """

    names: list[str]
    photos: np.ndarray
    masks: np.ndarray
    skipped: list[str]

    def __len__(self) -> int:
        return len(self.names)

    def sample(self, limit: int | None) -> "Split":
        """A fixed random sample of at most `limit` photos: the lists are sorted by breed, so not the first."""
        if limit is None or limit >= len(self):
            return self
        return self._take(sample_places(len(self), limit))

    def every(self, step: int) -> "Split":
        """One photo in so many, in their order, the first among them."""
        return self._take(np.arange(0, len(self), step))

    def holdout(self) -> tuple["Split", "Split"]:
        """The split without a fixed tenth of its photos, and that tenth: every tenth photo, so of every breed."""
        held = np.arange(len(self)) % 10 == 0
        return self._take(np.flatnonzero(~held)), self._take(np.flatnonzero(held))

    def without(self, names: Collection[str]) -> "Split":
        """The split without the photos of these names; those that it does not hold are passed over.

        Raises:
            NoPhotoLeft: it holds no other.
        """
        excluded = frozenset(names)
        kept = [index for index, name in enumerate(self.names) if name not in excluded]
        if len(kept) == len(self):
            return self
        if not kept:
            raise NoPhotoLeft(f"none of {len(self):,} photos would be left")
        return self._take(np.array(kept))

    def _take(self, kept: np.ndarray) -> "Split":
        return Split([self.names[i] for i in kept], self.photos[kept], self.masks[kept], self.skipped)


def sample_places(photos: int, limit: int) -> np.ndarray:
    """Which of so many photos the fixed sample of `Split.sample` has: (limit,) places, rising."""
    return np.sort(np.random.default_rng(0).permutation(photos)[:limit])


def load_split(
    root: Path,
    split: str,
    size: int,
    *,
    skip_bad: bool = False,
    border_width: float = BORDER_WIDTH,
    cache: Path | None = None,
) -> Split:
    """Read one split, resized to size x size without keeping the aspect ratio.

    Photos are resized with antialiased bilinear filtering, trimaps with nearest neighbour. The
    result is cached; a cache made from other files, or damaged, is made anew, and deletes those of
    this split, size and way that were not used for longest.

    Args:
        root: folder holding `oxford-iiit-pet/` in torchvision's layout, or one's own photos (`seg.labelled.own`).
        split: "trainval" (of the dataset 3,680 photos) or "test" (3,669).
        size: side in pixels.
        skip_bad: leave out pairs that cannot be used instead of raising.
        border_width: of borders that are derived, see `seg.labelled.masks.read_mask`.
        cache: folder of the caches; that of `cache_folder` by default.

    Raises:
        DatasetMissing: no dataset, or no list for this split.
        DoubledPhotos: the list has a photo twice.
        HasBorders: another width of borders than the usual is asked for, and these have theirs.
        BadPair: a file is missing or unreadable, a label has other values than it may have, or another size than its
            photo.
        NoUsablePair: all pairs are such.
        CacheUnusable: the decoded photos cannot be kept where a person wants them; elsewhere that is said.
    """
    root = Path(root)
    names = _listed(root, split)
    check_lists(root, [split])
    if border_width != BORDER_WIDTH and not are_own(root):
        raise HasBorders(f"{root} holds the dataset, whose trimaps have borders of their own")
    kind = f"{split}-{size}{'-skip-bad' if skip_bad else ''}"
    pairs = pairs_of(root, names, border_width)
    place = cache or cache_folder()
    if place is None:
        print(f"note: without a home photos are decoded anew each time: {_ANOTHER_FOLDER}", file=sys.stderr)
        return Split(*decode(Pairs(root, pairs, size), split, skip_bad))
    folder = place / f"{kind}-{_fingerprint(pairs)}"
    cached = _read_cache(folder)
    if cached is not None:
        return cached
    chosen = cache is not None or bool(os.environ.get(CACHE_VARIABLE))
    decoded = Split(*decode(Pairs(root, pairs, size), split, skip_bad))
    try:
        _write_cache(folder, decoded)
    except OSError as error:
        reason = f"{folder}: the cache cannot be written ({error.strerror or error})"
        if chosen:
            raise CacheUnusable(f"{reason}: {_ANOTHER_FOLDER}") from error
        print(f"note: {reason}, so photos are decoded anew each time: {_ANOTHER_FOLDER}", file=sys.stderr)
        return decoded
    _delete_old_caches(folder.parent, kind)
    print(f"decoded photos are kept in {folder.parent}, which may be deleted at any time", file=sys.stderr)
    return _read_cache(folder) or decoded  # as good, where another process deletes it this moment


def cache_folder() -> Path | None:
    """Where decoded photos are kept: what a person says, else in their home; None where they have none."""
    said = os.environ.get(CACHE_VARIABLE)
    if said:
        return Path(said)
    try:
        return Path.home() / ".cache" / "borderline"
    except RuntimeError:  # neither HOME nor an entry in the system's list of people
        return None


def _listed(root: Path, split: str) -> list[str]:
    names = listed_photos(root, split)
    if not are_here(root):  # one thing to say, not that thousands of photos are missing
        raise DatasetMissing(f"{photo_path(root, names[0]).parent} is missing")
    return names


def _fingerprint(pairs: list[Pair]) -> str:
    """Twelve hex digits that change when a file of the split is added, removed or rewritten, or a border's width."""
    digest = hashlib.sha256(b"photos as they are seen\n")  # caches of versions that read them otherwise are others
    for pair in pairs:
        for path in (pair.photo, pair.label):
            try:
                status = path.stat()
                digest.update(
                    f"{path.resolve()} {status.st_size} {status.st_mtime_ns}\n".encode(errors="surrogatepass")
                )
            except OSError:
                digest.update(f"{path} missing\n".encode(errors="surrogatepass"))
        if pair.border_width is not None:
            digest.update(f"border {pair.border_width!r} {pair.wrong}\n".encode(errors="surrogatepass"))
    return digest.hexdigest()[:12]


def _write_cache(folder: Path, split: Split) -> None:
    """Write next to the final place and rename, so that a reader sees a whole cache or none.

    Raises:
        OSError: it cannot be written, and no other process has written it.
    """
    for left in reversed(range(PUT_IN_PLACE_TRIES)):
        temporary = _beside(folder)
        try:
            temporary.mkdir(parents=True, exist_ok=True)
            np.save(temporary / "photos.npy", split.photos)
            np.save(temporary / "masks.npy", split.masks)
            index = json.dumps({"names": split.names, "skipped": split.skipped})
            (temporary / "index.json").write_text(index, encoding="utf-8")
            if folder.exists() and _read_cache(folder) is None:
                _delete(folder)
            temporary.rename(folder)
            return
        except OSError as error:
            if _read_cache(folder) is not None:  # another process finished first: its copy is as good
                return
            # else somebody has deleted it meanwhile, or left it half; or the disk is full
            if not left or error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _read_cache(folder: Path) -> Split | None:
    """What the cache holds, which counts as using it; None where there is none, or a damaged one."""
    try:
        index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        photos = np.load(folder / "photos.npy", mmap_mode="r")
        masks = np.load(folder / "masks.npy", mmap_mode="r")
        if len(index["names"]) != len(photos) or len(photos) != len(masks):
            return None
        split = Split(index["names"], photos, masks, index["skipped"])
    except (OSError, ValueError, KeyError, EOFError):
        return None
    with contextlib.suppress(OSError):  # somebody else's, or on a disk that cannot be written: used all the same
        os.utime(folder)
    return split


def _delete_old_caches(parent: Path, kind: str) -> None:
    """Of the caches of one split, size and way keep the `KEPT` that were used last, and nothing that a kill left half.

    A process that has opened one which is deleted keeps its arrays; one that is about to open it finds none, not
    half of one, and decodes the photos for itself.
    """
    there = [path for path in parent.glob(f"{kind}-*") if re.fullmatch(f"{kind}-[0-9a-f]{{12}}", path.name)]
    for old in sorted(there, key=_last_used, reverse=True)[KEPT:]:
        _delete(old)
    for left in parent.glob("*.tmp"):
        if _HALF_WRITTEN.fullmatch(left.name) and time.time() - _last_used(left) > ABANDONED_SECONDS:
            shutil.rmtree(left, ignore_errors=True)


def _delete(folder: Path) -> None:
    """Out of sight first, so that nobody reads half of it."""
    moved = _beside(folder)
    with contextlib.suppress(OSError):  # another process deletes it too, or, on Windows, reads it
        folder.rename(moved)
    shutil.rmtree(moved, ignore_errors=True)


def _beside(folder: Path) -> Path:
    """A name that nobody else has."""
    return folder.with_name(f"{folder.name}.{secrets.token_hex(8)}.tmp")


def _last_used(folder: Path) -> float:
    """Seconds since 1970; infinite where it is gone, deleted just now by another process."""
    try:
        return folder.stat().st_mtime
    except OSError:
        return math.inf

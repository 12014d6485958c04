"""The Oxford-IIIT Pet dataset: downloaded, checked, unpacked aside, and only then put in place."""

import gzip
import hashlib
import shutil
import tarfile
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from experiments.fetching.download import (
    Cancelled,
    Damaged,
    NoPlace,
    delete_part,
    download_part,
    length_of,
    no_place,
)
from experiments.store.folder import hold
from seg import InputError
from seg.pets import (
    DATASET_FOLDER,
    SPLITS,
    DatasetMissing,
    dataset_folder,
    has_photos,
    listed_photos,
    photo_path,
    trimap_path,
)

# What an archive that is not one is told by
NO_ARCHIVE = (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, UnicodeError)


@dataclass(frozen=True)
class Progress:
    """How far a fetch is.

    Attributes:
        doing: `downloading`, in bytes of all archives; `checking`, in archives; `unpacking`, in files.
        total: 0 where nobody has said it.
    """

    doing: str
    done: int
    total: int


@dataclass(frozen=True)
class Archive:
    """A part of the dataset, as it is published, and its MD5 sum."""

    url: str
    md5: str

    @property
    def name(self) -> str:
        return self.url.rsplit("/", 1)[1]


def archives(address: str | None = None) -> list[Archive]:
    """The dataset's archives, at the dataset's own address or in another folder."""
    from torchvision.datasets import OxfordIIITPet  # with torch, which takes seconds to import

    published = [Archive(url, md5) for url, md5 in OxfordIIITPet._RESOURCES]
    if address is None:
        return published
    return [Archive(f"{address.rstrip('/')}/{archive.name}", archive.md5) for archive in published]


def fetch_dataset(
    root: Path,
    address: str | None = None,
    progress: Callable[[Progress], None] = lambda progress: None,
    cancelled: threading.Event | None = None,
) -> None:
    """Put the dataset into a folder, whole or not at all; a later call goes on where this one was stopped.

    Args:
        root: the folder that is to hold `oxford-iiit-pet/`; made where it is missing.
        address: of a folder on another server that holds the same archives.
        progress: is told how far it is, at every piece that arrives.
        cancelled: once it is set, the work stops.

    Raises:
        FetchFailed: `Cut`, `NotThere`, `Damaged` or `NoPlace`, which say what happened.
        Cancelled: as asked.
        InputError: another fetch is at work in this folder.
    """
    cancelled = cancelled or threading.Event()
    unfinished = root / f".{DATASET_FOLDER}-unfinished"
    try:
        unfinished.mkdir(parents=True, exist_ok=True)
        with hold(unfinished, used="filled"):
            if not has_photos(root):  # else another fetch has ended meanwhile
                _check_room(dataset_folder(root))
                wanted = archives(address)
                _download(wanted, unfinished, progress, cancelled)
                _unpack(wanted, unfinished, progress, cancelled)
                dataset_folder(unfinished).rename(dataset_folder(root))
            shutil.rmtree(unfinished)
    except OSError as error:
        raise no_place(root, error) from error


def check_whole(root: Path) -> None:
    """Refuse a dataset that lacks files which its own lists name.

    Raises:
        InputError: says how many photos and trimaps are missing.
    """
    dataset = dataset_folder(root)
    try:
        names = [name for split in SPLITS for name in listed_photos(root, split)]
    except DatasetMissing as error:
        raise InputError(f"{dataset} is no whole dataset, {error}") from error
    files = {
        "photos": [photo_path(root, name) for name in names],
        "trimaps": [trimap_path(root, name) for name in names],
    }
    missing = {kind: [path for path in paths if not path.is_file()] for kind, paths in files.items()}
    if any(missing.values()):
        counts = " and ".join(f"{len(paths):,} of {len(names):,} {kind}" for kind, paths in missing.items() if paths)
        first = next(path for paths in missing.values() for path in paths)
        raise InputError(f"{dataset} lacks {counts} (first {first})")


def _check_room(dataset: Path) -> None:
    """Refuse to download 0.8 GB that have no place in the end."""
    if dataset.exists() and not (dataset.is_dir() and next(dataset.iterdir(), None) is None):
        raise NoPlace(f"{dataset} is in the way, it holds no photos: move it away")


def _download(
    wanted: list[Archive], folder: Path, progress: Callable[[Progress], None], cancelled: threading.Event
) -> None:
    """Every archive, with the right MD5 sum; one that bears its name has been checked before."""
    targets = {archive: folder / archive.name for archive in wanted}
    missing = [archive for archive, target in targets.items() if not target.is_file()]
    before = sum(target.stat().st_size for archive, target in targets.items() if archive not in missing)
    lengths = [length_of(archive.url, cancelled) for archive in missing]
    total = 0 if None in lengths else before + sum(length or 0 for length in lengths)
    for number, archive in enumerate(missing):
        part = download_part(
            archive.url,
            targets[archive],
            lambda size, before=before: progress(Progress("downloading", before + size, total)),  # type: ignore[misc]
            cancelled,
        )
        before += part.stat().st_size
        progress(Progress("checking", number, len(missing)))
        with open(part, "rb") as file:
            if hashlib.file_digest(file, "md5").hexdigest() != archive.md5:
                delete_part(targets[archive])
                raise Damaged(f"{archive.name} arrived damaged (its MD5 sum is not {archive.md5}) and was deleted")
        part.rename(targets[archive])
        delete_part(targets[archive])


def _unpack(
    wanted: list[Archive], folder: Path, progress: Callable[[Progress], None], cancelled: threading.Event
) -> None:
    """The dataset's folder, whole, beside the archives; at the end without them."""
    dataset = dataset_folder(folder)
    shutil.rmtree(dataset, ignore_errors=True)  # half of it, from a call that was stopped
    with _deleted_where_damaged([folder / archive.name for archive in wanted]):
        done = 0
        for archive in wanted:
            with tarfile.open(folder / archive.name) as tar:
                for member in tar:
                    if cancelled.is_set():
                        raise Cancelled
                    # `data`: nothing outside the folder, no links out of it, no devices, no odd permissions
                    tar.extract(member, dataset, filter="data")
                    done += 1
                    progress(Progress("unpacking", done, 0))
        try:
            check_whole(folder)
        except InputError as error:
            raise tarfile.TarError(error) from error
    for archive in wanted:
        (folder / archive.name).unlink()


@contextmanager
def _deleted_where_damaged(paths: list[Path]) -> Iterator[None]:
    try:
        yield
    except NO_ARCHIVE as error:
        for path in paths:
            path.unlink()
        names = " and ".join(path.name for path in paths)
        raise Damaged(f"{names} cannot be unpacked ({error}) and were deleted") from error

"""Download the Oxford-IIIT Pet dataset: `python -m experiments.fetch --data DIR`."""

import shutil
from http.client import HTTPException
from pathlib import Path

from experiments.cli.command_line import OneLineParser, add_data_option, run_command
from seg import InputError
from seg.pets import DATASET_FOLDER, SPLITS, DatasetMissing, dataset_folder, listed_photos, photo_path, trimap_path


def main(arguments: list[str] | None) -> int:
    parser = OneLineParser(
        prog="python -m experiments.fetch",
        description="Download the Oxford-IIIT Pet dataset (0.8 GB, CC BY-SA 4.0) through torchvision.",
    )
    add_data_option(parser)
    root = parser.parse_args(arguments).data
    dataset = dataset_folder(root)
    if dataset.exists():
        _check_whole(root, "move that folder away and fetch again, or restore them")
        print(f"{dataset} is whole: nothing to download.")
        return 0
    print(f"Downloading 0.8 GB to {root}, then unpacking it, which takes a minute.")
    download(root)
    print(f"{dataset} is ready: train with `python -m experiments.run --loss ce --data {root}`.")
    return 0


def download(root: Path) -> None:
    """Download and unpack beside the final place, then rename: what is cut short never looks like a dataset.

    A later call continues with the archives that arrived whole.

    Raises:
        InputError: no network, a damaged download, or no place to write.
    """
    from torchvision.datasets import OxfordIIITPet  # with torch, which takes seconds to import

    unfinished = root / f".{DATASET_FOLDER}-unfinished"
    dataset = dataset_folder(unfinished)
    archives = [dataset / url.rsplit("/", 1)[1] for url, _ in OxfordIIITPet._RESOURCES]
    try:
        dataset.mkdir(parents=True, exist_ok=True)
        for folder in ("images", "annotations"):  # torchvision takes half-unpacked ones for the whole
            shutil.rmtree(dataset / folder, ignore_errors=True)
        OxfordIIITPet(unfinished, download=True)  # shows a bar an archive and checks its MD5 sum
        _check_whole(unfinished, "fetch again")
        for archive in archives:
            archive.unlink()
        dataset.rename(dataset_folder(root))
        shutil.rmtree(unfinished)
    except (OSError, RuntimeError, HTTPException) as error:
        urls = " and ".join(url for url, _ in OxfordIIITPet._RESOURCES)
        raise InputError(
            f"the dataset cannot be downloaded to {root} ({error}): run this again later, or download {urls} elsewhere "
            f"and unpack both in {dataset_folder(root)}"
        ) from error


def _check_whole(root: Path, remedy: str) -> None:
    """Refuse a dataset that lacks files which its own lists name.

    Raises:
        InputError: says how many photos and trimaps are missing.
    """
    dataset = dataset_folder(root)
    try:
        names = [name for split in SPLITS for name in listed_photos(root, split)]
    except DatasetMissing as error:
        raise InputError(f"{dataset} is no whole dataset, {error}: {remedy}") from error
    files = {
        "photos": [photo_path(root, name) for name in names],
        "trimaps": [trimap_path(root, name) for name in names],
    }
    missing = {kind: [path for path in paths if not path.is_file()] for kind, paths in files.items()}
    if any(missing.values()):
        counts = " and ".join(f"{len(paths):,} of {len(names):,} {kind}" for kind, paths in missing.items() if paths)
        first = next(path for paths in missing.values() for path in paths)
        raise InputError(f"{dataset} lacks {counts} (first {first}): {remedy}")


if __name__ == "__main__":
    run_command(main)

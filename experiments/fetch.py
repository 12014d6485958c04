"""Download the Oxford-IIIT Pet dataset: `python -m experiments.fetch --data DIR`."""

import shutil
import tempfile
from pathlib import Path
from urllib.error import URLError

from torchvision.datasets import OxfordIIITPet

from experiments.command_line import OneLineParser, add_data_option, run_command
from seg import InputError


def main(arguments: list[str] | None) -> int:
    parser = OneLineParser(
        prog="python -m experiments.fetch",
        description="Download the Oxford-IIIT Pet dataset (0.8 GB, CC BY-SA 4.0) through torchvision.",
    )
    add_data_option(parser)
    root = parser.parse_args(arguments).data
    target = root / "oxford-iiit-pet"
    if target.exists():
        missing = missing_files(root)
        if missing:
            raise InputError(
                f"{target} lacks {len(missing)} files (first {missing[0]}): move the folder away and fetch again"
            )
        print(f"{target} is whole: nothing to download.")
        return 0
    download(root)
    print(f"{target} is ready: train with `python -m experiments.run --loss ce --data {root}`.")
    return 0


def missing_files(root: Path) -> list[Path]:
    """Photos and trimaps that the official lists name and the folder lacks; the lists themselves first."""
    annotations = root / "oxford-iiit-pet" / "annotations"
    lists = [annotations / f"{split}.txt" for split in ("trainval", "test")]
    missing = [path for path in lists if not path.is_file()]
    for split in ("trainval", "test"):
        try:
            pairs = OxfordIIITPet(root, split=split, target_types="segmentation")
        except (RuntimeError, FileNotFoundError):
            continue
        missing += [path for path in (*pairs._images, *pairs._segs) if not path.is_file()]
    if not missing and not (root / "oxford-iiit-pet" / "images").is_dir():
        missing = [root / "oxford-iiit-pet" / "images"]
    return missing


def download(root: Path) -> None:
    """Download next to the final place and rename: a download cut short never looks like a dataset.

    Raises:
        InputError: no network, a damaged download, or no place to write.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetching-", dir=root) as unfinished:
            OxfordIIITPet(unfinished, download=True)  # shows its own progress and checks the files' MD5 sums
            shutil.move(Path(unfinished) / "oxford-iiit-pet", root / "oxford-iiit-pet")
    except (URLError, OSError, RuntimeError, EOFError) as error:
        urls = " and ".join(url for url, _ in OxfordIIITPet._RESOURCES)
        raise InputError(
            f"the dataset cannot be downloaded to {root} ({error}): download {urls} on a machine with a network and "
            f"unpack both in {root / 'oxford-iiit-pet'}"
        ) from error


if __name__ == "__main__":
    run_command(main)

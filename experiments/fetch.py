"""Download the Oxford-IIIT Pet dataset: `python -m experiments.fetch --data DIR`."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tqdm import tqdm

from experiments.cli.command_line import OneLineParser, add_data_option, remedies, run_command
from experiments.cli.program import typed
from experiments.fetching.dataset import Progress, archives, check_whole, fetch_dataset
from experiments.fetching.download import Cut, Damaged, NoPlace, NotThere
from seg import InputError
from seg.pets import dataset_folder


def main(arguments: list[str] | None) -> int:
    parser = OneLineParser(
        prog=typed("fetch"),
        description="Download the Oxford-IIIT Pet dataset (0.8 GB, CC BY-SA 4.0). What was cut goes on.",
    )
    add_data_option(parser)
    parser.add_argument(
        "--from",
        dest="address",
        type=_address,
        metavar="URL",
        help="folder of another server with the same images.tar.gz and annotations.tar.gz (default: the dataset's own)",
    )
    options = parser.parse_args(arguments)
    root, dataset = options.data, dataset_folder(options.data)
    if dataset.exists():
        with remedies(lambda error: "move that folder away and fetch again, or restore them"):
            check_whole(root)
        print(f"{dataset} is whole: nothing to download.")
        return 0
    with remedies(lambda error: _remedy(error, root, options.address)), _bar() as show:
        fetch_dataset(root, options.address, show)
    print(f"{dataset} is ready: train with `{typed('run')} --loss ce --data {root}`.")
    return 0


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        # a port that is no number is found where it is read
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise argparse.ArgumentTypeError(
            f"{text} is no address: give one that begins with http:// or https:// and names a server"
        )
    return text


def _remedy(error: InputError, root: Path, address: str | None) -> str | None:
    match error:
        case Cut():
            urls = " and ".join(archive.url for archive in archives(address))
            return (
                f"run this again to go on where it stopped, or download {urls} elsewhere and unpack both in "
                f"{dataset_folder(root)}"
            )
        case NotThere():
            return "pass --from URL with the address of a folder that holds it"
        case Damaged():
            return "run this again to download anew"
        case NoPlace():
            return "make room there, or pass another --data DIR"
    return None


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    """What shows how far it is, a bar for each thing that it does."""
    shown: dict[str, tqdm] = {}

    def show(progress: Progress) -> None:
        if progress.doing == "checking":  # two seconds
            return
        if progress.doing not in shown:
            in_bytes = progress.doing == "downloading"
            shown[progress.doing] = tqdm(
                desc=progress.doing,
                total=progress.total or None,
                initial=progress.done,
                unit="B" if in_bytes else " files",
                unit_scale=in_bytes,
            )
        bar = shown[progress.doing]
        bar.update(progress.done - bar.n)

    try:
        yield show
    finally:
        for bar in shown.values():
            bar.close()


if __name__ == "__main__":
    run_command(main)

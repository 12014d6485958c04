"""Where runs are found: the folders that hold them, and one run, or its weights, by name, by path, or on the Hub."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from experiments.cli.command_line import DEFAULT_FOLDER, RESULTS
from seg import InputError
from seg.hub import WEIGHTS, download, is_address, parse_address

# Where every command looks for a run that is given by its name
FOLDERS = (RESULTS, DEFAULT_FOLDER)


def add_runs_option(parser: argparse._ActionsContainer) -> None:
    """Add `--runs`, the folders that hold the runs; one that is none is refused at once."""
    parser.add_argument(
        "--runs",
        type=runs_folder,
        nargs="+",
        default=list(FOLDERS),
        metavar="DIR",
        help="folders that hold runs, or are one, also on the Hugging Face Hub: hf://USER/NAME[@REVISION][/FOLDER] "
        "(default: experiments/results and runs)",
    )


def runs_folder(text: str) -> Path:
    """An argparse type: a folder that holds runs, or is one; one on the Hub is fetched."""
    if is_address(text):
        folder = _fetched(text)
        if not ((folder / "run.json").exists() or _names([folder])):
            raise argparse.ArgumentTypeError(f"{text} holds no runs: give the folder in it that does, behind a slash")
        return folder
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text} is not a folder: give the folder that holds the runs' folders")
    return Path(text)


def run_or_address(text: str) -> str:
    """An argparse type: a run's name or folder as it was typed; one on the Hub is fetched, and its folder given."""
    return str(_fetched(text)) if is_address(text) else text


def _fetched(text: str) -> Path:
    """What an address on the Hub names, fetched: argparse says its errors only where they are its own."""
    try:
        return download(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def run_path(text: str, folders: Sequence[Path] = FOLDERS) -> Path:
    """What a person means by a run: a path, of its folder or of weights, else the name of a run in one of the folders.

    One on the Hub is its folder, which is fetched.

    Raises:
        InputError: it is neither, or a name in several of the folders, or does not arrive.
    """
    if is_address(text):
        path = download(text)
        if not path.is_dir():  # weights alone do not say how their run was trained
            raise InputError(f"{text} is a file: give the folder of the run that it belongs to")
        if not (path / WEIGHTS).exists():
            raise InputError(f"{text} is no run with weights: it holds {_names([path]) or 'no runs'}")
        return path
    if Path(text).exists():
        return Path(text)
    found = [folder / text for folder in folders if (folder / text).exists()]
    if len(found) > 1:
        raise InputError(f"{text} is {' and '.join(map(str, found))}: give the one that you mean")
    if found:
        return found[0]
    raise InputError(f"{text} is neither a run nor a path: there are {_names(folders) or 'no runs'}")


def own_run_path(text: str, folders: Sequence[Path] = FOLDERS) -> Path:
    """As `run_path`, of a run that is to be written to.

    Raises:
        InputError: it is neither, or lies on the Hub, whose copy here is to stay what was fetched.
    """
    if is_address(text):
        repository = parse_address(text).repository
        remedy = f"`hf download {repository} --local-dir {DEFAULT_FOLDER / repository.partition('/')[2]}`"
        raise InputError(f"{text} is not to be changed: give a folder of your own, which {remedy} makes")
    return run_path(text, folders)


def _names(folders: Sequence[Path]) -> str:
    return ", ".join(sorted({path.parent.name for folder in folders for path in folder.glob("*/run.json")}))

"""Where runs are found: the folders that hold them, and one run, or its weights, by name or by path."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from experiments.cli.command_line import DEFAULT_FOLDER, RESULTS
from seg import InputError

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
        help="folders that hold runs (default: experiments/results and runs)",
    )


def runs_folder(text: str) -> Path:
    """An argparse type: a folder that holds runs."""
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text} is not a folder: give the folder that holds the runs' folders")
    return Path(text)


def run_path(text: str, folders: Sequence[Path] = FOLDERS) -> Path:
    """What a person means by a run: a path, of its folder or of weights, else the name of a run in one of the folders.

    Raises:
        InputError: it is neither.
    """
    for path in (Path(text), *(folder / text for folder in folders)):
        if path.exists():
            return path
    there = sorted({path.parent.name for folder in folders for path in folder.glob("*/run.json")})
    raise InputError(f"{text} is neither a run nor a path: there are {', '.join(there) or 'no runs'}")

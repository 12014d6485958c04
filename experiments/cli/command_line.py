"""What every command shares: one-line errors, where runs and the dataset are, numbers, tables.

Nothing here imports torch or pandas until it is needed: `--help` answers at once.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import shlex
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from experiments.cli.printing import print_every_letter, speaks
from experiments.cli.program import typed
from experiments.cli.spreadsheets import csv_text
from seg import InputError
from seg.labelled.pairs import DoubledPhotos, HasBorders, are_own
from seg.pets import DATASET_FOLDER, BadPair, DatasetMissing, NoPhotoLeft, NoUsablePair, UnknownPhoto

if TYPE_CHECKING:
    import pandas as pd
    import torch

# The shipped runs, and where new ones go
RESULTS = Path(__file__).parents[1] / "results"
DEFAULT_FOLDER = Path("runs")


class OneLineParser(argparse.ArgumentParser):
    """Bad options end with one line and status 2, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n" if speaks() else None)


def run_command(main: Callable[[list[str] | None], int]) -> None:
    """Exit with main's status; an error a person can cause is one line and status 2."""
    print_every_letter()
    try:
        sys.exit(main(None))
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)


@contextmanager
def remedies(remedy: Callable[[InputError], str | None]) -> Iterator[None]:
    """While inside, an error also says what to do about it on the command line that was typed.

    Args:
        remedy: what to do about an error that names the thing alone; None for one that says it itself.
    """
    try:
        yield
    except InputError as error:
        said = remedy(error)
        if said is None:
            raise
        raise InputError(f"{error}: {said}") from error


def data_remedy(error: InputError, data: Path, leave_out: str = "pass --skip-bad") -> str | None:
    """What to do about the dataset in `data`, for a command with `--data`; None for errors of other things.

    Args:
        leave_out: how this command is told to leave out pairs that cannot be used.
    """
    match error:
        case DatasetMissing():
            if are_own(data):
                return f"`{typed('check')} --data {shlex.quote(str(data))}` names all that is wrong"
            return f"pass --data DIR or set PETS_DATA, or run `{typed('fetch')} --data {data}`"
        case NoUsablePair():
            return "repair or restore them"
        case BadPair():
            names_all = f"; `{typed('check')} --data {shlex.quote(str(data))}` names all" if are_own(data) else ""
            return f"repair or restore it, or {leave_out} to leave such pairs out{names_all}"
        case DoubledPhotos():
            return "leave each in one list, and there once"
        case HasBorders():
            return "leave out --border-width"
        case UnknownPhoto():
            return "take it out of the list of --exclude"
        case NoPhotoLeft():
            return "take photos out of the list of --exclude"
    return None


def add_data_option(parser: argparse._ActionsContainer, **settings) -> None:
    """Add `--data`, the folder that holds the dataset; `settings` are argparse's, over its own."""
    usual: dict[str, Any] = {
        "default": Path(os.environ.get("PETS_DATA", "data")),
        "help": f"folder holding {DATASET_FOLDER}/, or your own photos/ and masks/ (default: $PETS_DATA, else data)",
    }
    parser.add_argument("--data", type=Path, metavar="DIR", **usual | settings)


def add_device_option(parser: argparse._ActionsContainer) -> None:
    """Add `--device`, a name that `choose_device` takes."""
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")


def choose_device(name: str) -> torch.device:
    """The device of that name; `auto` is the first of CUDA, MPS and CPU that this machine has.

    Raises:
        InputError: this machine has no such device.
    """
    import torch

    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind, there in available.items() if there)
    kind, _, number = name.partition(":")
    count = torch.cuda.device_count() if kind == "cuda" else 1
    if not available.get(kind, False) or (":" in name and not (number.isdecimal() and int(number) < count)):
        there = ", ".join(kind for kind, there in available.items() if there)
        raise InputError(f"this machine has no device {name}: choose from auto, {there}")
    return torch.device(name)


def add_csv_option(parser: argparse.ArgumentParser, what: str) -> None:
    """Add `--csv FILE`, which also writes `what`; a file that cannot be there is refused at once."""
    parser.add_argument("--csv", type=writable, metavar="FILE", help=f"also write {what} to a file")


def writable(text: str) -> Path:
    """An argparse type: a file that can be there, seen before the work begins."""
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text} cannot be written: give a file in a folder that exists")
    return path


@contextmanager
def writing(path: Path, remedy: str) -> Iterator[None]:
    """An error of the file system inside ends in one line that names the file and the remedy.

    Raises:
        InputError: in its place.
    """
    try:
        yield
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}): {remedy}") from error


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write the table with full precision, an undefined score as an empty cell.

    Raises:
        InputError: the file cannot be written.
    """
    with writing(path, "pass another --csv FILE"):
        path.write_text(csv_text(table), encoding="utf-8", newline="")


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, words: Collection[str] = ()) -> str:
    """The table as text for the terminal; columns named in `words` are aligned to the left, others to the right."""
    return _table(header, rows, words, "simple")


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, words: Collection[str] = ()) -> str:
    """The table in GitHub's Markdown, aligned as `text_table`."""
    head, *lines = [[_in_a_table(cell) for cell in row] for row in (header, *rows)]
    return _table(head, lines, [_in_a_table(word) for word in words], "pipe")


def _in_a_table(cell: str) -> str:
    """As Markdown shows it: a name is neither a link nor HTML, and ends no cell."""
    return re.sub(r"[\\|<]|\](?=\()", lambda found: f"\\{found[0]}", " ".join(cell.splitlines()))


def latex_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, words: Collection[str] = ()) -> str:
    """The table in LaTeX, with the rules of its package booktabs, aligned as `text_table`."""
    return _table(header, rows, words, "latex_booktabs")


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], words: Collection[str], form: str) -> str:
    from tabulate import tabulate  # `--help` does without

    alignment = ["left" if title in words else "right" for title in header]
    # the cells are written out: a number is not to lose the digits that it was given
    return tabulate(rows, header, tablefmt=form, colalign=alignment, disable_numparse=True)


def number(
    kind: type[int] | type[float],
    *,
    above: float = -math.inf,
    least: float = -math.inf,
    below: float = math.inf,
    most: float = math.inf,
) -> Callable[[str], int | float]:
    """An argparse type: a finite number in a range, whose open or closed ends are given."""
    ends = ((above, "above {}"), (least, "of {} or more"), (below, "below {}"), (most, "of {} or less"))
    said = " and ".join(words.format(_plain(end)) for end, words in ends if math.isfinite(end))
    words = {int: "a whole number", float: "a number"}[kind]

    def parse(text: str) -> int | float:
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not (above < value < below and least <= value <= most and math.isfinite(value)):
            raise argparse.ArgumentTypeError(f"{text} is not {words} {said}")
        return value

    return parse


def positive(kind: type[int] | type[float]) -> Callable[[str], int | float]:
    """An argparse type: a finite number above 0."""
    return number(kind, above=0)


def _plain(end: float) -> str:
    return "2**63" if end == 2**63 else f"{end:g}"

"""What is written for spreadsheet programs: a name that they would run as a formula is a text to them."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import pandas as pd

# What some program begins a formula with, or reads over to find one behind it
_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


def harmless(cell: object) -> object:
    """The cell, with an apostrophe before a text that would be a formula; numbers stay what they are."""
    if isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


class UnixRows:
    """What a `csv.writer` writes into for rows that end with a line feed alone.

    Told to end them so itself, it leaves a carriage return in a cell without quotes before Python 3.13, and who reads
    the file finds two rows there.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, row: str) -> int:
        return self._file.write(row.removesuffix("\r\n") + "\n")


def csv_text(table: pd.DataFrame) -> str:
    """The table with full precision, an undefined number as an empty cell."""
    text = io.StringIO()
    table.rename(columns=harmless).map(harmless).to_csv(UnixRows(text), index=False, lineterminator="\r\n")
    return text.getvalue()

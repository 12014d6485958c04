"""What is written for spreadsheet programs: a name that they would run as a formula is a text to them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

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


def csv_text(table: pd.DataFrame) -> str:
    """The table with full precision, an undefined number as an empty cell."""
    return table.rename(columns=harmless).map(harmless).to_csv(index=False, lineterminator="\n")

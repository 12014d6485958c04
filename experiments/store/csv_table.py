"""CSV files with named columns: written whole, with seven digits, and read back by column name.

Read here and not by `pandas.read_csv`: that fills a row that a crash cut short, renames a column that is there twice,
makes text of a column with a typo in it, and does not say in which line of the file a cell is.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.store.files import replacing
from seg import InputError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

LARGEST_COUNT = 2**53  # past it float64 skips whole numbers


class BadTable(InputError):
    """A CSV file that cannot be read: `FILE, line N: why`. The remedy is the caller's to add."""


def cell(value: float | int | str) -> str:
    """The value as a table holds it: seven digits are enough for every score; an undefined one is an empty cell."""
    if isinstance(value, float):
        return "" if value != value else f"{value:.7g}"
    return str(value)


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[float | int | str]]) -> None:
    """Write the header and the rows, whole or not at all."""
    with replacing(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([cell(value) for value in row] for row in rows)


def read_rows(path: Path, content: bytes) -> tuple[list[str], dict[int, list[str]]]:
    """The header and the rows of a CSV file, each row by the number of the line that it begins in.

    Blank lines, a byte-order mark, another header and any kind of line end are read over, as spreadsheet programs write
    them.

    Args:
        content: what the file at `path` holds.

    Raises:
        BadTable: it is no UTF-8 text, has a NUL byte or an open quote, names a column twice, or has a row that is
            longer or shorter than the header.
    """
    content = content.removeprefix(codecs.BOM_UTF8)
    if b"\0" in content:
        raise _bad(path, _line(content, content.index(b"\0")), "has a NUL byte")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise _bad(path, _line(content, error.start), "is not UTF-8 text") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows, line = {}, 1
    try:
        for cells in reader:
            if len(cells) > 1 or "".join(cells).strip():
                rows[line] = cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise _bad(path, line, str(error)) from error
    if not rows:
        return [], {}
    first = next(iter(rows))
    header = rows.pop(first)
    rows = {line: cells for line, cells in rows.items() if cells != header}  # two tables, one after the other
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        raise _bad(path, first, "is not divided by commas: save it with commas between its cells")
    for name in header:
        if header.count(name) > 1:
            raise _bad(path, first, f"names the column {_quoted(name)} twice")
    for line, cells in rows.items():
        if len(cells) != len(header):
            raise _bad(path, line, f"has {len(cells)} cells for {len(header)} columns")
    return header, rows


def read_table(
    path: Path,
    content: bytes,
    columns: Sequence[str],
    *,
    needed: Collection[str],
    whole: Collection[str] = (),
    words: Collection[str] = (),
) -> pd.DataFrame:
    """`read_columns` as a table, indexed by line number.

    Raises:
        BadTable: as that does.
    """
    import pandas as pd  # takes a second to import, and a command that only answers --help does without

    lines, found = read_columns(path, content, columns, needed=needed, whole=whole, words=words)
    return frame_of(found, pd.Index(lines, name="line", dtype="int64"))


def frame_of(columns: Mapping[str, np.ndarray | list[str]], index: pd.Index | None = None) -> pd.DataFrame:
    """What `read_columns` gives as a table, in which a column of words that has no row is of numbers."""
    import numpy as np
    import pandas as pd

    # fractions at once: column by column a frame takes longer to make than its file to read
    fractions = [name for name, values in columns.items() if not isinstance(values, list) and values.dtype.kind == "f"]
    together = np.array([columns[name] for name in fractions]).T if fractions else None
    frame = pd.DataFrame(together, index, fractions)
    for place, (name, values) in enumerate(columns.items()):
        if isinstance(values, list):
            frame.insert(place, name, pd.Series(values, frame.index, dtype="str" if values else "float64"))
        elif name not in frame.columns:
            frame.insert(place, name, values)
    return frame


def read_columns(
    path: Path,
    content: bytes,
    columns: Sequence[str],
    *,
    needed: Collection[str],
    whole: Collection[str] = (),
    words: Collection[str] = (),
) -> tuple[list[int], dict[str, np.ndarray | list[str]]]:
    """The columns of a CSV file in the given order, then those that are in the file alone, in its order.

    Args:
        content: what the file at `path` holds.
        columns: the columns known; one that the file lacks is NaN.
        needed: columns that the file must have, without a gap.
        whole: columns of whole numbers, none of them negative.
        words: columns of text; all others of `columns` are of numbers, an empty cell being NaN.

    Returns:
        The line of each row, and the columns, float64 but for the words. An unknown column is of numbers where every
        cell is one.

    Raises:
        BadTable: see `read_rows`; or a needed column is missing or has a gap, or a cell is not what its column holds.
    """
    import numpy as np

    header, rows = read_rows(path, content)
    for name in needed:
        if name not in header:
            raise BadTable(f"{path} has no column {name}")
    lines = list(rows)
    cells = zip(*rows.values(), strict=True) if rows else ((),) * len(header)
    texts = dict(zip(header, cells, strict=True))
    found: dict[str, np.ndarray | list[str]] = {}
    for name in (*columns, *(name for name in header if name not in columns)):
        if name not in texts:
            found[name] = np.full(len(lines), math.nan)
        elif name in words:
            found[name] = list(texts[name])
        else:
            try:
                found[name] = _numbers(texts[name])
            except ValueError:
                if name in columns:
                    line, text = next((line, text) for line, text in zip(lines, texts[name], strict=True) if _odd(text))
                    raise _bad(path, line, f"{name} is {_quoted(text)}, which is no number{_hint(text)}") from None
                found[name] = list(texts[name])
    for name in needed:
        column = found[name]
        gaps = np.array([not text for text in column]) if isinstance(column, list) else np.isnan(column)
        _tell_first(path, lines, column, gaps, f"{name} is missing")
    for name in whole:
        numbers = np.asarray(found[name], dtype=np.float64)
        with np.errstate(invalid="ignore"):
            counts = (numbers >= 0) & (numbers <= LARGEST_COUNT) & (numbers % 1 == 0)
        _tell_first(path, lines, numbers, ~counts & ~np.isnan(numbers), f"{name} is {{:g}}, which is no count")
    return lines, found


def _tell_first(path: Path, lines: Sequence[int], column: np.ndarray | list[str], wrong: np.ndarray, why: str) -> None:
    if wrong.any():
        place = int(wrong.argmax())
        raise _bad(path, lines[place], why.format(column[place]))


def _numbers(cells: Sequence[str]) -> np.ndarray:
    import numpy as np

    together = "".join(cells)
    if "_" in together or not together.isascii():  # Python takes 1_000 for a number, and digits of every script
        raise ValueError(together)
    try:
        return np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:  # a gap, or no number
        filled = [float(text) if text and not text.isspace() else math.nan for text in cells]
    return np.array(filled, dtype=np.float64)


def _odd(text: str) -> bool:
    try:
        _numbers((text,))
    except ValueError:
        return True
    return False


def _hint(text: str) -> str:
    """What spreadsheet programs make of numbers, where it was that: `0,57` may be 57, too, so nobody guesses."""
    if re.fullmatch(r"\s*[-+]?[\d.\s]*,\d+\s*(%|[eE][-+]?\d+)?\s*", text):
        return " (save it with a point before decimals)"
    return " (save it as a fraction, without %)" if "%" in text else ""


def _quoted(text: str) -> str:
    """In one line, and not the whole of a long one."""
    return repr(text if len(text) <= 30 else text[:30] + "...")


def _line(content: bytes, position: int) -> int:
    return content.count(b"\n", 0, position) + 1


def _bad(path: Path, line: int, why: str) -> BadTable:
    return BadTable(f"{path}, line {line}: {why}")

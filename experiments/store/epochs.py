"""`epochs.csv`, a run's scores epoch by epoch: its columns, and how it is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.scores import Place, appearing
from experiments.store.csv_table import BadTable, frame_of, read_columns
from experiments.store.reading.files import MOST_TABLE_BYTES, read_ordinary
from experiments.units import PER_CENT
from seg.options import MOST_EPOCHS

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

EPOCH_COLUMNS = (
    "epoch",
    "seconds",
    "images_per_second",
    "learning_rate",
    "train_loss",
    *(score.name for score in appearing(Place.EPOCHS)),
)
# a score of these is a fraction; what rounding adds is no fault
_FRACTIONS = tuple(score.name for score in appearing(Place.EPOCHS) if score.unit is PER_CENT)
_ROUNDED = 1e-6


def read_epochs(path: Path, *, growing: bool = True) -> pd.DataFrame:
    """The rows of an `epochs.csv`, by epoch: of several rows of one epoch the last in the file.

    Args:
        growing: whether a process may be writing it, or was killed while it did: a last line without its end is then
            half of one, and left out. Of a finished run it is a whole one, or told.

    Returns:
        All of EPOCH_COLUMNS, NaN where the file lacks one, then the columns that only the file knows; no row where
        there is no file yet.

    Raises:
        BadTable: this is no table of epochs.
        OSError: the file is there and cannot be read.
    """
    import numpy as np  # a command that only answers --help does without

    try:
        content = read_ordinary(path, MOST_TABLE_BYTES)
    except FileNotFoundError:
        content = b""
    content = content.rstrip(b"\0")  # what a power cut leaves of a line
    whole = whole_lines(content) if growing else content
    if not whole.strip():
        whole = ",".join(EPOCH_COLUMNS).encode()
    lines, columns = read_columns(path, whole, EPOCH_COLUMNS, needed=["epoch"], whole=["epoch"])
    epochs = np.asarray(columns["epoch"], dtype=np.float64)
    for line, epoch in zip(lines, epochs, strict=True):
        if epoch > MOST_EPOCHS:
            raise BadTable(f"{path}, line {line}: epoch is {epoch:g}, which is past {MOST_EPOCHS:,}")
    for name in _FRACTIONS:
        values = np.asarray(columns[name])
        wrong = np.flatnonzero((values < -_ROUNDED) | (values > 1 + _ROUNDED))
        if len(wrong):
            first = wrong[0]
            raise BadTable(f"{path}, line {lines[first]}: {name} is {values[first]:g}, which is no share of 1")
    columns |= {"epoch": epochs.astype(np.int64)}
    last = {epoch: place for place, epoch in enumerate(epochs)}
    kept = [last[epoch] for epoch in sorted(last)]
    if kept != list(range(len(lines))):
        columns = {name: _taken(values, kept) for name, values in columns.items()}
    return frame_of(columns)


def _taken(values: np.ndarray | list[str], places: Sequence[int]) -> np.ndarray | list[str]:
    return [values[place] for place in places] if isinstance(values, list) else values[places]


def whole_lines(content: bytes) -> bytes:
    """Up to the end of the last line that has one, whichever kind of end it is."""
    return content[: max(content.rfind(b"\n"), content.rfind(b"\r")) + 1]

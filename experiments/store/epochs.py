"""`epochs.csv`, a run's scores epoch by epoch: its columns, and how it is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from experiments.scores import Place, appearing
from experiments.store.csv_table import BadTable, read_table

if TYPE_CHECKING:
    import pandas as pd

EPOCH_COLUMNS = (
    "epoch",
    "seconds",
    "images_per_second",
    "learning_rate",
    "train_loss",
    *(score.name for score in appearing(Place.EPOCHS)),
)
LAST_EPOCH = 1_000_000


def read_epochs(path: Path) -> pd.DataFrame:
    """The rows of an `epochs.csv`, by epoch: of several rows of one epoch the last in the file.

    A last line without its end is left out: a run that is being written may end in half of one.

    Returns:
        All of EPOCH_COLUMNS, NaN where the file lacks one, then the columns that only the file knows; no row where
        there is no file yet.

    Raises:
        BadTable: this is no table of epochs.
        OSError: the file is there and cannot be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = b""
    whole = content[: content.rfind(b"\n") + 1]
    if not whole.strip():
        whole = ",".join(EPOCH_COLUMNS).encode()
    epochs = read_table(path, whole, EPOCH_COLUMNS, needed=["epoch"], whole=["epoch"])
    for line, epoch in epochs["epoch"].items():
        if epoch > LAST_EPOCH:
            raise BadTable(f"{path}, line {line}: epoch is {epoch:g}, which is past {LAST_EPOCH:,}")
    ordered = epochs.sort_values("epoch", kind="stable").drop_duplicates("epoch", keep="last")
    return ordered.reset_index(drop=True).astype({"epoch": int})

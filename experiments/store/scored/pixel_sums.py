"""What a run knows of the pixels of all photos together: `bands.csv` near the outline, `calibration.csv`."""

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from experiments.store.csv_table import write_table
from experiments.store.runs import Run
from experiments.store.scored.photo_scores import Provenance, not_whole, read_whole
from seg.evaluation import Details
from seg.metrics import BANDS, CALIBRATED, CALIBRATION_BINS, SIDES, SILHOUETTES

BAND_COLUMNS = ("edge", "side", "from", "to", "pixels", "correct", "accuracy", *Provenance.COLUMNS)
CALIBRATION_COLUMNS = (
    "pixels",
    "bin",
    "from",
    "to",
    "count",
    "mean_confidence",
    "accuracy",
    "temperature",
    *Provenance.COLUMNS,
)
_RINGS = tuple(zip((0, *BANDS[:-1]), BANDS, strict=True))
_BAND_ROWS = [(edge, side, *ring) for edge in SILHOUETTES for side in SIDES for ring in _RINGS]
_CALIBRATION_ROWS = [(pixels, index) for pixels in CALIBRATED for index in range(CALIBRATION_BINS)]


def write_bands(folder: Path, details: Details, made: Provenance) -> None:
    """Write `bands.csv`."""
    counts = details.bands.flatten(0, 2).tolist()
    near = (
        [*where, pixels, correct, _ratio(correct, pixels), *made.cells]
        for where, (pixels, correct) in zip(_BAND_ROWS, counts, strict=True)
    )
    write_table(folder / "bands.csv", BAND_COLUMNS, near)


def write_calibration(folder: Path, details: Details, made: Provenance) -> None:
    """Write `calibration.csv`."""
    rows: list[Sequence[float | int | str]] = []
    for temperature, sums in zip((1.0, details.temperature), details.calibration.flatten(1, 2).tolist(), strict=True):
        for (pixels, index), (count, probability, happened) in zip(_CALIBRATION_ROWS, sums, strict=True):
            edges = index / CALIBRATION_BINS, (index + 1) / CALIBRATION_BINS
            means = _ratio(probability, count), _ratio(happened, count)
            rows.append([pixels, index, *edges, int(count), *means, temperature, *made.cells])
    write_table(folder / "calibration.csv", CALIBRATION_COLUMNS, rows)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def read_bands(run: Run) -> pd.DataFrame:
    """The rows of `bands.csv`; the accuracy of a band without pixels is NaN.

    `edge` is the outline of the pet or of pet and border (`seg.metrics.SILHOUETTES`), `side` inside or outside it,
    and the band of pixels farther than `from` and at most `to` pixels away. No row where the run has no such file, or
    one of an older version, which knew one edge and no side.

    Raises:
        BadRun: it is damaged.
    """
    counted = ("pixels", "correct")
    words = ("edge", "side", *Provenance.COLUMNS)
    if not os.path.lexists(run.folder / "bands.csv"):
        return pd.DataFrame(columns=list(BAND_COLUMNS))
    bands = read_whole(run, "bands.csv", BAND_COLUMNS, needed=counted, whole=counted, words=words)
    bands = bands.reset_index(drop=True)
    if bands["edge"].isna().all():
        return bands.iloc[:0]
    if list(bands[["edge", "side", "from", "to"]].itertuples(index=False, name=None)) != _BAND_ROWS:
        raise not_whole(run, "bands.csv")
    return bands


def read_calibration(run: Run) -> pd.DataFrame:
    """The rows of `calibration.csv`; an empty bin's means are NaN.

    `pixels` is of CALIBRATED: all pixels by confidence, or by their probability of border; `temperature` 1, and then
    the one fitted on training photos. An older file has no temperature, which is 1, and of all pixels by confidence
    alone: what else it had, conditioned on the true class, said nothing of calibration and is left out. No row where
    the run has no such file.

    Raises:
        BadRun: it is damaged.
    """
    counted = ("pixels", "bin", "from", "to", "count")
    if not os.path.lexists(run.folder / "calibration.csv"):
        return pd.DataFrame(columns=list(CALIBRATION_COLUMNS))
    table = read_whole(
        run,
        "calibration.csv",
        CALIBRATION_COLUMNS,
        needed=counted,
        whole=("bin", "count"),
        words=("pixels", *Provenance.COLUMNS),
    )
    older = table["temperature"].isna().all()
    table = table[table["pixels"].isin(CALIBRATED)].reset_index(drop=True)
    rows = list(table[["pixels", "bin"]].itertuples(index=False, name=None))
    if rows != (_CALIBRATION_ROWS[:CALIBRATION_BINS] if older else _CALIBRATION_ROWS * 2):
        raise not_whole(run, "calibration.csv")
    if not older and table["temperature"].isna().any():
        raise not_whole(run, "calibration.csv")
    return table.fillna({"temperature": 1.0})

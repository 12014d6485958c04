"""What a run knows of single photos, of bands around the silhouette and of its confidence: three CSVs."""

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.runs import CONFUSION_COLUMNS, DETAILS, BadRun, Run, csv_cell
from experiments.scores import Place, appearing
from seg import InputError
from seg.evaluation import Evaluation
from seg.metrics import BANDS, CALIBRATION_BINS
from seg.pets import CLASS_NAMES

IMAGE_COLUMNS = ("name", *CONFUSION_COLUMNS, *(score.name for score in appearing(Place.IMAGES)))
CALIBRATED_PIXELS = ("all", "border")
BAND_COLUMNS = ("band", "pixels", "correct", "accuracy")
CALIBRATION_COLUMNS = ("pixels", "bin", "from", "to", "count", "mean_confidence", "accuracy")


def has_details(run: Run) -> bool:
    return all((run.folder / name).is_file() for name in DETAILS)


def write_details(folder: Path, names: Sequence[str], evaluation: Evaluation) -> None:
    """Write `images.csv`, `bands.csv` and `calibration.csv` of a detailed evaluation of the last epoch."""
    soft = (evaluation.cross_entropy, evaluation.custom_iou, evaluation.boundary_iou)
    photos = zip(names, evaluation.confusions.flatten(1).tolist(), *(column.tolist() for column in soft), strict=True)
    _write(folder / "images.csv", IMAGE_COLUMNS, ([name, *counts, *scores] for name, counts, *scores in photos))

    bands = zip(BANDS, evaluation.bands.tolist(), strict=True)
    rows = ([band, pixels, correct, _ratio(correct, pixels)] for band, (pixels, correct) in bands)
    _write(folder / "bands.csv", BAND_COLUMNS, rows)

    rows = []
    for pixels, bins in zip(CALIBRATED_PIXELS, evaluation.calibration.tolist(), strict=True):
        for index, (count, confidence, correct) in enumerate(bins):
            edges = index / CALIBRATION_BINS, (index + 1) / CALIBRATION_BINS
            rows.append([pixels, index, *edges, int(count), _ratio(confidence, count), _ratio(correct, count)])
    _write(folder / "calibration.csv", CALIBRATION_COLUMNS, rows)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def _write(path: Path, columns: Sequence[str], rows: Iterable[list]) -> None:
    """Write and rename, so that a reader sees the old file or the whole new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with open(temporary, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([csv_cell(value) for value in row] for row in rows)
    temporary.replace(path)


def read_images(run: Run) -> pd.DataFrame:
    """`images.csv` by photo name.

    Raises:
        BadRun: it is missing or damaged.
    """
    images = _read(run, "images.csv", IMAGE_COLUMNS, text=("name",))
    if images["name"].duplicated().any():
        raise BadRun(f"{run.folder / 'images.csv'} names a photo twice: {_again(run)}")
    return images.set_index("name")


def same_photos(runs: Sequence[Run]) -> list[pd.DataFrame]:
    """Each run's `read_images`, cut to the photos that all of them scored, in one order.

    Raises:
        InputError: there is no such photo, or a photo's true classes differ.
        BadRun: a file is missing or damaged.
    """
    images = [read_images(run) for run in runs]
    common = images[0].index
    for run, table in zip(runs, images, strict=True):
        common = common.intersection(table.index, sort=False)
        if common.empty:
            raise InputError(f"{run.name} and {runs[0].name} were scored on different photos: compare them apart")
    images = [table.loc[common] for table in images]
    truth = [confusions(table).sum(axis=2) for table in images]
    for run, pixels in zip(runs, truth, strict=True):
        if not np.array_equal(pixels, truth[0]):
            raise InputError(f"{run.name} and {runs[0].name} were scored on different trimaps: compare them apart")
    return images


def read_bands(run: Run) -> pd.DataFrame:
    """`bands.csv`; the accuracy of a band without pixels is NaN.

    Raises:
        BadRun: it is missing or damaged.
    """
    bands = _read(run, "bands.csv", BAND_COLUMNS, gaps=("accuracy",))
    if bands["band"].tolist() != list(BANDS):
        raise _not_whole(run, "bands.csv")
    return bands


def read_calibration(run: Run) -> pd.DataFrame:
    """`calibration.csv`; an empty bin's means are NaN.

    Raises:
        BadRun: it is missing or damaged.
    """
    table = _read(run, "calibration.csv", CALIBRATION_COLUMNS, text=("pixels",), gaps=("mean_confidence", "accuracy"))
    bins = [(pixels, index) for pixels in CALIBRATED_PIXELS for index in range(CALIBRATION_BINS)]
    if list(zip(table["pixels"], table["bin"], strict=True)) != bins:
        raise _not_whole(run, "calibration.csv")
    return table


def _read(
    run: Run, name: str, columns: Sequence[str], text: Sequence[str] = (), gaps: Sequence[str] = ()
) -> pd.DataFrame:
    path = run.folder / name
    kinds = dict.fromkeys(columns, "float64") | dict.fromkeys(text, "str")
    try:
        content = path.read_text()
        table = pd.read_csv(io.StringIO(content), dtype=kinds)
    except FileNotFoundError as error:
        raise BadRun(f"{run.name} has no {name}, which a finished run has: {_again(run)}") from error
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise BadRun(f"{path} cannot be read ({' '.join(str(error).split())}): {_again(run)}") from error
    whole = [column for column in columns if column not in gaps]
    ended = content.endswith("\n")  # else the last number may have lost digits
    if not ended or tuple(table.columns) != tuple(columns) or table.empty or table[whole].isna().any(axis=None):
        raise _not_whole(run, name)
    return table


def _not_whole(run: Run, name: str) -> BadRun:
    return BadRun(f"{run.folder / name} is not whole: {_again(run)}")


def _again(run: Run) -> str:
    return f"score the run again with `python -m experiments.evaluate {run.folder} --details`"


def confusions(images: pd.DataFrame) -> np.ndarray:
    """Confusion counts of each photo of `read_images`: (N, 3, 3)."""
    classes = len(CLASS_NAMES)
    return images[list(CONFUSION_COLUMNS)].to_numpy().reshape(-1, classes, classes)


def expected_calibration_error(calibration: pd.DataFrame) -> float:
    """Mean distance between confidence and accuracy over bins, weighted by count (Guo et al. 2017, equation 5).

    Args:
        calibration: the rows of `read_calibration` of one kind of pixels.
    """
    filled = calibration[calibration["count"] > 0]
    distance = (filled["accuracy"] - filled["mean_confidence"]).abs()
    return float((distance * filled["count"]).sum() / filled["count"].sum())

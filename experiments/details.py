"""What a run knows of single photos, of bands around the silhouette and of its confidence: read from its CSVs."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from experiments.runs import CONFUSION_COLUMNS, DETAILS, BadRun, Run
from seg import CLASS_NAMES

IMAGE_COLUMNS = ("name", *CONFUSION_COLUMNS, "cross_entropy", "custom_iou", "boundary_iou")
BAND_COLUMNS = ("band", "pixels", "correct", "accuracy")
CALIBRATION_COLUMNS = ("pixels", "bin", "from", "to", "count", "mean_confidence", "accuracy")


def has_details(run: Run) -> bool:
    return all((run.folder / name).is_file() for name in DETAILS)


def read_images(run: Run) -> pd.DataFrame:
    """`images.csv` by photo name.

    Raises:
        BadRun: it is missing or damaged.
    """
    images = _read(run, "images.csv", IMAGE_COLUMNS, text=("name",))
    if images["name"].duplicated().any():
        raise BadRun(f"{run.folder / 'images.csv'} names a photo twice: score the run again")
    return images.set_index("name")


def read_bands(run: Run) -> pd.DataFrame:
    """`bands.csv`.

    Raises:
        BadRun: it is missing or damaged.
    """
    return _read(run, "bands.csv", BAND_COLUMNS)


def read_calibration(run: Run) -> pd.DataFrame:
    """`calibration.csv`; an empty bin's means are NaN.

    Raises:
        BadRun: it is missing or damaged.
    """
    return _read(run, "calibration.csv", CALIBRATION_COLUMNS, text=("pixels",), gaps=("mean_confidence", "accuracy"))


def _read(
    run: Run, name: str, columns: Sequence[str], text: Sequence[str] = (), gaps: Sequence[str] = ()
) -> pd.DataFrame:
    path = run.folder / name
    again = f"score the run again with `python -m experiments.evaluate {run.folder} --details`"
    try:
        table = pd.read_csv(path, dtype=dict.fromkeys(text, "str") | dict.fromkeys(set(columns) - set(text), "float64"))
    except FileNotFoundError as error:
        raise BadRun(f"{run.name} has no {name}, which a finished run has: {again}") from error
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise BadRun(f"{path} cannot be read ({' '.join(str(error).split())}): {again}") from error
    whole = [column for column in columns if column not in gaps]
    if tuple(table.columns) != tuple(columns) or table.empty or table[whole].isna().any(axis=None):
        raise BadRun(f"{path} is not whole: {again}")
    return table


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

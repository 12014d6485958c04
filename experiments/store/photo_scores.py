"""What a run knows of single photos, of bands around the silhouette and of its confidence: three CSVs."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.scores import Place, appearing
from experiments.store.csv_table import BadTable, read_table, write_table
from experiments.store.runs import BadRun, Run
from seg import InputError
from seg.evaluation import Evaluation
from seg.metrics import BANDS, CALIBRATION_BINS
from seg.pets import CLASS_NAMES

DETAILS = ("images.csv", "bands.csv", "calibration.csv")
CONFUSION_COLUMNS = tuple(f"{true}_as_{predicted}" for true in CLASS_NAMES for predicted in CLASS_NAMES)
IMAGE_COLUMNS = ("name", *CONFUSION_COLUMNS, *(score.name for score in appearing(Place.IMAGES)))
CALIBRATED_PIXELS = ("all", "border")
BAND_COLUMNS = ("band", "pixels", "correct", "accuracy")
CALIBRATION_COLUMNS = ("pixels", "bin", "from", "to", "count", "mean_confidence", "accuracy")


def has_details(run: Run) -> bool:
    """Whether all three files are there."""
    return all((run.folder / name).is_file() for name in DETAILS)


def write_details(folder: Path, names: Sequence[str], evaluation: Evaluation) -> None:
    """Write `images.csv`, `bands.csv` and `calibration.csv` of a detailed evaluation of the last epoch.

    Raises:
        ValueError: the evaluation is not detailed.
    """
    if evaluation.bands is None or evaluation.calibration is None:
        raise ValueError("an evaluation that is not detailed has no bands and no calibration")
    columns: dict[str, Sequence] = {"name": names}
    columns |= dict(zip(CONFUSION_COLUMNS, evaluation.confusions.flatten(1).T.tolist(), strict=True))
    columns |= {score.name: getattr(evaluation, score.name).tolist() for score in appearing(Place.IMAGES)}
    photos = zip(*(columns[name] for name in IMAGE_COLUMNS), strict=True)
    write_table(folder / "images.csv", IMAGE_COLUMNS, photos)

    bands = zip(BANDS, evaluation.bands.tolist(), strict=True)
    near = ([band, pixels, correct, _ratio(correct, pixels)] for band, (pixels, correct) in bands)
    write_table(folder / "bands.csv", BAND_COLUMNS, near)

    rows: list[list[float | int | str]] = []
    for pixels, bins in zip(CALIBRATED_PIXELS, evaluation.calibration.tolist(), strict=True):
        for index, (count, confidence, correct) in enumerate(bins):
            edges = index / CALIBRATION_BINS, (index + 1) / CALIBRATION_BINS
            rows.append([pixels, index, *edges, int(count), _ratio(confidence, count), _ratio(correct, count)])
    write_table(folder / "calibration.csv", CALIBRATION_COLUMNS, rows)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def read_images(run: Run) -> pd.DataFrame:
    """The rows of `images.csv`, by photo name; a score that the file lacks is NaN.

    Raises:
        BadRun: it is missing or damaged.
    """
    counted = ("name", *CONFUSION_COLUMNS)
    images = _read(run, "images.csv", IMAGE_COLUMNS, needed=counted, whole=CONFUSION_COLUMNS, words=("name",))
    twice = images.index[images["name"].duplicated()]
    if len(twice):
        raise BadRun(f"{run.folder / 'images.csv'}, line {twice[0]}: names a photo twice: {how_to_rescore(run)}")
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
    """The rows of `bands.csv`; the accuracy of a band without pixels is NaN.

    Raises:
        BadRun: it is missing or damaged.
    """
    counted = ("band", "pixels", "correct")
    bands = _read(run, "bands.csv", BAND_COLUMNS, needed=counted, whole=counted).reset_index(drop=True)
    if bands["band"].tolist() != list(BANDS):
        raise _not_whole(run, "bands.csv")
    return bands


def read_calibration(run: Run) -> pd.DataFrame:
    """The rows of `calibration.csv`; an empty bin's means are NaN.

    Raises:
        BadRun: it is missing or damaged.
    """
    counted = ("pixels", "bin", "from", "to", "count")
    table = _read(
        run, "calibration.csv", CALIBRATION_COLUMNS, needed=counted, whole=("bin", "count"), words=("pixels",)
    ).reset_index(drop=True)
    bins = [(pixels, index) for pixels in CALIBRATED_PIXELS for index in range(CALIBRATION_BINS)]
    if list(zip(table["pixels"], table["bin"], strict=True)) != bins:
        raise _not_whole(run, "calibration.csv")
    return table


def _read(run: Run, name: str, columns: Sequence[str], **kinds: Sequence[str]) -> pd.DataFrame:
    """`read_table` of a file that must be whole, with at least one row."""
    path = run.folder / name
    try:
        content = path.read_bytes()
        if not content.endswith(b"\n"):  # the last number may have lost digits
            raise _not_whole(run, name)
        table = read_table(path, content, columns, **kinds)
    except FileNotFoundError as error:
        raise BadRun(f"{run.name} has no {name}, which a finished run has: {how_to_rescore(run)}") from error
    except OSError as error:
        raise BadRun(f"{path} cannot be read ({error.strerror}): {how_to_rescore(run)}") from error
    except BadTable as error:
        raise BadRun(f"{error}: {how_to_rescore(run)}") from error
    if table.empty:
        raise _not_whole(run, name)
    return table


def _not_whole(run: Run, name: str) -> BadRun:
    return BadRun(f"{run.folder / name} is not whole: {how_to_rescore(run)}")


def how_to_rescore(run: Run) -> str:
    """The remedy for details that are damaged, or that lack something, as an error's line ends."""
    return f"score the run again with `python -m experiments.evaluate {run.folder} --details`"


def confusions(images: pd.DataFrame) -> np.ndarray:
    """Confusion counts of each photo of `read_images`: (N, 3, 3)."""
    classes = len(CLASS_NAMES)
    return images[list(CONFUSION_COLUMNS)].to_numpy().reshape(-1, classes, classes)

"""Every score of a run: of its last epoch, from its files of single photos and of pixels; or from one epoch's row."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from experiments.comparison.calibration import expected_calibration_error
from experiments.comparison.footing import Footing
from experiments.scores import SCORES, Place, accuracy_within, appearing, calibration_score, tempered, tolerant_f1
from experiments.store.runs import Run
from experiments.store.scored.margins import Margins
from experiments.store.scored.photo_scores import confusions, f1_within, has_details, same_photos
from experiments.store.scored.pixel_sums import read_bands, read_calibration
from seg.metrics import BANDS, CALIBRATED, SILHOUETTES, TOLERANCES, scores_from_counts
from seg.thresholds.margins import average_precision


def run_scores(run: Run, images: pd.DataFrame, margins: Margins | None) -> dict[str, float]:
    """Scores by name, as fractions; NaN where the run does not know one.

    Args:
        images: the rows of its `images.csv` that are compared.
        margins: what `read_margins` says of it.

    Raises:
        BadRun: a file is damaged.
    """
    total = images.sum(numeric_only=True, skipna=False).to_frame().T
    tolerant = {tolerant_f1(pixels): float(f1_within(total, pixels).iloc[0]) for pixels in TOLERANCES}
    ranked = np.nan
    if margins is not None:
        compared = margins.scored[margins.photos.get_indexer(images.index)]
        ranked = float(average_precision(compared.sum(axis=0, dtype=np.int64)))
    return {
        **_of_photos(images),
        **tolerant,
        SCORES["average_precision"].name: ranked,
        **_near_the_outline(read_bands(run)),
        **_calibration(read_calibration(run)),
    }


def scores_after(run: Run, epoch: int) -> dict[str, float]:
    """Scores by name, from the run's row of that epoch; NaN for those that it has not: they need single photos."""
    rows = run.epochs[run.epochs["epoch"] == epoch]
    known = rows.iloc[0].to_dict() if len(rows) else {}
    return {name: float(known.get(name, math.nan)) for name in SCORES}


def scores_on(footing: Footing | None, runs: Sequence[Run]) -> list[dict[str, float]]:
    """The scores of each of these runs on a footing, by name; none where there is no footing.

    Where it is detailed they are of the photos that all of the runs scored, as those of an analysis are.

    Raises:
        InputError: they share no photo, or a file is damaged.
    """
    if footing is None:
        return [{} for _ in runs]
    detailed = [run.name for run in runs if footing.detailed and has_details(run)]
    images = same_photos([run for run in runs if run.name in detailed]) if detailed else []
    by_photo = dict(zip(detailed, images, strict=True))
    found = []
    for run in runs:
        # a row of a sample is not what the photos say
        row = scores_after(run, footing.epoch) if run.photos_scored_at(footing.epoch) == footing.photos else {}
        found.append(row | (_of_photos(by_photo[run.name]) if run.name in by_photo else {}))
    return found


def _of_photos(images: pd.DataFrame) -> dict[str, float]:
    counted = {name: float(value) for name, value in scores_from_counts(confusions(images).sum(axis=0)).items()}
    return counted | {score.name: images[score.name].mean(skipna=False) for score in appearing(Place.IMAGES)}


def _near_the_outline(bands: pd.DataFrame) -> dict[str, float]:
    """Accuracy at most so far from each edge, on both of its sides together."""
    scores = {}
    for edge in SILHOUETTES:
        for band in BANDS:
            within = bands[(bands["edge"] == edge) & (bands["to"] <= band)]
            pixels = within["pixels"].sum()
            scores[accuracy_within(band, edge)] = within["correct"].sum() / pixels if pixels else np.nan
    return scores


def _calibration(table: pd.DataFrame) -> dict[str, float]:
    """Calibration errors as the network is, and after the temperature that was fitted on training photos."""
    scores = {}
    for pixels in CALIBRATED:
        score, rows = calibration_score(pixels), table[table["pixels"] == pixels]
        for name, chosen in ((score.name, rows["temperature"] == 1), (tempered(score), rows["temperature"] != 1)):
            scores[name] = expected_calibration_error(rows[chosen])
    fitted = table.loc[table["temperature"] != 1, "temperature"]
    return {**scores, "temperature": fitted.iloc[0] if len(fitted) else np.nan}

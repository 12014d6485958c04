"""Every score of one run's last epoch, from its files of single photos and of pixels."""

import numpy as np
import pandas as pd

from experiments.comparison.calibration import expected_calibration_error
from experiments.scores import SCORES, Place, accuracy_within, appearing, calibration_score, tempered, tolerant_f1
from experiments.store.margins import read_margins
from experiments.store.photo_scores import confusions, f1_within
from experiments.store.pixel_sums import read_bands, read_calibration
from experiments.store.runs import Run
from seg.margins import average_precision
from seg.metrics import BANDS, CALIBRATED, SILHOUETTES, TOLERANCES, scores_from_counts


def run_scores(run: Run, images: pd.DataFrame) -> dict[str, float]:
    """Scores by name, as fractions; NaN where the run does not know one.

    Args:
        images: the rows of its `images.csv` that are compared.

    Raises:
        BadRun: a file is damaged.
    """
    counted = {name: float(value) for name, value in scores_from_counts(confusions(images).sum(axis=0)).items()}
    means = {score.name: images[score.name].mean(skipna=False) for score in appearing(Place.IMAGES)}
    total = images.sum(numeric_only=True, skipna=False).to_frame().T
    tolerant = {tolerant_f1(pixels): float(f1_within(total, pixels).iloc[0]) for pixels in TOLERANCES}
    margins = read_margins(run)
    ranked = np.nan if margins is None else average_precision(margins.scored.sum(axis=0, dtype=np.int64))
    return {
        **counted,
        **means,
        **tolerant,
        SCORES["average_precision"].name: float(ranked),
        **_near_the_outline(read_bands(run)),
        **_calibration(read_calibration(run)),
    }


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

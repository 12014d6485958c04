"""The bars of the last scores follow from the counts of the photos."""

import pandas as pd
import pytest

from demo.figures.scores import final_scores
from demo.figures.styles import styles
from experiments.comparison.analysis import analyse
from experiments.comparison.configurations import configurations


def images_csv(run) -> pd.Series:
    """Confusion counts of all photos."""
    return pd.read_csv(run.folder / "images.csv").drop(columns="name").sum()


def test_bars_follow_from_the_counts_of_the_photos_and_recall_never_stands_alone(
    found, analysis, seeds, trace, numbers
):
    view = final_scores(analysis, styles(found))
    bars = trace(view, "focal-s0")
    counts = images_csv(seeds[2])
    true = sum(counts[f"border_as_{name}"] for name in ("pet", "background", "border"))
    pixels = counts.filter(like="_as_").sum()
    correct = sum(counts[f"{name}_as_{name}"] for name in ("pet", "background", "border"))
    values = dict(zip(bars.x, numbers(bars.y), strict=True))
    assert values["Border<br>recall"] == pytest.approx(100 * counts["border_as_border"] / true)
    assert values["Pixel<br>accuracy"] == pytest.approx(100 * correct / pixels)
    assert {"Border<br>precision", "Border<br>F1", "Border<br>IoU"} <= values.keys()
    row = analysis.score("focal", "pixel_accuracy")
    assert bars.error_y.array[0] == pytest.approx(100 * (row["high"] - row["mean"]))
    assert bars.error_y.arrayminus[0] == pytest.approx(100 * (row["mean"] - row["low"]))


def test_the_figure_says_whether_its_intervals_know_of_seeds(seeds):
    def reading(*runs) -> str:
        return final_scores(analyse(list(runs)), styles(configurations(list(runs)))).reading

    assert reading(seeds[0], seeds[2]).endswith("from other photos that might have been scored.")
    assert reading(*seeds).endswith("from other photos and, where a configuration has several, other seeds.")
    assert reading(*seeds[:2]).endswith("from other photos and other seeds.")

"""The lines by epoch are what the runs' files say, checked with pandas alone."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from demo.figures.by_epoch import by_epoch
from demo.figures.styles import styles
from experiments.comparison.configurations import configurations
from experiments.scores import Place, appearing
from experiments.store.epochs import EPOCH_COLUMNS
from experiments.store.runs import read_run
from seg.losses import LOSSES

PROJECT = Path(__file__).parents[3]
SCORES = [score.name for score in appearing(Place.CURVES)]


def epochs_csv(run) -> pd.DataFrame:
    return pd.read_csv(run.folder / "epochs.csv")


def test_every_score_of_the_csv_can_be_chosen():
    assert set(SCORES) == set(EPOCH_COLUMNS[EPOCH_COLUMNS.index("val_loss") :])


@pytest.mark.parametrize("score", SCORES)
def test_lines_are_the_epochs_of_the_csv_and_the_mean_over_seeds(found, seeds, score, trace, numbers):
    view = by_epoch(found, score, styles(found))
    scale = 1 if score == "val_loss" else 100
    focal = trace(view, "focal-s0")
    assert list(focal.x) == epochs_csv(seeds[2])["epoch"].tolist()
    assert numbers(focal.y) == pytest.approx((scale * epochs_csv(seeds[2])[score]).tolist(), nan_ok=True)
    mean = scale * (epochs_csv(seeds[0])[score] + epochs_csv(seeds[1])[score]) / 2
    assert numbers(trace(view, "ce").y) == pytest.approx(mean.tolist(), nan_ok=True)


def test_the_mean_of_seeds_has_a_gap_where_one_lacks_the_score(seeds, trace, numbers):
    epochs = epochs_csv(seeds[1])
    epochs.loc[1, "border_precision"] = math.nan
    epochs.to_csv(seeds[1].folder / "epochs.csv", index=False)
    found = configurations([seeds[0], read_run(seeds[1].folder)])
    assert math.isnan(numbers(trace(by_epoch(found, "border_precision", styles(found)), "ce").y)[1])
    assert not math.isnan(numbers(trace(by_epoch(found, "border_recall", styles(found)), "ce").y)[1])


NEWER = """
import sys
from pathlib import Path
from types import MappingProxyType

from experiments import scores
from experiments.scores import Place, Score

newer = Score("newer", "Newer", "A score that none of the shipped runs has.", places=frozenset(Place))
scores.SCORES = MappingProxyType({**scores.SCORES, "newer": newer})

from demo.figures.by_epoch import by_epoch
from demo.figures.styles import styles
from experiments import compare
from experiments.comparison import bootstrap
from experiments.comparison.configurations import configurations
from experiments.comparison.footing import shared_footing
from experiments.store.runs import find_runs
from experiments.reporting.tables import runs_section

# intervals are not what is looked at: a few draws will do
resample_sums = bootstrap.resample_sums
bootstrap.resample_sums = lambda by_photo, statistic, resamples, seed: resample_sums(by_photo, statistic, 20, seed)

for folder in map(Path, sys.argv[1:]):
    shipped, broken = find_runs([folder])
    assert (len(shipped), broken) == (len([path for path in folder.iterdir() if path.is_dir()]), [])
    for run in shipped:
        assert run.epochs["newer"].isna().all()
        assert run.final("newer") is None
        assert run.final("border_f1") is not None
    found = configurations(shipped)
    view = by_epoch(found, "newer", styles(found))
    assert all(value is None for line in view.figure.data for value in line.y)
    assert "no value" in view.description
    drawn = by_epoch(found, "border_f1", styles(found)).figure.data
    assert all(line.y[-1] > 0 for line in drawn if line.mode == "lines+markers")
    section = runs_section(shipped, shared_footing(shipped))
    column = next(index for index, title in enumerate(section.header) if "newer" in title.lower())
    assert {row[column] for row in section.rows} == {"–"}
    assert compare.main(["--runs", str(folder)]) == 0
"""


def test_a_score_that_came_later_leaves_every_shipped_run_readable():
    folders = [PROJECT / "experiments" / name for name in ("results", "holdout")]
    ended = subprocess.run([sys.executable, "-c", NEWER, *folders], cwd=PROJECT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("border F1 %") == len(folders)


def test_band_reaches_from_the_lowest_to_the_highest_seed(found, seeds, trace):
    view = by_epoch(found, "pixel_accuracy", styles(found))
    band = trace(view, "ce, lowest to highest seed")
    first, second = (100 * epochs_csv(run)["pixel_accuracy"] for run in seeds[:2])
    assert list(band.y) == pytest.approx([*np.minimum(first, second), *np.maximum(first, second)[::-1]])
    assert not any("focal" in t.name and "seed" in t.name for t in view.figure.data)


def test_pointing_says_run_epoch_and_value_and_a_click_leads_to_the_nearest_seed(found, seeds, trace):
    view = by_epoch(found, "pixel_accuracy", styles(found))
    last = epochs_csv(seeds[2]).iloc[-1]
    focal, mean = trace(view, "focal-s0"), trace(view, "ce")
    assert focal.hovertext[-1] == f"focal-s0, epoch 3: {100 * last['pixel_accuracy']:.1f} %"
    assert set(focal.customdata) == {"focal-s0"}
    assert set(mean.customdata) <= {"ce-s0", "ce-s1"}
    assert "ce-s1" in mean.hovertext[0]


def test_losses_have_their_colours_and_nothing_is_told_apart_by_colour_alone(found):
    view = by_epoch(found, "pixel_accuracy", styles(found))
    lines = [t for t in view.figure.data if t.mode == "lines+markers"]
    assert [line.line.color for line in lines] == [LOSSES["ce"].colour, LOSSES["focal"].colour]
    assert len({(line.line.dash, line.marker.symbol) for line in lines}) == len(lines)
    assert [entry["name"] for entry in view.as_value()["legend"]] == ["ce", "focal-s0"]

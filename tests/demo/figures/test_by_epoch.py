"""The lines by epoch are what the runs' files say, checked with pandas alone."""

import json
import math
import shutil
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
    focal = trace(view, "focal loss")
    assert list(focal.x) == epochs_csv(seeds[2])["epoch"].tolist()
    assert numbers(focal.y) == pytest.approx((scale * epochs_csv(seeds[2])[score]).tolist(), nan_ok=True)
    mean = scale * (epochs_csv(seeds[0])[score] + epochs_csv(seeds[1])[score]) / 2
    assert numbers(trace(view, "cross-entropy").y) == pytest.approx(mean.tolist(), nan_ok=True)


def test_the_mean_of_seeds_has_a_gap_where_one_lacks_the_score(seeds, trace, numbers):
    epochs = epochs_csv(seeds[1])
    epochs.loc[1, "border_precision"] = math.nan
    epochs.to_csv(seeds[1].folder / "epochs.csv", index=False)
    found = configurations([seeds[0], read_run(seeds[1].folder)])
    assert math.isnan(numbers(trace(by_epoch(found, "border_precision", styles(found)), "cross-entropy").y)[1])
    assert not math.isnan(numbers(trace(by_epoch(found, "border_recall", styles(found)), "cross-entropy").y)[1])


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
    lines = [line for line in view.figure.data if line.mode == "lines+markers"]
    assert lines
    assert all(value is None for line in lines for value in line.y)
    assert "no value" in view.description
    known = by_epoch(found, "border_f1", styles(found)).figure.data
    assert all(line.y[-1] > 0 for line in known if line.mode == "lines+markers")
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
    band = trace(view, "cross-entropy, lowest to highest seed")
    first, second = (100 * epochs_csv(run)["pixel_accuracy"] for run in seeds[:2])
    assert list(band.y) == pytest.approx([*np.minimum(first, second), *np.maximum(first, second)[::-1]])
    assert not any("focal" in t.name and "seed" in t.name for t in view.figure.data)


def test_each_point_has_its_value_in_words_and_a_click_leads_to_the_nearest_seed(found, seeds, trace):
    view = by_epoch(found, "pixel_accuracy", styles(found))
    first, second, last = (100 * epochs_csv(run)["pixel_accuracy"].iloc[-1] for run in seeds)
    focal, mean = trace(view, "focal loss"), trace(view, "cross-entropy")
    assert focal.meta["told"][-1] == f"{last:.1f} %"
    assert mean.meta["told"][-1] == f"{(first + second) / 2:.1f} %"
    assert mean.meta["seeds"][-1] == f"seed 0 {first:.1f} %, seed 1 {second:.1f} %"
    assert len(focal.meta["told"]) == len(focal.x)
    assert "seeds" not in focal.meta
    assert set(focal.customdata) == {"focal-s0"}
    assert set(mean.customdata) <= {"ce-s0", "ce-s1"}


def test_losses_have_their_colours_and_nothing_is_told_apart_by_colour_alone(found):
    view = by_epoch(found, "pixel_accuracy", styles(found))
    lines = [t for t in view.figure.data if t.mode == "lines+markers"]
    assert [line.line.color for line in lines] == [LOSSES["ce"].colour, LOSSES["focal"].colour]
    assert len({(line.line.dash, line.marker.symbol) for line in lines}) == len(lines)
    assert [entry["name"] for entry in view.as_value()["legend"]] == ["Cross-entropy", "Focal loss"]


def long_run(seeds, folder, epochs: int):
    """`focal-s0`, its last row repeated until there are so many epochs."""
    copied = Path(shutil.copytree(seeds[2].folder, folder / "focal-s0"))
    rows = epochs_csv(seeds[2])
    more = [rows.iloc[-1:].assign(epoch=epoch, border_f1=epoch / 1000) for epoch in range(len(rows), epochs + 1)]
    pd.concat([rows, *more]).to_csv(copied / "epochs.csv", index=False)
    return read_run(copied)


@pytest.mark.parametrize("epochs", [5, 300])
def test_few_epochs_and_many_have_every_point_and_as_many_ticks_as_can_be_read(seeds, tmp_path, trace, epochs):
    run = long_run(seeds, tmp_path, epochs)
    found = configurations([run])
    view = by_epoch(found, "border_f1", styles(found))
    line = trace(view, "focal loss")
    assert list(line.x) == list(range(epochs + 1))
    assert line.y[-1] == pytest.approx(epochs / 10 if epochs > 5 else 0.5)
    assert line.line.shape in (None, "linear")  # no smoothing
    assert 3 <= epochs / view.figure.layout.xaxis.dtick <= 10


def test_lines_are_named_where_they_end_and_labels_that_end_together_lie_apart(seeds, found):
    labels = {label["text"]: label for label in by_epoch(found, "border_f1", styles(found)).labels}
    assert labels.keys() == {"Cross-entropy", "Focal loss"}
    seeds[2].info["options"]["epochs"] = 20
    assert by_epoch(found, "border_f1", styles(found)).labels[-1]["text"] == "Focal loss, 3 of 20"
    last = epochs_csv(seeds[2]).iloc[-1]
    assert labels["Focal loss"]["x"] == last["epoch"]
    # two lines that end in one point
    same = found[1].runs[0].epochs
    for run in found[0].runs:
        run.epochs["border_f1"] = same["border_f1"].to_numpy()
    places = [label["y"] for label in by_epoch(found, "border_f1", styles(found)).labels]
    reach = 100 * (same["border_f1"].max() - same["border_f1"].min())
    assert abs(places[0] - places[1]) > 0.06 * reach


def test_more_lines_than_can_be_labelled_have_a_legend_alone(seeds, tmp_path):
    runs = [seeds[2]]
    for gamma in range(3, 10):
        folder = Path(shutil.copytree(seeds[2].folder, tmp_path / f"gamma-{gamma}-s0"))
        info = json.loads((folder / "run.json").read_text())
        info["options"]["gamma"] = float(gamma)
        (folder / "run.json").write_text(json.dumps(info))
        runs.append(read_run(folder))
    found = configurations(runs)
    view = by_epoch(found, "border_f1", styles(found))
    assert view.labels == []
    assert view.as_value()["legend"][1]["name"] == "Focal loss (gamma 3.0)"

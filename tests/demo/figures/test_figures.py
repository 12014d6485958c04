"""The figures draw what the runs' files say, checked with pandas alone."""

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.catalogue import Catalogue
from demo.figures.by_epoch import GREY, by_epoch, styles
from demo.figures.of_analysis import final_scores, near_the_outline, price, recall_and_precision, reliability
from demo.scrub.tab import BACKGROUND_MARK, ProbePhotos, scrub_value
from experiments.comparison.analysis import analyse
from experiments.comparison.configurations import configurations
from experiments.scores import Place, appearing
from experiments.store.epochs import EPOCH_COLUMNS
from experiments.store.runs import read_run
from seg.losses import LOSSES, loss_colour
from seg.pets import CLASS_COLOURS

PROJECT = Path(__file__).parents[3]
SCORES = [score.name for score in appearing(Place.CURVES)]


@pytest.fixture
def seeds(tiny_runs, tmp_path):
    """`ce` of two seeds that differ, and `focal-s0`."""
    shutil.copytree(tiny_runs, tmp_path / "runs")
    folder = shutil.copytree(tmp_path / "runs" / "ce-s0", tmp_path / "runs" / "ce-s1")
    info = json.loads((folder / "run.json").read_text())
    info["options"]["seed"] = 1
    (folder / "run.json").write_text(json.dumps(info))
    epochs = pd.read_csv(folder / "epochs.csv")
    (0.9 * epochs).assign(epoch=epochs["epoch"]).to_csv(folder / "epochs.csv", index=False)
    return [read_run(tmp_path / "runs" / name) for name in ("ce-s0", "ce-s1", "focal-s0")]


@pytest.fixture
def found(seeds):
    return configurations(seeds)


@pytest.fixture
def analysis(seeds):
    return analyse(seeds)


def epochs_csv(run) -> pd.DataFrame:
    return pd.read_csv(run.folder / "epochs.csv")


def images_csv(run) -> pd.Series:
    """Confusion counts of all photos."""
    return pd.read_csv(run.folder / "images.csv").drop(columns="name").sum()


def numbers(values) -> list[float]:
    return [math.nan if value is None else value for value in values]


def trace(view, name):
    return next(trace for trace in view.figure.data if trace.name == name)


def test_every_score_of_the_csv_can_be_chosen():
    assert set(SCORES) == set(EPOCH_COLUMNS[EPOCH_COLUMNS.index("val_loss") :])


@pytest.mark.parametrize("score", SCORES)
def test_lines_are_the_epochs_of_the_csv_and_the_mean_over_seeds(found, seeds, score):
    view = by_epoch(found, score, styles(found))
    scale = 1 if score == "val_loss" else 100
    focal = trace(view, "focal-s0")
    assert list(focal.x) == epochs_csv(seeds[2])["epoch"].tolist()
    assert numbers(focal.y) == pytest.approx((scale * epochs_csv(seeds[2])[score]).tolist(), nan_ok=True)
    mean = scale * (epochs_csv(seeds[0])[score] + epochs_csv(seeds[1])[score]) / 2
    assert numbers(trace(view, "ce").y) == pytest.approx(mean.tolist(), nan_ok=True)


def test_the_mean_of_seeds_has_a_gap_where_one_lacks_the_score(seeds):
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

from demo.figures.by_epoch import by_epoch, styles
from experiments import compare
from experiments.comparison.configurations import configurations
from experiments.store.runs import find_runs
from experiments.reporting.tables import runs_section

folder = Path(sys.argv[1])
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
assert all(line.y[-1] > 0 for line in by_epoch(found, "border_f1", styles(found)).figure.data)
section = runs_section(shipped)
column = next(index for index, title in enumerate(section.header) if "newer" in title.lower())
assert {row[column] for row in section.rows} == {"–"}
sys.exit(compare.main(["--runs", str(folder)]))
"""


@pytest.mark.parametrize("folder", ["results", "holdout"])
def test_a_score_that_came_later_leaves_every_shipped_run_readable(folder):
    path = PROJECT / "experiments" / folder
    ended = subprocess.run([sys.executable, "-c", NEWER, path], cwd=PROJECT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert "Border F1" in ended.stdout or "border F1" in ended.stdout


def test_band_reaches_from_the_lowest_to_the_highest_seed(found, seeds):
    view = by_epoch(found, "pixel_accuracy", styles(found))
    band = trace(view, "ce, lowest to highest seed")
    first, second = (100 * epochs_csv(run)["pixel_accuracy"] for run in seeds[:2])
    assert list(band.y) == pytest.approx([*np.minimum(first, second), *np.maximum(first, second)[::-1]])
    assert not any("focal" in t.name and "seed" in t.name for t in view.figure.data)


def test_pointing_says_run_epoch_and_value_and_a_click_leads_to_the_nearest_seed(found, seeds):
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


# the losses' looks as they are meant to be: swapping two of them would mislead whoever has learnt them
LOOKS = {
    "ce": ("#0072B2", "circle"),
    "weighted": ("#D55E00", "square"),
    "focal": ("#009E73", "diamond"),
    "dice": ("#882255", "star"),
}


def of_loss(seeds, folder, loss: str):
    """A run that says it was trained with that loss."""
    other = shutil.copytree(seeds[2].folder, folder / f"{loss}-s0")
    info = json.loads((other / "run.json").read_text())
    info["options"]["loss"] = loss
    (other / "run.json").write_text(json.dumps(info))
    return read_run(other)


def test_each_loss_has_the_colour_and_the_marker_it_always_had(seeds, tmp_path):
    assert LOSSES.keys() == LOOKS.keys()
    styled = styles(configurations([of_loss(seeds, tmp_path / "each", loss) for loss in LOOKS]))
    for loss, look in LOOKS.items():
        assert (styled[f"{loss}-s0"].colour, styled[f"{loss}-s0"].symbol) == look


def test_a_loss_that_nobody_foresaw_looks_like_nothing_else(seeds, tmp_path):
    run = of_loss(seeds, tmp_path / "more", "lovasz")
    style = styles(configurations([*seeds, run]))["lovasz-s0"]
    assert style.symbol not in {marker for _, marker in LOOKS.values()}
    tab = scrub_value(Catalogue((run.folder.parent,)), ProbePhotos(tmp_path, served=tmp_path), ["lovasz-s0"])
    assert tab["runs"][0]["colour"] == style.colour
    assert style.colour.upper() not in TAKEN


# the classes, the losses, background's mark in the scrubber, the grey of the article's line
TAKEN = {
    *("#56B4E9", "#000000", "#E69F00"),
    *(colour for colour, _ in LOOKS.values()),
    *("#CC79A7", "#888888"),
}


def test_the_taken_colours_are_those_in_use():
    assert {colour.upper() for colour in (*CLASS_COLOURS, BACKGROUND_MARK, GREY)} <= TAKEN


@given(st.text(min_size=1).filter(lambda name: name not in LOOKS))
def test_no_unforeseen_loss_has_a_colour_that_means_something(name):
    assert loss_colour(name).upper() not in TAKEN


def test_two_configurations_of_one_loss_differ_in_dash_and_marker(seeds, tmp_path):
    other = shutil.copytree(seeds[2].folder, tmp_path / "more" / "focal-gamma-s0")
    info = json.loads((other / "run.json").read_text())
    info["options"]["gamma"] = 5.0
    (other / "run.json").write_text(json.dumps(info))
    styled = styles(configurations([seeds[2], read_run(other)]))
    first, second = styled["focal-s0"], styled["focal-gamma-s0"]
    assert first.colour == second.colour
    assert first.dash != second.dash
    assert first.symbol != second.symbol


def test_the_article_is_marked_wherever_pixel_accuracy_is_drawn(found, analysis):
    styled = styles(found)

    def texts(view):
        return [annotation.text for annotation in view.figure.layout.annotations]

    assert "article: 88.28 %" in texts(by_epoch(found, "pixel_accuracy", styled))
    assert "article: 88.28 %" in texts(final_scores(analysis, styled))
    assert "article: 88.28 %" in texts(price(analysis, styled))
    assert not texts(by_epoch(found, "border_recall", styled))


def test_bars_follow_from_the_counts_of_the_photos_and_recall_never_stands_alone(found, analysis, seeds):
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


def test_along_a_contour_f1_is_what_its_label_says(found, analysis):
    view = recall_and_precision(analysis, styles(found))
    contours = trace(view, "equal F1")
    lines, line = [], []
    for recall, precision in zip(contours.x, contours.y, strict=True):
        if recall is None:
            lines.append(line)
            line = []
        else:
            line.append(2 * recall * precision / (recall + precision))
    assert [round(line[0]) for line in lines] == list(range(10, 100, 10))
    for line in lines:
        assert line == pytest.approx([line[0]] * len(line))
    assert [annotation.text for annotation in view.figure.layout.annotations] == ["F1 20", "F1 40", "F1 60", "F1 80"]


def test_price_is_the_difference_from_unweighted_cross_entropy(found, analysis):
    view = price(analysis, styles(found))
    point = trace(view, "focal-s0")
    accuracy, f1 = (analysis.score("focal", score) for score in ("pixel_accuracy", "border_f1"))
    assert point.x[0] == pytest.approx(100 * accuracy["difference"])
    assert numbers(point.y)[0] == pytest.approx(100 * f1["difference"], nan_ok=True)
    article = next(shape.x0 for shape in view.figure.layout.shapes)
    assert article == pytest.approx(88.28 - 100 * analysis.score("ce", "pixel_accuracy")["mean"])


def test_price_without_a_baseline_is_in_scores(seeds):
    alone = analyse(seeds[2:])
    view = price(alone, styles(configurations(seeds[2:])))
    assert trace(view, "focal-s0").x[0] == pytest.approx(100 * alone.score("focal", "pixel_accuracy")["mean"])
    assert view.figure.layout.shapes[0].x0 == pytest.approx(88.28)


def test_bands_and_reliability_are_those_of_the_csvs(found, analysis, seeds):
    styled = styles(found)
    bands = pd.read_csv(seeds[2].folder / "bands.csv")
    near = trace(near_the_outline(analysis, styled), "focal-s0")
    assert list(near.x) == [f"{band} px" for band in (1, 2, 4, 8, 16)]
    assert numbers(near.y) == pytest.approx((100 * bands["accuracy"]).tolist(), nan_ok=True)

    table = pd.read_csv(seeds[2].folder / "calibration.csv")
    bins = table[(table["pixels"] == "border") & (table["count"] > 0)]
    view = reliability(analysis, styled, "border")
    line = trace(view, "focal-s0")
    assert list(line.x) == pytest.approx((100 * bins["mean_confidence"]).tolist())
    assert list(line.y) == pytest.approx((100 * bins["accuracy"]).tolist())
    error = ((bins["accuracy"] - bins["mean_confidence"]).abs() * bins["count"]).sum() / bins["count"].sum()
    notes = {entry["name"]: entry["note"] for entry in view.as_value()["legend"]}
    assert notes["focal-s0"] == f"ECE {100 * error:.1f} %"


def test_every_figure_says_how_to_read_it_and_what_it_shows(found, analysis):
    styled = styles(found)
    views = [by_epoch(found, score, styled) for score in SCORES]
    views += [draw(analysis, styled) for draw in (final_scores, recall_and_precision, price, near_the_outline)]
    views += [reliability(analysis, styled, pixels) for pixels in ("all", "border")]
    for view in views:
        value = view.as_value()
        assert value["reading"].endswith(".")
        assert "focal-s0" in value["description"]
        assert json.loads(json.dumps(value, allow_nan=False)) == value

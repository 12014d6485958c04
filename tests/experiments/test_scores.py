"""The table of scores agrees with itself and with the formulas; a score added in its two places is everywhere."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.scores import CHOSEN_FIRST, SCORES, Place, appearing, with_intervals
from experiments.store.epochs import EPOCH_COLUMNS
from experiments.units import NATS, PER_CENT
from seg.metrics import FORMULAS

PROJECT = Path(__file__).parents[2]


def names(place: Place) -> list[str]:
    return [score.name for score in appearing(place)]


# ---- the table


def test_epochs_csv_begins_as_the_format_says():
    assert EPOCH_COLUMNS[:17] == (
        "epoch",
        "seconds",
        "images_per_second",
        "learning_rate",
        "train_loss",
        "val_loss",
        "pixel_accuracy",
        "article_iou",
        "custom_iou",
        "mean_iou",
        "pet_iou",
        "background_iou",
        "border_iou",
        "border_recall",
        "border_precision",
        "border_f1",
        "boundary_iou",
    )


def test_a_score_is_counted_where_there_is_a_formula_of_its_name():
    assert {score.name for score in SCORES.values() if score.counted} == set(FORMULAS)


def test_only_counted_scores_have_intervals_and_all_of_them_are_in_per_cent():
    assert all(score.counted and score.unit is PER_CENT for score in with_intervals())


def test_what_is_drawn_in_per_cent_is_in_per_cent():
    assert all(score.unit is PER_CENT for score in appearing(Place.SCRUBBER))


def test_rankings_show_scores_of_single_photos():
    assert set(names(Place.IMAGES)) <= set(names(Place.PHOTOS))
    assert all(score.counted or Place.IMAGES in score.places for score in appearing(Place.PHOTOS))


@pytest.mark.parametrize("place", Place)
def test_border_recall_never_stands_alone(place):
    shown = names(place)
    assert "border_recall" not in shown or {"border_precision", "border_f1"} <= set(shown)


def test_what_is_chosen_first_can_be_chosen():
    for place in (Place.CURVES, Place.PHOTOS):
        assert CHOSEN_FIRST in appearing(place)
    assert appearing(Place.SCRUBBER)[0] is CHOSEN_FIRST


def test_the_table_is_known_without_the_libraries_that_are_slow_to_import():
    code = (
        "import sys, experiments.scores; print({'torch', 'torchvision', 'pandas', 'numpy'} & {*sys.modules} or 'none')"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert ended.stdout == "none\n"


# ---- how values are written


@given(st.floats(0, 1))
def test_fractions_are_written_in_per_cent(value):
    assert PER_CENT.text(value) == f"{100 * value:.2f} %"
    assert PER_CENT.text(value, 1, tight=True) == f"{value:.1%}"
    assert SCORES["border_f1"].text(value) == f"{100 * value:.1f} %"


@pytest.mark.parametrize("value", [None, float("nan")])
def test_what_is_undefined_is_a_dash_without_a_unit(value):
    assert PER_CENT.text(value) == PER_CENT.text(value, tight=True) == NATS.text(value) == "–"
    assert PER_CENT.number(value, undefined="") == ""


def test_losses_are_written_as_they_are():
    assert NATS.text(0.41237) == "0.4124"
    assert SCORES["cross_entropy"].text(1.5) == "1.50"


# ---- a new score

# Its formula and its row, as their files would have them; what follows edits nothing else.
ADDED = """
import json, sys
from pathlib import Path

import seg.metrics
from seg.pets import BORDER

def border_specificity(counts):
    others = counts.cells.sum(axis=(-2, -1)) - counts.true[..., BORDER]
    return 1 - (counts.predicted[..., BORDER] - counts.hits[..., BORDER]) / others

seg.metrics.FORMULAS["border_specificity"] = border_specificity

from experiments import scores

row = scores.Score(
    "border_specificity",
    "Border specificity",
    "Share of the other pixels not painted as border.",
    places=frozenset(scores.Place) - {scores.Place.IMAGES},
    counted=True,
    intervals=True,
)
scores.SCORES = {**scores.SCORES, row.name: row}
"""
NARROW = """
import seg.networks.segnet

seg.networks.segnet.STAGES = ((1, 16), (1, 16), (2, 32), (1, 32))  # trains in no time
"""
FOLLOWED = """
import gradio as gr
from demo import api
from demo.labelled import Labelled
from demo.compare import table
from demo.compare.layout import lay_out
from demo.compare.updates import refresh_epochs
from demo.compare.scores import scores_html
from demo.figures.by_epoch import by_epoch
from demo.figures.styles import styles
from demo.watch.probe_photos import ProbePhotos
from demo.watch.value import watch_value
from demo.failures.ranking import failures_value
from demo.catalogue import Catalogue
from demo.page import build_interface
from demo.selection.described import selection_value
from demo.selection.followed import Selected
from experiments import run, sweep
from experiments.training.summaries import summary
from experiments import compare as compare_command
from experiments.comparison import configurations
from experiments.reporting import figures as report_figures
from experiments.comparison.analysis import analyse
from experiments.store.runs import find_runs

data, folder = Path(sys.argv[1]), Path(sys.argv[2])
size = ["--size", "32", "--batch-size", "6", "--device", "cpu", "--epochs", "1"]
run.main(["--loss", "ce", "--data", str(data), "--out", str(folder), *size])
runs = find_runs([folder])[0]
catalogue = Catalogue((folder,))
found = configurations.configurations(runs)
analysis, styled = analyse(runs), styles(found)
parts = {part.elem_id: part for part in build_interface([folder], data).blocks.values()}
view = by_epoch(found, row.name, styled)
with gr.Blocks():
    compared = lay_out()
linked = Selected(["ce-s0"], None, {"score": "border_specificity"})
seen = {
    "curves": parts["compare-metric"].choices[-1],
    "photos": parts["failures"].value["scores"][-1],
    "linked": refresh_epochs(compared, catalogue, linked, None)[compared.score]["value"],
    "bar": selection_value(catalogue)["scores"],
    "figure": [view.as_value()["title"], view.as_value()["reading"], list(view.figure.data[0].y)],
    "scores": scores_html(analysis, styled),
    "table": list(table.styled_table(runs, analysis.footing).data.columns),
    "watch": watch_value(catalogue, ProbePhotos(Labelled(data)), ["ce-s0"])["scores"],
    "api": api.runs_api(catalogue)[0],
    "ranking": failures_value(catalogue, Labelled(data), ["ce-s0"], row.name)["values"]["ce-s0"],
    "report": [axes.get_title() for axes in report_figures.by_epoch(analysis).axes],
    "sweep": summary("ce-s0", "finished", folder / "ce-s0"),
    "interval": analysis.score("ce", row.name)[["mean", "low", "high"]].tolist(),
}
(folder / "seen.json").write_text(json.dumps(seen))
compare_command.main(["--runs", str(folder), "--markdown"])
"""


@pytest.fixture(scope="module")
def followed(tmp_path_factory, tiny_pets) -> tuple[Path, dict, str]:
    """The folder of a run trained with one more score, where that score was seen, and the comparison's Markdown."""
    folder = tmp_path_factory.mktemp("added")
    command = [sys.executable, "-c", ADDED + NARROW + FOLLOWED, str(tiny_pets), str(folder)]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return folder, json.loads((folder / "seen.json").read_text()), ended.stdout


def test_a_new_score_is_written_after_the_columns_of_the_format(followed):
    folder, _, _ = followed
    header, *rows = (folder / "ce-s0" / "epochs.csv").read_text().splitlines()
    assert header.split(",") == [*EPOCH_COLUMNS, "border_specificity"]
    assert len(rows) == 2
    assert all(0 <= float(row.split(",")[-1]) <= 1 for row in rows)


def test_a_new_score_is_in_the_tables_with_what_its_formula_gives(followed):
    folder, seen, printed = followed
    headers = [line for line in printed.splitlines() if "border specificity" in line]
    assert len(headers) == 4  # of the runs, the differences, the scores, and the outlines
    with open(folder / "ce-s0" / "images.csv") as file:
        columns, *photos = csv.reader(file)
    cells = {name: sum(int(photo[columns.index(name)]) for photo in photos) for name in columns if "_as_" in name}
    others = sum(count for name, count in cells.items() if not name.startswith("border_as_"))
    expected = 1 - (cells["pet_as_border"] + cells["background_as_border"]) / others
    assert seen["interval"][0] == pytest.approx(expected)
    assert seen["interval"][1] <= seen["interval"][0] <= seen["interval"][2]
    assert f"{100 * expected:.2f}" in printed


def test_a_new_score_is_in_the_app(followed):
    _, seen, _ = followed
    assert seen["curves"] == seen["photos"] == ["Border specificity", "border_specificity"]
    assert seen["linked"] == "border_specificity"
    assert seen["bar"] == seen["watch"]
    assert seen["figure"][:2] == [
        "Border specificity by epoch",
        "Share of the other pixels not painted as border.",
    ]
    assert len(seen["figure"][2]) == 2
    assert "<b>Border specificity</b>" in seen["scores"]
    assert seen["table"][-1] == "Border specificity"
    assert list(seen["watch"].items())[-1] == ("border_specificity", "border specificity")
    assert 0 <= seen["api"]["border_specificity"] <= 1
    assert len(seen["ranking"]) == 8
    assert all(0 <= value <= 1 for value in seen["ranking"])


def test_a_new_score_is_in_the_report_and_in_a_sweeps_lines(followed):
    _, seen, _ = followed
    assert seen["report"] == ["Pixel accuracy, %", "Border F1, %", "Border specificity, %"]
    assert "border specificity " in seen["sweep"]

"""What was measured is said in a sentence each, with the numbers of its CSV."""

import pandas as pd
import pytest

from experiments.measurements import MEASURED, MEASUREMENTS, measured_path
from experiments.reporting.measured import measured_sentence
from experiments.store.csv_table import write_table
from seg import InputError

MADE = ("bf16", "1234567")
TABLES = {
    "border-scale": (
        [(1, 0.891, 1, 1, 1234), (2, 0.7904, 0.8, 1, 1234), (3, 0.69, 0.7, 0.8, 1234)],
        "The true border itself, moved by 1, 2 and 3 pixels, gets a border F1 of 89.1, 79.0 and 69.0 % (the mean over "
        "four directions, of 1,234 test photos).",
    ),
    "outline-width": (
        [("steps", 5.44, 4.7, 6.61, 321), ("pixels", 5.8, 5, 7, 321)],
        "The true border is a band 5.4 pixels wide at the median of 321 test photos, 4.7 to 6.6 in the middle half of "
        "them.",
    ),
    "planted-labels": (
        [
            (0, "label_quality", 0.8, 30, 297, 3, *MADE),
            (0, "cross_entropy", 0.5, 30, 297, 3, *MADE),
            (1, "label_quality", 0.9, 30, 297, 3, *MADE),
            (1, "cross_entropy", 0.54, 30, 297, 3, *MADE),
        ],
        "Where 30 of 297 test photos, none of them among the 100 that cross-entropy distrusts most, were given a wrong "
        "trimap, this ranking by 3 networks has an average precision of 0.85 (0.80 to 0.90 in 2 draws), and the one by "
        "cross-entropy that it replaced 0.52 (0.50 to 0.54).",
    ),
    "full-size": (
        [
            ("ce-s0", 0.85, 0.859, 0.009, 0.5, 0.52, 0.02, 60, *MADE),
            ("focal-s0", 0.85, 0.8498, -0.0002, 0.5, 0.499, -0.001, 60, *MADE),
        ],
        "The photos scored here are copies of 128 x 128 made without antialiasing: read from their full size, 60 test "
        "photos change pixel accuracy by +0.0 to +0.9 points and border F1 by -0.1 to +2.0 (ce-s0 and focal-s0).",
    ),
}


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_a_sentence_says_the_numbers_of_the_csv(tmp_path, name):
    rows, said = TABLES[name]
    assert measured_sentence(name, tmp_path) == ""
    write_table(measured_path(name, tmp_path), MEASUREMENTS[name].columns, rows)
    assert measured_sentence(name, tmp_path) == said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("moved\n1\n", "has no column border_f1_0px"),
        ("moved,border_f1_0px,border_f1_1px,border_f1_2px,photos\n", "has no row"),
        ("moved,border_f1_0px,border_f1_1px,border_f1_2px,photos\n1,x,1,1,9\n", "line 2: border_f1_0px is 'x'"),
    ],
)
def test_a_damaged_csv_is_told_with_the_remedy(tmp_path, content, said):
    measured_path("border-scale", tmp_path).write_text(content)
    with pytest.raises(InputError, match=f"{said}.*: write it anew with `python -m experiments.measure border-scale`$"):
        measured_sentence("border-scale", tmp_path)


def test_what_is_shipped_is_said():
    names = {path.stem for path in MEASURED.glob("*.csv")}
    assert names == set(MEASUREMENTS)
    assert all(measured_sentence(name) for name in MEASUREMENTS)
    scale = pd.read_csv(measured_path("border-scale"))
    assert set(scale["photos"]) == {3_669}
    assert scale["border_f1_0px"].tolist() == pytest.approx([0.89, 0.79, 0.69], abs=0.01)
    planted = pd.read_csv(measured_path("planted-labels")).groupby("method")["average_precision"].mean()
    assert planted["label_quality"] > planted["cross_entropy"]

"""A name is no formula in any CSV, and a number stays one."""

import csv
import io
from argparse import ArgumentTypeError

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.cli.options import folder_name
from experiments.cli.spreadsheets import csv_text, harmless


@pytest.mark.parametrize(
    "name", ["=1+1", "+1+1", "-1+1", "-cat", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "+", "-", "=", "-1,5"]
)
def test_a_text_that_would_be_a_formula_is_marked_as_text(name):
    assert harmless(name) == f"'{name}"


@pytest.mark.parametrize("cell", ["-2.5", "+1", "-1e-05", "-.5", -2.5, 3, None, True, "ce-s0", "a=b", "", "'=1"])
def test_numbers_and_plain_names_stay_what_they_are(cell):
    assert harmless(cell) is cell


@given(st.lists(st.tuples(st.text(min_size=1, max_size=6), st.floats(allow_infinity=False)), min_size=1))
def test_a_table_comes_back_but_for_the_marks(rows):
    text = csv_text(pd.DataFrame(rows, columns=["name", "score"]).astype({"name": object}))
    header, *read = csv.reader(io.StringIO(text, newline=""))
    assert header == ["name", "score"]
    for (name, score), (said, number) in zip(rows, read, strict=True):
        assert said == harmless(name)
        assert number == "" if score != score else float(number) == score


@pytest.mark.parametrize(
    ("name", "why"),
    [
        *((name, "cannot be a folder's name") for name in ("", ".", "..", "../x", "/tmp/x", "a/b", "a\\b", ".hidden")),
        *(
            (name, "cannot be a folder's name")
            for name in ("a\0b", "a\nb", "a\tb", "a\x07", "\u202eevil", "-rf", "a:b", "~")
        ),
        *((name, "on Windows") for name in ("a.", "a ", "con", "NUL", "aux.txt", "com1", "LPT9.", "Prn")),
        ("x" * 101, "too long"),
        ("ü" * 101, "too long"),
        ("猫" * 70, "too long"),
    ],
)
def test_a_name_that_is_no_folder_s_on_some_system_is_refused_in_a_line(name, why):
    with pytest.raises(ArgumentTypeError) as refused:
        folder_name(name)
    assert why in str(refused.value)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "name", ["ce-s0", "lr 0.001", "ümlaut", "猫", "a.b", "console", "com10", "x" * 100, "a+b", "1"]
)
def test_a_name_that_every_system_takes_is_taken(name):
    assert folder_name(name) == name

"""`epochs.csv` is read by column name and by epoch; what is damaged is told by its line."""

import csv
import io
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments.store.csv_table import BadTable
from experiments.store.epochs import EPOCH_COLUMNS, read_epochs

WIDTH = len(EPOCH_COLUMNS)


def read(folder: Path, content: str | bytes) -> pd.DataFrame:
    """The table of a file with this content."""
    path = folder / "epochs.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_epochs(path)


def epochs_csv(count: int, accuracy: float = 0.5) -> str:
    rows = [EPOCH_COLUMNS, *([epoch, *[accuracy] * (len(EPOCH_COLUMNS) - 1)] for epoch in range(count))]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize("cut", [1, 5, 30, -1, None])
def test_half_a_last_row_is_left_out(tmp_path, cut):
    last = epochs_csv(4).splitlines()[-1]
    epochs = read(tmp_path, epochs_csv(3) + last[:cut])
    assert epochs["epoch"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("text", ["", "\n", ",".join(EPOCH_COLUMNS) + "\n"])
def test_a_table_without_rows_has_all_columns(tmp_path, text):
    epochs = read(tmp_path, text)
    assert epochs.empty
    assert epochs.columns.tolist() == list(EPOCH_COLUMNS)


def test_a_run_that_has_no_table_yet_has_no_rows(tmp_path):
    assert read_epochs(tmp_path / "epochs.csv").empty


def bad_row(line: int, column: str, cell: str) -> str:
    """A table of four epochs with another cell in this column of this line of the file."""
    lines = [text.split(",") for text in epochs_csv(4).splitlines()]
    lines[line - 1][EPOCH_COLUMNS.index(column)] = cell
    return "".join(",".join(cells) + "\n" for cells in lines)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a,b\n1,2\n", " has no column epoch"),
        ("epoch,a,a\n", ", line 1: names the column 'a' twice"),
        (epochs_csv(2).replace("border_recall,", "", 1), ", line 2: has 17 cells for 16 columns"),
        (epochs_csv(2) + ",".join(["1"] * 30) + "\n", ", line 4: has 30 cells for 17 columns"),
        (epochs_csv(1) + "1,2\n" + epochs_csv(1), ", line 3: has 2 cells for 17 columns"),
        (epochs_csv(1) + "\n\n1,2\n", ", line 5: has 2 cells for 17 columns"),
        (bad_row(3, "border_f1", "much"), ", line 3: border_f1 is 'much', which is no number"),
        (bad_row(4, "seconds", "1_000"), ", line 4: seconds is '1_000', which is no number"),
        (bad_row(4, "seconds", "x" * 10_000), f", line 4: seconds is '{'x' * 30}...', which is no number"),
        (bad_row(2, "epoch", ""), ", line 2: epoch is missing"),
        (bad_row(2, "epoch", "nan"), ", line 2: epoch is missing"),
        (bad_row(3, "epoch", "-1"), ", line 3: epoch is -1, which is no count"),
        (bad_row(3, "epoch", "1.5"), ", line 3: epoch is 1.5, which is no count"),
        (bad_row(3, "epoch", "inf"), ", line 3: epoch is inf, which is no count"),
        (bad_row(5, "epoch", "2e6"), ", line 5: epoch is 2e+06, which is past 1,000,000"),
        (bad_row(5, "epoch", "1e300"), ", line 5: epoch is 1e+300, which is no count"),
        (bad_row(3, "val_loss", '"0.5'), ", line 3: unexpected end of data"),
        (epochs_csv(1) + "\0" * 40 + "\n", ", line 3: has a NUL byte"),
        (b"\xef\xbb\xbf" + epochs_csv(1).encode() + b"\xff,\n", ", line 3: is not UTF-8 text"),
        (epochs_csv(1).encode("utf-16"), ", line 1: "),
    ],
)
def test_a_row_that_cannot_be_read_is_told_by_file_and_line(tmp_path, text, why):
    with pytest.raises(BadTable) as refused:
        read(tmp_path, text)
    assert str(refused.value).startswith(f"{tmp_path / 'epochs.csv'}{why}")
    assert "\n" not in str(refused.value)


def test_what_spreadsheet_programs_write_is_read(tmp_path):
    lines = epochs_csv(3).splitlines()
    text = "\ufeff" + "\r\n".join([lines[0], "", lines[1], lines[2], "   ", lines[3], "", ""])
    text = text.replace("0.5", '"0.5"', 3)
    spread, plain = read(tmp_path, text), read(tmp_path, epochs_csv(3))
    pd.testing.assert_frame_equal(spread, plain)
    assert plain["epoch"].tolist() == [0, 1, 2]


def test_an_undefined_score_is_a_gap_and_not_a_missing_epoch(tmp_path):
    epochs = read(tmp_path, bad_row(3, "pixel_accuracy", ""))
    assert epochs["epoch"].tolist() == [0, 1, 2, 3]
    assert epochs["pixel_accuracy"].isna().tolist() == [False, True, False, False]


ROW = st.lists(st.none() | st.floats(0, 1, width=32), min_size=WIDTH - 1, max_size=WIDTH - 1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(st.integers(0, 9), ROW), max_size=12),
    order=st.permutations(EPOCH_COLUMNS),
    missing=st.sets(st.sampled_from(EPOCH_COLUMNS[1:])),
    unknown=st.lists(st.sampled_from(["note", "dice", "line", "0", "α"]), unique=True),
    place=st.integers(0, WIDTH),
)
def test_columns_are_read_by_name_and_epochs_in_order(tmp_path, rows, order, missing, unknown, place):
    """Whatever columns a file has, in whatever order its rows are, of one epoch the later row counts."""
    known = [name for name in order if name not in missing]
    header = [*known[:place], *unknown, *known[place:]]
    last, text = {}, io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    for epoch, values in rows:
        row = dict(zip(EPOCH_COLUMNS, [epoch, *values], strict=True)) | {name: f"{name} {epoch}" for name in unknown}
        last[epoch] = row
        writer.writerow(["" if row[name] is None else row[name] for name in header])

    epochs = read(tmp_path, text.getvalue())
    assert epochs.columns.tolist() == [*EPOCH_COLUMNS, *unknown]
    assert epochs["epoch"].tolist() == sorted(last)
    for name in EPOCH_COLUMNS:
        assert epochs[name].dtype.kind in "if"
        expected = [None if name in missing else last[epoch][name] for epoch in sorted(last)]
        assert [None if value != value else value for value in epochs[name]] == expected, name
    for name in unknown:
        assert epochs[name].tolist() == [f"{name} {epoch}" for epoch in sorted(last)]


def test_an_unknown_column_of_numbers_is_of_numbers(tmp_path):
    assert read(tmp_path, "epoch,dice\n0,\n1,0.25\n")["dice"].tolist()[1] == 0.25

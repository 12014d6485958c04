"""Details are read back as they were written; what is damaged is refused in one line that says what to do."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments.store.photo_scores import (
    CONFUSION_COLUMNS,
    DETAILS,
    confusions,
    has_details,
    read_bands,
    read_calibration,
    read_images,
    same_photos,
)
from experiments.store.runs import BadRun, Run, read_run
from seg import InputError
from seg.metrics import BANDS

READ = {"images.csv": read_images, "bands.csv": read_bands, "calibration.csv": read_calibration}


@pytest.fixture
def counts(draw_confusions) -> np.ndarray:
    """(6, 3, 3)."""
    return draw_confusions(1, 6)[0]


@pytest.fixture
def run(write_run, counts) -> Run:
    return write_run("ce-s0", counts, cross_entropy=np.linspace(0.1, 0.6, 6))


def refusal(read: Callable[[Run], object], run: Run) -> str:
    """The one line in which reading ends; it says how to score the run again."""
    with pytest.raises(BadRun) as refused:
        read(run)
    text = str(refused.value)
    assert "\n" not in text
    assert f"`python -m experiments.evaluate {run.folder} --details`" in text
    return text


# ---- what is whole


def test_images_are_read_back_as_they_were_written(run, counts):
    images = read_images(run)
    assert images.index.tolist() == [f"Bengal_{number}" for number in range(6)]
    assert (confusions(images) == counts).all()
    assert images["cross_entropy"].tolist() == pytest.approx(np.linspace(0.1, 0.6, 6))
    assert set(images["custom_iou"]) == {0.5}
    assert set(images["boundary_iou"]) == {0.25}


def test_photos_with_names_that_look_like_numbers_keep_them(write_run, counts):
    names = ["007", "1e3", "a b", 'say "x", y', "+1", "inf"]
    assert read_images(write_run("x", counts, photos=names)).index.tolist() == names


def test_bands_are_read_back(write_run, counts):
    written = np.array([[8, 2], [10, 5], [20, 5], [40, 39], [80, 0]])
    bands = read_bands(write_run("x", counts, bands=written))
    assert bands["band"].tolist() == list(BANDS)
    assert (bands[["pixels", "correct"]].to_numpy() == written).all()
    assert bands["accuracy"].tolist() == [0.25, 0.5, 0.25, 0.975, 0]


def test_photos_without_an_outline_have_bands_without_accuracy(write_run, counts):
    bands = read_bands(write_run("x", counts, bands=np.zeros((5, 2), dtype=int)))
    assert bands["accuracy"].isna().all()


def test_a_trained_run_is_read(tiny_runs):
    run = read_run(tiny_runs / "focal-s0")
    assert has_details(run)
    assert len(read_images(run)) == 8
    assert confusions(read_images(run)).sum() == 8 * 32 * 32
    assert read_calibration(run).groupby("pixels")["count"].sum()["all"] == 8 * 32 * 32


# ---- what is not


@pytest.mark.parametrize("name", DETAILS)
def test_a_missing_file_is_told_with_the_remedy(run, name):
    assert has_details(run)
    (run.folder / name).unlink()
    assert not has_details(run)
    assert f"ce-s0 has no {name}" in refusal(READ[name], run)


@pytest.mark.parametrize("name", DETAILS)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "a,b\n1,2\n",
        "{}",
        b"\xff\xfe\x00",
        pytest.param(lambda text: text.splitlines()[0] + "\n", id="the header alone"),
        pytest.param(lambda text: text.replace(",", ";"), id="semicolons"),
        pytest.param(lambda text: text.replace("\n", ",7\n", 2), id="a column more than the other rows"),
        pytest.param(lambda text: text + "1,2\n", id="a short row"),
        pytest.param(lambda text: text + '"', id="an open quote"),
        pytest.param(lambda text: text + text, id="twice"),
    ],
)
def test_a_damaged_file_is_told_by_name(run, name, text):
    path = run.folder / name
    if callable(text):
        text = text(path.read_text())
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert str(path) in refusal(READ[name], run)


@pytest.mark.parametrize("name", DETAILS)
def test_a_folder_in_a_files_place_is_told(run, name):
    (run.folder / name).unlink()
    (run.folder / name).mkdir()
    assert not has_details(run)
    assert str(run.folder / name) in refusal(READ[name], run)


@pytest.mark.parametrize("name", DETAILS)
def test_a_file_cut_off_anywhere_is_refused_or_holds_whole_rows(run, name):
    path = run.folder / name
    whole, text = READ[name](run), path.read_bytes()
    for end in range(0, len(text), 3):
        path.write_bytes(text[:end])
        if name == "images.csv" and text[:end].endswith(b"\n") and text[:end].count(b"\n") > 1:
            rows = READ[name](run)
            pd.testing.assert_frame_equal(rows, whole.head(len(rows)))  # as after `evaluate --limit`
        else:
            refusal(READ[name], run)


@pytest.mark.parametrize("number", ["", "x", "nan", "1e999x", "0x10"])
@pytest.mark.parametrize(("name", "column"), [("images.csv", 4), ("bands.csv", 1), ("calibration.csv", 4)])
def test_a_cell_that_is_no_number_is_told(run, name, column, number):
    path = run.folder / name
    head, first, *rest = path.read_text().splitlines()
    cells = first.split(",")
    cells[column] = number
    path.write_text("\n".join([head, ",".join(cells), *rest, ""]))
    assert f"{path}, line 2: {head.split(',')[column]} is " in refusal(READ[name], run)


@pytest.mark.parametrize("name", DETAILS)
@pytest.mark.parametrize(
    ("line", "why"), [(b"\0\0", "has a NUL byte"), (b"\xe9", "is not UTF-8 text"), (b"1,2", "has 2 cells")]
)
def test_a_line_that_cannot_be_read_is_told_by_its_number(run, name, line, why):
    path = run.folder / name
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([*lines[:3], b"", line, *lines[3:], b""]))
    assert f"{path}, line 5: {why}" in refusal(READ[name], run)


@pytest.mark.parametrize("count", ["-1", "1.5", "inf"])
def test_a_count_that_is_none_is_told(run, count):
    path = run.folder / "images.csv"
    path.write_text(path.read_text().replace("Bengal_2,", f"Bengal_2,{count}", 1))  # digits of the count follow
    assert "line 4: pet_as_pet is " in refusal(read_images, run)


# ---- columns of other versions

INDISPENSABLE = {
    "images.csv": ["name", *CONFUSION_COLUMNS],
    "bands.csv": ["band", "pixels", "correct"],
    "calibration.csv": ["pixels", "bin", "from", "to", "count"],
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(DETAILS), st.data())
def test_columns_are_read_by_name_whichever_a_file_has(run, name, data):
    path = run.folder / name
    whole, text = READ[name](run), path.read_bytes()
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    missing = data.draw(st.sets(st.sampled_from(sorted({*table.columns}.difference(INDISPENSABLE[name])))))
    new = data.draw(st.lists(st.sampled_from(["margin", "note", "α"]), unique=True))
    order = data.draw(st.permutations([column for column in (*table.columns, *new) if column not in missing]))
    table = table.assign(**{column: [f"{column} {row}" for row in range(len(table))] for column in new})
    table[order].to_csv(path, index=False)
    try:
        read = READ[name](run)
    finally:
        path.write_bytes(text)
    assert read.columns.tolist() == [*whole.columns, *(column for column in order if column in new)]
    pd.testing.assert_frame_equal(read[whole.columns].drop(columns=missing), whole.drop(columns=missing))
    assert read[list(missing)].isna().all(axis=None)
    for column in new:
        assert read[column].tolist() == [f"{column} {row}" for row in range(len(table))]


@pytest.mark.parametrize(("name", "column"), [(name, column) for name in DETAILS for column in INDISPENSABLE[name]])
def test_a_column_that_cannot_be_done_without_is_told(run, name, column):
    path = run.folder / name
    pd.read_csv(path).drop(columns=column).to_csv(path, index=False)
    assert f"{path} has no column {column}" in refusal(READ[name], run)


def test_a_score_that_a_photo_lacks_is_a_gap(run):
    path = run.folder / "images.csv"
    path.write_text(path.read_text().replace(",0.5,", ",,", 1))
    assert read_images(run)["custom_iou"].isna().tolist() == [True] + [False] * 5


def test_a_photo_named_twice_is_told(write_run, counts):
    run = write_run("x", counts, photos=["a_1", "a_2", "a_3", "a_1", "a_5", "a_6"])
    assert "images.csv, line 5: names a photo twice" in refusal(read_images, run)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(DETAILS), st.binary(max_size=80), st.floats(0, 1))
def test_whatever_a_file_holds_it_is_read_or_refused_in_one_line(run, name, noise, where):
    path = run.folder / name
    text = path.read_bytes()
    place = int(where * len(text))
    path.write_bytes(text[:place] + noise + text[place + len(noise) :])
    try:
        READ[name](run)
    except BadRun as error:
        assert "\n" not in str(error)
    finally:
        path.write_bytes(text)


# ---- runs on the same photos


def test_runs_on_a_part_of_the_photos_share_that_part_in_one_order(write_run, counts):
    one = write_run("one", counts, photos=list("abcdef"))
    two = write_run("two", counts[[4, 2, 0]], photos=list("eca"))
    three = write_run("three", counts[[5, 0, 4]], photos=list("fae"))
    images = same_photos([one, two, three])
    for table in images:
        assert table.index.tolist() == ["a", "e"]
        assert (confusions(table) == counts[[0, 4]]).all()


def test_runs_on_different_photos_are_refused(write_run, counts):
    with pytest.raises(InputError, match="two and one were scored on different photos") as refused:
        same_photos([write_run("one", counts[:3], photos="abc"), write_run("two", counts[3:], photos="def")])
    assert "\n" not in str(refused.value)


def test_runs_on_different_trimaps_are_refused(write_run, counts):
    other = counts.copy()
    other[2, 0, 0] += 1
    with pytest.raises(InputError, match="two and one were scored on different trimaps"):
        same_photos([write_run("one", counts), write_run("two", other)])

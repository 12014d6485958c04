"""All that is known after the last epoch: written together, read back, and refused in one line where it is damaged."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments.cli.command_line import RESULTS
from experiments.store import csv_table
from experiments.store.files import replacing
from experiments.store.runs import BadRun, Run, read_run
from experiments.store.scored import margins
from experiments.store.scored.controls import CONTROL_KINDS
from experiments.store.scored.details import Scored, write_control, write_details
from experiments.store.scored.margins import read_margins
from experiments.store.scored.names import DETAILS, delete_details
from experiments.store.scored.photo_scores import CONFUSION_COLUMNS, confusions, has_details, read_images
from experiments.store.scored.pixel_sums import read_bands, read_calibration
from seg.evaluation import Evaluation
from seg.metrics import scores_from_counts
from tests.experiments.conftest import made_up

CSV = {"images.csv": read_images, "bands.csv": read_bands, "calibration.csv": read_calibration}
READ = CSV | {"margins.npz": read_margins}


def is_gap(found: object) -> bool:
    return found is None or len(found) == 0


# ---- what is written


def test_each_file_of_the_details_has_a_reader():
    assert set(DETAILS) == set(READ)


@pytest.mark.parametrize("name", DETAILS)
def test_every_file_says_at_which_precision_and_commit_it_was_made(run, name):
    if name == "margins.npz":
        with np.load(run.folder / name, allow_pickle=False) as arrays:
            said = str(arrays["about"])
        assert '"precision": "fp32", "commit": "0000000"' in said
    else:
        table = pd.read_csv(run.folder / name, dtype=str)
        assert set(table["precision"]) == {"fp32"}
        assert set(table["commit"]) == {"0000000"}


def test_a_trained_run_has_all_files_with_the_same_scores(tiny_runs):
    """At argmax the margins count what `images.csv` counts, photo by photo, and so do the sums of all pixels."""
    run = read_run(tiny_runs / "focal-s0")
    assert has_details(run)
    images, found = read_images(run), read_margins(run)
    counts, histograms = confusions(images), found.scored
    assert (counts.sum(axis=(1, 2)) == 32 * 32).all()
    assert (histograms.sum(axis=(1, 2)) == 32 * 32).all()
    assert not found.other_pass
    above, below = histograms[:, :, 61:].sum(axis=2), histograms[:, :, :61].sum(axis=2)
    assert (above[:, 0] == counts[:, 2, 2]).all()
    assert (above[:, 1] + above[:, 2] == counts[:, :2, 2].sum(axis=1)).all()
    assert (below[:, 0] == counts[:, 2, :2].sum(axis=1)).all()
    assert (below[:, 1] == counts[:, 0, 0] + counts[:, 1, 1]).all()
    assert len(found.tuning) == 2  # every tenth of 12 training photos
    assert (found.tuning.sum(axis=(1, 2)) == 32 * 32).all()
    of_all = read_calibration(run).groupby(["pixels", "temperature"])["count"].sum()
    assert of_all.tolist() == [8 * 32 * 32] * 4
    # as run.json and the table of epochs have them
    for name, score in scores_from_counts(counts.sum(axis=0)).items():
        assert run.info["scores"][name] == pytest.approx(float(score))
        assert run.final(name) == pytest.approx(float(score), abs=1e-6)
    assert run.info["scores"]["boundary_iou"] == pytest.approx(images["boundary_iou"].mean(), abs=1e-6)


@pytest.mark.parametrize("control", CONTROL_KINDS)
def test_a_control_is_in_a_folder_of_its_own_and_leaves_the_run_alone(run, counts, control):
    before = {name: (run.folder / name).read_bytes() for name in DETAILS}
    inside = write_control(run.folder, control, made_up(counts + 1, [f"Bengal_{n}" for n in range(6)]))
    assert inside == run.folder / "controls" / control
    assert {path.name for path in inside.iterdir()} == {"images.csv", "margins.npz"}
    assert (confusions(read_images(run, f"controls/{control}/images.csv")) == counts + 1).all()
    assert len(read_margins(run, f"controls/{control}").scored) == 6
    assert {name: (run.folder / name).read_bytes() for name in DETAILS} == before


def test_deleting_leaves_nothing_of_them_and_all_else(run):
    delete_details(run.folder)
    assert {path.name for path in run.folder.iterdir()} == {"run.json", "epochs.csv"}
    delete_details(run.folder)
    assert not has_details(run)


def test_what_was_not_evaluated_in_detail_cannot_be_written(tmp_path, counts):
    whole = made_up(counts, [f"Bengal_{n}" for n in range(6)])
    bare = Evaluation(**vars(whole.evaluation) | {"details": None})
    with pytest.raises(ValueError, match="an evaluation without details"):
        write_details(tmp_path, Scored(whole.names, bare, whole.tuning_names, whole.tuning, whole.made))
    with pytest.raises(ValueError, match="training photos' margins"):
        write_control(tmp_path, "mirrored", Scored(whole.names, whole.evaluation, [], None, whole.made))


@pytest.mark.parametrize("name", DETAILS)
def test_an_interrupted_write_leaves_the_whole_old_file(run, counts, name, monkeypatch):
    """Each file is replaced by a whole one: cut short in the middle of any of them, all can be read."""
    before = {each: (run.folder / each).read_bytes() for each in DETAILS}

    @contextmanager
    def replacing_until_cut(path: Path) -> Iterator[Path]:
        with replacing(path) as temporary:
            yield temporary
            if path.name == name:
                temporary.write_bytes(temporary.read_bytes()[: temporary.stat().st_size // 2])
                raise KeyboardInterrupt

    for module in (csv_table, margins):
        monkeypatch.setattr(module, "replacing", replacing_until_cut)
    with pytest.raises(KeyboardInterrupt):
        # other answers for the same trimaps
        write_details(run.folder, made_up(np.roll(counts, 1, axis=2), [f"Bengal_{n}" for n in range(6)]))
    assert (run.folder / name).read_bytes() == before[name]
    assert {path.name for path in run.folder.iterdir()} == {*DETAILS, "controls", "epochs.csv", "run.json"}
    for each in DETAILS:
        READ[each](run)


# ---- what is missing or damaged


def test_a_run_without_images_is_told_with_the_remedy(run, refusal):
    assert has_details(run)
    (run.folder / "images.csv").unlink()
    assert not has_details(run)
    assert "ce-s0 has no images.csv" in refusal(read_images, run)


@pytest.mark.parametrize("name", [name for name in DETAILS if name != "images.csv"])
def test_every_other_file_that_is_missing_is_a_gap(run, name):
    (run.folder / name).unlink()
    assert is_gap(READ[name](run))
    assert has_details(run)


@pytest.mark.parametrize("name", DETAILS)
def test_a_folder_in_a_files_place_is_told(run, name, refusal):
    (run.folder / name).unlink()
    (run.folder / name).mkdir()
    assert has_details(run)  # and that they are damaged is told
    assert f"{run.folder / name} cannot be read (" in refusal(READ[name], run)


@pytest.mark.parametrize("name", DETAILS)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "a,b\n1,2\n",
        "{}",
        b"\xff\xfe\x00",
        pytest.param(lambda text: text[: len(text) // 2], id="the first half"),
        pytest.param(lambda text: text[len(text) // 2 :], id="the second half"),
        pytest.param(lambda text: text.splitlines()[0] + b"\n", id="the header alone"),
    ],
)
def test_a_damaged_file_is_told_by_name(run, name, text, refusal):
    path = run.folder / name
    if callable(text):
        text = text(path.read_bytes())
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert str(path) in refusal(READ[name], run)


@pytest.mark.parametrize("name", CSV)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(lambda text: text.replace(",", ";"), id="semicolons"),
        pytest.param(lambda text: text.replace("\n", ",7\n", 2), id="a column more than the other rows"),
        pytest.param(lambda text: text + "1,2\n", id="a short row"),
        pytest.param(lambda text: text + '"', id="an open quote"),
        pytest.param(lambda text: text + text, id="twice"),
    ],
)
def test_a_damaged_table_is_told_by_name(run, name, text, refusal):
    path = run.folder / name
    path.write_text(text(path.read_text()))
    assert str(path) in refusal(READ[name], run)


@pytest.mark.parametrize("name", CSV)
def test_a_file_cut_off_anywhere_is_refused_or_holds_whole_rows(run, name, refusal):
    path = run.folder / name
    whole, text = READ[name](run), path.read_bytes()
    lines = [end + 1 for end in range(len(text) - 1) if text[end : end + 1] == b"\n"]
    for end in sorted({*range(0, len(text), 61), *lines}):
        path.write_bytes(text[:end])
        if name == "images.csv" and text[:end].endswith(b"\n") and text[:end].count(b"\n") > 1:
            rows = READ[name](run)
            pd.testing.assert_frame_equal(rows, whole.head(len(rows)))  # as after `evaluate --limit`
        else:
            refusal(READ[name], run)


def test_margins_cut_off_anywhere_are_refused(run, refusal):
    path = run.folder / "margins.npz"
    whole = path.read_bytes()
    for end in range(0, len(whole), 41):
        path.write_bytes(whole[:end])
        assert str(path) in refusal(read_margins, run)


@pytest.mark.parametrize("number", ["", "x", "nan", "1e999x", "0x10"])
@pytest.mark.parametrize(("name", "column"), [("images.csv", 4), ("bands.csv", 4), ("calibration.csv", 4)])
def test_a_cell_that_is_no_number_is_told(run, name, column, number, refusal):
    path = run.folder / name
    head, first, *rest = path.read_text().splitlines()
    cells = first.split(",")
    cells[column] = number
    path.write_text("\n".join([head, ",".join(cells), *rest, ""]))
    assert f"{path}, line 2: {head.split(',')[column]} is " in refusal(READ[name], run)


@pytest.mark.parametrize("name", CSV)
@pytest.mark.parametrize(
    ("line", "why"), [(b"\0\0", "has a NUL byte"), (b"\xe9", "is not UTF-8 text"), (b"1,2", "has 2 cells")]
)
def test_a_line_that_cannot_be_read_is_told_by_its_number(run, name, line, why, refusal):
    path = run.folder / name
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([*lines[:3], b"", line, *lines[3:], b""]))
    assert f"{path}, line 5: {why}" in refusal(READ[name], run)


@pytest.mark.parametrize("name", ["images.csv", "margins.npz"])
def test_a_damaged_control_is_told_with_the_options_that_make_it_again(run, name, refusal):
    control = Path("controls", "mirrored-renormed")
    (run.folder / control / name).write_bytes(b"damaged")

    def read(run: Run) -> object:
        return read_images(run, str(control / name)) if name == "images.csv" else read_margins(run, str(control))

    assert str(run.folder / control / name) in refusal(read, run, "--flip", "--renorm")
    READ[name](run)


# ---- columns of other versions

INDISPENSABLE = {
    "images.csv": ["name", *CONFUSION_COLUMNS],
    "bands.csv": ["edge", "side", "from", "to", "pixels", "correct"],
    "calibration.csv": ["pixels", "bin", "from", "to", "count", "temperature"],
}
# Without these it is a file of an older version, and has less to say
TELLS_THE_VERSION = {"images.csv": (), "bands.csv": ("edge",), "calibration.csv": ("temperature",)}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(list(CSV)), st.data())
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


@pytest.mark.parametrize(
    ("name", "column"),
    [(name, each) for name in CSV for each in INDISPENSABLE[name] if each not in TELLS_THE_VERSION[name]],
)
def test_a_column_that_cannot_be_done_without_is_told(run, name, column, refusal):
    path = run.folder / name
    pd.read_csv(path).drop(columns=column).to_csv(path, index=False)
    said = refusal(READ[name], run)
    assert f"{path} has no column {column}" in said or f"{path} is not whole" in said


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


# ---- runs of an older version

OLDER = ("ce-s0", "ce-cosine-s0", "ce-best-s0")


@pytest.mark.parametrize("name", OLDER)
def test_what_an_older_run_does_not_know_is_a_gap(name):
    run = read_run(RESULTS.parent / "holdout" / name)
    images = read_images(run)
    assert confusions(images).sum() > 0
    later = ["boundary_iou_with_border", "label_quality", "border_found_1px", "border_f1_2px", "precision", "commit"]
    assert images[later].isna().all(axis=None)
    assert images[["cross_entropy", "custom_iou", "boundary_iou"]].notna().all(axis=None)
    assert is_gap(read_bands(run))
    assert is_gap(read_margins(run))
    calibration = read_calibration(run)
    assert set(calibration["pixels"]) == {"all"}
    assert set(calibration["temperature"]) == {1}
    assert calibration["count"].sum() == confusions(images).sum()

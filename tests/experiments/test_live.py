"""A run that grows is read as a whole reading would have it, and only its new rows are read."""

import json
import shutil
from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal

from experiments import live
from experiments.live import RunReader
from experiments.runs import BadRun, read_run


@pytest.fixture
def growing(tiny_runs, tmp_path) -> Path:
    """A run whose epochs.csv has its header and its first row."""
    folder = shutil.copytree(tiny_runs / "focal-s0", tmp_path / "focal-s0")
    rows = (folder / "epochs.csv").read_bytes().splitlines(keepends=True)
    (folder / "rows").write_bytes(b"".join(rows[2:]))
    (folder / "epochs.csv").write_bytes(b"".join(rows[:2]))
    return folder


def append(folder: Path, text: bytes) -> None:
    with open(folder / "epochs.csv", "ab") as file:
        file.write(text)


def test_a_growing_run_reads_as_if_read_whole_after_every_byte(growing):
    reader, rest = RunReader(), (growing / "rows").read_bytes()
    assert reader(growing).epochs_trained == 0
    for start in range(0, len(rest), 7):
        append(growing, rest[start : start + 7])
        assert_frame_equal(reader(growing).epochs, read_run(growing).epochs, check_dtype=False)
    assert reader(growing).epochs_trained == 3


def test_only_what_was_appended_is_parsed(growing, monkeypatch):
    reader, parsed = RunReader(), []
    whole = live.parse_epochs
    monkeypatch.setattr(live, "parse_epochs", lambda folder, text: parsed.append(len(text)) or whole(folder, text))
    first = reader(growing)
    assert reader(growing).epochs is first.epochs
    row = (growing / "rows").read_bytes().splitlines(keepends=True)[0]
    append(growing, row)
    assert reader(growing).epochs_trained == 1
    size = (growing / "epochs.csv").stat().st_size
    assert parsed == [size - len(row), len(live.HEADER) + len(row)]


def test_a_run_begun_anew_or_cut_back_is_read_anew(growing):
    reader, rest = RunReader(), (growing / "rows").read_bytes()
    append(growing, rest)
    assert reader(growing).epochs_trained == 3
    rows = (growing / "epochs.csv").read_bytes().splitlines(keepends=True)
    (growing / "epochs.csv").write_bytes(b"".join(rows[:3]))  # as --resume does
    assert reader(growing).epochs_trained == 1

    info = json.loads((growing / "run.json").read_text())
    (growing / "run.json").write_text(json.dumps(info | {"started": "later"}))
    changed = rows[3].replace(b"2,", b"1,", 1)
    (growing / "epochs.csv").write_bytes(rows[0] + rows[1] + changed + rows[3] + rows[4])
    assert_frame_equal(reader(growing).epochs, read_run(growing).epochs)


def test_status_is_that_of_now(growing):
    reader = RunReader()
    reader(growing)
    info = json.loads((growing / "run.json").read_text())
    (growing / "run.json").write_text(json.dumps(info | {"status": "running"}))
    assert reader(growing).status == "running"


def test_what_cannot_be_read_is_told_each_time_and_read_once_mended(growing):
    reader = RunReader()
    good = (growing / "run.json").read_text()
    (growing / "run.json").write_text("{")
    for _ in range(2):
        with pytest.raises(BadRun, match=r"run\.json"):
            reader(growing)
    (growing / "run.json").write_text(good)
    assert reader(growing).epochs_trained == 0
    shutil.rmtree(growing)
    with pytest.raises(BadRun, match="is not a run"):
        reader(growing)

"""A run that grows is read as `read_run` would have it, and only when a file of it has changed."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from experiments.store import run_reader as live
from experiments.store.run_reader import RunReader
from experiments.store.runs import BadRun, read_run


@pytest.fixture
def growing(tiny_runs, tmp_path) -> Path:
    """A run under way whose epochs.csv has its header and its first row; the file `rows` has the others."""
    folder = shutil.copytree(tiny_runs / "focal-s0", tmp_path / "focal-s0")
    info = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(info | {"status": "running"}))
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
        assert_frame_equal(reader(growing).epochs, read_run(growing).epochs)
    assert reader(growing).epochs_trained == 3


def test_a_run_is_read_again_only_when_a_file_of_it_has_changed(growing, monkeypatch):
    reader, read = RunReader(), []
    monkeypatch.setattr(live, "COARSEST_CLOCK", 0)
    monkeypatch.setattr(live, "read_run", lambda folder: read.append(folder) or read_run(folder))
    first = reader(growing)
    (growing / "rows").unlink()
    assert reader(growing) is first
    assert len(read) == 1
    (growing / "epochs.csv").unlink()
    assert reader(growing).epochs.empty
    assert len(read) == 2


WAYS = ["in place", "replaced", "of the same size"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(WAYS)), max_size=6))
def test_however_a_file_is_rewritten_the_run_is_that_of_now(growing, rewritten):
    """Cut back, begun anew, or of the same size, in the same file or in another."""
    reader, path = RunReader(), growing / "epochs.csv"
    rows = [b"epoch,pixel_accuracy\n", *(b"%d,0.%d\n" % (epoch, epoch) for epoch in range(1, 5))]
    for tick, (count, way) in enumerate(rewritten):
        text = b"".join(rows[: count + 1])
        if way == "of the same size":
            text = path.read_bytes().replace(b",0.", b",.0")
        if way == "replaced":
            (growing / "other").write_bytes(text)
            (growing / "other").replace(path)
        else:
            path.write_bytes(text)
        os.utime(path, ns=(tick, tick))  # a clock that never stands still between two writes
        assert_frame_equal(reader(growing).epochs, read_run(growing).epochs)


def test_status_is_that_of_now(growing):
    reader = RunReader()
    reader(growing)
    info = json.loads((growing / "run.json").read_text())
    (growing / "run.json").write_text(json.dumps(info | {"status": "finished"}))
    assert reader(growing).status == "finished"


@pytest.fixture
def long_ago(monkeypatch) -> None:
    """What is read was written so long ago that nothing is in doubt."""
    monkeypatch.setattr(live, "COARSEST_CLOCK", 0)


def test_an_older_copy_of_the_same_size_in_its_place_is_read(growing, long_ago, tmp_path):
    """As `cp -p` and `rsync -t` make one: not even the time that the file says it has is another."""
    reader, path = RunReader(), growing / "epochs.csv"
    path.write_text("epoch,pixel_accuracy\n1,0.75\n")
    before = path.stat()
    assert reader(growing).final("pixel_accuracy") == 0.75
    with open(path, "r+b") as file:  # the same file, of the same size
        file.write(b"epoch,pixel_accuracy\n1,0.25\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert reader(growing).final("pixel_accuracy") == 0.25


def test_where_a_clock_stands_still_what_changed_a_moment_ago_is_read_again(growing, monkeypatch):
    """Two writes in one tick of a coarse clock leave one time."""
    reader, path = RunReader(), growing / "epochs.csv"
    monkeypatch.setattr(live, "stamp_of", lambda path: (1, 1, 1, time.time_ns(), 0))
    path.write_text("epoch,pixel_accuracy\n1,0.75\n")
    assert reader(growing).final("pixel_accuracy") == 0.75
    path.write_text("epoch,pixel_accuracy\n1,0.25\n")
    assert reader(growing).final("pixel_accuracy") == 0.25


def test_what_cannot_be_read_is_told_each_time_and_read_once_mended(growing):
    reader = RunReader()
    good = (growing / "run.json").read_text()
    (growing / "run.json").write_text("{")
    for _ in range(2):
        with pytest.raises(BadRun, match=r"run\.json"):
            reader(growing)
    (growing / "run.json").write_text(good)
    assert reader(growing).epochs_trained == 0
    append(growing, b"much,too,short\n")
    for _ in range(2):
        with pytest.raises(BadRun, match=r"epochs\.csv, line 3"):
            reader(growing)
    shutil.rmtree(growing)
    with pytest.raises(BadRun, match="is not a run"):
        reader(growing)

"""Commands that are printed train what is left of a grid, each by itself, from any folder."""

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from experiments import sweep
from experiments.store.runs import read_run
from seg import cache

PROJECT = Path(__file__).parents[3]
# names that a shell would take apart
ODD = "two words; $HOME 'and' \"more\""
GRID = """
[defaults]
size = 16
batch-size = 6
epochs = 1
[[runs]]
loss = "ce"
seeds = [0, 1]
[[runs]]
name = "without"
loss = "focal"
exclude = "left out.txt"
"""


@pytest.fixture
def place(tmp_path, tiny_pets, monkeypatch) -> SimpleNamespace:
    """A folder with an odd name that holds a grid, `data` and nothing else, and where the shell is."""
    folder = tmp_path / ODD
    folder.mkdir()
    (folder / "grid.toml").write_text(GRID)
    (folder / "left out.txt").write_text("pug_1\n")
    (folder / "data").symlink_to(tiny_pets)
    monkeypatch.chdir(folder)
    return SimpleNamespace(folder=folder, out=folder / "out")


def printed(command, *options: object) -> SimpleNamespace:
    """What `--print-commands` prints, told from what it says on stderr."""
    ended = command(sweep, "grid.toml", "--data", "data", "--out", "out", "--print-commands", *options)
    return SimpleNamespace(status=ended.status, lines=ended.out.splitlines(), told=ended.told, out=ended.out)


def in_bash(line: str, folder: Path, narrow_processes: dict[str, str]) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, env=os.environ | narrow_processes, capture_output=True, text=True
    )


def test_the_lines_finish_the_grid_from_any_folder(place, command, tmp_path, narrow_processes):
    first = printed(command, "--device", "cpu")
    assert (first.status, first.told) == (0, [])
    assert len(first.lines) == 3
    assert not place.out.exists()  # nothing is trained, nor made

    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "experiments").mkdir(parents=True)
    (elsewhere / "experiments" / "run.py").write_text("raise SystemExit('not the project')")
    ended = in_bash(first.lines[1], elsewhere, narrow_processes)
    assert ended.returncode == 0, ended.stderr
    assert {path.name for path in place.out.iterdir()} == {"ce-s1"}

    second = printed(command, "--device", "cpu")
    assert second.lines == [first.lines[0], first.lines[2]]
    assert [line.split(",")[0] for line in second.told] == ["ce-s1: skipped"]
    ended = subprocess.run(
        ["bash"], input=second.out, cwd=elsewhere, env=os.environ | narrow_processes, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    runs = {name: read_run(place.out / name) for name in ("ce-s0", "ce-s1", "without-s0")}
    assert {run.status for run in runs.values()} == {"finished"}
    assert runs["without-s0"].info["options"]["exclude"] == ["pug_1"]
    assert [path.name for path in elsewhere.iterdir()] == ["experiments"]

    last = printed(command, "--device", "cpu")
    assert (last.status, last.out) == (0, "")
    assert len(last.told) == 3


def test_a_run_that_was_stopped_is_continued(place, command, narrow_processes):
    (place.folder / "grid.toml").write_text(GRID.replace("epochs = 1", "epochs = 2"))
    first, *_ = printed(command, "--device", "cpu").lines
    # two batches an epoch: in the second epoch's first
    in_bash(first, place.folder, narrow_processes | {"KILLED_IN_BATCH": "3"})
    assert read_run(place.out / "ce-s0").epochs_trained == 1
    again = printed(command, "--device", "cpu").lines[0]
    assert "--resume=" in again
    assert in_bash(again, place.folder, narrow_processes).returncode == 0
    assert pd.read_csv(place.out / "ce-s0" / "epochs.csv")["epoch"].tolist() == [0, 1, 2]


def test_the_photos_are_decoded_before(place, command, monkeypatch, tmp_path):
    monkeypatch.setenv("BORDERLINE_CACHE", str(tmp_path / "cache"))
    assert len(printed(command).lines) == 3
    assert sorted(path.name.rpartition("-")[0] for path in (tmp_path / "cache").iterdir()) == ["test-16", "trainval-16"]
    monkeypatch.setattr(cache, "decode", None)  # once is enough
    assert len(printed(command).lines) == 3


def test_photos_that_cannot_be_used_are_told_and_nothing_is_printed(place, command, own_pets):
    (own_pets / "oxford-iiit-pet" / "images" / "Abyssinian_2.jpg").write_bytes(b"no photo")
    (place.folder / "data").unlink()
    (place.folder / "data").symlink_to(own_pets)
    ended = printed(command)
    assert (ended.status, ended.out) == (2, "")
    assert "Abyssinian_2.jpg" in ended.told[0]


@pytest.mark.parametrize("device", ["auto", "cuda", "cuda:5", "cpu"])
def test_a_device_is_one_of_the_machine_that_trains(place, command, device):
    assert all(line.endswith(f" --device={device}") for line in printed(command, "--device", device).lines)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--device", "warp"], "no machine has a device warp: choose from auto, cpu, cuda, mps"),
        (["--jobs", "2"], "--jobs is for runs that are trained here"),
    ],
)
def test_options_that_mean_nothing_there_are_refused(place, command, options, said):
    ended = printed(command, *options)
    assert (ended.status, ended.out, len(ended.told)) == (2, "", 1)
    assert said in ended.told[0]


def test_a_name_of_several_lines_is_refused(place, command, tmp_path, tiny_pets):
    (tmp_path / "two\nlines").symlink_to(tiny_pets)
    ended = command(sweep, "grid.toml", "--data", tmp_path / "two\nlines", "--print-commands")
    assert (ended.status, ended.out) == (2, "")
    assert "is more than a line" in ended.error

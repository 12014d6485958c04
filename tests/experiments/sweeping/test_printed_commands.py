"""Commands that are printed train what is left of a grid, each by itself, from any folder."""

import json
import os
import shlex
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from experiments import sweep
from experiments.cli.options import resolve
from experiments.store.recorded_options import recorded
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


def test_the_lines_finish_the_grid_from_any_folder(place, command, tmp_path, narrow_processes):
    first = printed(command, "--device", "cpu")
    assert (first.status, first.told) == (0, [])
    assert len(first.lines) == 2
    assert not place.out.exists()  # nothing is trained, nor made

    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "experiments").mkdir(parents=True)
    (elsewhere / "experiments" / "__init__.py").touch()
    (elsewhere / "experiments" / "run.py").write_text("raise SystemExit('not the project')")
    environment = os.environ | narrow_processes
    ended = subprocess.run(
        ["bash", "-c", first.lines[1]], cwd=elsewhere, env=environment, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    assert {path.name for path in place.out.iterdir()} == {"without-s0"}
    assert read_run(place.out / "without-s0").info["options"]["exclude"] == ["pug_1"]

    second = printed(command, "--device", "cpu")
    assert second.lines == [first.lines[0]]
    assert [line.split(",")[0] for line in second.told] == ["without-s0: skipped"]
    ended = subprocess.run(["bash"], input=second.out, cwd=elsewhere, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert {read_run(place.out / name).status for name in ("ce-s0", "without-s0")} == {"finished"}
    assert [path.name for path in elsewhere.iterdir()] == ["experiments"]

    last = printed(command, "--device", "cpu")
    assert (last.status, last.out) == (0, "")
    assert [line.split(",")[0] for line in last.told] == ["ce-s0: skipped", "without-s0: skipped"]


@pytest.mark.parametrize(("status", "how"), [("interrupted", "--resume={out}/ce-s0"), ("failed", "--overwrite")])
def test_a_run_that_was_begun_is_continued_or_begun_anew(place, command, status, how):
    (place.out / "ce-s0").mkdir(parents=True)
    options = recorded(resolve({"loss": "ce", "size": 16, "batch_size": 6, "epochs": 1}))
    (place.out / "ce-s0" / "run.json").write_text(json.dumps({"options": options, "status": status}))
    first, second = map(shlex.split, printed(command, "--device", "cpu").lines)
    assert how.format(out=place.out) in first
    assert how.partition("=")[0] not in " ".join(second)


def test_the_photos_are_decoded_before(place, command, monkeypatch, tmp_path):
    monkeypatch.setenv("BORDERLINE_CACHE", str(tmp_path / "cache"))
    assert len(printed(command).lines) == 2
    assert sorted(path.name.rpartition("-")[0] for path in (tmp_path / "cache").iterdir()) == ["test-16", "trainval-16"]
    monkeypatch.setattr(cache, "decode", None)  # once is enough
    assert len(printed(command).lines) == 2


def test_photos_that_cannot_be_used_are_told_and_nothing_is_printed(place, command, own_pets):
    (own_pets / "oxford-iiit-pet" / "images" / "Abyssinian_2.jpg").write_bytes(b"no photo")
    (place.folder / "grid.toml").write_text('runs = [{ loss = "ce", size = 16 }]')
    (place.folder / "data").unlink()
    (place.folder / "data").symlink_to(own_pets)
    ended = printed(command)
    assert (ended.status, ended.out) == (2, "")
    assert "Abyssinian_2.jpg" in ended.told[0]


@pytest.mark.parametrize("device", ["auto", "cuda", "cuda:5", "cpu"])
def test_a_device_is_one_of_the_machine_that_trains(place, command, device):
    for line in printed(command, "--device", device).lines:
        assert {f"--device={device}", f"--data={place.folder / 'data'}"} <= set(shlex.split(line))


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

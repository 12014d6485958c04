"""Files have owners: they go with their server, also where it was killed, and never another's."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demo.serving import folder
from demo.serving.folder import LOCK, files_folder, mend, new_folder, own_folder, sweep, tidy, used
from seg import InputError
from tests.conftest import PROJECT

# A server without a page: it says where its files are, and lives until it is told to end, or killed
SERVER = """
import sys
from demo.serving.folder import files_folder, new_folder
with new_folder() as kept:
    (kept / "photo.png").write_bytes(b"1")
print(files_folder(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def start(tmp_path) -> Iterator[Callable[..., tuple[subprocess.Popen, Path]]]:
    """`start()` starts such a server over one folder for all, and gives it and the folder of its files."""
    started = []

    def begin(told: Path = tmp_path) -> tuple[subprocess.Popen, Path]:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            cwd=PROJECT,
            env=os.environ | {"GRADIO_TEMP_DIR": str(told)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process, Path(process.stdout.readline().strip())

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def files_of(root: Path) -> set[str]:
    return {path.name for path in root.rglob("*") if path.is_file()}


def test_a_server_s_files_go_with_it_and_those_of_a_killed_one_with_the_next(start, tmp_path):
    ended, first = start()
    killed, second = start()
    assert first.is_dir() and first.parent.parent == second.parent.parent == tmp_path
    assert files_of(first) == {"photo.png"}
    ended.communicate("")
    assert not first.parent.exists() and files_of(second) == {"photo.png"}
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert files_of(second) == {"photo.png"}
    _, third = start()
    assert list(tmp_path.iterdir()) == [third.parent]
    # who is started by a server keeps its files beside that one's, not inside
    _, fourth = start(third)
    assert {path.resolve() for path in tmp_path.iterdir()} == {third.parent, fourth.parent}


@pytest.fixture
def left_behind(tmp_path) -> Path:
    """What a killed server has left, and beside it what only looks like it."""
    for name in (
        "borderline-killed/files/a",
        "borderline-checkout/files/a",
        "borderline-locked/files/a",
        "other/files/a",
    ):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "photo.png").write_bytes(b"1")
    for name in ("killed", "locked"):
        (tmp_path / f"borderline-{name}" / LOCK).touch()
    (tmp_path / "other" / LOCK).touch()
    (tmp_path / "borderline-link").symlink_to(tmp_path / "other")
    (tmp_path / "borderline-odd").mkdir()
    (tmp_path / "borderline-odd" / LOCK).mkdir()
    return tmp_path


def test_only_what_a_server_marked_as_its_own_and_let_go_is_removed(left_behind):
    fcntl = pytest.importorskip("fcntl")
    with open(left_behind / "borderline-locked" / LOCK) as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        sweep(left_behind)
    there = {path.name for path in left_behind.iterdir()}
    assert there == {"borderline-checkout", "borderline-locked", "other", "borderline-link", "borderline-odd"}
    assert (left_behind / "other" / "files" / "a" / "photo.png").is_file()


def test_where_a_disk_has_no_locks_nothing_of_others_is_removed(left_behind, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("demo.serving.folder.fcntl.flock", refuse)
    before = set(left_behind.rglob("*"))
    sweep(left_behind)
    assert set(left_behind.rglob("*")) == before


def test_where_open_files_cannot_be_removed_none_is_held_open(tmp_path, monkeypatch):
    """Windows has no `fcntl`, and a server's folder would stay for ever."""
    monkeypatch.setattr(folder, "fcntl", None)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    own = folder._claimed(-1)
    assert (own.lock, (own.path / LOCK).is_file()) == (None, True)
    own.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named_with_what_to_do(tmp_path):
    (tmp_path / "file").touch()
    told = os.environ | {"GRADIO_TEMP_DIR": str(tmp_path / "file" / "x")}
    code = "from demo.serving.folder import own_folder; own_folder()"
    ended = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, env=told, capture_output=True, text=True)
    said = ended.stderr.splitlines()[-1]
    assert said.endswith("cannot hold files (Not a directory): set GRADIO_TEMP_DIR to a folder that can be written")


@pytest.fixture
def files(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "files"))
    return files_folder()


def kept(name: str, size: int = 10, hours: float = 0) -> Path:
    with new_folder() as mine:
        (mine / name).write_bytes(bytes(size))
    os.utime(mine, (time.time() - 3600 * hours,) * 2)
    return mine / name


def test_what_nobody_asks_for_goes_and_what_somebody_uses_stays(files):
    old, asked_for, new = kept("old.png", hours=20), kept("used.png", hours=20), kept("new.png", hours=11)
    (files / "stray.tmp").write_bytes(b"1")
    used(asked_for)
    tidy(time.time() + 61)  # what has no folder is nobody's
    assert not (files / "stray.tmp").exists()
    tidy()
    assert not old.parent.exists() and asked_for.is_file() and new.is_file()
    tidy(time.time() + 12.1 * 3600)
    assert list(files.iterdir()) == []


def test_beyond_what_is_kept_the_longest_unused_go_first(files, monkeypatch):
    monkeypatch.setattr(folder, "MOST_BYTES", 3_000_000)
    paths = [kept(f"{hours}.zip", 900_000, hours) for hours in (3, 2, 1, 0)]
    tidy()
    assert [path.is_file() for path in paths] == [False, True, True, True]
    huge = kept("huge.zip", 4_000_000)
    tidy()
    assert not huge.exists()


def test_of_what_fails_nothing_is_left_and_a_full_disk_is_said(files):
    with pytest.raises(ZeroDivisionError), new_folder() as mine:
        (mine / "half.zip").write_bytes(b"1")
        raise ZeroDivisionError
    with (
        pytest.raises(InputError, match=r"^The disk of the machine .* is full: try again later\.$"),
        new_folder() as mine,
    ):
        (mine / "half.zip").write_bytes(b"1")
        raise OSError(28, "No space left on device")
    assert list(files.iterdir()) == []


def test_names_of_folders_cannot_be_guessed(files):
    names = {kept("a.png").parent.name for _ in range(200)}
    assert len(names) == 200 and min(map(len, names)) >= 22


def test_a_folder_that_is_tidied_away_is_held_anew(monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(own_folder().path / "files"))
    shutil.rmtree(own_folder().path)
    mend()
    assert (own_folder().path / LOCK).is_file()
    sweep(own_folder().path.parent)
    assert files_folder().is_dir()
    assert kept("a.png").is_file()

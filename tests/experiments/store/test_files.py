"""A file is replaced whole or not at all, whatever happens to the process that writes it."""

import errno
import os
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from experiments.store.files import abandoned, replacing
from seg.checkpoint import read_tensors, write_tensors

PROJECT = Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path) -> Path:
    """A file that is to be replaced; it is alone in its folder."""
    (tmp_path / "file.csv").write_text("the old file")
    return tmp_path / "file.csv"


def test_the_new_file_takes_the_place_of_the_old_at_the_end(path):
    with replacing(path) as temporary:
        temporary.write_text("the new file")
        assert path.read_text() == "the old file"
    assert path.read_text() == "the new file"
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_was_not_there_is_made(tmp_path):
    with replacing(tmp_path / "fresh") as temporary:
        temporary.write_bytes(b"\0")
        assert not (tmp_path / "fresh").exists()
    assert (tmp_path / "fresh").read_bytes() == b"\0"


@pytest.mark.parametrize("raised", [OSError, KeyboardInterrupt, SystemExit])
def test_a_failed_write_leaves_the_old_file_alone_in_its_folder(path, raised):
    with pytest.raises(raised), replacing(path) as temporary:
        temporary.write_text("half")
        raise raised
    assert path.read_text() == "the old file"
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_cannot_be_put_into_place_is_not_left_behind(tmp_path):
    (tmp_path / "a folder").mkdir()
    with pytest.raises(OSError), replacing(tmp_path / "a folder") as temporary:
        temporary.write_text("x")
    assert [path.name for path in tmp_path.iterdir()] == ["a folder"]


KILLED = """
import os, signal, sys
from pathlib import Path
from experiments.store.files import replacing
with replacing(Path(sys.argv[1])) as temporary:
    with open(temporary, "w") as file:
        file.write("half of the new")
        file.flush()
        {death}
"""


@pytest.mark.parametrize("death", ["os._exit(9)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_a_process_killed_while_it_writes_leaves_the_old_file_whole(path, death):
    ended = subprocess.run([sys.executable, "-c", KILLED.format(death=death), path], cwd=PROJECT)
    assert ended.returncode in (9, -signal.SIGKILL)
    assert path.read_text() == "the old file"
    [left] = abandoned(path.parent)
    assert left.read_text() == "half of the new"
    assert set(path.parent.iterdir()) == {path, left}


def test_only_what_replacing_left_is_called_abandoned(tmp_path):
    for name in ("a.tmp", ".a.tmp", ".a.0123456789abcdef.tmp.png", ".a.0123456789ABCDEF.tmp", ".a.123.tmp"):
        (tmp_path / name).write_text("not ours")
    assert abandoned(tmp_path) == []


@pytest.mark.parametrize("mask", [0o022, 0o027, 0o077])
def test_the_file_may_be_read_as_any_other(tmp_path, mask):
    before = os.umask(mask)
    try:
        (tmp_path / "plain").write_text("x")
        with replacing(tmp_path / "text") as temporary:
            temporary.write_text("x")
        with replacing(tmp_path / "private") as temporary:
            temporary.write_text("x")
            temporary.chmod(0o600)  # as some libraries make theirs
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(["plain", "text", "private"], 0o666 & ~mask)


@pytest.mark.parametrize("number", [errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP])
@pytest.mark.parametrize("refused", ["chmod", "fsync", "replace", "unlink", "all"])
def test_what_a_disk_refuses_is_done_without(path, monkeypatch, refused, number):
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    for owner, name in ((Path, "chmod"), (os, "fsync"), (Path, "replace"), (Path, "unlink")):
        if refused in (name, "all"):
            monkeypatch.setattr(owner, name, refuse)
    with replacing(path) as temporary:
        temporary.write_text("the new file")
    assert path.read_text() == "the new file"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_what_says_that_a_file_is_not_written_is_raised(path, monkeypatch, failing, number):
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(*((os, "fsync") if failing == "fsync" else (Path, "replace")), fail)
    with pytest.raises(OSError, match=os.strerror(number)), replacing(path) as temporary:
        temporary.write_text("the new file")
    assert path.read_text() == "the old file"
    assert list(path.parent.iterdir()) == [path]


def test_the_folder_s_entry_is_flushed_after_the_rename(path, monkeypatch):
    done, flushed, renamed = [], os.fsync, Path.replace
    monkeypatch.setattr(
        os, "fsync", lambda number: (done.append(str(Path(f"/proc/self/fd/{number}").readlink())), flushed(number))
    )
    monkeypatch.setattr(Path, "replace", lambda *paths: (done.append("renamed"), renamed(*paths)))
    with replacing(path) as temporary:
        temporary.write_text("the new file")
    assert done == [str(temporary), "renamed", str(path.parent)]


def test_writers_at_once_do_not_mix(tmp_path):
    def write(number: int) -> None:
        with replacing(tmp_path / "file") as temporary:
            write_tensors(temporary, {"x": torch.full((1000,), number)}, {"number": str(number)})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    tensors, metadata = read_tensors(tmp_path / "file")
    assert tensors["x"].tolist() == [int(metadata["number"])] * 1000
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_two_writers_of_one_file_have_two_temporary_files(path):
    with replacing(path) as one, replacing(path) as other:
        assert one != other
        one.write_text("one")
        other.write_text("other")
    assert path.read_text() == "one"  # it was renamed last


def test_nothing_heavy_is_imported():
    code = "import sys, experiments.store.files; print(*{'torch', 'pandas', 'numpy', 'PIL'} & sys.modules.keys())"
    ended = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == ""

"""A run's folder is made for it alone: what somebody else left there is never deleted."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.store.folder import FolderNotMade, FolderTaken, NotARun, create_folder, hold, is_held
from seg import InputError

PROJECT = Path(__file__).parents[3]


@pytest.mark.parametrize(("overwrite", "refusal"), [(False, FolderTaken), (True, NotARun)])
def test_a_folder_that_is_no_run_is_never_replaced(tmp_path, overwrite, refusal):
    folder = tmp_path / "photos"
    (folder / "predictions").mkdir(parents=True)
    (folder / "predictions" / "holiday.jpg").write_text("dear to me")
    with pytest.raises(refusal, match="photos"):
        create_folder(folder, overwrite=overwrite)
    assert (folder / "predictions" / "holiday.jpg").read_text() == "dear to me"


def test_a_run_is_replaced_where_it_is_asked_for(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "run.json").write_text("{}")
    with pytest.raises(FolderTaken, match="run exists"):
        create_folder(folder, overwrite=False)
    assert (folder / "run.json").exists()
    create_folder(folder, overwrite=True)
    assert [path.name for path in folder.iterdir()] == ["predictions"]


def test_a_folder_that_a_run_left_empty_is_used(tmp_path):
    create_folder(tmp_path / "run", overwrite=False)
    create_folder(tmp_path / "run", overwrite=False)
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["predictions"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(FolderNotMade, match="cannot be made"):
            create_folder(folder, overwrite=True)


def test_a_folder_that_is_held_is_neither_held_twice_nor_replaced(tmp_path):
    pytest.importorskip("fcntl")
    folder = tmp_path / "run"
    create_folder(folder, overwrite=False)
    (folder / "run.json").write_text("{}")
    with hold(folder):
        with pytest.raises(InputError, match="is being trained by another process"), hold(folder):
            pass
        with pytest.raises(InputError, match="is being trained by another process"):
            create_folder(folder, overwrite=True)
        assert (folder / "run.json").exists()
    with hold(folder):
        pass


def test_who_holds_a_folder_is_told_by_its_process(tmp_path):
    pytest.importorskip("fcntl")
    held = "import sys; from pathlib import Path; from experiments.store.folder import hold\n"
    held += "with hold(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", held, str(tmp_path)]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(InputError, match=rf"by another process \(process {other.pid}\): wait"), hold(tmp_path):
            pass
        other.kill()
    with hold(tmp_path, used="filled"):  # a process that is gone holds nothing, whatever it has left
        assert f"{os.getpid()} " in (tmp_path / ".holder").read_text()
        with pytest.raises(InputError, match=rf"being filled by another process \(process {os.getpid()}\)"):
            hold(tmp_path, used="filled").__enter__()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ZeroDivisionError), hold(tmp_path):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("holder", ["", "\0", "no number", "12 elsewhere", b"\xff\xfe"])
def test_who_holds_it_is_told_as_far_as_it_is_known(tmp_path, holder):
    pytest.importorskip("fcntl")
    with hold(tmp_path):
        (tmp_path / ".holder").write_bytes(holder if isinstance(holder, bytes) else holder.encode())
        said = " (process 12 on elsewhere)" if holder == "12 elsewhere" else ""
        with pytest.raises(InputError) as refused:
            hold(tmp_path).__enter__()
    assert str(refused.value) == f"{tmp_path} is being trained by another process{said}: wait for it, or stop it"


@pytest.mark.parametrize(
    "number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EBADF, errno.EINVAL, errno.EPERM]
)
def test_on_a_disk_without_locks_a_folder_is_held_by_nobody_which_is_said_once(tmp_path, monkeypatch, capsys, number):
    fcntl = pytest.importorskip("fcntl")

    def flock(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    with hold(tmp_path), hold(tmp_path):
        assert list(tmp_path.iterdir()) == []
    said = f"note: {tmp_path} cannot be locked ({os.strerror(number)}): see to it that no other process uses it\n"
    assert capsys.readouterr().err == said


def test_a_folder_whose_holder_was_killed_before_its_first_file_is_used(tmp_path):
    create_folder(tmp_path / "run", overwrite=False)
    (tmp_path / "run" / ".holder").write_text("1 elsewhere\n")
    create_folder(tmp_path / "run", overwrite=False)


def test_who_asks_whether_a_folder_is_held_keeps_nobody_from_it(tmp_path):
    pytest.importorskip("fcntl")
    asks = "import sys; from pathlib import Path; from experiments.store.folder import is_held\n"
    asks += "print('asking', flush=True)\nwhile True: is_held(Path(sys.argv[1]))"
    command = [sys.executable, "-c", asks, str(tmp_path)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout.readline() == "asking\n"
            for _ in range(500):
                with hold(tmp_path):
                    pass
        finally:
            other.kill()


def test_whether_another_machine_holds_a_folder_is_not_known_here(tmp_path):
    pytest.importorskip("fcntl")
    assert is_held(tmp_path) is False
    with hold(tmp_path):
        assert is_held(tmp_path) is True
    (tmp_path / ".holder").write_text("123 elsewhere\n")
    assert is_held(tmp_path) is None
    with hold(tmp_path):
        assert is_held(tmp_path) is True
    assert is_held(tmp_path) is False

"""However a run is stopped, and whatever the disk then refuses, it ends in order: one line, nothing lost."""

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
import torch

from experiments import run
from experiments.store import writer
from experiments.store.runs import read_run
from seg import training
from seg.losses import Diverged
from tests.conftest import TRAINVAL_NAMES

PROJECT = Path(__file__).parents[3]
ALL_SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture
def recipe(tiny_pets, tmp_path, narrow) -> list[object]:
    """Options of a small run, `ce-s0` of two epochs, three batches each."""
    options = ["--loss", "ce", "--size", "16", "--batch-size", "4", "--epochs", 2, "--device", "cpu"]
    return [*options, "--data", tiny_pets, "--out", tmp_path / "runs"]


def again(recipe: list[object]) -> list[object]:
    """What of the options has to be typed again."""
    return [*recipe[recipe.index("--data") :][:2], "--device", "cpu"]


def epochs(folder: Path) -> list[int]:
    return pd.read_csv(folder / "epochs.csv")["epoch"].tolist()


def before_batch(patch: pytest.MonkeyPatch, number: int, happens: Callable[[], object]) -> None:
    """Let this happen before that batch of the training, counted from 1."""
    made, left = training.training_batch, iter(range(number, 0, -1))

    def training_batch(*arguments: object) -> tuple:
        if next(left, 0) == 1:
            happens()
        return made(*arguments)

    patch.setattr(training, "training_batch", training_batch)


# ---- signals, and the terminal


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="terminals are made on Unix")
def test_a_run_whose_terminal_is_closed_is_saved(recipe, tmp_path, narrow_processes, command):
    mine, theirs = os.openpty()
    script = (
        "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.executable, sys.argv[1:])"
    )
    words = [sys.executable, "-c", script, sys.executable, "-m", "experiments.run", *map(str, recipe), "--epochs", "99"]
    environment = os.environ | narrow_processes | {"SECONDS_A_BATCH": "0.1"}
    terminal = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    process = subprocess.Popen(words, cwd=PROJECT, env=environment, start_new_session=True, **terminal)
    os.close(theirs)
    folder = tmp_path / "runs" / "ce-s0"
    try:
        os.set_blocking(mine, False)
        deadline = time.monotonic() + 120
        while not (folder / "state.safetensors").exists():
            assert process.poll() is None and time.monotonic() < deadline
            with contextlib.suppress(BlockingIOError):
                os.read(mine, 65536)  # else it waits for room in the terminal
            time.sleep(0.02)
        os.close(mine)  # the terminal's window: the system sends SIGHUP, and what is written from now on fails
        assert process.wait(timeout=60) == 130
    finally:
        process.kill()
    stopped = read_run(folder)
    assert stopped.status == "interrupted"
    assert stopped.info["ended"]
    assert not (folder / ".holder").exists()


@pytest.mark.parametrize("number", ALL_SIGNALS)
def test_a_signal_that_asks_to_stop_saves_the_run(recipe, tmp_path, command, number):
    with pytest.MonkeyPatch.context() as patch:
        before_batch(patch, 4, lambda: os.kill(os.getpid(), number))
        ended = command(run, *recipe)
    assert ended.status == 130
    assert "nothing is lost. Continue with:" in ended.out
    folder = tmp_path / "runs" / "ce-s0"
    assert read_run(folder).status == "interrupted"
    assert sorted(path.name for path in folder.iterdir() if path.name.startswith(".")) == []


@pytest.mark.long
def test_a_run_goes_on_when_nobody_reads_what_it_prints_any_more(recipe, tmp_path, narrow_processes):
    reading, writing = os.pipe()
    with open(writing, "w") as pipe:
        command = [sys.executable, "-m", "experiments.run", *map(str, recipe)]
        environment = os.environ | narrow_processes
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=pipe, stderr=pipe)
        os.close(reading)
    assert process.wait(timeout=120) == 0
    assert read_run(tmp_path / "runs" / "ce-s0").status == "finished"


# ---- a full disk, made to be full: what is written to it fails from some moment on


class Full:
    """While `on`, nothing more can be written to files, as on a disk that is full to the last byte."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.on = False
        made = os.open

        def refuse(path: object, flags: int, *rest: object, **named: object) -> int:
            if self.on and flags & os.O_CREAT:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            return made(path, flags, *rest, **named)

        patch.setattr(os, "open", refuse)

    def now(self) -> None:
        self.on = True


@pytest.fixture
def full(monkeypatch) -> Iterator[Full]:
    made = Full(monkeypatch)
    yield made
    made.on = False


def test_a_disk_that_is_full_before_the_first_file_leaves_no_folder(recipe, tmp_path, command, full):
    full.now()  # the folder can be made, its first file cannot
    ended = command(run, *recipe)
    full.on = False
    assert ended.status == 1
    assert "ce-s0 failed: No space left on device in " in ended.error
    assert ended.error.endswith(": nothing of it could be kept; mend that, then start again")
    assert not (tmp_path / "runs" / "ce-s0").exists()
    assert command(run, *recipe).status == 0


@pytest.mark.parametrize(("number", "batch"), list(zip(ALL_SIGNALS, (1, 3, 5), strict=True)))
def test_a_stop_while_the_disk_is_full_ends_in_one_line(recipe, tmp_path, command, full, number, batch):
    def stopped_while_full() -> None:
        full.now()
        os.kill(os.getpid(), number)

    with pytest.MonkeyPatch.context() as patch:
        before_batch(patch, batch, stopped_while_full)
        ended = command(run, *recipe)
    full.on = False
    folder = tmp_path / "runs" / "ce-s0"
    assert ended.status == 1
    assert f"ce-s0 failed: No space left on device in {folder}: mend that, then continue with `" in ended.error
    assert list(folder.rglob("*.tmp")) == []
    assert command(run, "--resume", folder, *again(recipe)).status == 0  # which is what it says
    assert epochs(folder) == [0, 1, 2]


def test_a_second_ctrl_c_while_the_disk_is_full_stops(recipe, tmp_path, command, full):
    def stopped_while_full() -> None:
        full.now()
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        before_batch(patch, 4, stopped_while_full)
        ended = command(run, *recipe)
    assert (ended.status, ended.error) == (130, "stopped")


FILES = ["epochs.csv", "run.json", "probe.json", "epoch-001.png", "model.safetensors", "state.safetensors"]
FILES += ["images.csv", "bands.csv", "calibration.csv", "margins.npz"]


@pytest.mark.parametrize("name", FILES)
def test_wherever_the_disk_is_full_the_failure_is_recorded_and_the_run_can_go_on(recipe, tmp_path, command, name):
    """It is full for this one file: there is room for `run.json` again, as where a large file did not fit."""
    made, opened, refused = os.open, open, []

    def refuse(path: object) -> None:
        if name in str(path) and not refused:
            refused.append(path)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    def raw(path: object, flags: int, *rest: object, **named: object) -> int:
        if flags & os.O_CREAT:
            refuse(path)
        return made(path, flags, *rest, **named)

    def buffered(path: object, mode: str = "r", *rest: object, **named: object):
        if mode != "r":
            refuse(path)
        return opened(path, mode, *rest, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", raw)
        patch.setattr(writer, "open", buffered, raising=False)
        ended = command(run, *recipe)
    assert len(refused) == 1
    folder = tmp_path / "runs" / "ce-s0"
    assert ended.status == 1
    assert "ce-s0 failed: No space left on device in " in ended.error
    recorded = json.loads((folder / "run.json").read_text())
    assert (recorded["status"], recorded["error"]) == ("failed", f"No space left on device in {folder}")
    assert command(run, "--resume", folder, *again(recipe)).status == 0
    assert epochs(folder) == [0, 1, 2]
    assert "error" not in json.loads((folder / "run.json").read_text())


# ---- a loss that is not finite


def broken_from(patch: pytest.MonkeyPatch, batch: int) -> list[list[int]]:
    """Let photos be broken in that batch, counted from 1; the places of each batch's photos, as they are made."""
    made, seen = training.training_batch, []

    def training_batch(split: object, indices: torch.Tensor, *rest: object) -> tuple:
        photos, masks = made(split, indices, *rest)
        seen.append(indices.tolist())
        return (photos * float("nan") if len(seen) == batch else photos), masks

    patch.setattr(training, "training_batch", training_batch)
    return seen


@pytest.mark.parametrize(
    ("loss", "batch"), [("ce", 1), ("focal", 5), ("dice", 19), ("weighted", 20), ("ce", 21), ("focal", 33)]
)
def test_it_is_noticed_within_twenty_batches_with_its_photos(recipe, tmp_path, command, loss, batch):
    recipe = [*recipe, "--loss", loss, "--batch-size", 1, "--epochs", 3]  # twelve an epoch
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "LOOKED_AT_EVERY", 5)
        seen = broken_from(patch, batch)
        ended = command(run, *recipe)
    assert ended.status == 1
    assert batch <= len(seen) <= batch + 5
    photo = TRAINVAL_NAMES[seen[batch - 1][0]]
    where = f"batch {(batch - 1) % 12 + 1} of epoch {(batch - 1) // 12 + 1}, of {photo}: lower --lr"
    assert where in ended.error
    recorded = read_run(tmp_path / "runs" / f"{loss}-s0").info
    assert (recorded["status"], recorded["diverged"]) == ("failed", [photo])


def test_many_photos_are_told_in_the_run_s_record(recipe, tmp_path, command):
    with pytest.MonkeyPatch.context() as patch:
        seen = broken_from(patch, 2)
        ended = command(run, *recipe, "--batch-size", 6)
    names = [TRAINVAL_NAMES[place] for place in seen[1]]
    assert f", of {', '.join(names[:3])} and 3 more, see diverged in its run.json: lower --lr" in ended.error
    assert read_run(tmp_path / "runs" / "ce-s0").info["diverged"] == names


def test_broken_weights_are_not_kept_over_whole_ones(recipe, tmp_path, command):
    """A stop in the very batch that broke them: the state of the epoch before is what is gone on with."""
    recipe = [*recipe, "--epochs", 3]
    with pytest.MonkeyPatch.context() as patch:
        broken_from(patch, 4)
        before_batch(patch, 5, lambda: os.kill(os.getpid(), signal.SIGTERM))
        ended = command(run, *recipe)
    assert (ended.status, "batch 1 of epoch 2" in ended.error) == (1, True)
    folder = tmp_path / "runs" / "ce-s0"
    assert read_run(folder).status == "failed"
    assert command(run, "--resume", folder, *again(recipe)).status == 0
    assert "diverged" not in read_run(folder).info


def test_looking_at_it_every_twenty_batches_is_enough():
    assert training.LOOKED_AT_EVERY == 20
    assert Diverged("said").photos == ()


# ---- rights


@pytest.mark.parametrize("mask", [0o002, 0o027])
def test_every_file_and_folder_has_the_rights_that_the_person_gives(recipe, tmp_path, command, mask, monkeypatch):
    monkeypatch.setenv("BORDERLINE_CACHE", str(tmp_path / "cache"))
    before = os.umask(mask)
    try:
        assert command(run, *recipe, "--keep-epochs").status == 0
    finally:
        os.umask(before)
    made = [path for name in ("runs", "cache") for path in (tmp_path / name).rglob("*")]
    assert len(made) > 15
    for path in made:
        assert path.stat().st_mode & 0o777 == (0o777 if path.is_dir() else 0o666) & ~mask, path

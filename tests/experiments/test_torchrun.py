"""`torchrun -m experiments.run`: real processes that train one run together, and what becomes of it when one ends."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments import run
from experiments.store.runs import read_run

RUN = ("--loss", "focal", "--epochs", 2, "--batch-size", 3, "--size", 32, "--precision", "fp32", "--device", "cpu")


@pytest.fixture
def started(tiny_pets, tmp_path, narrow_processes):
    """Start so many processes of `experiments.run`, with more options and environment variables."""

    def start(count: int, *options: object, **more: object) -> subprocess.Popen:
        launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"]
        where = ["--data", tiny_pets, "--out", tmp_path / "runs"]
        environment = os.environ | narrow_processes | {name: str(value) for name, value in more.items()}
        words = [*launcher, "-m", "experiments.run", *where, *options]
        return subprocess.Popen(
            [str(word) for word in words],
            env=environment | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return start


def said(process: subprocess.Popen) -> tuple[int, str]:
    out, _ = process.communicate(timeout=300)
    return process.returncode, out


def epochs(folder: Path) -> list[int]:
    return [int(epoch) for epoch in read_run(folder).epochs["epoch"]]


def when_trained(process: subprocess.Popen, folder: Path) -> None:
    """Wait until an epoch is kept."""
    until = time.monotonic() + 200
    while not (folder / "state.safetensors").exists():
        assert process.poll() is None, said(process)
        assert time.monotonic() < until
        time.sleep(0.05)


def test_two_processes_train_one_run_and_one_alone_goes_on_with_it(started, tiny_pets, tmp_path, narrow):
    """One of them is killed in the second epoch."""
    folder = tmp_path / "runs" / "focal-s0"
    # 7 photos: three batches an epoch, the last of a single photo
    status, told = said(started(2, *RUN, KILLED_IN_BATCH=5, KILLED_RANK=1))
    assert status == 1
    assert "rank      : 1" in told.split("Root Cause")[1]
    assert "SIGKILL" in told
    assert told.count("epoch  1/2") == 1, "the first process alone says what was done"
    [line] = re.findall(r"error: .*", told)
    assert "another process that trained it has ended" in line
    record = json.loads((folder / "run.json").read_text())
    assert record["status"] == "failed"
    assert record["environment"]["processes"] == 2
    assert epochs(folder) == [0, 1]

    again = ["--resume", str(folder), "--data", str(tiny_pets), "--device", "cpu"]
    assert run.main(again) == 0
    assert epochs(folder) == [0, 1, 2]
    record = json.loads((folder / "run.json").read_text())
    assert record["status"] == "finished"
    assert "processes" not in record["resumed"][0]["environment"]


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_keeps_the_state_and_another_number_of_processes_goes_on(number, started, tmp_path):
    folder = tmp_path / "runs" / "focal-s0"
    process = started(2, *RUN, "--epochs", 500, SECONDS_A_BATCH=0.02)
    when_trained(process, folder)
    process.send_signal(number)
    _, told = said(process)
    assert told.count("nothing is lost") == 1
    assert json.loads((folder / "run.json").read_text())["status"] == "interrupted"
    if number == signal.SIGTERM:
        return
    before = epochs(folder)

    process = started(3, "--resume", folder, SECONDS_A_BATCH=0.02)
    until = time.monotonic() + 200
    while len(epochs(folder)) < len(before) + 2:
        assert process.poll() is None, said(process)
        assert time.monotonic() < until
        time.sleep(0.1)
    process.send_signal(number)
    said(process)
    assert epochs(folder) == list(range(len(epochs(folder))))
    [resumed] = json.loads((folder / "run.json").read_text())["resumed"]
    assert resumed["environment"]["processes"] == 3


@pytest.mark.long
@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--data", "nowhere"], "nowhere"),
        (["--batch-size", 1], "a batch of 1 cannot be shared out among 2 processes"),
        (["--epochs", 0], "--epochs"),
    ],
)
def test_what_cannot_be_is_said_once(options, line, started, tmp_path):
    status, told = said(started(2, *RUN, *options))
    assert status == 1
    lines = [each for each in told.splitlines() if line in each]
    assert len(lines) == 1, told
    assert "[rank" not in told, "no traceback of a rank's"
    assert not (tmp_path / "runs").exists()


@pytest.mark.long
def test_a_launcher_that_tells_no_place_is_refused(tiny_pets, tmp_path, narrow_processes):
    told = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29511"}
    words = [sys.executable, "-m", "experiments.run", *map(str, RUN), "--data", tiny_pets, "--out", tmp_path]
    ended = subprocess.run(words, env=os.environ | narrow_processes | told, capture_output=True, text=True, timeout=100)
    assert ended.returncode == 2
    assert "LOCAL_RANK is not: start the processes by torchrun" in ended.stderr


@pytest.mark.long
def test_processes_that_do_not_find_each_other_say_so(tiny_pets, tmp_path, narrow_processes):
    told = {"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "no-port", "LOCAL_RANK": "0"}
    words = [sys.executable, "-m", "experiments.run", *map(str, RUN), "--data", tiny_pets, "--out", tmp_path]
    ended = subprocess.run(words, env=os.environ | narrow_processes | told, capture_output=True, text=True, timeout=100)
    assert ended.returncode == 2
    assert "MASTER_PORT no-port" in ended.stderr
    assert "Traceback" not in ended.stderr

"""A disk of a few hundred kilobytes, really full: mounted where this machine lets a test do so."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from experiments import run
from experiments.store.runs import read_run
from seg import training


@pytest.fixture
def mounted(tmp_path) -> Iterator[Callable[[int], Path]]:
    """`mounted(kilobytes)` is a folder on a disk of that size."""
    places = []

    def mount(kilobytes: int) -> Path:
        place = tmp_path / f"disk-{len(places)}"
        place.mkdir()
        options = ["-t", "tmpfs", "-o", f"size={kilobytes}k", "borderline-test", str(place)]
        if shutil.which("mount") is None or subprocess.run(["mount", *options], capture_output=True).returncode:
            pytest.skip("this machine lets no test mount a disk")
        places.append(place)
        return place

    yield mount
    for place in places:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def recipe(tiny_pets, narrow) -> list[object]:
    return ["--loss", "ce", "--size", "16", "--batch-size", "4", "--epochs", 2, "--device", "cpu", "--data", tiny_pets]


def fill(disk: Path, spare: int = 0) -> None:
    """Fill it but for so many bytes."""
    with open(disk / "filling", "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    os.truncate(disk / "filling", max(0, (disk / "filling").stat().st_size - spare))


def test_a_run_that_finds_no_room_at_all_leaves_no_folder(mounted, recipe, command):
    disk = mounted(400)
    fill(disk)
    ended = command(run, *recipe, "--out", disk)
    assert ended.status == 1
    assert "No space left on device" in ended.error
    assert [path.name for path in disk.iterdir()] == ["filling"]
    (disk / "filling").unlink()
    again = command(run, *recipe, "--out", disk)
    assert again.status in (0, 1)  # as the disk's size has it


@pytest.mark.parametrize("spare", [16_384, 131_072])
def test_wherever_the_room_ends_the_run_goes_on_once_there_is_more(mounted, recipe, command, spare):
    disk = mounted(4_000)
    fill(disk, spare)
    ended = command(run, *recipe, "--out", disk)
    (disk / "filling").unlink()
    folder = disk / "ce-s0"
    assert ended.status == 1
    assert "No space left on device" in ended.error
    assert list(folder.rglob("*.tmp")) == []
    recorded = read_run(folder)
    assert recorded.status == "failed"
    told = ended.error.rpartition("continue with `")[2].rstrip("`").split()
    assert command(run, *told[3:]).status == 0  # the command that it printed
    assert pd.read_csv(folder / "epochs.csv")["epoch"].tolist() == [0, 1, 2]
    assert read_run(folder).status == "finished"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_stop_while_it_is_full_is_one_line(mounted, recipe, command, monkeypatch, number):
    disk, made, batches = mounted(4_000), training.training_batch, iter(range(99))

    def training_batch(*arguments: object) -> tuple:
        if next(batches) == 4:  # in the second epoch
            fill(disk)
            os.kill(os.getpid(), number)
        return made(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(training, "training_batch", training_batch)
        ended = command(run, *recipe, "--out", disk)
    assert ended.status == 1
    assert "No space left on device" in ended.error
    before = json.loads((disk / "ce-s0" / "run.json").read_text())
    assert before["status"] == "failed"
    (disk / "filling").unlink()
    assert command(run, "--resume", disk / "ce-s0", *recipe[-2:], "--device", "cpu").status == 0


def test_photos_are_decoded_anew_where_the_home_is_full(mounted, tiny_pets, monkeypatch):
    disk = mounted(64)
    fill(disk)
    script = "import sys; from pathlib import Path; from seg.cache import load_split\n"
    script += "print(len(load_split(Path(sys.argv[1]), 'test', 64)))"
    environment = {**os.environ, "HOME": str(disk), "PYTHONPATH": str(Path(__file__).parents[3])}
    environment.pop("BORDERLINE_CACHE", None)
    ended = subprocess.run(
        [sys.executable, "-c", script, str(tiny_pets)], env=environment, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stdout) == (0, "8\n"), ended.stderr
    assert "so photos are decoded anew each time: set BORDERLINE_CACHE to a writable folder" in ended.stderr
    assert not list(disk.rglob("*.tmp"))

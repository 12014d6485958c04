"""A process that is killed at any moment leaves nothing half: what it was at is gone on with, or done again."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from safetensors.torch import load_file

from experiments.store.probe import mosaic_path
from experiments.store.runs import read_run
from seg.cache import load_split
from seg.checkpoint import load_checkpoint
from tests.conftest import TEST_NAMES

pytestmark = pytest.mark.long
PROJECT = Path(__file__).parents[3]
EPOCHS = 6
KILLS = 20

# imports once, then is forked for each life: most of a process's first seconds are imports, where nothing is written
SERVER = """
import importlib, os, sys
import seg.networks.segnet
seg.networks.segnet.STAGES = ((1, 16), (1, 16), (2, 32), (1, 32))
import torch
torch.set_num_threads(1)
from experiments import run, segment
import experiments.training.begin, seg.inference
for line in sys.stdin:
    module, *words = line.rstrip("\\n").split("\\t")
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        code = 1
        try:
            code = importlib.import_module(module).main(words)
        finally:
            os._exit(code)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""


class Lives:
    """Commands that run in processes of their own, of which any may be killed."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.server = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            cwd=PROJECT,
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # so that what it leaves behind can be found
        )

    def live(self, module: str, *words: object, killed_after: float | None = None) -> int:
        """Run a command, kill it after so many seconds, and return how it ended: 0, or a signal's number."""
        self.server.stdin.write("\t".join(map(str, [module, *words])) + "\n")
        self.server.stdin.flush()
        process = int(self.server.stdout.readline())
        if killed_after is not None:
            time.sleep(killed_after)
            with contextlib.suppress(ProcessLookupError):  # it was quicker
                os.kill(process, signal.SIGKILL)
        return int(self.server.stdout.readline())


@pytest.fixture
def lives(tmp_path):
    made = Lives({"BORDERLINE_CACHE": str(tmp_path / "cache")})
    yield made
    made.server.stdin.close()
    made.server.wait(timeout=60)
    until = time.monotonic() + 30
    with pytest.raises(ProcessLookupError):  # no worker of a process that was killed is left
        while time.monotonic() < until:
            os.killpg(made.server.pid, 0)
            time.sleep(0.2)


def assert_whole(folder: Path) -> None:
    """Every file of a run that is there can be read."""
    if not (folder / "run.json").exists():
        return
    found = read_run(folder)
    assert found.status in ("running", "finished")
    assert found.epochs["epoch"].tolist() == list(range(len(found.epochs)))
    for path in folder.rglob("*.safetensors"):
        assert load_file(path)
    if found.checkpoint:
        load_checkpoint(found.checkpoint)
    for path in (folder / "predictions").glob("epoch-*.png"):
        with Image.open(path) as image:
            image.load()


def test_a_run_that_is_killed_twenty_times_ends_as_one_that_was_not(tiny_pets, tmp_path, lives):
    recipe = ["--loss", "ce", "--size", "32", "--batch-size", "2", "--epochs", EPOCHS, "--keep-epochs"]
    where = ["--data", tiny_pets, "--device", "cpu"]
    begin = [*recipe, "--precision", "fp32", *where, "--out", tmp_path, "--name"]
    for _ in range(2):  # the second reads what the first has decoded
        started = time.monotonic()
        assert lives.live("experiments.run", *begin, "whole", "--overwrite") == 0
        life = time.monotonic() - started
    rng, folder, kills = random.Random(17), tmp_path / "killed", 0
    while kills < KILLS:
        begun = (folder / "run.json").exists()
        words = ["--resume", folder, *where] if begun else [*begin, "killed"]
        if begun and read_run(folder).status == "finished":
            words = [*begin, "killed", "--overwrite"]
        kills += lives.live("experiments.run", *words, killed_after=rng.uniform(0.2, 0.8) * life) == signal.SIGKILL
        assert_whole(folder)
    if not (folder / "run.json").exists():
        assert lives.live("experiments.run", *begin, "killed") == 0
    elif read_run(folder).status != "finished":
        assert lives.live("experiments.run", "--resume", folder, *where) == 0
    assert read_run(folder).status == "finished"
    logs = [pd.read_csv(each / "epochs.csv") for each in (folder, tmp_path / "whole")]
    pd.testing.assert_frame_equal(*(log.drop(columns=["seconds", "images_per_second"]) for log in logs))
    for name in [f"weights/epoch-{number:03d}.safetensors" for number in range(1, EPOCHS + 1)]:
        one, other = load_file(folder / name), load_file(tmp_path / "whole" / name)
        assert all(one[tensor].numpy().tobytes() == other[tensor].numpy().tobytes() for tensor in one)
    assert mosaic_path(folder, EPOCHS).read_bytes() == mosaic_path(tmp_path / "whole", EPOCHS).read_bytes()
    assert not list(folder.rglob(".*"))


def test_a_cache_whose_writer_is_killed_is_whole_or_not_there(tiny_pets, tmp_path, lives):
    rng, expected = random.Random(18), load_split(tiny_pets, "test", 256, cache=tmp_path / "expected")
    recipe = [
        "--loss",
        "ce",
        "--size",
        "256",
        "--epochs",
        "1",
        "--data",
        tiny_pets,
        "--device",
        "cpu",
        "--out",
        tmp_path,
    ]
    for kill in range(KILLS):
        lives.live("experiments.run", *recipe, "--name", f"r{kill}", killed_after=rng.uniform(0.01, 0.5))
        for path in (tmp_path / "cache").glob("*-256-*"):
            if path.suffix != ".tmp":
                assert {each.name for each in path.iterdir()} == {"index.json", "masks.npy", "photos.npy"}
                assert len(np.load(path / "photos.npy")) == len(np.load(path / "masks.npy"))
    found = load_split(tiny_pets, "test", 256, cache=tmp_path / "cache")
    assert found.names == list(TEST_NAMES)
    np.testing.assert_array_equal(found.photos, expected.photos)
    np.testing.assert_array_equal(found.masks, expected.masks)


def test_masks_whose_writer_is_killed_are_whole_or_not_there(tiny_pets, tiny_runs, tmp_path, lives):
    rng, out = random.Random(19), tmp_path / "segments"
    photos = tiny_pets / "oxford-iiit-pet" / "images"
    words = [photos, "--run", tiny_runs / "ce-s0", "--as", "mask", "overlay", "--out", out, "--device", "cpu"]
    for _ in range(KILLS):
        lives.live("experiments.segment", *words, killed_after=rng.uniform(0.05, 0.8))
        for path in out.glob("[!.]*.png") if out.exists() else ():
            with Image.open(path) as image:
                image.load()
        if (out / "segments.csv").exists():
            assert (out / "segments.csv").read_bytes().endswith(b"\n")
    assert lives.live("experiments.segment", *words) == 0

"""A sweep's processes have a place each, never two at once the same, and give it back however they end.

The processes are real, and say where they are; no run is trained in them.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch

from experiments import sweep
from experiments.sweeping import processes

PROJECT = Path(__file__).parents[3]

# What a Python process runs before anything else: one that is to train a run does as the run's name says in its place
STAND_IN = """
import json, os, signal, sys, time
from pathlib import Path

if "experiments.run" in sys.orig_argv:
    begun = time.monotonic()
    told = dict(word.removeprefix("--").partition("=")[::2] for word in sys.orig_argv if word.startswith("--"))
    name, records = told["name"], Path(os.environ["RECORDS"])
    fate, meet = name.partition("-")[0], int(os.environ.get("MEET", "0"))
    (records / name).touch()
    if fate == "meets":  # it ends once so many of them were there at once
        while len([*records.glob("meets-*[0-9]")]) < meet and time.monotonic() < begun + 20:
            time.sleep(0.01)
    else:
        time.sleep(0.02 * (int(told["seed"]) % 4))
    told |= {
        "place": os.environ.get("CUDA_VISIBLE_DEVICES"),
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "in_time": time.monotonic() < begun + 20,
        "begun": begun,
        "ended": time.monotonic(),
    }
    (records / f"{name}.json").write_text(json.dumps(told))
    if fate == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit({"fails": 1, "interrupted": 130}.get(fate, 0))
"""


@pytest.fixture
def swept(tmp_path, tiny_pets, command, monkeypatch) -> Callable[..., pd.DataFrame]:
    """`swept(gpus, {"meets": 2, "fails": 1}, "--jobs", 2)` sweeps so many runs of each fate; a row for each of them."""
    (tmp_path / "sitecustomize.py").write_text(STAND_IN)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{PROJECT}")
    monkeypatch.setenv("RECORDS", str(tmp_path / "records"))
    monkeypatch.setattr(processes, "POLL_SECONDS", 0.01)
    (tmp_path / "records").mkdir()

    def run(gpus: int, fates: dict[str, int], *options: object) -> pd.DataFrame:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
        runs, seed = "", 0
        for number, (fate, count) in enumerate(fates.items()):
            runs += f'[[runs]]\nloss = "ce"\nname = "{fate}-{number}"\nseeds = {[*range(seed, seed + count)]}\n'
            seed += count
        (tmp_path / "grid.toml").write_text(f"[defaults]\nsize = 16\n{runs}")
        ended = command(sweep, tmp_path / "grid.toml", "--data", tiny_pets, "--out", tmp_path / "out", *options)
        assert ended.status == int(fates.keys() > {"meets"}), ended
        records = [json.loads(path.read_text()) for path in (tmp_path / "records").glob("*.json")]
        assert len(records) == seed
        return pd.DataFrame(records).set_index("name").sort_values("begun")

    return run


def most_at_once(rows: pd.DataFrame) -> int:
    """How many of them were there at one time."""
    return max(((rows["begun"] <= moment) & (moment < rows["ended"])).sum() for moment in rows["begun"])


@pytest.mark.parametrize(("gpus", "jobs"), [(3, 1), (2, 2)])
def test_no_two_at_once_have_one_place_and_none_is_lost_with_a_run_that_fails(swept, monkeypatch, gpus, jobs):
    places = gpus * jobs
    monkeypatch.setenv("MEET", str(places))
    fates = {"fails": places, "killed": places, "interrupted": 1, "meets": places + 3}
    rows = swept(gpus, fates, "--jobs", jobs)
    # those that waited for each other had every place at once, after so many had failed in each
    assert rows["in_time"].all()
    assert set(rows["place"]) == {str(number) for number in range(gpus)}
    assert {place: most_at_once(on) for place, on in rows.groupby("place")} == dict.fromkeys(rows["place"], jobs)
    assert set(rows["device"]) == {"cuda"}


def test_a_gpu_with_a_number_is_kept_to(swept, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "6,4")
    rows = swept(2, {"meets": 3}, "--device", "cuda:1")
    assert set(rows["place"]) == {"4"}
    assert set(rows["device"]) == {"cuda"}  # the only one that it sees
    assert most_at_once(rows) == 1


def test_on_a_processor_no_gpu_is_touched(swept, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    rows = swept(2, {"meets": 3}, "--device", "cpu", "--jobs", 1)
    assert rows["place"].isna().all()
    assert set(rows["device"]) == {"cpu"}
    assert most_at_once(rows) == 1


def test_runs_side_by_side_share_the_cores(swept, monkeypatch):
    monkeypatch.setenv("MEET", "3")
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr("experiments.sweeping.places.usable_cores", lambda: 8)
    rows = swept(0, {"meets": 3}, "--jobs", 3)
    assert most_at_once(rows) == 3
    assert rows["threads"].tolist() == ["2"] * 3


def test_a_log_says_where_its_run_was_trained(swept, tmp_path):
    swept(2, {"meets": 2})
    firsts = [path.read_text().splitlines()[0] for path in sorted((tmp_path / "out").glob("*.log"))]
    assert all(line.startswith("$ CUDA_VISIBLE_DEVICES=") and sys.executable in line for line in firsts)
    assert {line.split()[1] for line in firsts} == {"CUDA_VISIBLE_DEVICES=0", "CUDA_VISIBLE_DEVICES=1"}

"""Runs are spread over the GPUs that there are, each of which its process sees alone, or share the cores."""

import os

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from experiments.sweeping.places import find_places
from seg import InputError
from seg.labelled import workers

UUIDS = "GPU-8f1c0000-0000-4000-8000-00000000000a,GPU-8f1c0000-0000-4000-8000-00000000000b"


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """`machine(gpus=2, cores=8, visible="1,0")` is what this process finds; torch sees as many GPUs as are given."""

    def make(*, gpus: int = 0, cores: int = 8, visible: str | None = None) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
        monkeypatch.setattr(workers, "_QUOTA", str(tmp_path / "none"))
        monkeypatch.setattr(workers, "_QUOTA_BEFORE", str(tmp_path / "none {}"))
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        if visible is not None:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)

    return make


def gpus(device: str = "auto", jobs: int = 1) -> list[str | None]:
    """The GPU of each place."""
    places = find_places(device, jobs)
    assert {place.device for place in places} == {"cuda"}
    return [place.environment.get("CUDA_VISIBLE_DEVICES") for place in places]


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_every_gpu_has_a_place(machine, device):
    machine(gpus=3)
    assert gpus(device) == ["0", "1", "2"]


def test_every_gpu_has_one_run_before_any_has_two(machine):
    machine(gpus=2)
    assert gpus(jobs=2) == ["0", "1", "0", "1"]


@pytest.mark.parametrize(
    ("visible", "seen", "expected"),
    [
        ("3,1", 2, ["3", "1"]),
        ("5", 1, ["5"]),
        (" 2 , 0 ", 2, ["2", "0"]),
        (UUIDS, 2, UUIDS.split(",")),
        ("0,1,-1,2", 2, ["0", "1"]),  # CUDA stops there
        ("0,9", 1, ["0"]),
    ],
)
def test_gpus_that_this_process_sees_are_called_as_they_are(machine, visible, seen, expected):
    machine(gpus=seen, visible=visible)
    assert gpus() == expected


@given(order=st.permutations(range(6)), seen=st.integers(1, 6), jobs=st.integers(1, 3))
def test_no_place_is_on_a_gpu_that_is_not_seen(order, seen, jobs):
    names = [str(number) for number in order][:seen]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUDA_VISIBLE_DEVICES", ",".join(names))
        patch.setattr(torch.cuda, "is_available", lambda: True)
        patch.setattr(torch.cuda, "device_count", lambda: seen)
        places = gpus(jobs=jobs)
        assert sorted(places) == sorted(names * jobs)
        assert [gpus(f"cuda:{number}", jobs) for number in range(seen)] == [[name] * jobs for name in names]


def test_a_gpu_with_a_number_is_the_only_one(machine):
    machine(gpus=3, visible="7,4,2")
    assert gpus("cuda:1", jobs=2) == ["4", "4"]
    with pytest.raises(InputError, match="no device cuda:3"):
        find_places("cuda:3", 1)


def test_a_processor_that_is_asked_for_has_no_gpu(machine):
    machine(gpus=2)
    (place,) = find_places("cpu", 1)
    assert (place.device, place.environment) == ("cpu", {})


def test_no_gpu_may_be_seen(machine):
    machine(gpus=0, visible="")
    (place,) = find_places("auto", 1)
    assert (place.device, place.environment) == ("auto", {})
    with pytest.raises(InputError, match="no device cuda"):
        find_places("cuda", 1)


@pytest.mark.parametrize(
    ("cores", "jobs", "threads"),
    [(8, 2, "4"), (8, 3, "2"), (8, 8, "1"), (8, 9, "1"), (2, 3, "1"), (1, 2, "1"), (7, 2, "3")],
)
def test_cores_are_shared_out_alike(machine, cores, jobs, threads):
    machine(cores=cores)
    assert [place.environment for place in find_places("cpu", jobs)] == [{"OMP_NUM_THREADS": threads}] * jobs


def test_the_runs_of_all_gpus_share_the_cores(machine):
    machine(gpus=2, cores=12)
    assert [place.environment["OMP_NUM_THREADS"] for place in find_places("auto", 3)] == ["2"] * 6


@pytest.mark.parametrize("found", [0, 1])
def test_a_run_alone_takes_what_it_takes_by_itself(machine, found):
    machine(gpus=found, cores=8)
    (place,) = find_places("auto", 1)
    assert "OMP_NUM_THREADS" not in place.environment


def test_threads_that_a_person_asks_for_stay(machine, monkeypatch):
    machine(cores=8)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert [place.environment for place in find_places("cpu", 2)] == [{}, {}]

"""A run says what trained it, whichever version recorded it."""

from dataclasses import replace

import pytest

from experiments.store.runs import read_run


@pytest.mark.parametrize(
    ("environment", "resumed", "said"),
    [
        ({"device": "cpu", "device_name": "Abacus, 2 threads"}, [], "Abacus, 2 threads"),  # as older runs have it
        ({"device": "cpu", "device_name": "Abacus", "threads": 2}, [], "Abacus, 2 threads"),
        ({"device": "cpu", "device_name": "Abacus", "threads": 1}, [], "Abacus, 1 thread"),
        ({"device": "cuda", "device_name": "H", "threads": 8}, [], "H"),
        (
            {"device": "cpu", "device_name": "Abacus, 2 threads"},
            [{"environment": {"device": "cpu", "device_name": "Abacus", "threads": 2}}],
            "Abacus, 2 threads",
        ),
        (
            {"device": "cpu", "device_name": "Abacus", "threads": 2},
            [{"environment": {"device": "cpu", "device_name": "Slide rule", "threads": 1}}, {"epoch": 3}],
            "Abacus, 2 threads, then Slide rule, 1 thread",
        ),
        ("unknown", [], None),
    ],
)
def test_a_run_names_every_processor_that_trained_it(tiny_runs, environment, resumed, said):
    run = read_run(tiny_runs / "ce-s0")
    assert replace(run, info=run.info | {"environment": environment, "resumed": resumed}).device_name == said

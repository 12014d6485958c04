"""The marks of the threshold's slider are where the analysis of all photos has them."""

import json
import shutil

import pytest

from demo.stage.likeness import acts_like
from experiments.cli.command_line import RESULTS
from experiments.comparison.analysis import analyse
from experiments.store.runs import find_runs


@pytest.fixture(scope="module")
def shipped() -> list:
    return [run for run in find_runs([RESULTS])[0] if run.seed == 0]


def test_the_marks_are_those_of_the_analysis(shipped):
    found = acts_like(shipped, shipped)
    table = analyse(shipped).operating.acts_like.groupby("configuration")["shift"].first()
    assert found["ce-s0"] == 0
    assert {run.loss: found[run.name] for run in shipped if run.loss != "ce"} == pytest.approx(dict(table))


def test_a_run_without_margins_or_without_its_like_has_no_mark(own_runs):
    other = shutil.copytree(own_runs / "focal-s0", own_runs / "focal-s1")
    info = json.loads((other / "run.json").read_text())
    info["options"]["seed"] = 1
    (other / "run.json").write_text(json.dumps(info))
    runs = find_runs([own_runs])[0]
    assert set(acts_like(runs, runs)) == {"ce-s0", "focal-s0"}
    (own_runs / "focal-s0" / "margins.npz").write_bytes(b"damaged")
    assert set(acts_like(find_runs([own_runs])[0], runs)) == {"ce-s0"}
    (own_runs / "ce-s0" / "margins.npz").unlink()
    assert acts_like(runs, runs) == {}

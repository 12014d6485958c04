"""Sentences of the report that are true of the runs they are about."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments.cli.command_line import RESULTS
from experiments.comparison.analysis import analyse
from experiments.comparison.selection import Selection
from experiments.reporting.text import analyse_holdout, results_text
from experiments.store.runs import Run, find_runs

README = (Path(__file__).parents[3] / "README.md").read_text()


@pytest.fixture
def written(write_run, draw_confusions) -> Callable[..., str]:
    """`written(jitter_of="all")`: the report of one run of cross-entropy of these options."""
    confusions: np.ndarray = draw_confusions(1, 4)[0]

    def write(**options: object) -> str:
        return report([write_run(f"ce-{len(options)}", confusions, **options)])

    return write


def report(runs: list[Run]) -> str:
    return results_text(Selection(runs, [], []), analyse(runs), [], None)


def test_what_the_article_is_compared_with_says_how_it_was_trained(written):
    plain = written()
    assert "of 21 photos or of all: it does not say" in plain
    assert "the same 15,274,892 parameters is published with 82.77 %" in plain
    assert "cheaper schedule" not in plain
    assert "jitter of" not in plain
    both = written(jitter_of="all", progressive=True, size=32)
    assert "smaller photos and with jitter of brightness, contrast and saturation, of which its authors jitter" in both
    one = written(progressive=True)
    assert "smaller photos." in one


def test_the_recipe_best_is_not_recommended(write_run, draw_confusions):
    runs = find_runs([RESULTS.parent / "holdout"])[0]
    of = {run.name: run for run in runs}
    accuracy, f1 = (
        " against ".join(f"{100 * of[name].final(score):.1f} %" for name in ("ce-best-s0", "ce-s0"))
        for score in ("pixel_accuracy", "border_f1")
    )
    ours = [write_run("ce-s0", draw_confusions(1, 4)[0])]
    text = results_text(Selection(ours, [], []), analyse(ours), [], analyse_holdout())
    assert f"chosen by pixel accuracy alone, here {accuracy} of `ce`" in text
    assert f"had no say: {f1}. So it is no recommendation." in text
    best, plain = f1.split(" against ")
    said = " ".join(README.split())
    assert f"a border F1 of {best} on the photos held out, where the defaults of then had {plain}." in said


@pytest.mark.parametrize(
    ("commit", "said"),
    [("752b5965d5f3525cfbf4851319e3f63b3d9577be", "`752b596`"), ("752b5965d5f3525cf+changes", "`752b596+changes`")],
)
def test_a_commit_that_was_changed_says_so(write_run, draw_confusions, commit, said):
    run = write_run("ce-s0", draw_confusions(1, 4)[0])
    info = run.info | {"environment": {"commit": commit}}
    assert f" {said} |" in report([replace(run, info=info)])

"""What is printed is what was measured, in turns. How fast is no test's business."""

import json
import time

import pytest
import torch

from experiments import benchmark
from experiments.benchmarks import compare, fetch, predict, train
from experiments.benchmarks.side_by_side import (
    Measured,
    NotMeasured,
    Peer,
    Row,
    at_least,
    at_most,
    costs_at_most,
    measure,
)

CPU = torch.device("cpu")


def row(unit: str = "ms", **more) -> Row:
    return Row("a path", unit, lambda: None, Peer("another", lambda: None, "as it comes"), **more)


def measured(unit: str, values: list[float], theirs: list[float], **more) -> Measured:
    return Measured(row(unit, **more), values, theirs)


def test_each_is_called_once_to_warm_up_then_in_turns():
    calls = []
    work = Row("a path", "ms", lambda: calls.append("ours"), Peer("another", lambda: calls.append("theirs"), ""))
    found = measure(work, CPU, 4)
    assert (len(found.values), len(found.theirs)) == (4, 4)
    assert sorted(calls[:2]) == ["ours", "theirs"]
    pairs = [tuple(calls[start : start + 2]) for start in range(2, len(calls), 2)]
    assert pairs == [("ours", "theirs"), ("theirs", "ours")] * 2  # neither is always the one that comes second


def test_as_often_as_the_row_says_where_nobody_says_otherwise():
    calls = []
    found = measure(Row("a path", "s", lambda: calls.append(1), repeats=3, warm_up=False), CPU)
    assert len(found.values) == len(calls) == 3
    assert (found.theirs, found.ratios) == ([], [])


@pytest.mark.parametrize(("unit", "at_least_this"), [("s", 0.02), ("ms", 20)])
def test_seconds_are_a_clocks(unit, at_least_this):
    found = measure(Row("a path", unit, lambda: time.sleep(0.02)), CPU, 1)
    assert at_least_this <= found.median < 100 * at_least_this


def test_a_rate_is_of_all_that_a_call_does_and_a_count_what_the_work_returns():
    found = measure(Row("a path", "photos/s", lambda: time.sleep(0.02), amount=10), CPU, 1)
    assert 5 < found.median <= 500
    assert measure(Row("a path", "MB", lambda: 12.5), CPU, 1).median == 12.5


def test_a_ratio_says_how_many_times_as_good_pair_by_pair():
    assert measured("ms", [2, 4, 10], [4, 12, 10]).ratios == [2, 3, 1]
    assert measured("ms", [2, 4, 10], [4, 12, 10]).ratio == 2
    assert measured("MB", [2], [8]).ratio == 4
    assert measured("photos/s", [8], [2]).ratio == 4


@pytest.mark.parametrize(
    ("goal", "ratio", "verdict", "said"),
    [
        (at_least(2, 2.35), 2.4, "yes", ">= 2, then 2.35 x"),
        (at_least(2, 2.35), 2.2, "the first", ">= 2, then 2.35 x"),
        (at_least(2, 2.35), 1.9, "no", ">= 2, then 2.35 x"),
        (costs_at_most(1.25), 0.81, "yes", "<= 1.25 of the peer's"),
        (costs_at_most(1.25), 0.79, "no", "<= 1.25 of the peer's"),
        (at_most("s", 1, 0.1), 1, "yes", "<= 1, then 0.1 s"),
    ],
)
def test_a_goal_is_met_wholly_at_first_or_not(goal, ratio, verdict, said):
    assert measured("s", [0.1], [0.1 * ratio], goal=goal).verdict == verdict
    assert goal.said == said


def test_a_bound_is_held_against_ours_alone():
    for value, verdict in [(0.05, "yes"), (0.5, "the first"), (5, "no")]:
        assert Measured(row("s", goal=at_most("s", 1, 0.1)), [value], [1000]).verdict == verdict


@pytest.fixture
def four(monkeypatch) -> None:
    """One path in each of the four, of which one cannot be measured."""
    for module, name in [(train, "train"), (predict, "predict"), (compare, "compare")]:
        made = Row(name, "MB", lambda: 2, Peer("stone", lambda: 5, "chiselled|twice"), at_least(2, 3))
        monkeypatch.setattr(module, "rows", lambda setting, made=made: iter([made]))
    monkeypatch.setattr(fetch, "rows", lambda setting: iter([NotMeasured("fetch", "there is no wire")]))


def test_the_table_says_what_was_measured_and_beside_what(command, four, tmp_path):
    ended = command(benchmark, "--device", "cpu", "--repeats", 2, "--data", tmp_path)
    assert ended.status == 0
    lines = ended.out.splitlines()
    assert f"torch {torch.__version__}" in lines[0] and "cpu" in lines[0]
    assert lines[1].startswith("photos to train on: drawn; load average: ")
    cells = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines if line.startswith("|")][2:]
    rest = ["2", "5", "MB", "2.50 x", "2.50 to 2.50", ">= 2, then 3 x", "the first"]
    assert cells == [[name, *rest] for name in ("train", "predict", "compare")]
    assert "- predict: stone: chiselled|twice" in lines
    assert lines[-1] == "not measured: fetch: there is no wire"


def test_json_has_every_value(command, four):
    told = json.loads(command(benchmark, "predict", "--device", "cpu", "--repeats", 3, "--json").out)
    assert told["machine"]["device"] == "cpu"
    (found,) = told["measured"]
    assert (found["path"], found["values"], found["peer_values"]) == ("predict", [2] * 3, [5] * 3)
    assert (found["ratio"], found["least"], found["most"], found["met"]) == (2.5, 2.5, 2.5, "the first")
    assert (found["peer"], found["settings"]) == ("stone", "chiselled|twice")
    assert told["not_measured"] == []


def test_what_is_measured_is_told_where_the_rest_is_stopped(command, four, monkeypatch):
    def stop() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(predict, "rows", lambda setting: iter([Row("predict", "s", stop)]))
    ended = command(benchmark, "--device", "cpu", "--repeats", 1)
    assert (ended.status, ended.told) == (130, ["stopped"])
    assert "| train " in ended.out and "predict" not in ended.out and "compare" not in ended.out


def test_one_is_measured_where_one_is_named(command, four):
    ended = command(benchmark, "fetch", "--device", "cpu")
    assert "not measured: fetch" in ended.out
    assert "|" not in ended.out


@pytest.mark.parametrize(
    ("options", "said"), [(["dancing"], "dancing"), (["--repeats", "0"], "--repeats"), (["--device", "warp"], "warp")]
)
def test_a_bad_option_ends_in_one_line(command, options, said):
    ended = command(benchmark, *options)
    assert (ended.status, ended.out) == (2, "")
    assert len(ended.err.splitlines()) == 1
    assert said in ended.err

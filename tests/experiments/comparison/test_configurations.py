"""Runs that differ in nothing but their seed are one configuration; all else keeps them apart."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.cli.command_line import RESULTS
from experiments.cli.options import resolve
from experiments.comparison.configurations import baseline, configurations
from experiments.store.epochs import EPOCH_COLUMNS
from experiments.store.recorded_options import recorded
from experiments.store.runs import Run, find_runs
from seg.options import FIELDS


def run(name: str, *, trained: int | None = None, **given: object) -> Run:
    """A run of these options, trained to the end if not told otherwise; it is on no disk."""
    options = resolve({"loss": "ce", "epochs": 4} | given)
    epochs = pd.DataFrame(0.5, index=range((trained or options.epochs) + 1), columns=list(EPOCH_COLUMNS))
    info = {"options": recorded(options), "status": "running"}
    return Run(name, Path("somewhere") / name, info, epochs.assign(epoch=epochs.index))


def grouped(runs: list[Run]) -> dict[str, list[str]]:
    return {configuration.name: [run.name for run in configuration.runs] for configuration in configurations(runs)}


# ---- what belongs together


def test_runs_that_differ_in_their_seed_are_one_configuration_named_without_it():
    runs = [run("ce-s0"), run("focal-s2", loss="focal", seed=2), run("ce-s1", seed=1), run("focal-s0", loss="focal")]
    assert grouped(runs) == {"ce": ["ce-s0", "ce-s1"], "focal": ["focal-s2", "focal-s0"]}
    ce, focal = configurations(runs)
    assert (ce.loss, ce.seeds, ce.epochs, ce.finished) == ("ce", [0, 1], 4, True)
    assert (focal.loss, focal.seeds) == ("focal", [2, 0])


@pytest.mark.parametrize(
    "other",
    [
        {"loss": "focal"},
        {"loss": "weighted"},
        {"loss": "weighted", "class_weights": [1.0, 1.0, 2.0]},
        {"lr": 3e-4},
        {"batch_size": 32},
        {"epochs": 5},
        {"size": 64},
        {"progressive": True},
        {"limit": 100},
        {"label_smoothing": 0.1},
        {"final_relu": False},
        {"recipe": "best"},
        {"holdout": True},
    ],
    ids=str,
)
def test_an_option_that_changes_training_keeps_runs_apart(other):
    runs = [run("a"), run("b", seed=1, **other), run("c", seed=2, **other)]
    assert grouped(runs) == {"a": ["a"], "b": ["b", "c"]}


@pytest.mark.parametrize("loss", ["ce", "weighted", "focal"])
def test_what_a_run_keeps_and_how_often_it_is_scored_changes_nothing(loss):
    runs = [
        run("a", loss=loss),
        run("b", loss=loss, seed=1, keep_epochs=True),
        run("c", loss=loss, seed=2, val_limit=9),
    ]
    assert grouped(runs) == {"a": ["a", "b", "c"]}


NEWER = sorted(FIELDS.keys() - {"loss", "seed", "epochs", "class_weights"})


@given(st.sets(st.sampled_from(NEWER)), st.sampled_from(["ce", "weighted", "focal"]))
def test_a_run_recorded_before_an_option_existed_had_its_default(missing, loss):
    # what it had then is mostly what is the default now
    then = {"jitter_of": "all"}
    new, old = run("x-s0", loss=loss, **then), run("x-s1", loss=loss, seed=1, **then)
    options = {name: value for name, value in old.info["options"].items() if name not in missing}
    old = replace(old, info=old.info | {"options": options})
    assert grouped([old, new]) == {"x": ["x-s1", "x-s0"]}


def test_unfinished_training_stands_apart_and_says_so():
    runs = [run("ce-s0"), run("ce-s1", seed=1, trained=3), run("ce-s2", seed=2), run("ce-s3", seed=3, trained=3)]
    assert grouped(runs) == {"ce": ["ce-s0", "ce-s2"], "ce (3 of 4 epochs)": ["ce-s1", "ce-s3"]}
    whole, part = configurations(runs)
    assert (whole.finished, whole.epochs) == (True, 4)
    assert (part.finished, part.epochs) == (False, 3)


def test_a_second_run_of_a_seed_is_no_new_seed(write_run, draw_confusions, tmp_path):
    for parent in ("first", "second"):
        for seed in (0, 1):
            write_run(f"ce-s{seed}", draw_confusions(1, 1)[0], seed=seed, parent=tmp_path / parent)
    runs, _ = find_runs([tmp_path / "first", tmp_path / "second"])
    assert grouped(runs) == {"ce": ["ce-s0", "ce-s1"], "ce (second)": ["ce-s0 (second)", "ce-s1 (second)"]}


CHOICES = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2),
        "lr": st.sampled_from([1e-3, 1e-4]),
        "loss": st.sampled_from(["ce", "focal"]),
        "trained": st.sampled_from([3, 4]),
        "keep_epochs": st.booleans(),
    }
)


@given(st.lists(CHOICES, max_size=12))
def test_every_run_is_in_one_configuration_and_no_group_is_split_for_nothing(chosen):
    runs = [run(f"n{number}-s{choice['seed']}", **choice) for number, choice in enumerate(chosen)]
    what = {
        run.name: (choice["lr"], choice["loss"], choice["trained"]) for run, choice in zip(runs, chosen, strict=True)
    }
    found = configurations(runs)
    assert sorted(run.name for configuration in found for run in configuration.runs) == sorted(what)
    assert len({configuration.name for configuration in found}) == len(found)
    firsts = [runs.index(configuration.runs[0]) for configuration in found]
    assert firsts == sorted(firsts)
    for index, configuration in enumerate(found):
        alike = {what[run.name] for run in configuration.runs}
        assert len(alike) == 1
        assert len(set(configuration.seeds)) == len(configuration.seeds)
        for later in found[index + 1 :]:  # the first group of a kind has every seed there is
            if alike == {what[later.runs[0].name]}:
                assert set(later.seeds) <= set(configuration.seeds)


# ---- names


@pytest.mark.parametrize(
    ("name", "stem"),
    [("ce-s0", "ce"), ("ce-best-s0 (runs)", "ce-best (runs)"), ("ce-s01", "ce-s01"), ("s0", "s0"), ("mine", "mine")],
)
def test_a_name_loses_its_seed_and_nothing_else(name, stem):
    assert list(grouped([run(name)])) == [stem]


def test_configurations_whose_runs_share_a_stem_keep_their_names_apart():
    runs = [run("ce-s0"), run("ce-s1", seed=1, lr=1e-4), replace(run("ce-s1", seed=1, lr=1e-5), folder=Path("x/ce-s1"))]
    assert list(grouped(runs)) == ["ce", "ce-s1", str(Path("x/ce-s1"))]


# ---- what the others are compared with


@pytest.mark.parametrize(
    ("runs", "name"),
    [
        ([], None),
        ([run("focal-s0", loss="focal"), run("weighted-s0", loss="weighted")], None),
        ([run("focal-s0", loss="focal"), run("ce-best-s0", recipe="best"), run("ce-s0")], "ce"),
        ([run("ce-s0", trained=2), run("ce-60-s0", epochs=60)], "ce-60"),
        ([run("ce-s0", trained=2), run("focal-s0", loss="focal")], "ce (2 of 4 epochs)"),
    ],
    ids=["no runs", "no cross-entropy", "the plainest", "the finished", "what there is"],
)
def test_the_baseline_is_finished_plain_cross_entropy_where_there_is_one(runs, name):
    found = baseline(configurations(runs))
    assert (None if found is None else found.name) == name


def test_the_shipped_runs_have_one():
    assert baseline(configurations(find_runs([RESULTS])[0])).loss == "ce"

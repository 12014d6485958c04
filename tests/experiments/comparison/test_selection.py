"""Without names a comparison is of the footing that most of it stands on: nothing else comes in, nor stops it."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.cli.command_line import RESULTS
from experiments.cli.options import resolve
from experiments.comparison.footing import last_footing, shared_footing
from experiments.comparison.selection import select_runs
from experiments.store.epochs import EPOCH_COLUMNS
from experiments.store.recorded_options import recorded
from experiments.store.runs import Run, find_runs


def run(name: str, *, until: int | None = None, **given: object) -> Run:
    """A run without scores of photos; it is on no disk."""
    options = resolve({"loss": name.split("-")[0], "epochs": 20} | given)
    last = options.epochs if until is None else until
    epochs = pd.DataFrame(0.5, index=range(last + 1), columns=list(EPOCH_COLUMNS))
    info = {"options": recorded(options), "status": "running"}
    info |= {"validation_sample_photos": 368, "validation_photos": 3669}
    return Run(name, Path("nowhere") / name, info, epochs.assign(epoch=epochs.index))


def selected(runs: list[Run], *, named: bool = False) -> dict[str, list[str]]:
    selection = select_runs(runs, named=named)
    kinds = ("chosen", "bare", "apart")
    return {kind: [each.name for each in getattr(selection, kind)] for kind in kinds if getattr(selection, kind)}


SHIPPED = [run("ce-s0"), run("weighted-s0"), run("focal-s0")]
NAMES = ["ce-s0", "weighted-s0", "focal-s0"]


@pytest.mark.parametrize(
    "other",
    [
        run("dice-s0", epochs=1),
        run("ce-s9", size=64, epochs=1),
        run("ce-s9", holdout=True),
        run("ce-s9", until=12),
        run("ce-60-s0", epochs=60),
    ],
    ids=lambda each: last_footing(each).words,
)
def test_one_run_on_another_footing_is_set_apart_and_drags_nobody(other):
    for runs in ([*SHIPPED, other], [other, *SHIPPED]):
        assert selected(runs) == {"chosen": NAMES, "apart": [other.name]}
        sentence = select_runs(runs, named=False).apart_sentence
        assert sentence == f"Set apart, on another footing: {other.name} ({last_footing(other).words})."
        assert shared_footing(select_runs(runs, named=False).chosen).epoch == 20


@pytest.mark.parametrize(
    ("runs", "chosen"),
    [
        # the article's split and side go before any number of runs
        ([run("ce-s0"), *(run(f"{loss}-h", holdout=True) for loss in ("ce", "focal"))], ["ce-s0"]),
        ([run("ce-s0", size=96), *(run(f"{loss}-64", size=64) for loss in ("ce", "focal"))], ["ce-s0"]),
        # then losses, before runs
        (
            [run("ce-s0"), run("ce-s1", seed=1), *(run(f"{loss}-5", epochs=5) for loss in ("ce", "focal"))],
            ["ce-5", "focal-5"],
        ),
        ([run("ce-5", epochs=5), run("ce-s0"), run("ce-s1", seed=1)], ["ce-s0", "ce-s1"]),
        # then the article's epochs
        ([run("ce-5", epochs=5), run("ce-18", epochs=18), run("ce-60", epochs=60)], ["ce-18"]),
        # a finished run before any that are not
        ([run("ce-s0", holdout=True), run("ce-s1", until=19), run("focal-s1", until=19)], ["ce-s0"]),
        # where none is, all that share something
        ([run("ce-s0", until=7), run("focal-s0", until=5), run("ce-h", until=3, holdout=True)], ["ce-s0", "focal-s0"]),
        # and where they share nothing, what is nearest to the article
        ([run("ce-s0", until=7), run("ce-p", until=9, progressive=True)], ["ce-p"]),
    ],
)
def test_what_a_comparison_is_of(runs, chosen):
    found = selected(runs)
    assert found["chosen"] == chosen
    assert sorted([*chosen, *found.get("apart", [])]) == sorted(each.name for each in runs)


def test_what_a_person_names_is_compared_whatever_it_is():
    runs = [*SHIPPED, run("ce-s9", size=64, epochs=1)]
    assert selected(runs, named=True) == {"chosen": [*NAMES, "ce-s9"]}
    assert select_runs(runs, named=True).apart_sentence == ""


def test_a_run_that_has_not_finished_an_epoch_is_not_compared():
    assert selected([*SHIPPED, run("ce-s1", until=0)]) == {"chosen": NAMES}
    assert selected([run("ce-s1", until=0)], named=True) == {}


def test_on_one_footing_scores_of_photos_leave_those_without_aside(write_run, draw_confusions):
    runs = [write_run(f"ce-s{seed}", draw_confusions(1, 5)[0], seed=seed) for seed in (0, 1, 2)]
    (runs[1].folder / "images.csv").unlink()
    assert selected(runs) == {"chosen": ["ce-s0", "ce-s2"], "bare": ["ce-s1"]}
    assert selected(runs, named=True) == {"chosen": ["ce-s0", "ce-s1", "ce-s2"]}


def test_unfinished_runs_stay_together_though_one_has_scores_of_photos(write_run, draw_confusions):
    runs = [
        write_run("ce-s0", draw_confusions(1, 5)[0], epochs=9, trained=4),
        write_run("focal-s0", draw_confusions(1, 5)[0], loss="focal", epochs=9, trained=3),
    ]
    (runs[1].folder / "images.csv").unlink()
    assert selected(runs) == {"chosen": ["ce-s0", "focal-s0"]}


def test_the_shipped_runs_are_what_a_comparison_is_of_beside_a_short_run_of_ones_own(write_run, draw_confusions):
    own = write_run("ce-s0", draw_confusions(1, 5)[0], epochs=1)
    runs, broken = find_runs([RESULTS, own.folder.parent])
    assert not broken
    found = selected(runs)
    assert found["apart"] == ["ce-s0 (runs)"]
    assert set(found["chosen"]) == {each.name for each in find_runs([RESULTS])[0]}


ANY = st.fixed_dictionaries(
    {
        "loss": st.sampled_from(["ce", "focal", "weighted"]),
        "epochs": st.sampled_from([2, 5, 20]),
        "cut": st.sampled_from([0, 0, 1, 3]),
        "size": st.sampled_from([64, 128]),
        "holdout": st.booleans(),
        "progressive": st.booleans(),
    }
)


@given(st.lists(ANY, max_size=7))
def test_without_names_a_comparison_never_fails_nor_loses_a_run(chosen):
    runs = []
    for number, options in enumerate(chosen):
        cut = options.pop("cut")
        runs.append(run(f"{options['loss']}-{number}", until=max(options["epochs"] - cut, 0), **options))
    selection = select_runs(runs, named=False)
    there = [each.name for each in runs if each.epochs_trained]
    assert sorted(each.name for each in (*selection.chosen, *selection.bare, *selection.apart)) == sorted(there)
    assert bool(selection.chosen) == bool(there)
    if there:
        shared_footing(selection.chosen)
        assert not selection.bare  # nobody has scores of photos

"""Runs are compared on the deepest footing that they share, found here by trying every epoch and every pair of runs."""

from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.cli.options import resolve
from experiments.comparison.analysis import analyse
from experiments.comparison.footing import (
    Footing,
    NoSharedFooting,
    footing_or_none,
    footing_sentence,
    lacking_details,
    last_footing,
    of_a_sample,
    shared_footing,
    trained,
)
from experiments.store.epochs import EPOCH_COLUMNS
from experiments.store.recorded_options import recorded
from experiments.store.runs import Run


def run(name: str, *, until: int | None = None, sample: int | None = 368, whole: int | None = 3669, **given) -> Run:
    """A run of these options, trained until that epoch, to the end if not told otherwise; it is on no disk."""
    options = resolve({"loss": "ce", "epochs": 20} | given)
    last = options.epochs if until is None else until
    epochs = pd.DataFrame(0.5, index=range(last + 1), columns=list(EPOCH_COLUMNS))
    info = {"options": recorded(options), "status": "running"}
    counts = {"validation_sample_photos": sample, "validation_photos": whole}
    info |= {name: count for name, count in counts.items() if count is not None}
    return Run(name, Path("nowhere") / name, info, epochs.assign(epoch=epochs.index))


def where(footing: Footing | None) -> tuple | None:
    return None if footing is None else (footing.epoch, footing.side, footing.photos)


# ---- the deepest


PROGRESSIVE = {"progressive": True}


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([run("a", **PROGRESSIVE)], (20, 128, 3669)),
        ([run("a", **PROGRESSIVE), run("b", until=8, **PROGRESSIVE)], (8, 64, 368)),
        # the last epoch's row is of all photos, another run's of the same epoch a sample
        ([run("a", epochs=8), run("b", until=12)], (7, 128, 368)),
        # 14 epochs at 64, 3 at 96: at 128 both are after the last three alone
        ([run("a"), run("b", **PROGRESSIVE)], (20, 128, 3669)),
        ([run("a", until=19), run("b", **PROGRESSIVE)], (19, 128, 368)),
        ([run("a", until=16), run("b", **PROGRESSIVE)], None),
        ([run("a", sample=368, until=5), run("b", sample=100)], None),
        ([run("a", sample=None, whole=None), run("b", sample=None, whole=None, until=3)], (3, 128, None)),
        ([run("a", sample=None, whole=None), run("b")], None),
        ([run("a"), run("b", size=64)], None),
        ([run("a"), run("b", holdout=True)], None),
        ([run("a"), run("b", until=0)], None),
    ],
    ids=str,
)
def test_the_deepest_epoch_at_equal_side_of_equal_photos(runs, expected):
    assert where(footing_or_none(runs)) == expected
    assert where(footing_or_none(runs[::-1])) == expected


OPTIONS = st.fixed_dictionaries(
    {
        "epochs": st.sampled_from([3, 4, 6, 7]),
        "progressive": st.booleans(),
        "size": st.sampled_from([64, 128]),
        "sample": st.sampled_from([None, 5, 8]),
        "whole": st.sampled_from([None, 8]),
        "cut": st.integers(0, 7),
    }
)


@given(st.lists(OPTIONS, min_size=1, max_size=4))
def test_no_deeper_epoch_is_shared(chosen):
    runs = [run(f"r{i}", until=max(each["epochs"] - each.pop("cut"), 0), **each) for i, each in enumerate(chosen)]

    def stands(one: Run, epoch: int) -> tuple:
        options = one.info["options"]
        sizes = options["size"] if isinstance(options["size"], list) else [options["size"]] * options["epochs"]
        which = "validation_photos" if epoch == options["epochs"] else "validation_sample_photos"
        return sizes[epoch - 1], sizes[-1], one.info.get(which)

    shared = [
        epoch
        for epoch in range(1, min(len(one.epochs) for one in runs))
        if all(stands(one, epoch) == stands(other, epoch) for one, other in combinations(runs, 2))
    ]
    found = footing_or_none(runs)
    assert (None if found is None else found.epoch) == max(shared, default=None)
    if found is not None:
        assert (found.side, found.trimap_side, found.photos) == stands(runs[0], found.epoch)


# ---- single photos


def test_runs_that_end_alike_with_scores_of_photos_are_compared_by_them(write_run, draw_confusions):
    one, two = draw_confusions(2, 5)
    runs = [write_run("ce-s0", one), write_run("focal-s0", two, loss="focal")]
    assert shared_footing(runs) == Footing(2, 128, 5, True, 128, False)
    assert analyse(runs).footing == shared_footing(runs)
    assert footing_sentence(analyse(runs)) == ""


def test_unfinished_runs_that_were_scored_in_detail_are_compared_by_all_photos(write_run, draw_confusions):
    runs = [write_run(f"ce-s{seed}", draw_confusions(1, 5)[0], seed=seed, trained=3, epochs=9) for seed in (0, 1)]
    for each in runs:
        each.info["validation_sample_photos"] = 2
    assert shared_footing(runs) == Footing(3, 128, 5, True, 128, False)
    (runs[1].folder / "images.csv").unlink()
    assert shared_footing(runs) == Footing(3, 128, 2, False, 128, False)


def test_what_alone_keeps_runs_from_intervals_is_named(write_run, draw_confusions):
    runs = [write_run(f"ce-s{seed}", draw_confusions(1, 5)[0], seed=seed) for seed in (0, 1)]
    assert lacking_details(runs) == []
    (runs[1].folder / "images.csv").unlink()
    assert [each.name for each in lacking_details(runs)] == ["ce-s1"]
    assert where(shared_footing(runs)) == (2, 128, 5)
    assert not shared_footing(runs).detailed
    short = write_run("ce-s2", draw_confusions(1, 5)[0], seed=2, trained=1)
    assert lacking_details([*runs, short]) == []


# ---- in words


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (run("a"), run("b", holdout=True), "b and a were scored on different photos (held out of the training split"),
        (
            run("a"),
            run("b", size=64),
            "b and a were scored at another side (64 x 64, and 128 x 128): compare them apart",
        ),
        (
            run("a", until=16),
            run("b", **PROGRESSIVE),
            "b and a were scored at another side after each epoch (96 x 96, and 128 x 128): compare them apart",
        ),
        (
            run("a", sample=368, until=5),
            run("b", sample=100),
            "b and a were scored on other photos (100 photos, and 368 photos): compare them apart",
        ),
        (
            run("a", sample=None, whole=None),
            run("b"),
            "b and a were scored on other photos (3,669 photos, and an unknown number of photos): compare them apart",
        ),
        (run("a"), run("b", until=0), "b and a cannot be compared before b has finished an epoch"),
    ],
)
def test_what_differs_is_said_in_one_line(one, other, said):
    with pytest.raises(NoSharedFooting) as refused:
        shared_footing([one, other])
    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)


def test_the_sentence_says_what_the_scores_stand_on():
    def said(*runs: Run) -> str:
        return footing_sentence(analyse(list(runs)))

    finished, stopped = run("ce-s0", **PROGRESSIVE), run("focal-s0", loss="focal", until=8, **PROGRESSIVE)
    assert said(finished, stopped) == (
        "Compared after epoch 8 of 20, the deepest that all share: scores of a sample of 368 photos at 64 x 64, "
        "without intervals."
    )
    longer = run("ce-60-s0", epochs=60, until=30)
    assert said(longer, run("focal-s0", loss="focal")).startswith("Compared after epoch 19, the deepest")
    assert said(finished) == "Scored after epoch 20 of 20: scores of 3,669 photos at 128 x 128, without intervals."
    silent = run("ce-s0", sample=None, whole=None)
    assert "scores of an unknown number of photos at" in said(silent)


def test_words_for_a_run_that_is_set_apart():
    assert last_footing(run("a", epochs=1, size=64)).words == "1 epoch at 64 x 64, 3,669 photos"
    held = run("a", until=3, holdout=True, whole=368)
    assert last_footing(held).words == "3 epochs at 128 x 128, 368 photos held out of the training split"


def test_a_sample_is_told_from_all_photos():
    one = run("a", epochs=3)
    assert [of_a_sample(one, epoch) for epoch in range(4)] == [True, True, True, False]
    assert not any(of_a_sample(run("a", sample=None), epoch) for epoch in range(3))
    assert [each.name for each in trained([one, run("b", until=0)])] == ["a"]

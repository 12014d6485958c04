"""What a figure by epoch marks follows from the runs' options and from how many photos they scored."""

from pathlib import Path

import pandas as pd

from experiments.cli.options import resolve
from experiments.comparison.configurations import Configuration, configurations
from experiments.reporting.epoch_marks import how_points_differ, sampled_epochs, side_changes
from experiments.store.epochs import EPOCH_COLUMNS
from experiments.store.recorded_options import recorded
from experiments.store.runs import Run


def run(name: str, *, until: int | None = None, sample: int = 368, **given: object) -> Run:
    """A run of these options; it is on no disk."""
    options = resolve({"loss": "ce", "epochs": 20} | given)
    last = options.epochs if until is None else until
    epochs = pd.DataFrame(0.5, index=range(last + 1), columns=list(EPOCH_COLUMNS))
    info = {"options": recorded(options), "status": "running"}
    info |= {"validation_sample_photos": sample, "validation_photos": 3669}
    return Run(name, Path("nowhere") / name, info, epochs.assign(epoch=epochs.index))


def name(configuration: Configuration) -> str:
    return configuration.name


def changes(*runs: Run) -> dict[int, str]:
    return side_changes(configurations(list(runs)), name)


def said(*runs: Run) -> list[str]:
    return how_points_differ(configurations(list(runs)), name)


def test_a_mark_stands_at_the_first_epoch_of_another_side():
    assert changes(run("ce-s0")) == {}
    progressive = run("ce-s0", progressive=True)
    assert changes(progressive) == {15: "96 px", 18: "128 px"}
    assert changes(progressive, run("focal-s0", loss="focal", progressive=True)) == {15: "96 px", 18: "128 px"}


def test_a_mark_names_whose_side_changes_where_others_stay():
    progressive = run("ce-s0", progressive=True)
    assert changes(progressive, run("ce-plain-s0")) == {15: "96 px (ce)", 18: "128 px (ce)"}
    # one that stopped before is none of those that stay
    assert changes(progressive, run("focal-s0", loss="focal", progressive=True, until=16)) == {
        15: "96 px",
        18: "128 px",
    }
    shorter = run("ce-10-s0", epochs=10, progressive=True)  # 6 epochs at 64, 2 at 96, 2 at 128
    assert changes(progressive, shorter)[7] == "96 px (ce-10)"


def test_points_of_a_sample_are_those_before_the_last_planned_epoch():
    (one,) = configurations([run("ce-s0", epochs=3)])
    assert sampled_epochs(one) == {0, 1, 2}
    (both,) = configurations([run("ce-s0", epochs=3, sample=3669), run("ce-s1", epochs=3, seed=1)])
    assert sampled_epochs(both) == {0, 1, 2}
    (all_photos,) = configurations([run("ce-s0", epochs=3, sample=3669)])
    assert sampled_epochs(all_photos) == set()


def test_sentences_say_what_is_marked_and_what_cannot_be_seen():
    assert said(run("ce-s0", sample=3669)) == []
    sampled = "Open markers are of a fixed sample of 368 photos, filled ones of all."
    assert said(run("ce-s0")) == [sampled]
    assert said(run("ce-s0", progressive=True)) == [
        "Upright lines: there the network's side changes, at first 64 px.",
        sampled,
    ]
    unlike = said(run("ce-s0", size=64), run("focal-s0", loss="focal"))
    assert unlike[:2] == [
        "The network's side differs: ce 64 px, focal 128 px.",
        "The trimaps' side differs: ce 64 px, focal 128 px.",
    ]

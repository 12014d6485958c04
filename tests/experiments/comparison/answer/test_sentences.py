"""Differences in words say what their intervals show; how far a score wanders is of epochs that are alike."""

import numpy as np
import pandas as pd
import pytest

from experiments.comparison.analysis import analyse
from experiments.comparison.answer.sentences import change_in_words, listed, seeds_in_words, wander
from experiments.store.runs import read_run


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((0.05, 0.04, 0.06), "border F1 rises by 5.0 points (95 % interval 4.0 to 6.0)"),
        ((-0.05, -0.06, -0.04), "border F1 falls by 5.0 points (95 % interval 4.0 to 6.0)"),
        ((0.05, -0.01, 0.11), "no difference found in border F1 (95 % interval -1.0 to +11.0 points)"),
        ((0.05, 0.0, 0.1), "no difference found in border F1 (95 % interval +0.0 to +10.0 points)"),
        ((-0.05, np.nan, np.nan), "border F1 falls by 5.0 points"),
        ((np.nan, np.nan, np.nan), "border F1 is not known"),
    ],
)
@pytest.mark.parametrize("what", ["difference", "from_argmax"])
def test_a_difference_is_told_as_far_as_its_interval_shows_it(numbers, said, what):
    row = dict(zip((what, f"{what}_low", f"{what}_high"), numbers, strict=True))
    assert change_in_words(row, "border_f1", what) == said


@pytest.mark.parametrize(("words", "said"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), ("abc", "a, b and c")])
def test_words_are_listed(words, said):
    assert listed(list(words)) == said


@pytest.fixture
def progressive(write_run, draw_confusions):
    """Of ten epochs: four at half the side, then, at another rate, three; one at three quarters, two at the whole."""
    run = write_run("ce-s0", draw_confusions(1, 3)[0], epochs=10, progressive=True, size=64)
    table = pd.read_csv(run.folder / "epochs.csv")
    table["learning_rate"] = [1.0, *[1.0] * 4, *[0.7] * 6]
    table["border_f1"] = [0.0, 0.1, 0.2, 0.5, 0.4, 0.30, 0.36, 0.33, 0.9, 0.1, 0.5]
    table.to_csv(run.folder / "epochs.csv", index=False)
    info = (run.folder / "run.json").read_text()
    assert "[" in info  # the sides, epoch by epoch
    return read_run(run.folder)


def test_a_score_wanders_over_the_longest_stretch_of_one_side_and_rate(progressive):
    sides = [progressive.network_side(epoch) for epoch in range(1, 11)]
    stretches: dict = {}
    for epoch, side, rate in zip(range(1, 11), sides, progressive.epochs["learning_rate"][1:], strict=True):
        stretches.setdefault((side, rate), []).append(epoch)
    longest = max(stretches.values(), key=lambda epochs: (len(epochs), epochs[-1]))
    epochs, deviation = wander(progressive, "border_f1")
    assert epochs == longest
    values = progressive.epochs.set_index("epoch")["border_f1"].loc[longest]
    assert deviation == pytest.approx(np.std(values, ddof=1))


def test_what_the_answer_rests_on_names_how_far_one_epoch_is_from_the_next(progressive, write_run, draw_confusions):
    basis = seeds_in_words(analyse([progressive]))
    epochs, deviation = wander(progressive, "border_f1")
    assert f"{epochs[0]} to {epochs[-1]}, the border F1 of `ce-s0` has a standard deviation" in basis
    assert f"{100 * deviation:.1f} points" in basis

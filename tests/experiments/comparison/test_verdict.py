"""The verdict says no more than the intervals do; what counts as fixing the border, at its edges."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from experiments.comparison.analysis import Analysis, analyse
from experiments.comparison.comparable import comparable
from experiments.comparison.verdict import verdict, what_did_not_work, what_it_costs
from experiments.store.runs import find_runs

# ---- what the intervals say, in words


def drawn_analysis(folder: Path, **intervals: tuple[float, float, float]) -> Analysis:
    """The analysis of these runs, with the intervals of every other configuration made up, in points, by score."""
    analysis = analyse(find_runs([folder])[0])
    for score, (value, low, high) in ({"border_f1": (0, -1, 1), "pixel_accuracy": (0, -1, 1)} | intervals).items():
        table = analysis.scores
        chosen = table["score"].eq(score) & table["configuration"].ne(analysis.compared_with)
        points = value / 100, low / 100, high / 100
        table.loc[chosen, ["difference", "difference_low", "difference_high"]] = points
    return analysis


THREE = (("ce", 0, 2), ("weighted", 0, 2), ("focal", 0, 2))


def test_an_interval_that_holds_zero_is_no_difference(finished_runs):
    weights, focal, conclusion = verdict(drawn_analysis(finished_runs(*THREE), border_f1=(4, -0.1, 8.1)))
    for sentence in (weights, focal):
        assert "no difference found in border F1 (95 % interval -0.1 to +8.1 points)" in sentence
        assert "border F1 rises" not in sentence
    assert conclusion == "So nothing tried here is shown to fix the border, by one seed each (others may change more)."


@pytest.mark.parametrize(
    ("accuracy", "said"),
    [
        (
            (-2, -3, -1),
            "So the border's gain is paid for elsewhere: with `weighted` pixel accuracy falls by 2.0 points",
        ),
        ((-1, -2, 0.5), "So the border gains at no price shown in pixel accuracy: with `weighted` no difference found"),
        ((2, 1, 3), "So the border gains at no price shown in pixel accuracy: with `weighted` pixel accuracy rises"),
    ],
)
def test_the_verdict_names_the_price(finished_runs, accuracy, said):
    weights, _, conclusion = verdict(
        drawn_analysis(finished_runs(*THREE), border_f1=(4, 3, 5), pixel_accuracy=accuracy)
    )
    assert weights.startswith("With class weights, border F1 rises by 4.0 points (95 % interval 3.0 to 5.0)")
    assert conclusion.startswith(said)


def test_a_fall_is_told_with_its_interval_the_smaller_end_first(finished_runs):
    analysis = drawn_analysis(finished_runs(*THREE), border_f1=(-4, -5, -3))
    assert "border F1 falls by 4.0 points (95 % interval 3.0 to 5.0)" in verdict(analysis)[1]
    assert "`focal`: border F1 falls by 4.0 points (95 % interval 3.0 to 5.0)." in what_did_not_work(analysis)


def test_seeds_are_mentioned_where_there_are_none_to_count(finished_runs):
    one = drawn_analysis(finished_runs(*THREE), border_f1=(4, 3, 5))
    assert "one seed" in verdict(one)[2]
    # a second seed of one side is no pair
    for more in (("ce", 1, 2), ("weighted", 2, 2)):
        assert ", by one seed each" in verdict(drawn_analysis(finished_runs(more), border_f1=(4, 3, 5)))[2]
    some = drawn_analysis(finished_runs(("weighted", 1, 2)), border_f1=(4, 3, 5))
    assert verdict(some)[2].endswith(", by one seed of `focal` (others may change more).")
    assert not some.seeds_counted
    several = drawn_analysis(finished_runs(("focal", 1, 2)), border_f1=(4, 3, 5))
    assert several.seeds_counted
    assert "one seed" not in verdict(several)[2]


def test_runs_of_unequal_training_are_not_compared_in_words(finished_runs):
    analysis = drawn_analysis(
        finished_runs(("ce", 0, 2), ("weighted", 0, 1), ("focal", 0, 2), planned=2), border_f1=(4, 3, 5)
    )
    weights, focal, _ = verdict(analysis)
    assert weights == (
        "Of class weights there is no answer yet: 1 epoch of training against 2 of unweighted cross-entropy."
    )
    assert "border F1 rises" in focal
    assert [configuration.name for configuration in comparable(analysis)] == ["focal"]
    assert "Not trained to the end yet: `weighted (1 of 2 epochs)`." in what_did_not_work(analysis)
    assert not any("weighted" in line for line in what_it_costs(analysis))


@pytest.mark.parametrize(
    ("changed", "said"), [({"precision": "fp32"}, "precision fp32, not bf16"), ({"lr": 0.002}, "lr 0.002, not 0.01")]
)
def test_runs_that_differ_in_more_than_the_loss_have_no_answer_that_says_in_what(finished_runs, changed, said):
    folder = finished_runs(*THREE)
    for name in ("ce-s0", "weighted-s0", "focal-s0"):
        path = folder / name / "run.json"
        info = json.loads(path.read_text())
        info["options"] |= {"precision": "bf16"} | (changed if name == "weighted-s0" else {})
        path.write_text(json.dumps(info))
    weights, focal, conclusion = verdict(analyse(find_runs([folder])[0]))
    assert weights == (
        f"Of class weights there is no answer yet: it was trained otherwise than unweighted cross-entropy ({said})."
    )
    assert focal.startswith("With focal loss")


def test_unfinished_runs_say_so_in_the_answer(finished_runs):
    sentence = verdict(drawn_analysis(finished_runs(*THREE, planned=9), border_f1=(4, 3, 5)))[0]
    assert sentence.startswith("With class weights, after 2 of 9 epochs, border F1 rises")


def test_a_loss_that_is_not_there_has_no_answer(finished_runs):
    weights, focal, conclusion = verdict(
        drawn_analysis(finished_runs(("ce", 0, 2), ("focal", 0, 2)), border_f1=(-4, -5, -3))
    )
    assert weights == "Of class weights there is no answer yet: no run of it is here to compare."
    assert "falls" in focal
    assert conclusion.startswith("So nothing tried here is shown to fix the border")
    alone = analyse(find_runs([finished_runs(("weighted", 3, 2))])[0])
    assert alone.compared_with is not None


# ---- what counts as fixing the border: counts of pixels chosen by hand

NONE_FIXES = "No configuration has 3 points more border F1 than `ce` for at most 0.5 points less pixel accuracy."


def photos(hits: int, painted: int) -> np.ndarray:
    """Four alike of 200,000 pixels, 10,000 of them border and 10,000 called border: border F1 is hits / 10,000.

    Args:
        hits: border pixels called border; pet takes the place of the others, both ways.
        painted: background pixels called pet.
    """
    missed = 10_000 - hits
    counts = [[90_000 - missed, 0, missed], [painted, 100_000 - painted, 0], [missed, 0, hits]]
    return np.tile(counts, (4, 1, 1))


@pytest.fixture
def judged(write_run) -> Callable[[int, int], list[str]]:
    """What did not work of focal loss, which hits and paints so many pixels, where `ce` hits half of the border."""

    def judge(hits: int, painted: int) -> list[str]:
        runs = [write_run("ce-s0", photos(5_000, 1_000)), write_run("focal-s0", photos(hits, painted), loss="focal")]
        return what_did_not_work(analyse(runs))

    return judge


# a border pixel hit is two pixels right, the pet's that took its place among them; half a point is 1,000 pixels
FREE = 1_000 + 2 * 300
HALF_A_POINT = FREE + 1_000


@pytest.mark.parametrize(("hits", "fixes"), [(5_299, False), (5_300, True), (5_301, True)])
def test_a_gain_of_three_points_counts_and_less_does_not(judged, hits, fixes):
    assert judged(hits, FREE) == ([] if fixes else [NONE_FIXES])


@pytest.mark.parametrize(
    ("painted", "fixes"), [(HALF_A_POINT - 1, True), (HALF_A_POINT, True), (HALF_A_POINT + 1, False)]
)
def test_a_price_of_half_a_point_is_paid_and_more_is_not(judged, painted, fixes):
    assert judged(5_300, painted) == ([] if fixes else [NONE_FIXES])

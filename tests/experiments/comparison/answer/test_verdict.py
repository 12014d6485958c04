"""The verdict says no more than the intervals do; what counts as fixing the border, at its edges."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from experiments.comparison.analysis import Analysis, analyse
from experiments.comparison.answer.comparable import comparable
from experiments.comparison.answer.lead import fixes
from experiments.comparison.answer.verdict import rule_applied, verdict, what_did_not_work, what_it_costs
from experiments.store.runs import Run, find_runs
from experiments.store.scored.controls import CONTROL_KINDS

# ---- what the intervals say, in words

Interval = tuple[float, float, float]
NOTHING = (0, -1, 1)


@pytest.fixture
def three(write_run, draw_confusions) -> list[Run]:
    """One run of each loss, with margins."""
    counts = draw_confusions(3, 12)
    return [write_run(f"{loss}-s0", counts[i], loss=loss) for i, loss in enumerate(("ce", "weighted", "focal"))]


def drawn(
    runs: list[Run], *, start: Interval = NOTHING, tuned: Interval = NOTHING, price: Interval = NOTHING
) -> Analysis:
    """The analysis of these runs, with intervals made up in points for all others than the baseline.

    Args:
        start: of border F1 at argmax; `tuned`: of border F1 at the tuned threshold; `price`: of pixel accuracy there.
    """
    analysis = analyse(runs)
    columns = ["difference", "difference_low", "difference_high"]
    points = analysis.operating.points
    others = points["configuration"].ne(analysis.compared_with)
    for point, score, interval in (
        ("argmax", "border_f1", start),
        ("tuned", "border_f1", tuned),
        ("tuned", "pixel_accuracy", price),
    ):
        rows = others & points["point"].eq(point) & points["score"].eq(score)
        assert rows.any()
        points.loc[rows, columns] = np.array(interval) / 100
    scores = analysis.scores
    rows = scores["configuration"].ne(analysis.compared_with) & scores["score"].eq("border_f1")
    scores.loc[rows, columns] = np.array(start) / 100
    return analysis


@pytest.mark.parametrize(
    ("intervals", "lead"),
    [
        ({}, "No loss tried here is shown to find the border better than unweighted cross-entropy"),
        ({"start": (2, 1, 3)}, "It is the threshold, not the loss: what the border gains with class weights and focal"),
        (
            {"start": (2, 1, 3), "tuned": (1, 0.5, 2)},
            "No loss tried here fixes the border: with class weights and focal",
        ),
        (
            {"tuned": (4, 3, 5), "price": (-1, -2, 0)},
            "No loss tried here fixes the border: with class weights and focal",
        ),
        ({"tuned": (4, 2.9, 5), "price": (0, -0.4, 1)}, "No loss tried here fixes the border"),
        (
            {"tuned": (4, 3, 5), "price": (0, -0.5, 1)},
            "It is more than the threshold: trained with class weights and focal loss",
        ),
    ],
)
def test_the_answer_is_one_sentence_that_follows_from_the_intervals(three, intervals, lead):
    analysis = drawn(three, **intervals)
    first = verdict(analysis)[0]
    assert first.startswith(lead)
    assert first.endswith(" (one seed each: this is about these networks, not about the losses).")
    assert fixes(analysis, "weighted") == lead.startswith("It is more than")


def test_control_and_price_follow_the_answer(three):
    analysis = analyse(three)
    points = analysis.operating.points
    own = points["configuration"].eq("ce") & points["point"].eq("tuned") & points["control"].eq("")
    points.loc[own, "shift"] = 0.4
    for score, interval in (("border_f1", (1.8, 1.6, 2.0)), ("pixel_accuracy", (-0.5, -0.6, -0.4))):
        columns = ["from_argmax", "from_argmax_low", "from_argmax_high"]
        points.loc[own & points["score"].eq(score), columns] = np.array(interval) / 100
    _, control, price, *_ = verdict(analysis)
    assert control.startswith(
        "The control is unweighted cross-entropy with +0.4 on the border's logit, chosen on training photos"
    )
    assert "border F1 rises by 1.8 points (95 % interval 1.6 to 2.0)" in control
    assert price.startswith(
        "The price: with the threshold moved pixel accuracy falls by 0.5 points (95 % interval 0.4 to 0.6)"
    )
    assert "with class weights" in price
    assert "with focal loss" in price


def test_controls_are_named_where_they_are_there(write_run, draw_confusions):
    counts = draw_confusions(3, 12)
    runs = [
        write_run("ce-s0", counts[0], controls={"mirrored": counts[2]}),
        write_run("focal-s0", counts[1], loss="focal"),
    ]
    control = next(text for text in verdict(analyse(runs)) if text.startswith("The control"))
    assert "averaged with the mirrored photo's prediction" in control
    assert "re-estimated" not in control


def test_what_a_loss_reaches_under_a_control_stands_beside_what_plain_cross_entropy_does(write_run, draw_confusions):
    counts = draw_confusions(4, 12)
    runs = [
        write_run("ce-s0", counts[0], controls={"renormed": counts[2]}),
        write_run("weighted-s0", counts[1], loss="weighted", controls={"renormed": counts[3]}),
    ]
    analysis = analyse(runs)
    control = verdict(analysis)[1]
    ours, theirs = (
        [100 * analysis.operating.row(name, "border_f1", control=kind)["mean"] for kind in ("", "renormed")]
        for name in ("ce", "weighted")
    )
    assert f"it is {ours[0]:.1f} %, against {theirs[0]:.1f} % with class weights, each at its own threshold" in control
    said = "with BatchNorm re-estimated on training photos it is"
    assert f"{said} {ours[1]:.1f} %, against {theirs[1]:.1f} % with class weights." in control


def test_a_control_of_fewer_seeds_says_of_how_many(write_run, draw_confusions):
    counts = draw_confusions(6, 12)
    runs = [
        write_run("ce-s0", counts[0], controls={"renormed": counts[2]}),
        write_run("ce-s1", counts[4], seed=1),
        write_run("weighted-s0", counts[1], loss="weighted", controls={"renormed": counts[3]}),
        write_run("weighted-s1", counts[5], loss="weighted", seed=1),
    ]
    both, one = (verdict(analyse(chosen))[1] for chosen in (runs, [runs[0], runs[2]]))
    assert both.endswith("% with class weights (one seed each).")
    assert "seed" not in one


def test_over_which_seeds_thresholds_are_compared_is_said_where_some_have_more(write_run, draw_confusions):
    counts = draw_confusions(6, 12)
    plain = [write_run(f"ce-s{seed}", counts[seed], seed=seed) for seed in range(3)]
    weighted = [write_run(f"weighted-s{seed}", counts[3 + seed], loss="weighted", seed=seed) for seed in range(2)]
    for runs, said in (
        (
            [*plain, *weighted],
            "3 seeds of `ce` and 2 seeds of `weighted` (thresholds are compared over seeds 0 and 1).",
        ),
        ([*plain[:2], *weighted], "2 seeds of `ce` and 2 seeds of `weighted`."),
    ):
        assert verdict(analyse(runs))[-1] == f"It rests on {said}"
    assert "(thresholds are compared over seed 0)" in verdict(analyse([*plain, weighted[0]]))[-1]


def test_a_gain_that_shrinks_under_a_control_of_both_is_told_in_the_answer(write_run, draw_confusions):
    counts = draw_confusions(3, 12)
    runs = [
        write_run("ce-s0", counts[0], controls={"renormed": counts[2]}),
        write_run("weighted-s0", counts[1], loss="weighted", controls={"renormed": counts[2]}),
    ]
    analysis = drawn(runs, tuned=(4, 3, 5), price=(0, -0.4, 1))
    points = analysis.operating.points
    under = points["control"].eq("renormed") & points["configuration"].eq("weighted") & points["point"].eq("tuned")
    columns = ["difference", "difference_low", "difference_high"]
    for f1, told in (((1.8, 1.6, 2.0), True), ((3.8, 3.1, 4.5), False)):
        points.loc[under & points["score"].eq("border_f1"), columns] = np.array(f1) / 100
        points.loc[under & points["score"].eq("pixel_accuracy"), columns] = np.array((-0.1, -0.3, 0.1)) / 100
        lead = verdict(analysis)[0]
        assert lead.startswith("It is more than the threshold: trained with class weights")
        said = (
            "but by only +1.8 points of border F1 for -0.1 of pixel accuracy where both are scored with BatchNorm "
            "re-estimated on training photos (one seed each"
        )
        assert (said in lead) == told


def test_of_several_controls_the_answer_tells_the_one_that_leaves_the_least(write_run, draw_confusions):
    counts = draw_confusions(3, 12)
    controls = dict.fromkeys(CONTROL_KINDS, counts[2])
    runs = [
        write_run("ce-s0", counts[0], controls=controls),
        write_run("weighted-s0", counts[1], loss="weighted", controls=controls),
    ]
    analysis = drawn(runs, tuned=(4, 3, 5), price=(0, -0.4, 1))
    points = analysis.operating.points
    for control, f1 in (("mirrored", 2.7), ("renormed", 3.5), ("mirrored-renormed", 1.3)):
        rows = points["control"].eq(control) & points["configuration"].eq("weighted") & points["score"].eq("border_f1")
        points.loc[rows, ["difference", "difference_low"]] = np.array((f1, f1 - 0.1)) / 100
        rows = rows.index[
            points["control"].eq(control)
            & points["configuration"].eq("weighted")
            & points["score"].eq("pixel_accuracy")
        ]
        points.loc[rows, ["difference", "difference_low"]] = np.array((-0.2, -0.3)) / 100
    assert rule_applied(analysis) == (
        "Here, with class weights it holds, but no longer where both are scored averaged with the mirrored photo's "
        "prediction, nor averaged with the mirrored photo's prediction and with BatchNorm re-estimated on training "
        "photos."
    )
    assert (
        "but by only +1.3 points of border F1 for -0.2 of pixel accuracy where both are scored averaged with the "
        "mirrored photo's prediction and with BatchNorm re-estimated on training photos (one seed each"
    ) in verdict(analysis)[0]


def test_the_rule_is_applied_to_each_loss(three):
    assert rule_applied(drawn(three, tuned=(2, 1, 3), price=(0, -0.1, 0.1))) == (
        "Here, with class weights and focal loss it does not hold."
    )


def test_an_interval_that_holds_zero_is_no_difference(three):
    sentences = [text for text in verdict(drawn(three, start=(4, -0.1, 8.1))) if text.startswith("With ")]
    assert len(sentences) == 2
    for sentence in sentences:
        assert "no difference found in border F1 (95 % interval -0.1 to +8.1 points)" in sentence
        assert "border F1 rises" not in sentence


def test_a_fall_is_told_with_its_interval_the_smaller_end_first(three):
    analysis = drawn(three, start=(-4, -5, -3), tuned=(-2, -3, -1))
    focal = next(text for text in verdict(analysis) if text.startswith("With focal loss"))
    assert "as trained, border F1 falls by 4.0 points (95 % interval 3.0 to 5.0)" in focal
    assert "tuned threshold border F1 falls by 2.0 points (95 % interval 1.0 to 3.0)" in focal
    assert any(
        line.startswith("`focal`, each at its tuned threshold: border F1 falls") for line in what_did_not_work(analysis)
    )


def test_what_one_seed_cannot_tell_is_said_beside_it(three, write_run, draw_confusions):
    basis = verdict(analyse(three))[-1]
    assert "one seed each of `ce`, `weighted` and `focal`" in basis
    assert "differed in rounding alone" in basis
    counts = draw_confusions(4, 12, seed=1)
    runs = [
        write_run(
            f"{loss}-s{seed}", counts[2 * i + seed], parent=three[0].folder.parents[1] / "more", loss=loss, seed=seed
        )
        for i, loss in enumerate(("ce", "focal"))
        for seed in (0, 1)
    ]
    several = verdict(analyse(runs))
    assert several[-1] == "It rests on 2 seeds of `ce` and 2 seeds of `focal`."
    assert "one seed" not in several[0]


def test_a_loss_with_another_gamma_is_secondary_and_corrected(write_run, draw_confusions):
    counts = draw_confusions(4, 12)
    runs = [
        write_run("ce-s0", counts[0]),
        write_run("focal-gamma-0.5-s0", counts[1], loss="focal", gamma=0.5),
        write_run("focal-gamma-5-s0", counts[2], loss="focal", gamma=5.0),
        write_run("focal-s0", counts[3], loss="focal"),
    ]
    analysis = analyse(runs)
    sentences = verdict(analysis)
    focal = next(text for text in sentences if text.startswith("With focal loss"))
    assert f"{100 * analysis.score('focal', 'border_f1')['difference_low']:.1f}".lstrip("-") in focal
    secondary = next(text for text in sentences if text.startswith("Secondary contrasts"))
    assert "`focal-gamma-0.5`" in secondary
    assert "`focal-gamma-5`" in secondary
    assert "`focal` " not in secondary


def test_runs_that_keep_no_margins_leave_it_open(three):
    for run in three:
        (run.folder / "margins.npz").unlink()
    sentences = verdict(analyse(three))
    assert sentences[0].startswith("Whether it is the loss or only the threshold is open: these runs keep no margins")
    assert any(text.startswith("With class weights, as trained") for text in sentences)


@pytest.mark.parametrize(
    ("changed", "said"), [({"precision": "fp32"}, "precision fp32, not bf16"), ({"lr": 0.002}, "lr 0.002, not 0.001")]
)
def test_runs_that_differ_in_more_than_the_loss_have_no_answer_that_says_in_what(three, changed, said):
    for run in three:
        path = run.folder / "run.json"
        info = json.loads(path.read_text())
        info["options"] |= {"precision": "bf16"} | (changed if run.loss == "weighted" else {})
        path.write_text(json.dumps(info))
    sentences = verdict(analyse(find_runs([three[0].folder.parent])[0]))
    assert (
        f"Of class weights there is no answer yet: it was trained otherwise than unweighted cross-entropy ({said})."
        in sentences
    )
    assert any(text.startswith("With focal loss") for text in sentences)


def test_a_loss_that_is_not_there_has_no_answer(three):
    sentences = verdict(analyse([run for run in three if run.loss != "weighted"]))
    assert "Of class weights there is no answer yet: no run of it is here to compare." in sentences
    alone = analyse([run for run in three if run.loss == "weighted"])
    assert verdict(alone) == ["No answer: no run of unweighted cross-entropy is here to compare with."]


def test_the_last_layer_is_a_suspect_of_its_own(three, write_run, draw_confusions):
    assert any("no run of `segnet-linear`" in text for text in verdict(analyse(three)))
    linear = write_run("ce-segnet-linear-s0", draw_confusions(4, 12)[3], network="segnet-linear")
    with_it = analyse([*three, linear])
    said = next(text for text in verdict(with_it) if "plain convolution" in text)
    assert said.startswith(
        "With a plain convolution as the last layer (`ce-segnet-linear`), each at its own tuned threshold,"
    )
    assert [c.name for c in comparable(with_it)] == ["weighted", "focal"]


# ---- what counts as fixing the border: counts of pixels chosen by hand


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
def judged(write_run) -> Callable[[int, int], bool]:
    """Whether focal loss, which hits and paints so many pixels, fixes the border where `ce` hits half of it.

    The photos are alike, so the intervals have no width; the training photos put the threshold where argmax has it.
    """

    def judge(hits: int, painted: int) -> bool:
        runs = [write_run("ce-s0", photos(5_000, 1_000)), write_run("focal-s0", photos(hits, painted), loss="focal")]
        analysis = analyse(runs)
        assert {analysis.operating.row(name, "border_f1")["shift"] for name in ("ce", "focal")} == {0.0}
        return fixes(analysis, "focal")

    return judge


# a border pixel hit is two pixels right, the pet's that took its place among them; half a point is 1,000 pixels
FREE = 1_000 + 2 * 300
HALF_A_POINT = FREE + 1_000


@pytest.mark.parametrize(("hits", "enough"), [(5_299, False), (5_300, True), (5_301, True)])
def test_a_gain_of_three_points_counts_and_less_does_not(judged, hits, enough):
    assert judged(hits, FREE) == enough


@pytest.mark.parametrize(
    ("painted", "cheap"), [(HALF_A_POINT - 1, True), (HALF_A_POINT, True), (HALF_A_POINT + 1, False)]
)
def test_a_price_of_half_a_point_is_paid_and_more_is_not(judged, painted, cheap):
    assert judged(5_300, painted) == cheap


def test_the_price_of_each_configuration_is_told(three):
    lines = what_it_costs(analyse(three))
    assert [line.split(",")[0] for line in lines] == ["`weighted`", "`focal`"]
    assert all("calibration error" in line for line in lines)


def test_shipped_runs_are_judged(request):
    runs = [run for run in find_runs([Path("experiments", "results")])[0] if (run.folder / "margins.npz").exists()]
    if not {"ce", "weighted", "focal"} <= {run.loss for run in runs}:
        pytest.skip("the three losses' margins are not here")
    analysis = analyse(runs)
    sentences = verdict(analysis)
    assert sentences[1].startswith("The control")
    assert sentences[2].startswith("The price")

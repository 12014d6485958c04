"""The facts under the verdict say what the comparison's own sentences say, in fewer words, and contradict none."""

import json
import re
import shutil
from dataclasses import replace
from html import unescape

import pandas as pd
import pytest

from demo.compare.facts import how_sure, loss_or_threshold, more_sentences, other_seeds, the_price
from demo.figures.styles import styles
from experiments.comparison.analysis import Analysis, analyse
from experiments.comparison.answer.lead import find_lead, lead_sentence
from experiments.comparison.operating import no_operating
from experiments.store.runs import read_run

GAINED, NOT_SHOWN, FREE = (0.05, 0.04, 0.06), (0.0, -0.01, 0.01), (0.0, 0.0, 0.0)


def text(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html).replace("\N{NO-BREAK SPACE}", " ")


def threshold(analysis: Analysis) -> str:
    return text(loss_or_threshold(analysis, styles(analysis.configurations)))


@pytest.fixture
def drawn(runs, change_options):
    """`drawn(argmax=..., tuned=..., price=..., control=...)`: an analysis whose differences of focal loss are these.

    `control` is of both scored with the mirrored photo: the difference in F1, and in pixel accuracy.
    """

    def draw(argmax=NOT_SHOWN, tuned=NOT_SHOWN, price=NOT_SHOWN, control=None) -> Analysis:
        analysis = analyse(runs)
        points = analysis.operating.points.copy()
        columns = ["difference", "difference_low", "difference_high"]
        focal = points["configuration"].eq("focal")
        for score, point, values in (
            ("border_f1", "argmax", argmax),
            ("border_f1", "tuned", tuned),
            ("pixel_accuracy", "tuned", price),
        ):
            points.loc[focal & points["score"].eq(score) & points["point"].eq(point), columns] = values
        if control:
            mirrored = points[focal & points["point"].eq("tuned")].assign(control="mirrored")
            for score, value in zip(("border_f1", "pixel_accuracy"), control, strict=True):
                mirrored.loc[mirrored["score"].eq(score), columns] = (value, value, value)
            points = pd.concat([points[~points["control"].eq("mirrored")], mirrored])
        return replace(analysis, operating=replace(analysis.operating, points=points))

    return draw


@pytest.mark.parametrize(
    ("differences", "fact", "sentence"),
    [
        ({"tuned": GAINED, "price": FREE}, "More than the threshold: with focal loss", "It is more than the threshold"),
        ({"tuned": (0.02, 0.01, 0.03)}, "No loss here fixes it: with focal loss", "No loss tried here fixes"),
        ({"argmax": GAINED}, "The threshold, not the loss: what the border gains", "It is the threshold, not the"),
        ({}, "Neither: no loss here is shown to find the border better", "No loss tried here is shown to find"),
    ],
)
def test_the_fact_has_the_finding_of_the_comparisons_own_sentence(drawn, differences, fact, sentence):
    analysis = drawn(**differences)
    assert lead_sentence(analysis, find_lead(analysis)).startswith(sentence)
    assert threshold(analysis).startswith(fact)


def test_the_control_of_both_is_not_left_out_where_the_lead_names_it(drawn):
    analysis = drawn(tuned=GAINED, price=FREE, control=(0.013, -0.005))
    held_back = "by only +1.3 points of border F1 for -0.5 of pixel accuracy where both are scored averaged with"
    assert held_back in lead_sentence(analysis, find_lead(analysis))
    assert f"But {held_back.replace('-0.5', '−0.5')}" in threshold(analysis)
    assert "But" not in threshold(drawn(tuned=GAINED, price=FREE, control=(0.05, 0.0)))


def test_what_is_reached_at_tuned_thresholds_is_that_of_the_analysis(drawn):
    analysis = drawn(tuned=GAINED)
    focal, plain = (100 * analysis.operating.row(name, "border_f1")["mean"] for name in ("focal", "ce"))
    start = 100 * analysis.operating.row("ce", "border_f1", point="argmax")["mean"]
    told = f"{focal:.1f} % with focal loss and {plain:.1f} % with cross-entropy ({start:.1f} % as trained)."
    assert told in threshold(analysis)


def test_without_margins_a_baseline_or_intervals_the_question_is_open(runs, tiny_runs):
    analysis = analyse(runs)
    assert threshold(replace(analysis, operating=no_operating())).startswith("Open: these runs keep nothing")
    assert threshold(analyse(runs[1:])).startswith("Open: without a run of plain cross-entropy")
    early = analyse([read_run(tiny_runs / name) for name in ("ce-s0", "focal-s0")])
    difference = 100 * early.score("focal", "border_f1")["difference"]
    assert f"{difference:+.1f}".replace("-", "−") in threshold(early)
    assert threshold(early).startswith("Open")


def test_the_price_is_pixel_accuracy_as_trained_and_at_tuned_thresholds(drawn):
    analysis = drawn(price=(-0.021, -0.022, -0.020))
    table = analysis.scores
    row = table["configuration"].eq("focal") & table["score"].eq("pixel_accuracy")
    columns = ["mean", "difference", "difference_low", "difference_high"]
    for values, words in (
        ((0.834, -0.026, -0.03, -0.02), "83.4 % with focal loss (2.6 points less)"),
        ((0.834, 0.026, 0.02, 0.03), "83.4 % with focal loss (2.6 points more)"),
        ((0.834, 0.001, -0.01, 0.02), "83.4 % with focal loss (no difference found)"),
        ((0.834, -0.05, -0.3, 0.2), "83.4 % with focal loss (5.0 points less, which so few photos do not show)"),
    ):
        table.loc[row, columns] = values
        told = text(the_price(analysis, styles(analysis.configurations)))
        assert words in told
        assert told.endswith("At tuned thresholds: −2.1 with focal loss.")


def sure(analysis: Analysis) -> str:
    return text(how_sure(analysis, styles([*analysis.configurations])))


def test_how_sure_counts_photos_and_seeds(runs, own_runs, change_options):
    assert sure(analyse(runs)) == (
        "The same 8 photos, after epoch 3, with 95 % intervals. "
        "One seed each (0): about these networks, not about the losses."
    )
    assert sure(analyse(runs[:1])) == "8 photos, after epoch 3, with 95 % intervals. One seed (0)."
    for name, options in {"ce-s1": {"seed": 1}, "even-s0": {"loss": "focal"}, "even-s1": {"loss": "focal"}}.items():
        change_options(shutil.copytree(own_runs / "ce-s0", own_runs / name), **{"seed": int(name[-1]), **options})

    def seeds(*names: str) -> str:
        return sure(analyse([read_run(own_runs / name) for name in names])).partition("intervals. ")[2]

    mixed = "Seeds: 2 of cross-entropy; one of focal loss: about these networks, not about the losses."
    assert seeds("ce-s0", "ce-s1", "even-s0") == mixed
    assert seeds("ce-s0", "ce-s1", "even-s0", "even-s1") == "Seeds: 2 of cross-entropy and 2 of focal loss."


def test_what_the_seeds_say_that_nobody_chose_is_told(runs, even_runs, tmp_path, change_options):
    added = []
    for seed, score in ((1, 0.25), (2, 0.5)):
        folder = shutil.copytree(even_runs / "ce-s0", tmp_path / f"ce-s{seed}")
        change_options(folder, seed=seed)
        run = read_run(folder)
        added.append(replace(run, epochs=run.epochs.assign(border_f1=score), info={**run.info, "scores": None}))
    analysis, early = analyse(runs), analyse(runs, 2)

    def told(analysis: Analysis, *runs) -> str:
        return text(other_seeds(analysis, styles(analysis.configurations), [(analysis.baseline, list(runs))]))

    def one(analysis: Analysis) -> str:
        here = f"{100 * analysis.score('ce', 'border_f1')['mean']:.1f} %"
        return f"Other seeds are here, and differ: border F1 is 25.0 % with cross-entropy, seed 1 (here {here})."

    assert told(analysis, added[0]) == f"{one(analysis)} Compare over all seeds"
    assert "25.0 % to 50.0 % with cross-entropy, 2 more seeds" in told(analysis, *added)
    html = other_seeds(analysis, styles(analysis.configurations), [(analysis.baseline, added)])
    asked = re.search(r'data-runs="([^"]*)"', html)
    assert json.loads(unescape(asked[1])) == ["ce-s0", "focal-s0", "ce-s1", "ce-s2"]
    # after an earlier epoch that epoch's rows are held beside each other, and one that has not come so far beside none
    assert told(early, added[0]).startswith(one(early))
    short = replace(added[1], epochs=added[1].epochs.head(1))
    assert told(early, short) == told(analysis, short) == ""


def test_how_sure_says_which_run_is_training(tiny_runs):
    runs = [read_run(tiny_runs / name) for name in ("ce-s0", "focal-s0")]
    runs[1].info["status"] = "running"
    told = sure(analyse(runs))
    assert "after epoch 2, without intervals." in told
    assert told.endswith("Focal loss, seed 0 is training: 3 of 3.")


def test_all_sentences_open_at_a_click_and_what_is_typed_stays():
    html = more_sentences(
        ["`ce` falls by -0.5 <points>", "see `python -m experiments.compare`"], {"ce": "cross-entropy"}
    )
    assert "<li>Cross-entropy falls by −0.5 &lt;points&gt;</li>" in html
    assert "<code>python -m experiments.compare</code>" in html
    assert more_sentences([], {}) == ""


def test_a_sample_of_the_photos_is_called_one(tiny_runs):
    runs = [read_run(tiny_runs / name) for name in ("ce-s0", "focal-s0")]
    for run in runs:
        run.info.update(validation_photos=80, validation_sample_photos=8)
    # after the second epoch one has scored all
    assert sure(analyse(runs)).startswith("The same sample of 8 photos, after epoch 1, without intervals.")

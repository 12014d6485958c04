"""The verdict's sentences say what the shares of the border are, and no more than their intervals do."""

import re
from dataclasses import replace

import pytest

from demo.compare.headline import headline
from demo.figures.styles import styles
from experiments.comparison.analysis import Analysis, analyse
from experiments.comparison.configurations import configurations
from seg.losses import LOSSES

NAN = float("nan")


def said(analysis: Analysis) -> str:
    """The sentences without markup."""
    html = headline(analysis, styles(analysis.configurations))
    return re.sub(r"<[^>]+>", "", html).replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture
def drawn(runs):
    """`drawn(recall=(0.5, 0.8), differs=(0.2, 0.4), precision=..., ...)`: cross-entropy's value and focal loss's."""

    def draw(recall=(0.5, 0.8), more=(0.2, 0.4), precision=(0.67, 0.48), right=(-0.2, -0.1)) -> Analysis:
        analysis = analyse(runs)
        table = analysis.scores.set_index(["configuration", "score"])
        for score, values, ends in (("border_recall", recall, more), ("border_precision", precision, right)):
            for name, value in zip(("ce", "focal"), values, strict=True):
                table.loc[(name, score), "mean"] = value
            row = ("focal", score)
            table.loc[row, ["difference", "difference_low", "difference_high"]] = (values[1] - values[0], *ends)
        return replace(analysis, scores=table.reset_index())

    return draw


def test_more_found_at_the_price_of_more_painted(drawn):
    assert said(drawn()) == (
        "The network trained with focal loss finds more of the border than with cross-entropy: 80 % against 50 %. "
        "But 52 % of what it paints is not border (with cross-entropy: 33 %)."
    )


@pytest.mark.parametrize(
    ("more", "right", "first", "second"),
    [
        ((0.1, 0.4), (0.1, 0.2), "finds more of the border than", "And only 52 % of what"),
        (
            (-0.01, 0.02),
            (-0.02, 0.01),
            "finds about as much of the border as",
            "about as much is not border: 52 %",
        ),
        ((-0.01, 0.01), (-0.2, -0.1), "finds about as much of the border as", "But 52 % of what"),
        # what an interval is too wide to tell is not about as much
        (
            (-0.1, 0.6),
            (-0.2, -0.1),
            "80 % of the border, with cross-entropy 50 %, but so few photos do not",
            "But 52 % of",
        ),
        ((-0.1, 0.6), (-0.5, 0.1), "but so few photos do not show that the loss is why", "which is as unsure."),
        (
            (0.2, 0.4),
            (-0.5, 0.1),
            "finds more of the border than",
            "which so few photos do not show to be the loss's doing.",
        ),
        ((-0.4, -0.1), (-0.2, -0.1), "finds less of the border than", "And 52 % of what"),
        ((-0.4, -0.1), (0.1, 0.2), "finds less of the border than", "But only 52 % of what"),
    ],
)
def test_what_the_intervals_do_not_show_is_not_said(drawn, more, right, first, second):
    text = said(drawn(more=more, right=right))
    assert first in text
    assert second in text


def test_a_network_that_paints_no_border_is_said_to(drawn):
    text = said(drawn(recall=(0.5, 0.0), more=(-0.5, -0.5), precision=(0.67, NAN), right=(NAN, NAN)))
    assert text.endswith("0 % against 50 %. With focal loss nothing at all is painted as border.")


def test_names_are_underlined_in_the_colours_of_their_losses(drawn):
    html = headline(drawn(), styles(drawn().configurations))
    assert f'style="--loss:{LOSSES["focal"].colour}">focal loss</b>' in html
    assert f'style="--loss:{LOSSES["ce"].colour}">cross-entropy</b>' in html


def test_one_loss_is_told_by_itself(runs):
    analysis = analyse(runs[:1])
    recall, precision = (100 * analysis.score("ce", f"border_{name}")["mean"] for name in ("recall", "precision"))
    assert said(analysis) == (
        f"The network trained with cross-entropy finds {recall:.0f} % of the border; "
        f"{100 - precision:.0f} % of what it paints is not border."
    )


def test_without_cross_entropy_nothing_is_set_against_anything(runs):
    text = said(analyse(runs[1:]))
    assert text.startswith("The network trained with focal loss finds ")
    assert "against" not in text


def test_before_the_last_epoch_the_epoch_is_named(tiny_runs):
    from experiments.store.runs import read_run

    analysis = analyse([read_run(tiny_runs / name) for name in ("ce-s0", "focal-s0")])
    assert said(analysis).startswith("After epoch 2 the network trained with focal loss finds ")
    assert len(configurations([run for c in analysis.configurations for run in c.runs])) == 2

"""The marks stand where the photos' counts put them, with intervals, numbers and differences in words."""

import json
import re
import shutil
from dataclasses import replace
from html import unescape

import pandas as pd
import pytest

from demo.compare.scores import scores_html
from demo.figures.styles import styles
from experiments.comparison.analysis import analyse
from experiments.scores import with_intervals
from experiments.store.runs import read_run


def shown(analysis) -> str:
    return scores_html(analysis, styles(analysis.configurations)).replace("\N{NO-BREAK SPACE}", " ")


def track(html: str, score: str) -> str:
    """What stands on the line of that score."""
    start = html.index(f'data-score="{score}"')
    return html[start : html.index("</div>", start)]


def test_numbers_follow_from_the_counts_of_the_photos_and_recall_never_stands_alone(runs):
    html = shown(analyse(runs))
    for run in runs:
        counts = pd.read_csv(run.folder / "images.csv").drop(columns="name").sum()
        hits = counts["border_as_border"]
        true = sum(counts[f"border_as_{name}"] for name in ("pet", "background", "border"))
        painted = sum(counts[f"{name}_as_border"] for name in ("pet", "background", "border"))
        right = sum(counts[f"{name}_as_{name}"] for name in ("pet", "background", "border"))
        expected = {
            "border_recall": hits / true,
            "border_precision": hits / painted,
            "border_f1": 2 * hits / (true + painted),
            "border_iou": hits / (true + painted - hits),
            "pixel_accuracy": right / counts.filter(like="_as_").sum(),
        }
        for score, value in expected.items():
            assert f"{100 * value:.1f}</span>" in track(html, score)
    order = re.findall(r'data-score="(\w+)"', html)
    assert order[:5] == list(expected)
    assert set(order) == {score.name for score in with_intervals()}


def test_marks_and_intervals_lie_on_one_scale(runs):
    """From the axis's ticks alone: a mark at 60 % lies half the way from the tick of 40 % to that of 80 %."""
    analysis = analyse(runs)
    html = shown(analysis)
    ticks = {int(tick): float(at) for at, tick in re.findall(r'<span style="left:([\d.]+)%">(\d+) %</span>', html)}
    (low, start), *_, (high, end) = sorted(ticks.items())
    for score in with_intervals():
        row, line = analysis.score("focal", score.name), track(html, score.name)
        marks = [float(at) for at in re.findall(r'data-at="([-\d.]+)"', line)]
        where = start + (100 * row["mean"] - low) / (high - low) * (end - start)
        assert min(abs(mark - where) for mark in marks) < 0.1
        assert f"{100 * row['low']:.1f} to {100 * row['high']:.1f}" in line
        spreads = re.findall(r'class="spread" style="[^"]*left:([\d.]+)%;width:([\d.]+)%', line)
        width = 100 * (row["high"] - row["low"]) / (high - low) * (end - start)
        assert min(abs(float(wide) - width) for _, wide in spreads) < 0.1


def test_what_files_are_made_of_is_what_the_panel_shows(runs):
    analysis = analyse(runs)
    html = scores_html(analysis, styles(analysis.configurations))
    figure = json.loads(unescape(re.search(r'data-figure="([^"]*)"', html)[1]))
    assert [loss["full"] for loss in figure["losses"]] == ["Cross-entropy, seed 0", "Focal loss, seed 0"]
    assert figure["compared"] == 0
    for score, told in zip(scores_in_order(html), figure["scores"], strict=True):
        plain, focal = told["marks"]
        row = analysis.score("focal", score)
        assert list(focal) == ["mean", "low", "high", "difference", "difference_low", "difference_high"]
        assert list(focal.values()) == pytest.approx([100 * row[name] for name in focal], abs=1e-4)
        assert (plain["difference"], plain["difference_low"]) == (None, None)
    assert [told["article"] for told in figure["scores"]] == [False] * 4 + [True]


def scores_in_order(html: str) -> list[str]:
    return re.findall(r'data-score="(\w+)"', html)


def test_differences_are_from_cross_entropy_with_their_interval_where_one_points(runs):
    analysis = analyse(runs)
    row = analysis.score("focal", "border_recall")
    ends = f"95 % interval {100 * row['difference_low']:+.1f} to {100 * row['difference_high']:+.1f}"
    html = shown(analysis)
    assert f"Focal loss, seed 0 from cross-entropy: {100 * row['difference']:+.1f} points ({ends})" in html
    assert html.count('class="difference') == len(with_intervals())


def test_a_difference_that_is_not_shown_is_not_printed_as_one_that_is(runs):
    analysis = analyse(runs)
    table = analysis.scores.assign(difference_low=-0.1, difference_high=0.1)
    assert shown(replace(analysis, scores=table)).count("unsure") == len(with_intervals())
    assert "unsure" not in shown(replace(analysis, scores=table.assign(difference_low=0.05)))


@pytest.mark.parametrize("index", [0, 1])
def test_one_loss_has_no_differences(runs, index):
    html = shown(analyse([runs[index]]))
    assert 'class="difference' not in html
    assert "difference from" not in html


def test_a_difference_over_other_seeds_than_the_numbers_says_so(own_runs, change_options):
    for name, options in {"ce-s1": {"seed": 1}, "even-s0": {"loss": "focal"}}.items():
        change_options(shutil.copytree(own_runs / "ce-s0", own_runs / name), **options)
    html = shown(analyse([read_run(own_runs / name) for name in ("ce-s0", "ce-s1", "even-s0")]))
    assert "right: difference from cross-entropy over seed 0, which both have" in html


def test_the_article_is_marked_at_pixel_accuracy_alone(runs):
    assert shown(analyse(runs)).count("<small>article: 88.28 %</small>") == 1


def test_without_intervals_there_are_none_and_the_epoch_is_the_shared_one(tiny_runs):
    html = shown(analyse([read_run(tiny_runs / name) for name in ("ce-s0", "focal-s0")]))
    assert "Scores after epoch 2" in html
    assert "no intervals" in html
    assert 'class="spread"' not in html

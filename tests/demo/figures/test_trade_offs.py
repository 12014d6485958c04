"""Recall against precision, and the price in pixel accuracy."""

import pytest

from demo.figures.styles import styles
from demo.figures.trade_offs import price, recall_and_precision
from experiments.comparison.analysis import analyse
from experiments.comparison.configurations import configurations


def test_along_a_contour_f1_is_what_its_label_says(found, analysis, trace):
    view = recall_and_precision(analysis, styles(found))
    contours = trace(view, "equal F1")
    lines, line = [], []
    for recall, precision in zip(contours.x, contours.y, strict=True):
        if recall is None:
            lines.append(line)
            line = []
        else:
            line.append(2 * recall * precision / (recall + precision))
    assert [round(line[0]) for line in lines] == list(range(10, 100, 10))
    for line in lines:
        assert line == pytest.approx([line[0]] * len(line))
    assert [annotation.text for annotation in view.figure.layout.annotations] == ["F1 20", "F1 40", "F1 60", "F1 80"]


def test_price_is_the_difference_from_unweighted_cross_entropy(found, analysis, trace, numbers):
    view = price(analysis, styles(found))
    point = trace(view, "focal-s0")
    accuracy, f1 = (analysis.score("focal", score) for score in ("pixel_accuracy", "border_f1"))
    assert point.x[0] == pytest.approx(100 * accuracy["difference"])
    assert numbers(point.y)[0] == pytest.approx(100 * f1["difference"], nan_ok=True)
    article = next(shape.x0 for shape in view.figure.layout.shapes)
    assert article == pytest.approx(88.28 - 100 * analysis.score("ce", "pixel_accuracy")["mean"])


def test_price_without_a_baseline_is_in_scores(seeds, trace):
    alone = analyse(seeds[2:])
    view = price(alone, styles(configurations(seeds[2:])))
    assert trace(view, "focal-s0").x[0] == pytest.approx(100 * alone.score("focal", "pixel_accuracy")["mean"])
    assert view.figure.layout.shapes[0].x0 == pytest.approx(88.28)

"""The price in pixel accuracy."""

import pytest

from demo.figures.price import price
from demo.figures.styles import styles
from experiments.comparison.analysis import analyse
from experiments.comparison.configurations import configurations


def test_price_is_the_difference_from_unweighted_cross_entropy(found, analysis, trace, numbers):
    view = price(analysis, styles(found))
    point = trace(view, "focal loss")
    accuracy, f1 = (analysis.score("focal", score) for score in ("pixel_accuracy", "border_f1"))
    assert point.x[0] == pytest.approx(100 * accuracy["difference"])
    assert numbers(point.y)[0] == pytest.approx(100 * f1["difference"], nan_ok=True)
    article = next(shape.x0 for shape in view.figure.layout.shapes)
    assert article == pytest.approx(88.28 - 100 * analysis.score("ce", "pixel_accuracy")["mean"])


def test_price_without_a_baseline_is_in_scores(seeds, trace):
    alone = analyse(seeds[2:])
    view = price(alone, styles(configurations(seeds[2:])))
    assert trace(view, "focal loss").x[0] == pytest.approx(100 * alone.score("focal", "pixel_accuracy")["mean"])
    assert view.figure.layout.shapes[0].x0 == pytest.approx(88.28)

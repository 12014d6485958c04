"""The operating curves are those of the analysis, and their marks lie on them."""

from dataclasses import replace

import pandas as pd
import pytest

from demo.figures.operating import operating_curves
from demo.figures.styles import styles
from experiments.comparison.operating import no_operating


def test_along_a_contour_f1_is_what_its_label_says(found, analysis, trace):
    view = operating_curves(analysis, styles(found))
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


def test_a_curve_is_that_of_the_analysis_and_its_marks_begin_where_nothing_is_moved(found, analysis):
    view = operating_curves(analysis, styles(found))
    table = analysis.operating.curves.query("configuration == 'focal'").dropna()
    table = table[(table["border_recall"] >= 0.005) | (table["shift"].abs() <= 2)]
    drawn = [trace for trace in view.figure.data if trace.name == "focal loss"]
    curve, mark, knob = drawn
    assert [row[0] for row in curve.customdata] == pytest.approx(table["shift"].tolist())
    assert list(curve.x) == pytest.approx((100 * table["border_recall"]).tolist())
    assert list(curve.y) == pytest.approx((100 * table["border_precision"]).tolist())
    assert [row[1] for row in curve.customdata] == pytest.approx((100 * table["border_f1"]).tolist())
    assert [row[2] for row in curve.customdata] == pytest.approx((100 * table["pixel_accuracy"]).tolist())
    # F1 by its definition, from where the point lies
    for x, y, (_, f1, _) in zip(curve.x, curve.y, curve.customdata, strict=True):
        assert f1 == pytest.approx(2 * x * y / (x + y) if x + y else 0)
    recall = analysis.score("focal", "border_recall")["mean"]
    assert (mark.x[0], knob.x[0]) == pytest.approx((100 * recall, 100 * recall))
    assert view.figure.data[knob.meta["along"]] is curve
    assert view.legend == []
    # `ce` has two seeds, of which focal loss has the first
    assert view.reading.endswith(" Curves are of seed 0.")


def test_a_network_that_paints_no_border_as_trained_has_a_curve_and_no_mark(found, analysis):
    curves = analysis.operating.curves
    unpainted = curves["configuration"].eq("focal") & (curves["shift"] <= 0.5)
    curves = curves.assign(border_precision=curves["border_precision"].mask(unpainted))
    view = operating_curves(replace(analysis, operating=replace(analysis.operating, curves=curves)), styles(found))
    curve, mark, knob = (trace for trace in view.figure.data if trace.name == "focal loss")
    assert len(curve.x) > 10
    assert (len(mark.x), len(knob.x)) == (0, 0)
    assert not any(pd.isna(value) for value in curve.y)


def test_without_margins_there_are_the_marks_alone_and_a_legend(found, analysis):
    view = operating_curves(replace(analysis, operating=no_operating()), styles(found))
    mark = next(trace for trace in view.figure.data if trace.name == "focal loss")
    assert list(mark.y) == pytest.approx([100 * analysis.score("focal", "border_precision")["mean"]])
    assert [name for name, *_ in view.legend] == ["Cross-entropy", "Focal loss"]
    assert "threshold" not in view.title + view.reading

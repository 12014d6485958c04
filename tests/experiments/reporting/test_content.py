"""What programs get of an analysis: the same numbers as the tables, and JSON."""

import json

import pytest

from experiments.comparison.analysis import analyse
from experiments.comparison.answer.verdict import verdict
from experiments.reporting.content import analysis_content


@pytest.fixture
def analysis(write_run, draw_confusions):
    counts = draw_confusions(3, 10)
    return analyse(
        [
            write_run("ce-s0", counts[0], controls={"mirrored": counts[2], "renormed": counts[2]}),
            write_run("focal-s0", counts[1], loss="focal"),
        ]
    )


def test_points_controls_and_likes_are_those_of_the_tables(analysis):
    content = json.loads(json.dumps(analysis_content(analysis), allow_nan=False))
    assert content["answer"] == verdict(analysis)
    assert content["operating"].keys() == {"ce", "focal"}
    assert content["operating"]["focal"].keys() == {"argmax", "tuned", "best"}
    assert content["controls"].keys() == {"mirrored", "renormed"}
    for name, control, where in (
        ("focal", "", content["operating"]["focal"]),
        ("ce", "mirrored", content["controls"]["mirrored"]),
    ):
        for point in ("argmax", "tuned", "best"):
            row = analysis.operating.row(name, "border_f1", point=point, control=control)
            assert where[point]["shift"] == pytest.approx(row["shift"])
            for cell in ("mean", "low", "high", "difference", "difference_low", "from_argmax", "from_argmax_high"):
                assert where[point]["border_f1"][cell] == pytest.approx(row[cell])
    like = content["acts_like"]["focal"]
    table = analysis.operating.acts_like.set_index("score")
    assert like["share"] == pytest.approx(table["share"].iloc[0])
    assert like["pixel_accuracy"]["mean"] == pytest.approx(table.loc["pixel_accuracy", "mean"])
    ranked = analysis.score("focal", "average_precision")
    assert content["average_precision"]["focal"]["mean"] == pytest.approx(ranked["mean"])
    assert content["average_precision"]["focal"]["difference_low"] == pytest.approx(ranked["difference_low"])
    assert len(content["curves"]) == 2 * 121


def test_runs_without_margins_have_empty_places(write_run, draw_confusions):
    run = write_run("ce-s0", draw_confusions(1, 4)[0])
    (run.folder / "margins.npz").unlink()
    content = json.loads(json.dumps(analysis_content(analyse([run])), allow_nan=False))
    assert content["operating"] == content["controls"] == content["acts_like"] == {}
    assert content["average_precision"]["ce"]["mean"] is None

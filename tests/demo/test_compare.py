"""The Compare tab's figures and table say what the runs' files say."""

import json
import shutil

import gradio as gr
import pandas as pd
import pytest

from demo import compare as compare_module
from demo.catalogue import Catalogue
from demo.compare import answer_of, compare, compare_api, photos_note, table
from demo.figures import SCORES, by_epoch, final_scores
from experiments.analysis import analyse
from experiments.answer import answer
from experiments.runs import SCORES as CSV_SCORES
from experiments.runs import read_run


@pytest.fixture
def runs(tiny_runs):
    return [read_run(tiny_runs / name) for name in ("ce-s0", "focal-s0")]


def epochs_csv(run) -> pd.DataFrame:
    return pd.read_csv(run.folder / "epochs.csv")


def test_every_score_of_the_csv_can_be_chosen():
    assert set(SCORES) == set(CSV_SCORES)


@pytest.mark.parametrize("score", SCORES)
def test_lines_are_the_epochs_of_the_csv(runs, score):
    figure = by_epoch(runs, score)
    assert [trace.name for trace in figure.data] == ["ce-s0", "focal-s0"]
    for run, trace in zip(runs, figure.data, strict=True):
        expected = epochs_csv(run)
        assert list(trace.x) == expected["epoch"].tolist()
        drawn = [float("nan") if value is None else value for value in trace.y]
        assert drawn == pytest.approx(expected[score].tolist(), nan_ok=True)


def test_only_pixel_accuracy_is_measured_against_the_article(runs):
    assert [shape.y0 for shape in by_epoch(runs, "pixel_accuracy").layout.shapes] == [0.8828]
    assert not by_epoch(runs, "border_recall").layout.shapes


@pytest.mark.parametrize("score", SCORES)
def test_border_recall_never_stands_alone(runs, score):
    figure = final_scores(runs, score)
    bars = {"Border recall", "Border precision", "Border F1", "Border IoU"}
    for run, trace in zip(runs, figure.data, strict=True):
        assert bars <= set(trace.x)
        last = epochs_csv(run).iloc[-1]
        values = dict(zip(trace.x, trace.y, strict=True))
        assert values["Border recall"] == pytest.approx(last["border_recall"])
        assert values["Pixel accuracy"] == pytest.approx(last["pixel_accuracy"])


def test_table_holds_the_last_epoch_in_per_cent(runs):
    rows = table(runs).set_index("Run")
    for run in runs:
        last = epochs_csv(run).iloc[-1]
        assert rows.loc[run.name, "Pixel accuracy"] == pytest.approx(100 * last["pixel_accuracy"], abs=0.005)
        assert rows.loc[run.name, "Epochs"] == f"{len(epochs_csv(run)) - 1} of {len(epochs_csv(run)) - 1}"


def test_runs_that_are_gone_or_broken_are_said_not_raised(tiny_runs, tmp_path):
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "run.json").write_text("{")
    explanation, lines, *_ = compare(Catalogue((tiny_runs, tmp_path)), ["ce-s0", "gone-s0"], "border_f1")
    assert str(damaged / "run.json") in explanation
    assert [trace.name for trace in lines["value"].data] == ["ce-s0"]


def test_empty_folder_says_how_to_make_a_run(tmp_path):
    explanation, lines, *_ = compare(Catalogue((tmp_path,)), [], "border_f1")
    assert "python -m experiments.run" in explanation
    assert lines["visible"] is False


def test_note_tells_when_scores_come_from_a_sample(runs):
    assert photos_note(runs) == ""
    runs[0].info.update(validation_sample_photos=3, validation_photos=8)
    assert "ce-s0 scored a fixed sample of 3 validation photos" in photos_note(runs)


# ---- the answer, and what agents and scripts get of it


def test_the_answer_is_that_of_the_analysis_and_is_computed_once(tiny_runs, monkeypatch):
    catalogue, calls = Catalogue((tiny_runs,)), []
    monkeypatch.setattr(compare_module, "analyse", lambda runs: calls.append(1) or analyse(runs))
    compare_module._analysis.cache_clear()
    text = answer_of(catalogue, ["ce-s0", "focal-s0"])
    for sentence in answer(analyse(catalogue.chosen(["ce-s0", "focal-s0"]))):
        assert sentence in text
    assert answer_of(catalogue, ["ce-s0", "focal-s0"]) == text
    assert len(calls) == 1


def test_without_two_runs_there_is_no_answer_yet(tiny_runs):
    catalogue = Catalogue((tiny_runs,))
    assert answer_of(catalogue, []) == ""
    assert answer_of(catalogue, ["ce-s0"]).startswith("Choose two runs")


def test_runs_that_cannot_be_compared_are_told(tiny_runs, tmp_path):
    runs = shutil.copytree(tiny_runs, tmp_path / "runs")
    images = pd.read_csv(runs / "focal-s0" / "images.csv")
    images.assign(name="other_" + images["name"]).to_csv(runs / "focal-s0" / "images.csv", index=False)
    assert "different photos" in answer_of(Catalogue((runs,)), ["ce-s0", "focal-s0"])
    with pytest.raises(gr.Error, match="different photos"):
        compare_api(Catalogue((runs,)), [])


def test_the_api_gives_the_analysis_without_nan(tiny_runs):
    catalogue = Catalogue((tiny_runs,))
    content = compare_api(catalogue, None)
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    analysis = analyse(catalogue.scored())
    assert content["answer"] == answer(analysis)
    assert content["compared_with"] == "ce"
    assert len(content["scores"]) == len(analysis.scores)
    first = content["scores"][0]
    assert first["mean"] == pytest.approx(analysis.scores["mean"][0])
    assert {row["configuration"] for row in compare_api(catalogue, ["focal-s0"])["scores"]} == {"focal"}
    with pytest.raises(gr.Error, match=r"dice-s0: choose from ce-s0, focal-s0"):
        compare_api(catalogue, ["dice-s0"])

"""RESULTS.md is what the shipped CSVs say, and says no more than their intervals."""

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from experiments import report
from experiments.cli.command_line import RESULTS
from experiments.comparison.analysis import Analysis, analyse
from experiments.comparison.verdict import answer, comparable, what_did_not_work, what_it_costs
from experiments.store.runs import find_runs

PROJECT = Path(__file__).parents[2]


def text_files(folder: Path) -> dict[str, str]:
    paths = [folder / "RESULTS.md", folder / "README.md", *(folder / "experiments" / "figures").iterdir()]
    return {path.relative_to(folder).as_posix(): path.read_text() for path in paths}


def test_what_is_shipped_is_what_the_csvs_say(command, tmp_path):
    """Without the weights and the pictures, which the report must not need."""
    left_out = shutil.ignore_patterns("*.safetensors", "predictions")
    results = shutil.copytree(RESULTS, tmp_path / "results", ignore=left_out)
    shutil.copy(PROJECT / "README.md", tmp_path)
    ended = command(report, "--runs", results, "--out", tmp_path)
    assert (ended.status, ended.told) == (0, [])
    written, shipped = text_files(tmp_path), text_files(PROJECT)
    assert written.keys() == shipped.keys()
    for name, text in shipped.items():
        assert written[name] == text, f"{name} is not of these runs: python -m experiments.report"


def test_the_report_shows_every_figure_and_every_run():
    text = (PROJECT / "RESULTS.md").read_text()
    linked = set(re.findall(r"\]\((experiments/figures/[\w-]+\.svg)\)", text))
    assert linked == {path.relative_to(PROJECT).as_posix() for path in (PROJECT / "experiments" / "figures").iterdir()}
    for run in find_runs([RESULTS])[0]:
        assert f"| {run.name} " in text


def test_readme_shows_the_answer():
    readme = (PROJECT / "README.md").read_text()
    for sentence in answer(analyse(find_runs([RESULTS])[0])):
        assert sentence in readme
        assert sentence in (PROJECT / "RESULTS.md").read_text()


def test_what_a_run_s_files_do_not_say_is_a_dash(tmp_path, command):
    results = shutil.copytree(RESULTS, tmp_path / "results", ignore=shutil.ignore_patterns("*.safetensors", "*.png"))
    table = pd.read_csv(results / "ce-s0" / "epochs.csv")
    table.drop(columns=["seconds", "images_per_second"]).to_csv(results / "ce-s0" / "epochs.csv", index=False)
    assert command(report, "--runs", results, "--out", tmp_path).status == 0
    hardware = (tmp_path / "RESULTS.md").read_text().partition("## Hardware and time")[2]
    row = next(line for line in hardware.splitlines() if line.startswith("| ce-s0 "))
    assert [cell.strip() for cell in row.split("|")][4:6] == ["–", "–"]


# ---- what the intervals say, in words


@pytest.fixture
def runs(tiny_runs, tmp_path) -> Callable[..., Path]:
    """`runs(("focal", 0, 3), ...)` is a folder of finished runs of that loss, seed and number of epochs."""

    def make(*chosen: tuple[str, int, int], planned: int | None = None) -> Path:
        folder = tmp_path / "runs"
        for loss, seed, epochs in chosen:
            run = shutil.copytree(tiny_runs / "ce-s0", folder / f"{loss}-s{seed}")
            info = json.loads((run / "run.json").read_text())
            info["options"] |= {"loss": loss, "seed": seed, "epochs": planned or epochs}
            info["options"]["class_weights"] = "median" if loss == "weighted" else "none"
            (run / "run.json").write_text(json.dumps(info))
            table = pd.read_csv(run / "epochs.csv")
            table = pd.concat([table, *[table.tail(1)] * epochs], ignore_index=True).head(epochs + 1)
            table.assign(epoch=range(epochs + 1)).to_csv(run / "epochs.csv", index=False)
        return folder

    return make


def analysis_of(folder: Path, **intervals: tuple[float, float, float]) -> Analysis:
    """The analysis of these runs, with the intervals of every other configuration made up, in points, by score."""
    analysis = analyse(find_runs([folder])[0])
    for score, (value, low, high) in ({"border_f1": (0, -1, 1), "pixel_accuracy": (0, -1, 1)} | intervals).items():
        table = analysis.scores
        chosen = table["score"].eq(score) & table["configuration"].ne(analysis.compared_with)
        points = value / 100, low / 100, high / 100
        table.loc[chosen, ["difference", "difference_low", "difference_high"]] = points
    return analysis


THREE = (("ce", 0, 2), ("weighted", 0, 2), ("focal", 0, 2))


def test_an_interval_that_holds_zero_is_no_difference(runs):
    weights, focal, verdict = answer(analysis_of(runs(*THREE), border_f1=(4, -0.1, 8.1)))
    for sentence in (weights, focal):
        assert "no difference found in border F1 (95 % interval -0.1 to +8.1 points)" in sentence
        assert "border F1 rises" not in sentence
    assert verdict == "So nothing tried here is shown to fix the border, by one seed each (others may change more)."


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
def test_the_verdict_names_the_price(runs, accuracy, said):
    weights, _, verdict = answer(analysis_of(runs(*THREE), border_f1=(4, 3, 5), pixel_accuracy=accuracy))
    assert weights.startswith("With class weights, border F1 rises by 4.0 points (95 % interval 3.0 to 5.0)")
    assert verdict.startswith(said)


def test_a_fall_is_told_with_its_interval_the_smaller_end_first(runs):
    analysis = analysis_of(runs(*THREE), border_f1=(-4, -5, -3))
    assert "border F1 falls by 4.0 points (95 % interval 3.0 to 5.0)" in answer(analysis)[1]
    assert "`focal`: border F1 falls by 4.0 points (95 % interval 3.0 to 5.0)." in what_did_not_work(analysis)


def test_seeds_are_mentioned_where_there_are_none_to_count(runs):
    one = analysis_of(runs(*THREE), border_f1=(4, 3, 5))
    assert "one seed" in answer(one)[2]
    several = analysis_of(runs(("ce", 1, 2)), border_f1=(4, 3, 5))
    assert several.seeds_counted
    assert "one seed" not in answer(several)[2]


def test_runs_of_unequal_training_are_not_compared_in_words(runs):
    analysis = analysis_of(runs(("ce", 0, 2), ("weighted", 0, 1), ("focal", 0, 2), planned=2), border_f1=(4, 3, 5))
    weights, focal, _ = answer(analysis)
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
def test_runs_that_differ_in_more_than_the_loss_have_no_answer_that_says_in_what(runs, changed, said):
    folder = runs(*THREE)
    for name in ("ce-s0", "weighted-s0", "focal-s0"):
        path = folder / name / "run.json"
        info = json.loads(path.read_text())
        info["options"] |= {"precision": "bf16"} | (changed if name == "weighted-s0" else {})
        path.write_text(json.dumps(info))
    weights, focal, verdict = answer(analyse(find_runs([folder])[0]))
    assert weights == (
        f"Of class weights there is no answer yet: it was trained otherwise than unweighted cross-entropy ({said})."
    )
    assert focal.startswith("With focal loss")


def test_unfinished_runs_say_so_in_the_answer(runs):
    sentence = answer(analysis_of(runs(*THREE, planned=9), border_f1=(4, 3, 5)))[0]
    assert sentence.startswith("With class weights, after 2 of 9 epochs, border F1 rises")


def test_a_loss_that_is_not_there_has_no_answer(runs):
    weights, focal, verdict = answer(analysis_of(runs(("ce", 0, 2), ("focal", 0, 2)), border_f1=(-4, -5, -3)))
    assert weights == "Of class weights there is no answer yet: no run of it is here to compare."
    assert "falls" in focal
    assert verdict.startswith("So nothing tried here is shown to fix the border")
    alone = analyse(find_runs([runs(("weighted", 3, 2))])[0])
    assert alone.compared_with is not None


def test_without_cross_entropy_nothing_is_claimed(command, runs, tmp_path):
    folder = runs(("weighted", 0, 2), ("focal", 0, 2))
    assert command(report, "--runs", folder, "--out", tmp_path).status == 0
    text = (tmp_path / "RESULTS.md").read_text()
    assert text.count("there is no answer yet") == 2
    assert "rises" not in text
    assert "\n## Difference from" not in text


def test_a_whole_grid_of_seeds_is_reported(command, runs, tmp_path):
    folder = runs(*((loss, seed, 2) for loss in ("ce", "weighted", "focal") for seed in (0, 1, 2)))
    assert command(report, "--runs", folder, "--out", tmp_path).status == 0
    text = (tmp_path / "RESULTS.md").read_text()
    assert re.search(r"\| ce +\| 0, 1, 2 +\| +2/2 \|", text)
    assert "pooled over the configurations with several" in text
    assert "after 2 of" not in text


# ---- what can go wrong


def test_what_is_missing_is_told_in_one_line(command, runs, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    ended = command(report, "--runs", tmp_path / "empty", "--out", tmp_path)
    assert ended.status == 2
    assert "has no run with an images.csv" in ended.error

    folder = runs(("ce", 0, 2))
    (tmp_path / "README.md").write_text("# no marks\n")
    ended = command(report, "--runs", folder, "--out", tmp_path)
    assert ended.status == 2
    assert "README.md lacks the lines" in ended.error
    assert (tmp_path / "README.md").read_text() == "# no marks\n"

    (folder / "ce-s0" / "bands.csv").write_text("band\n1\n")
    ended = command(report, "--runs", folder, "--out", tmp_path)
    assert ended.status == 2
    assert "bands.csv" in ended.error

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "experiments.reporting.figures", raising=False)
    ended = command(report, "--runs", folder, "--out", tmp_path)
    assert ended.status == 2
    assert "requirements-dev.txt" in ended.error

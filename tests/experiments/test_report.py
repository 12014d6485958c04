"""RESULTS.md is what the shipped CSVs say, and says no more than their intervals."""

import re
import shutil
import sys
from pathlib import Path

import pandas as pd

from experiments import report
from experiments.cli.command_line import RESULTS
from experiments.comparison.analysis import analyse
from experiments.comparison.answer.verdict import verdict
from experiments.store.runs import find_runs

PROJECT = Path(__file__).parents[2]


FIGURES = Path("experiments", "figures")


def test_what_is_shipped_is_what_the_csvs_say(command, tmp_path):
    """Without the weights and the pictures, which the report must not need."""
    left_out = shutil.ignore_patterns("*.safetensors", "predictions")
    results = shutil.copytree(RESULTS, tmp_path / "results", ignore=left_out)
    shutil.copy(PROJECT / "README.md", tmp_path)
    ended = command(report, "--runs", results, "--out", tmp_path)
    assert (ended.status, ended.told) == (0, [])
    for name in ("RESULTS.md", "README.md"):
        written, shipped = (tmp_path / name).read_text(), (PROJECT / name).read_text()
        assert written == shipped, f"{name} is not of these runs: python -m experiments.report"
    # what they show is the business of reporting/test_figures.py
    names = [{path.name for path in (folder / FIGURES).iterdir()} for folder in (tmp_path, PROJECT)]
    assert names[0] == names[1]


def test_the_report_shows_every_figure_and_every_run():
    text = (PROJECT / "RESULTS.md").read_text()
    linked = set(re.findall(r"\]\((experiments/figures/[\w-]+\.svg)\)", text))
    assert linked == {path.relative_to(PROJECT).as_posix() for path in (PROJECT / "experiments" / "figures").iterdir()}
    for run in find_runs([RESULTS])[0]:
        assert f"| {run.name} " in text


def test_readme_shows_the_answer():
    readme, results = ((PROJECT / name).read_text() for name in ("README.md", "RESULTS.md"))
    answer = verdict(analyse(find_runs([RESULTS])[0]))
    for sentence in answer:
        assert sentence in results
    # the answer, the control and the price lead; the rest is a click away
    lead = "\n\n".join([f"**{answer[0]}**", *answer[1:3]])
    assert lead in readme
    assert lead in results


def test_what_a_run_s_files_do_not_say_is_a_dash(tmp_path, command):
    results = shutil.copytree(RESULTS, tmp_path / "results", ignore=shutil.ignore_patterns("*.safetensors", "*.png"))
    table = pd.read_csv(results / "ce-s0" / "epochs.csv")
    table.drop(columns=["seconds", "images_per_second"]).to_csv(results / "ce-s0" / "epochs.csv", index=False)
    assert command(report, "--runs", results, "--out", tmp_path).status == 0
    hardware = (tmp_path / "RESULTS.md").read_text().partition("## Hardware and time")[2]
    row = next(line for line in hardware.splitlines() if line.startswith("| ce-s0 "))
    assert [cell.strip() for cell in row.split("|")][4:6] == ["–", "–"]


def test_without_cross_entropy_nothing_is_claimed(command, finished_runs, tmp_path):
    folder = finished_runs(("weighted", 0, 2), ("focal", 0, 2))
    assert command(report, "--runs", folder, "--out", tmp_path).status == 0
    text = (tmp_path / "RESULTS.md").read_text()
    assert "**No answer: no run of unweighted cross-entropy is here to compare with.**" in text
    assert "rises" not in text
    assert "\n## Difference from" not in text


def test_a_whole_grid_of_seeds_is_reported(command, finished_runs, tmp_path):
    folder = finished_runs(*((loss, seed, 2) for loss in ("ce", "weighted", "focal") for seed in (0, 1, 2)))
    assert command(report, "--runs", folder, "--out", tmp_path).status == 0
    text = (tmp_path / "RESULTS.md").read_text()
    assert re.search(r"\| ce +\| 0, 1, 2 +\| +2/2 \|", text)
    assert "`weighted`, `focal`: the mean over the 3 seeds shared with `ce`; the intervals count how much" in text
    assert "after 2 of" not in text


# ---- what can go wrong


def test_what_is_missing_is_told_in_one_line(command, finished_runs, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    ended = command(report, "--runs", tmp_path / "empty", "--out", tmp_path)
    assert ended.status == 2
    assert "has no run with an images.csv" in ended.error

    folder = finished_runs(("ce", 0, 2))
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

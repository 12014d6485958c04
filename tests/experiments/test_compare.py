"""Runs are compared as their files say, and border recall never stands alone."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from experiments import compare
from experiments.runs import SCORES, find_runs, read_run
from experiments.tables import runs_table

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def runs(tiny_runs, tmp_path) -> Path:
    """A folder of three runs: two finished, and `weighted-s1`, which was stopped in its fifth epoch of nine."""
    folder = tmp_path / "some runs"
    for name in ("ce-s0", "focal-s0", "weighted-s1"):
        (folder / name).mkdir(parents=True)
        source = tiny_runs / name.replace("weighted-s1", "focal-s0")
        for file in ("run.json", "epochs.csv"):
            shutil.copy(source / file, folder / name)
    edit(
        folder / "weighted-s1",
        options={"loss": "weighted", "seed": 1, "epochs": 9},
        status="interrupted",
        validation_sample_photos=1234,
        validation_photos=3669,
    )
    return folder


def edit(folder: Path, **changes) -> None:
    info = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(info | changes))


def parse(text: str) -> list[dict[str, str]]:
    """The rows of the Markdown table in a text, by header."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    header, _, *rows = ([cell.strip() for cell in line[1:-1].split("|")] for line in lines)
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_the_table_says_what_each_run_is_and_how_far_it_got(command, runs):
    ended = command(compare, "--runs", runs)
    assert (ended.status, ended.err) == (0, "")
    rows = parse(ended.out)
    assert [row["run"] for row in rows] == ["ce-s0", "weighted-s1", "focal-s0"]
    assert [row["loss"] for row in rows] == ["ce", "weighted", "focal"]
    assert [row["seed"] for row in rows] == ["0", "1", "0"]
    assert [row["epochs"] for row in rows] == ["2/2", "3/9", "3/3"]
    assert [row["status"] for row in rows] == ["finished", "interrupted", "finished"]
    device = read_run(runs / "ce-s0").info["environment"]["device_name"]
    assert {row["device"] for row in rows} == {device}


def test_scores_are_percentages_of_the_last_epoch(command, runs):
    rows = {row["run"]: row for row in parse(command(compare, "--runs", runs).out)}
    for name, row in rows.items():
        last = pd.read_csv(runs / name / "epochs.csv").iloc[-1]
        shown = [row[header] for header in row if header.endswith("%")]
        scores = ["pixel_accuracy", "border_recall", "border_precision", "border_f1", "border_iou", "boundary_iou"]
        assert shown == ["" if pd.isna(last[score]) else f"{100 * last[score]:.2f}" for score in scores]


def test_border_recall_stands_beside_precision_f1_and_iou(command, runs):
    for chosen in ([], ["ce-s0"]):
        headers = list(parse(command(compare, *chosen, "--runs", runs).out)[0])
        where = headers.index("border recall %")
        assert headers[where + 1 : where + 4] == ["border precision %", "border F1 %", "border IoU %"]


def test_scores_of_a_sample_are_told(command, runs):
    assert "weighted-s1: unfinished, scores of a sample of 1,234 of the 3,669" in command(compare, "--runs", runs).out
    assert "sample" not in command(compare, "ce-s0", "focal-s0", "--runs", runs).out


def test_runs_are_chosen_by_name_or_folder_in_the_order_given(command, runs):
    ended = command(compare, "focal-s0", runs / "ce-s0", "focal-s0", runs / "focal-s0", "--runs", runs)
    assert [row["run"] for row in parse(ended.out)] == ["focal-s0", "ce-s0"]


def test_a_run_in_no_folder_of_runs_is_compared_by_its_path(command, runs, tmp_path):
    edit(shutil.copytree(runs / "ce-s0", tmp_path / "elsewhere" / "ce-s0"), status="failed")
    ended = command(compare, "ce-s0", tmp_path / "elsewhere" / "ce-s0", "--runs", runs)
    rows = parse(ended.out)
    assert [row["status"] for row in rows] == ["finished", "failed"]
    assert [row["run"] for row in rows] == ["ce-s0", str(tmp_path / "elsewhere" / "ce-s0")]


def test_an_unknown_run_is_told_with_those_there_are(command, runs):
    ended = command(compare, "ce-s0", "dice-s0", "--runs", runs)
    assert (ended.status, ended.out) == (2, "")
    assert ended.error == "error: dice-s0 is neither a run nor a run's folder: there are ce-s0, weighted-s1, focal-s0"


def test_broken_runs_are_told_and_the_others_compared(command, runs):
    (runs / "ce-s0" / "run.json").write_text("{")
    (runs / "focal-s0" / "epochs.csv").write_text("a,b\n1,2\n")
    ended = command(compare, "--runs", runs)
    assert ended.status == 0
    assert [row["run"] for row in parse(ended.out)] == ["weighted-s1"]
    told = ended.err.splitlines()
    assert len(told) == 2
    assert str(runs / "ce-s0" / "run.json") in told[0]
    assert str(runs / "focal-s0" / "epochs.csv") in told[1]

    chosen = command(compare, "weighted-s1", "ce-s0", "--runs", runs)
    assert chosen.status == 2
    assert str(runs / "ce-s0" / "run.json") in chosen.error


def test_where_there_are_no_runs_it_says_how_to_make_one(command, tmp_path):
    ended = command(compare, "--runs", tmp_path)
    assert (ended.status, ended.out) == (2, "")
    assert str(tmp_path) in ended.error
    assert "python -m experiments.run --loss ce" in ended.error


@pytest.mark.parametrize("options", [["--runs", "nowhere"], ["--csv", "nowhere/table.csv"]])
def test_a_path_that_is_not_there_is_told(command, runs, options):
    ended = command(compare, "--runs", runs, *options)
    assert (ended.status, ended.out) == (2, "")
    assert options[1] in ended.error


def test_the_csv_holds_every_score_as_a_fraction(command, runs, tmp_path):
    assert command(compare, "--runs", runs, "--csv", tmp_path / "table.csv").status == 0
    table = pd.read_csv(tmp_path / "table.csv", index_col="name")
    assert table.columns.tolist() == [
        *("loss", "seed", "epochs", "epochs_planned", "status", "device", "photos_scored"),
        *SCORES,
    ]
    assert table["photos_scored"].to_dict() == {"ce-s0": 8, "weighted-s1": 1234, "focal-s0": 8}
    for name, row in table.iterrows():
        last = pd.read_csv(runs / name / "epochs.csv").iloc[-1]
        assert row[list(SCORES)].astype(float).to_dict() == pytest.approx(last[list(SCORES)].to_dict(), nan_ok=True)


def test_the_table_of_no_runs_has_the_same_columns(runs):
    assert runs_table([]).columns.tolist() == runs_table(find_runs([runs])[0]).columns.tolist()


def test_a_run_without_scores_is_a_row_of_gaps(command, runs):
    (runs / "ce-s0" / "epochs.csv").unlink()
    table = runs_table([read_run(runs / "ce-s0")])
    assert table[["photos_scored", *SCORES]].isna().all(axis=None)
    row = parse(command(compare, "ce-s0", "--runs", runs).out)[0]
    assert row["epochs"] == "0/2"
    assert row["border recall %"] == ""


def test_it_runs_as_a_command(runs):
    command = [sys.executable, "-m", "experiments.compare", "--runs", runs]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(parse(ended.stdout)) == 3

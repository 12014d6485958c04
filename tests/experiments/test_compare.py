"""Runs are compared as their files say, and border recall never stands alone."""

import io
import itertools
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import compare
from experiments.comparison.analysis import Analysis, analyse
from experiments.comparison.answer.verdict import verdict
from experiments.comparison.footing import shared_footing
from experiments.comparison.photos import HOW_SUSPECTED, disagreements, hardest, suspects
from experiments.reporting.measured import measured_sentence
from experiments.reporting.tables import runs_table
from experiments.store.epochs import EPOCH_COLUMNS
from experiments.store.runs import find_runs, read_run

PROJECT = Path(__file__).parents[2]
SCORES = EPOCH_COLUMNS[EPOCH_COLUMNS.index("val_loss") :]


@pytest.fixture
def runs(tiny_runs, tmp_path) -> Path:
    """A folder of three runs without details: two finished, and `weighted-s1`, stopped in its fourth epoch of nine."""
    folder = tmp_path / "some runs"
    for name in ("ce-s0", "focal-s0", "weighted-s1"):
        (folder / name).mkdir(parents=True)
        source = tiny_runs / name.replace("weighted-s1", "focal-s0")
        for file in ("run.json", "epochs.csv"):
            shutil.copy(source / file, folder / name)
    edit(
        folder / "weighted-s1",
        options={"loss": "weighted", "seed": 1, "epochs": 9, "size": 32},
        status="interrupted",
    )
    return folder


ALL = ("ce-s0", "weighted-s1", "focal-s0")


def edit(folder: Path, **changes) -> None:
    info = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(info | changes))


def tables(text: str) -> dict[str, list[dict[str, str]]]:
    """The rows of each table in a text, by header and by the title above it."""
    lines = text.splitlines()
    found = {}
    for index, line in enumerate(lines):
        if line and set(line) <= {"-", " "}:
            title, gap, header = lines[index - 3 : index]
            assert gap == ""
            rows = list(itertools.takewhile(bool, lines[index + 1 :]))
            spans = [match.span() for match in re.finditer("-+", line)]
            cells = [[row[start:end].strip() for start, end in spans] for row in (header, *rows)]
            found[title] = [dict(zip(cells[0], row, strict=True)) for row in cells[1:]]
    return found


def markdown_tables(text: str) -> dict[str, list[dict[str, str]]]:
    """The same of a text in Markdown."""
    found = {}
    for part in text.split("## ")[1:]:
        title, *lines = part.splitlines()
        lines = [line for line in lines if line.startswith("|")]
        header, _, *rows = ([cell.strip() for cell in line[1:-1].split("|")] for line in lines)
        found[title] = [dict(zip(header, row, strict=True)) for row in rows]
    return found


def parse(text: str) -> list[dict[str, str]]:
    """The rows of the table of runs."""
    return tables(text)["Runs"]


def test_the_table_says_what_each_run_is_and_how_far_it_got(command, runs):
    ended = command(compare, *ALL, "--runs", runs)
    assert (ended.status, ended.told) == (0, [])
    rows = parse(ended.out)
    assert [row["run"] for row in rows] == ["ce-s0", "weighted-s1", "focal-s0"]
    assert [row["loss"] for row in rows] == ["ce", "weighted", "focal"]
    assert [row["seed"] for row in rows] == ["0", "1", "0"]
    assert [row["epochs"] for row in rows] == ["2/2", "3/9", "3/3"]
    assert [row["status"] for row in rows] == ["finished", "interrupted", "finished"]
    device = read_run(runs / "ce-s0").device_name
    assert {row["device"] for row in rows} == {device}


def test_scores_are_percentages_of_the_last_epoch_that_all_have(command, runs):
    rows = {row["run"]: row for row in parse(command(compare, *ALL, "--runs", runs).out)}
    assert rows.keys() == set(ALL)
    for name, row in rows.items():
        last = pd.read_csv(runs / name / "epochs.csv", index_col="epoch").loc[2]
        shown = [row[header] for header in row if header.endswith("%")]
        scores = ["pixel_accuracy", "border_recall", "border_precision", "border_f1", "border_iou", "boundary_iou"]
        assert shown == ["–" if pd.isna(last[score]) else f"{100 * last[score]:.2f}" for score in scores]


def test_border_recall_stands_beside_precision_f1_and_iou(command, runs):
    for chosen in ([], ["ce-s0"]):
        headers = list(parse(command(compare, *chosen, "--runs", runs).out)[0])
        where = headers.index("border recall %")
        assert headers[where + 1 : where + 4] == ["border precision %", "border F1 %", "border IoU %"]


def test_scores_of_a_sample_are_told(command, runs):
    edit(runs / "weighted-s1", validation_sample_photos=1234, validation_photos=3669)
    edit(runs / "focal-s0", validation_sample_photos=1234, validation_photos=3669)
    out = command(compare, "weighted-s1", "focal-s0", "--runs", runs).out
    assert "Compared after epoch 2, the deepest that all share: scores of a sample of 1,234 photos at 32 x 32" in out
    assert "sample" not in command(compare, "ce-s0", "--runs", runs).out


def test_runs_that_share_no_footing_are_told_apart(command, runs):
    edit(runs / "weighted-s1", validation_sample_photos=1234, validation_photos=3669)
    ended = command(compare, "ce-s0", "weighted-s1", "--runs", runs)
    assert (ended.status, ended.out) == (2, "")
    assert "ce-s0 and weighted-s1" in ended.error or "weighted-s1 and ce-s0" in ended.error
    assert "were scored on other photos (" in ended.error


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
    told = ended.told
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


@pytest.mark.parametrize(
    "options",
    [["--runs", "nowhere"], *([f"--{kind}", "nowhere/table"] for kind in compare.FORMATS), ["--csv", "."]],
    ids=" ".join,
)
def test_a_path_that_is_not_there_is_told(command, runs, options):
    ended = command(compare, "--runs", runs, *options)
    assert (ended.status, ended.out) == (2, "")
    assert options[1] in ended.error


def test_a_file_that_would_have_a_runs_name_is_a_run_in_the_wrong_place(command, runs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = command(compare, "--runs", runs, "--csv", "ce-s0")
    assert (ended.status, ended.out) == (2, "")
    assert ended.error.endswith("name the runs before --csv")
    assert not Path("ce-s0").exists()


def test_json_holds_every_score_of_a_run_as_a_fraction(command, runs):
    found = json.loads(command(compare, *ALL, "--runs", runs, "--json").out)
    assert found["analysis"]["footing"]["detailed"] is False
    assert found["analysis"]["operating"] == {}
    assert [run["name"] for run in found["runs"]] == ["ce-s0", "weighted-s1", "focal-s0"]
    for run in found["runs"]:
        last = pd.read_csv(runs / run["name"] / "epochs.csv", index_col="epoch").loc[2]
        for score in SCORES:
            assert run[score] == (None if pd.isna(last[score]) else pytest.approx(last[score]))
    assert {(run["epoch_scored"], run["photos_scored"]) for run in found["runs"]} == {(2, 8)}


def test_the_table_of_no_runs_has_the_same_columns(runs):
    found = find_runs([runs])[0]
    assert runs_table([], None).columns.tolist() == runs_table(found, shared_footing(found)).columns.tolist()


def test_a_run_without_scores_is_a_row_of_gaps(command, runs):
    (runs / "ce-s0" / "epochs.csv").unlink()
    table = runs_table([read_run(runs / "ce-s0")], None)
    assert table[["photos_scored", *SCORES]].isna().all(axis=None)
    row = parse(command(compare, "ce-s0", "--runs", runs).out)[0]
    assert row["epochs"] == "0/2"
    assert row["border recall %"] == "–"


def test_runs_without_details_are_named_with_what_would_give_them(command, runs):
    ended = command(compare, "focal-s0", "--runs", runs)
    assert list(tables(ended.out)) == ["Runs", "Scores"]
    *_, note = ended.out.strip().splitlines()
    assert note.startswith("Without images.csv, so without intervals: focal-s0.")
    assert "python -m experiments.evaluate FOLDER --details" in note
    table = pd.read_csv(io.StringIO(command(compare, "focal-s0", "--runs", runs, "--csv").out))
    assert table.columns.tolist() == list(Analysis.COLUMNS)
    assert table["low"].isna().all()


def test_it_runs_as_a_command(runs):
    command = [sys.executable, "-m", "experiments.compare", *ALL, "--runs", runs]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(parse(ended.stdout)) == 3


# ---- configurations, from the details


@pytest.fixture
def detailed(write_run, draw_confusions, tmp_path) -> Path:
    """A folder of five finished runs on 20 photos: two seeds of ce and of focal, one of weighted."""
    confusions = draw_confusions(5, 20)
    which = (("ce", 0), ("ce", 1), ("weighted", 0), ("focal", 0), ("focal", 1))
    for (loss, seed), counts, entropy in zip(which, confusions, np.linspace(0.1, 2, 100).reshape(5, 20), strict=True):
        write_run(f"{loss}-s{seed}", counts, loss=loss, seed=seed, cross_entropy=entropy)
    return tmp_path / "runs"


MOVED = ["At every threshold", "Controls", "Which threshold each loss acts like"]
NEAR = ["Tolerances and outlines", "Accuracy near the border's edges", "By side of the edge"]
TITLES = ["Runs", *MOVED, "Difference from ce", "Scores", *NEAR, "Calibration"]
HEADERS = {
    "pixel_accuracy": "pixel accuracy",
    "border_recall": "border recall",
    "border_precision": "border precision",
    "border_f1": "border F1",
    "border_iou": "border IoU",
}


def test_the_answer_comes_first_then_the_runs_and_what_it_rests_on(command, detailed):
    ended = command(compare, "--runs", detailed)
    assert (ended.status, ended.told) == (0, [])
    assert list(tables(ended.out)) == TITLES
    answer = verdict(analyse(find_runs([detailed])[0]))
    assert ended.out.startswith("\n\n".join(answer))


def test_differences_are_points_with_their_intervals(command, detailed):
    rows = tables(command(compare, "--runs", detailed).out)["Difference from ce"]
    assert [row["configuration"] for row in rows] == ["weighted", "focal"]
    analysis = analyse(find_runs([detailed])[0])
    for row in rows:
        for score, header in HEADERS.items():
            expected = analysis.score(row["configuration"], score)
            value, low, high = map(
                float, re.fullmatch(r"([+-][\d.]+) \[([+-][\d.]+), ([+-][\d.]+)\]", row[header]).groups()
            )
            interval = (expected["difference"], expected["difference_low"], expected["difference_high"])
            assert (value, low, high) == pytest.approx([100 * number for number in interval], abs=0.0051)


def test_scores_are_means_and_deviations_over_seeds(command, detailed):
    rows = {row["configuration"]: row for row in tables(command(compare, "--runs", detailed).out)["Scores"]}
    assert {name: row["seeds"] for name, row in rows.items()} == {"ce": "0, 1", "weighted": "0", "focal": "0, 1"}
    assert rows["ce"]["epochs"] == "2/2"
    analysis = analyse(find_runs([detailed])[0])
    for score, header in HEADERS.items():
        focal, alone = analysis.score("focal", score), analysis.score("weighted", score)
        assert rows["focal"][header] == f"{100 * focal['mean']:.2f} ± {100 * focal['std']:.2f}"
        assert rows["weighted"][header] == f"{100 * alone['mean']:.2f}"


def test_the_notes_say_what_the_intervals_know(command, detailed):
    several = command(compare, "--runs", detailed).out
    assert "a paired bootstrap over 20 photos, 10,000 resamples." in several
    assert "`weighted`: one seed shared with `ce`: the intervals say what other photos would change, not" in several
    assert "`focal`: the mean over the 2 seeds shared with `ce`; the intervals count how much seeds differ." in several
    assert "In per cent, over 20 photos; mean ± standard deviation over seeds." in several

    single = command(compare, "ce-s0", "weighted-s0", "focal-s1", "--runs", detailed).out
    assert "Every configuration has one seed: the intervals say what other photos would change" in single
    assert "In per cent, over 20 photos." in single
    assert "±" not in single


def test_runs_of_unequal_training_are_compared_where_both_have_been(command, tiny_runs):
    out = command(compare, "ce-s0", "focal-s0", "--runs", tiny_runs).out
    assert (
        "Compared after epoch 2, the deepest that all share: scores of 8 photos at 32 x 32, without intervals." in out
    )
    assert list(tables(out)) == ["Runs", "Difference from ce", "Scores"]
    # without names, those on another footing are set apart
    assert "on another footing" in command(compare, "--runs", tiny_runs).out


def test_without_cross_entropy_there_are_no_differences(command, detailed):
    ended = command(compare, "focal-s0", "weighted-s0", "--runs", detailed)
    assert list(tables(ended.out)) == ["Runs", "At every threshold", "Scores", *NEAR, "Calibration"]


def test_a_run_that_paints_next_to_no_border_has_all_its_intervals(command, write_run, draw_confusions, tmp_path):
    """One photo of two has all the predicted border: a quarter of the resamples have no precision."""
    confusions = draw_confusions(2, 2)
    confusions[1, 0, :, 1] += confusions[1, 0, :, 2]
    confusions[1, 0, :, 2] = 0
    for loss, counts in zip(("ce", "focal"), confusions, strict=True):
        write_run(f"{loss}-s0", counts, loss=loss)
    (row,) = tables(command(compare, "--runs", tmp_path / "runs").out)["Difference from ce"]
    for score in ("border precision", "border recall"):
        assert re.fullmatch(r"[+-][\d.]+ \[[+-][\d.]+, [+-][\d.]+\]", row[score])


def test_finished_and_bare_runs_are_compared_as_far_as_each_goes(command, detailed):
    (detailed / "focal-s1" / "images.csv").unlink()
    ended = command(compare, "--runs", detailed)
    found = tables(ended.out)
    assert [row["run"] for row in found["Runs"]] == ["ce-s0", "ce-s1", "weighted-s0", "focal-s0", "focal-s1"]
    assert [row["seeds"] for row in found["Scores"]] == ["0, 1", "0", "0"]
    assert "Without images.csv, so without intervals: focal-s1." in ended.out


def test_runs_scored_on_a_holdout_are_compared_only_where_asked_for(command, detailed, write_run, draw_confusions):
    held = write_run("ce-holdout-s0", draw_confusions(1, 9, seed=4)[0], photos="abcdefghi", holdout=True)
    note = "Scored on photos held out of the training split, not on the test split."
    (apart,) = [line for line in command(compare, "--runs", detailed).out.splitlines() if "another footing" in line]
    assert held.name in apart
    asked = command(compare, held.name, "--runs", detailed)
    assert [row["run"] for row in parse(asked.out)] == [held.name]
    assert note in asked.out.splitlines()
    for name in ("ce-s0", "ce-s1", "weighted-s0", "focal-s0", "focal-s1"):
        shutil.rmtree(detailed / name)
    assert note in command(compare, "--runs", detailed).out.splitlines()  # there is nothing else


def test_damaged_details_are_left_out_and_end_in_one_line_where_they_were_asked_for(command, detailed):
    for name, text, said in (
        ("bands.csv", "edge,side,from,to,pixels,correct,accuracy\npet,inside,0,1,10,5,0.5\n", "is not whole"),
        ("images.csv", "name\n", "has no column pet_as_pet"),
    ):
        (detailed / "focal-s0" / name).write_text(text)
        told = f"{detailed.resolve() / 'focal-s0' / name} {said}"
        ended = command(compare, "focal-s0", "--runs", detailed)
        assert (ended.status, ended.out) == (2, "")
        assert told in ended.error
        assert "--details" in ended.error
        others = command(compare, "--runs", detailed)
        assert others.status == 0
        assert "focal-s1" in others.out
        assert any(line.startswith(f"left out: {told}") for line in others.told)


def test_runs_on_different_photos_end_in_one_line(command, detailed, write_run, draw_confusions):
    write_run("focal-s7", draw_confusions(1, 20, seed=9)[0], loss="focal", seed=7)
    for options in ([], ["--suspects"]):
        ended = command(compare, *options, "--runs", detailed)
        assert (ended.status, ended.out) == (2, "")
        assert ended.error == "error: focal-s7 and ce-s0 were scored on different trimaps: compare them apart"


# ---- for programs and for Markdown


def test_markdown_has_the_tables_of_the_text(command, detailed):
    text, markdown = (command(compare, "--runs", detailed, *options).out for options in ([], ["--markdown"]))
    assert markdown_tables(markdown) == tables(text)
    assert "\n\n## Runs\n\n| run " in markdown


def test_csv_has_a_row_a_configuration_and_score(command, detailed):
    ended = command(compare, "--runs", detailed, "--csv")
    table = pd.read_csv(io.StringIO(ended.out))
    expected = analyse(find_runs([detailed])[0]).scores
    pd.testing.assert_frame_equal(table, expected, check_dtype=False)
    assert table.columns.tolist() == list(Analysis.COLUMNS)


def test_json_has_all_of_it(command, detailed):
    found = json.loads(
        command(compare, "--runs", detailed, "--json").out,
        parse_constant=lambda name: pytest.fail(f"{name} is no JSON"),
    )
    analysis = analyse(find_runs([detailed])[0])
    assert len(found["runs"]) == 5
    assert found["analysis"]["compared_with"] == "ce"
    assert (found["analysis"]["photos"], found["analysis"]["resamples"]) == (20, 10_000)
    assert found["analysis"]["seeds_counted"] is False  # `weighted` has one
    rests = {
        row["configuration"]: (row["seeds_in_interval"], row["difference_seeds"])
        for row in found["analysis"]["scores"]
        if row["score"] == "border_f1"
    }
    assert rests == {"ce": (2, 2), "weighted": (1, 1), "focal": (2, 2)}
    for name in ("scores", "reliability"):
        table = getattr(analysis, name)
        read = pd.DataFrame(found["analysis"][name], columns=table.columns)
        pd.testing.assert_frame_equal(read.astype(table.dtypes), table, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("kind", compare.FORMATS)
@pytest.mark.parametrize("what", [[], ["--suspects"]], ids=["comparison", "ranking"])
def test_a_file_holds_what_the_terminal_would_show(command, detailed, tmp_path, kind, what):
    shown = command(compare, "--runs", detailed, *what, f"--{kind}").out
    ended = command(compare, "--runs", detailed, *what, f"--{kind}", tmp_path / "written")
    assert (tmp_path / "written").read_text() == shown
    assert ended.out == command(compare, "--runs", detailed, *what).out


@pytest.mark.parametrize(
    "options",
    [
        ["--suspects", "--hardest", "3"],
        ["--hardest", "3", "--disagree", "ce", "focal"],
        ["--csv", "--json"],
        ["--markdown", "x", "--csv"],
        ["--hardest", "0"],
        ["--top", "none", "--suspects"],
        ["--hardest", "3", "--by", "beauty"],
        ["--disagree", "ce"],
    ],
    ids=" ".join,
)
def test_options_that_do_not_go_together_end_in_one_line(command, detailed, options):
    ended = command(compare, "--runs", detailed, *options)
    assert (ended.status, ended.out) == (2, "")
    assert ended.error.startswith("python -m experiments.compare: argument ")


# ---- rankings of photos


def ranking(text: str) -> tuple[str, list[dict[str, str]]]:
    """The title of the only table, and its rows, whose ranks count from 1."""
    ((title, rows),) = tables(text).items()
    assert [row["rank"] for row in rows] == [str(rank) for rank in range(1, len(rows) + 1)]
    return title, rows


def test_hardest_shows_so_many_photos_with_each_runs_score(command, detailed):
    runs = find_runs([detailed])[0]
    title, rows = ranking(command(compare, "--runs", detailed, "--hardest", 4).out)
    assert title == "Hardest photos by border F1"
    ranked, _ = hardest(runs, "border_f1")
    expected = ranked.head(4)
    assert [row["photo"] for row in rows] == expected.index.tolist()
    for row, (_, values) in zip(rows, expected.iterrows(), strict=True):
        assert row["breed"] == "Bengal"
        for name in ("mean", *(run.name for run in runs)):
            assert row[name] == f"{values[name]:.3f}"


def test_another_score_ranks_otherwise(command, detailed):
    title, rows = ranking(command(compare, "--runs", detailed, "--hardest", 30, "--by", "cross_entropy").out)
    assert title == "Hardest photos by cross-entropy"
    assert [row["photo"] for row in rows] == [f"Bengal_{number}" for number in reversed(range(20))]


def test_disagree_takes_configurations_and_runs(command, detailed):
    runs = {run.name: run for run in find_runs([detailed])[0]}
    for names, sides in (
        (("ce", "focal"), (["ce-s0", "ce-s1"], ["focal-s0", "focal-s1"])),
        (("ce-s1", "focal"), (["ce-s1"], ["focal-s0", "focal-s1"])),
        (("weighted-s0", str(detailed / "ce-s0")), (["weighted-s0"], ["ce-s0"])),
    ):
        ended = command(compare, "--runs", detailed, "--disagree", *names, "--top", 3, "--by", "border_recall", "--csv")
        expected = disagreements(*([runs[name] for name in side] for side in sides), "border_recall").head(3)
        table = pd.read_csv(io.StringIO(ended.out), index_col="photo")
        assert table.columns.tolist() == ["breed", *names, "difference"]
        assert table.index.tolist() == expected.index.tolist()
        assert table["difference"].tolist() == pytest.approx(expected["difference"].tolist())


def test_disagree_of_a_configuration_takes_the_runs_that_the_tables_take(command, detailed):
    (detailed / "focal-s1" / "images.csv").unlink()
    of_all = command(compare, "--runs", detailed, "--disagree", "ce", "focal", "--json").out
    of_one = command(compare, "--runs", detailed, "--disagree", "ce", "focal-s0", "--json").out
    assert json.loads(of_all) == json.loads(of_one.replace("focal-s0", "focal"))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("ce", "dice"), "dice is neither a run nor a run's folder: there are ce-s0, ce-s1, weighted-s0, "),
        (("ce-s0", "ce-s0"), "names the same runs twice"),
        (("weighted", "weighted-s0"), "names the same runs twice"),
    ],
)
def test_sides_that_cannot_disagree_are_told(command, detailed, names, said):
    ended = command(compare, "--runs", detailed, "--disagree", *names)
    assert (ended.status, ended.out) == (2, "")
    assert said in ended.error


def test_the_same_folder_given_in_two_ways_does_not_disagree(command, detailed, tmp_path):
    elsewhere = shutil.copytree(detailed / "ce-s0", tmp_path / "elsewhere" / "other")
    ended = command(compare, "--runs", detailed, "--disagree", elsewhere, elsewhere / ".." / "other")
    assert ended.status == 2
    assert "names the same runs twice" in ended.error


def test_hardest_says_which_broken_trimaps_it_left_out(command, detailed):
    assert "left out" not in command(compare, "--runs", detailed, "--hardest", 3).out
    for path in detailed.glob("*/images.csv"):
        images = pd.read_csv(path, index_col="name")
        images.loc["Bengal_4", images.columns[images.columns.str.startswith("pet_as_")]] = 0
        images.to_csv(path)
    ended = command(compare, "--runs", detailed, "--hardest", 30)
    assert "1 photo is left out because the trimap is broken" in ended.out
    assert ": Bengal_4. `--suspects` ranks it." in ended.out
    assert "Bengal_4" not in [row["photo"] for row in ranking(ended.out)[1]]


def test_suspects_say_how_they_are_ranked_and_how_well_that_works(command, detailed):
    lines = command(compare, "--runs", detailed, "--suspects", "--top", 2).out.splitlines()
    assert HOW_SUSPECTED in lines
    assert measured_sentence("planted-labels") in lines


def test_suspects_come_with_their_reasons(command, detailed):
    title, rows = ranking(command(compare, "--runs", detailed, "--suspects", "--top", 6).out)
    assert title == "Photos whose trimap is probably wrong"
    expected = suspects(find_runs([detailed])[0]).head(6)
    assert [row["photo"] for row in rows] == expected.index.tolist()
    assert [row["reason"] for row in rows] == expected["reason"].tolist()
    found = json.loads(command(compare, "--runs", detailed, "--suspects", "--json").out)
    assert len(found) == 20
    assert found[0] == {
        "photo": expected.index[0],
        "breed": "Bengal",
        "score": pytest.approx(expected["score"].iloc[0]),
        "reason": expected["reason"].iloc[0],
    }


@pytest.mark.parametrize("options", [["--suspects"], ["--hardest", "3"]], ids=" ".join)
def test_photos_of_runs_without_details_cannot_be_ranked(command, runs, options):
    ended = command(compare, "--runs", runs, *options)
    assert (ended.status, ended.out) == (2, "")
    assert ended.error.startswith("error: none of the runs has an images.csv. Finish such a run, or score it")


def test_runs_without_details_are_left_out_of_a_ranking(command, detailed):
    (detailed / "focal-s1" / "images.csv").unlink()
    _, rows = ranking(command(compare, "--runs", detailed, "--hardest", 1).out)
    assert "focal-s0" in rows[0]
    assert "focal-s1" not in rows[0]
    one = command(compare, "--runs", detailed, "--disagree", "ce-s0", "focal-s1")
    assert (one.status, one.out) == (2, "")
    assert "focal-s1 has no images.csv" in one.error


def test_runs_on_the_hub_are_compared_as_those_here(command, tiny_runs, hub):
    here = command(compare, "--runs", tiny_runs, "--json")
    assert json.loads(command(compare, "--runs", "hf://somebody/runs", "--json").out) == json.loads(here.out)
    mixed = command(compare, "hf://somebody/focal", "ce-s0", "--runs", tiny_runs, "--json")
    assert [run["name"] for run in json.loads(mixed.out)["runs"]] == ["focal", "ce-s0"]


@pytest.mark.parametrize("options", [["--runs", "hf://somebody/none"], ["hf://somebody/none"]])
def test_a_repository_that_is_not_there_is_told_in_one_line(command, hub, options):
    ended = command(compare, *options)
    assert ended.status == 2
    assert "hf://somebody/none is not there, or is private" in ended.error

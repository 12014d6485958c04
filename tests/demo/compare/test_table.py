"""The table holds the last scores, and marks what differs and what is best."""

import shutil
from dataclasses import replace

import gradio as gr
import pandas as pd
import pytest

from demo.compare.table import HIGHLIGHT, column_types, styled_table, table, table_label, table_note, written_table
from experiments.comparison.footing import footing_or_none
from experiments.scores import SCORES, Place
from experiments.store.runs import read_run

SCORE_COLUMNS = {
    "Pixel accuracy": "pixel_accuracy",
    "Border recall": "border_recall",
    "Border precision": "border_precision",
    "Border F1": "border_f1",
    "Border IoU": "border_iou",
    "Boundary IoU, pet": "boundary_iou",
}


def test_table_holds_the_last_epoch_in_per_cent_with_two_decimals(runs):
    """Counted from the photos, as the answer is: the row of the last epoch is of the same."""
    rows = table(runs, footing_or_none(runs)).set_index("Run")
    shown = gr.Dataframe().postprocess(styled_table(runs, footing_or_none(runs)))
    called = {"ce-s0": "Cross-entropy, seed 0", "focal-s0": "Focal loss, seed 0"}
    for index, run in enumerate(runs):
        epochs = pd.read_csv(run.folder / "epochs.csv")
        last = epochs.iloc[-1]
        assert rows.loc[called[run.name], "Epochs"] == f"{len(epochs) - 1} of {len(epochs) - 1}"
        cells = dict(zip(shown.headers, shown.metadata["display_value"][index], strict=True))
        assert (cells["Run"], cells["Loss"], cells["Seed"]) == (called[run.name], called[run.name][:-8].lower(), "0")
        for column, score in SCORE_COLUMNS.items():
            assert rows.loc[called[run.name], column] == pytest.approx(100 * last[score], abs=1e-4)
            assert cells[column] == f"{100 * last[score]:.2f}"
        assert last[list(SCORE_COLUMNS.values())].nunique() == len(SCORE_COLUMNS)


def test_runs_that_ended_after_unlike_epochs_are_scored_after_the_last_that_both_have(tiny_runs):
    runs = [read_run(tiny_runs / name) for name in ("ce-s0", "focal-s0")]
    footing = footing_or_none(runs)
    shown = table(runs, footing)
    assert shown["Epochs"].tolist() == ["2 of 2", "3 of 3"]
    for column, score in SCORE_COLUMNS.items():
        second = [pd.read_csv(run.folder / "epochs.csv").set_index("epoch").loc[2, score] for run in runs]
        assert shown[column].tolist() == pytest.approx([100 * value for value in second], nan_ok=True)
    assert table_label(footing) == "Scores after epoch 2, 8 photos, per cent"


def test_a_table_of_runs_that_share_no_footing_has_no_scores(runs):
    assert table(runs, None)[list(SCORE_COLUMNS)].isna().all(axis=None)
    assert "without scores" in table_label(None)
    assert "best" not in table_note(runs, None)
    shown = gr.Dataframe().postprocess(styled_table(runs, None))
    assert not any("bold" in style for row in shown.metadata["styling"] for style in row)


def highlighted(runs: list) -> set[str]:
    """The columns whose cells are all coloured."""
    shown = gr.Dataframe().postprocess(styled_table(runs, footing_or_none(runs)))
    coloured = [[HIGHLIGHT in style for style in row] for row in shown.metadata["styling"]]
    assert all(row == coloured[0] for row in coloured)
    return {header for header, marked in zip(shown.headers, coloured[0], strict=True) if marked}


def test_options_in_which_the_runs_differ_are_coloured_columns(runs, own_runs, change_options):
    assert highlighted(runs) == {"Loss"}
    assert highlighted(runs[:1]) == set()
    second = shutil.copytree(own_runs / "ce-s0", own_runs / "ce-s1")
    change_options(second, seed=1, class_weights="inverse", crop=0.5)
    pair = [runs[0], read_run(second)]
    assert highlighted(pair) == {"Seed", "Crop", "Class weights"}
    assert table(pair, None)["Crop"].tolist() == ["1.0", "0.5"]
    assert table(pair, None)["Class weights"].tolist() == ["none", "inverse"]
    assert "options in which these runs differ" in table_note(pair, None)
    assert "the same options" in table_note([runs[0], runs[0]], None)
    assert table_note(runs[:1], None) == ""


def test_the_best_of_a_score_is_bold_the_lowest_of_a_loss(own_runs, monkeypatch):
    for name in ("ce-s0", "focal-s0"):  # so that the rows alone say how good a run is
        (own_runs / name / "images.csv").unlink()
    runs = [read_run(own_runs / name) for name in ("ce-s0", "focal-s0")]
    loss = replace(SCORES["val_loss"], places=SCORES["val_loss"].places | {Place.TABLES})
    monkeypatch.setattr("experiments.scores.SCORES", {**SCORES, "val_loss": loss})
    for run, (accuracy, val_loss) in zip(runs, ((0.9, 0.3), (0.8, 0.2)), strict=True):
        run.epochs.loc[run.epochs["epoch"] == 2, ["pixel_accuracy", "val_loss"]] = accuracy, val_loss
    shown = gr.Dataframe().postprocess(styled_table(runs, footing_or_none(runs)))
    bold = {
        shown.headers[column]: row
        for row, styles in enumerate(shown.metadata["styling"])
        for column, style in enumerate(styles)
        if "bold" in style and shown.headers[column] in ("Pixel accuracy", "Validation loss")
    }
    assert bold == {"Pixel accuracy": 0, "Validation loss": 1}
    assert shown.metadata["display_value"][1][shown.headers.index("Validation loss")] == "0.2000"


def test_where_there_is_no_value_cells_are_empty_wherever_the_table_goes(own_runs, change_options):
    change_options(own_runs / "ce-s0", note=None)
    change_options(own_runs / "focal-s0", note="50 % & more | #1")
    runs = [read_run(own_runs / name) for name in ("ce-s0", "focal-s0")]
    shown = gr.Dataframe().postprocess(styled_table(runs, None))
    written = written_table(table(runs, None))
    head, *rows = written["rows"]
    assert head == shown.headers
    assert rows == shown.metadata["display_value"]
    scores = [head.index(column) for column in SCORE_COLUMNS]
    assert {row[place] for row in rows for place in scores} == {""}
    assert [row[head.index("Note")] for row in rows] == ["", "50 % & more | #1"]
    for text, mark in ((written["markdown"], "|"), (written["latex"], "&")):
        line = next(line for line in text.splitlines() if "Cross-entropy" in line)
        cells = [cell.strip(" \\") for cell in line.strip("|").split(mark)]
        assert cells == rows[0]
    assert "50 % & more \\| #1" in written["markdown"]
    assert r"50 \% \& more | \#1" in written["latex"]
    assert r"\midrule" in written["latex"]


def test_copies_have_the_decimals_that_are_shown(runs):
    footing = footing_or_none(runs)
    shown = gr.Dataframe().postprocess(styled_table(runs, footing))
    assert written_table(table(runs, footing))["rows"] == [shown.headers, *shown.metadata["display_value"]]


def test_numbers_are_sorted_as_numbers(runs):
    shown = table(runs, footing_or_none(runs))
    types = dict(zip(shown.columns, column_types(shown), strict=True))
    assert types["Run"] == types["Epochs"] == "str"
    assert types["Seed"] == types["Pixel accuracy"] == types["Boundary IoU, pet"] == "number"

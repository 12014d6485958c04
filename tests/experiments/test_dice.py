"""The shipped Dice loss, as a person meets it: trained, compared, answered, drawn and chosen."""

from pathlib import Path

import pandas as pd
import pytest

from demo.catalogue import Catalogue
from demo.figures.by_epoch import by_epoch
from demo.figures.styles import styles
from demo.selection.described import selection_value
from demo.stage.component import stage_value
from experiments import compare, run
from experiments.comparison.analysis import analyse
from experiments.comparison.answer.verdict import verdict
from experiments.comparison.configurations import configurations
from experiments.store.runs import find_runs
from seg.losses import LOSSES


@pytest.fixture
def runs(tmp_path, tiny_pets, narrow, command) -> Path:
    """A folder of two runs that differ in the loss alone, `ce-s0` and `dice-s0`."""
    common = ["--epochs", 2, "--size", 32, "--batch-size", 6, "--device", "cpu", "--data", tiny_pets]
    for loss in ("ce", "dice"):
        assert command(run, "--loss", loss, "--out", tmp_path / "runs", *common).status == 0
    return tmp_path / "runs"


def test_dice_loss_is_trained_compared_answered_drawn_and_chosen(runs, command, tmp_path):
    scores = pd.read_csv(runs / "dice-s0" / "epochs.csv")
    assert scores["epoch"].tolist() == [0, 1, 2]
    # one minus a coefficient
    assert scores[["train_loss", "val_loss"]].iloc[1:].stack().between(0, 1).all()

    ended = command(compare, "--runs", runs, "--csv", tmp_path / "compared.csv")
    assert ended.status == 0, ended.err
    compared = pd.read_csv(tmp_path / "compared.csv").set_index(["configuration", "score"])
    assert compared.loc[("dice", "pixel_accuracy"), ["difference", "difference_low", "difference_high"]].notna().all()

    found, _ = find_runs([runs])
    *_, sentence = (line for line in verdict(analyse(found)) if "Dice loss" in line)
    assert sentence.startswith("Secondary contrasts, as trained, p-values by Holm's correction: with Dice loss ")

    grouped = configurations(found)
    styled = styles(grouped)
    assert (styled["dice-s0"].colour, styled["dice-s0"].symbol) == (LOSSES["dice"].colour, "star")
    lines = by_epoch(grouped, "border_f1", styled).figure.data
    assert LOSSES["dice"].colour in [line.line.color for line in lines]

    catalogue = Catalogue((runs,))
    value = selection_value(catalogue)
    assert {run["name"]: run["title"] for run in value["runs"]} == {"ce-s0": "Cross-entropy", "dice-s0": "Dice"}
    assert value["first"] == ["ce-s0", "dice-s0"]
    offered = catalogue.with_checkpoint()
    assert [pane["title"] for pane in stage_value(None, offered, {})["panes"]] == ["Cross-entropy", "Dice"]

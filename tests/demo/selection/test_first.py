"""One run of each loss is shown where nobody has chosen, all of them on one footing."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from demo.catalogue import Catalogue
from demo.selection.first import first_runs

BOTH = ["ce-s0", "focal-s0"]


def change_options(folder: Path, **options: object) -> None:
    info = json.loads((folder / "run.json").read_text())
    info["options"] |= options
    (folder / "run.json").write_text(json.dumps(info))


@pytest.fixture
def alike(even_runs, tmp_path) -> Path:
    """A folder of runs that end alike, to change."""
    return Path(shutil.copytree(even_runs, tmp_path / "alike"))


def first(folder: Path) -> list[str]:
    return first_runs(Catalogue((folder,)).runs())


def test_of_three_seeds_of_each_loss_the_first_of_each(alike):
    for loss in ("ce", "focal"):
        for seed in (1, 2):
            change_options(Path(shutil.copytree(alike / f"{loss}-s0", alike / f"{loss}-s{seed}")), seed=seed)
    assert first(alike) == BOTH


def test_the_best_trained_of_each_loss(alike):
    change_options(Path(shutil.copytree(alike / "ce-s0", alike / "ce-b-s0")), epochs=9)
    assert first(alike) == BOTH


def test_a_short_run_never_takes_the_place_of_one_that_others_can_be_compared_with(alike):
    short = alike / "a-s0"
    shutil.copytree(alike / "ce-s0", short)
    pd.read_csv(short / "epochs.csv").head(2).to_csv(short / "epochs.csv", index=False)
    change_options(short, epochs=1)
    assert first(alike) == BOTH


def test_of_no_run_none(tmp_path):
    assert first(tmp_path) == []


def test_a_loss_whose_runs_end_elsewhere_is_there_too(tiny_runs, tmp_path):
    """Cross-entropy of two epochs, focal loss of three: they share the second."""
    assert first(tiny_runs) == BOTH
    folder = Path(shutil.copytree(tiny_runs, tmp_path / "runs"))
    change_options(Path(shutil.copytree(folder / "ce-s0", folder / "ce-s1")), seed=1)
    assert first(folder) == BOTH


def test_what_was_never_scored_alike_is_not_put_together(tiny_runs, tmp_path):
    folder = Path(shutil.copytree(tiny_runs, tmp_path / "runs"))
    change_options(folder / "focal-s0", size=64)
    change_options(Path(shutil.copytree(folder / "ce-s0", folder / "ce-s1")), seed=1)
    assert len(first(folder)) == 1


def test_a_run_in_its_first_epoch_is_there_and_drags_nobody_with_it(tiny_runs, tmp_path):
    folder = Path(shutil.copytree(tiny_runs, tmp_path / "runs"))
    epochs = folder / "focal-s0" / "epochs.csv"
    pd.read_csv(epochs).head(1).to_csv(epochs, index=False)
    assert first(folder) == BOTH

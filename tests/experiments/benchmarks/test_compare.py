"""What is timed gives the same as its peer on the same runs and logits. How fast is no test's business."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from experiments.benchmarks import compare, scored
from experiments.benchmarks.side_by_side import Row, Setting
from experiments.comparison.calibration import expected_calibration_error
from experiments.store.epochs import EPOCH_COLUMNS
from experiments.store.run_reader import RunReader
from experiments.store.runs import find_runs
from experiments.store.scored.photo_scores import read_images
from seg.metrics import confusion_scores
from seg.pets import BORDER
from seg.thresholds.margins import average_precision

CPU = torch.device("cpu")
SMALL = {"PHOTOS": 5, "BATCH": 2, "SIDE": 32}


@pytest.fixture
def small(monkeypatch) -> None:
    monkeypatch.setattr(compare, "RUNS", 7)
    monkeypatch.setattr(compare, "EPOCHS", 4)
    for name, value in SMALL.items():
        monkeypatch.setattr(scored, name, value)


@pytest.fixture
def runs(tmp_path):
    compare.write_runs(tmp_path / "runs", 7, 4)
    return tmp_path / "runs"


def test_the_runs_are_whole_and_of_as_many_epochs_as_is_said(runs):
    found, broken = find_runs([runs])
    assert (len(found), broken) == (7, [])
    assert {run.epochs_trained for run in found} == {4}
    assert sorted(run.seed for run in found) == list(range(7))
    assert {run.name for run in found} >= set(compare.COMPARED)


def test_pandas_reads_the_same_of_the_same_runs(runs):
    epochs, images = compare.read_with_pandas(runs)
    found = {run.name: run for run in find_runs([runs])[0]}
    assert epochs.keys() == found.keys()
    for name, table in epochs.items():
        pd.testing.assert_frame_equal(found[name].epochs, table[list(EPOCH_COLUMNS)])
    assert images.keys() == set(compare.COMPARED)
    for name, table in images.items():
        ours = read_images(found[name])
        numbers = ours.select_dtypes("number").columns.intersection(table.columns)
        assert len(numbers) >= 13
        np.testing.assert_array_equal(ours[numbers].to_numpy(), table[numbers].to_numpy(np.float64))


def test_three_are_compared_with_intervals(runs):
    analysis = compare.compared_anew(runs)
    assert sorted(run.name for c in analysis.configurations for run in c.runs) == sorted(compare.COMPARED)
    assert analysis.footing.detailed and analysis.photos == 3_669
    assert analysis.scores["low"].notna().any()


def test_each_path_is_measured_beside_its_peer(small, tmp_path):
    rows = list(compare.rows(Setting(CPU, "fp32", None, tmp_path)))
    assert all(isinstance(row, Row) and row.peer and row.goal for row in rows)
    assert [row.path for row in rows] == [
        "7 runs x 4 epochs, three compared, first",
        "7 runs x 4 epochs, looked at again",
        "5 photos scored in detail, without the network",
    ]
    assert len(rows[1].ours()[0]) == 7


def test_looking_again_gives_the_runs_as_they_are_then(runs):
    reader = RunReader()
    find_runs([runs], reader)
    with open(runs / "ce-s0" / "epochs.csv", "a", encoding="utf-8") as file:
        file.write(",".join(["5", *["0.5"] * (len(EPOCH_COLUMNS) - 1)]) + "\n")
    again = {run.name: run for run in find_runs([runs], reader)[0]}
    assert again["ce-s0"].epochs_trained == 5


def reliability(sums: Tensor) -> pd.DataFrame:
    """The 15 bins of `calibration_sums`, as `expected_calibration_error` takes them."""
    count, probability, happened = sums.T.numpy()
    with np.errstate(invalid="ignore"):
        return pd.DataFrame({"count": count, "mean_confidence": probability / count, "accuracy": happened / count})


def test_torchmetrics_has_the_same_scores_of_the_same_logits(small):
    work = scored.drawn_work(5, CPU)
    ours, theirs = scored.ours(work), scored.with_torchmetrics(work)
    assert torch.equal(ours.confusions, theirs["confusions"])
    scores = confusion_scores(ours.confusions.sum(dim=0))
    pairs = {
        "pixel_accuracy": theirs["accuracy"],
        "border_recall": theirs["recall"][BORDER],
        "border_precision": theirs["precision"][BORDER],
        "border_f1": theirs["f1"][BORDER],
        "mean_iou": theirs["iou"].mean(),
    }
    for name, value in pairs.items():
        assert 0 < scores[name] < 1
        assert scores[name] == pytest.approx(float(value), abs=1e-6)
    for number in (0, 1):
        for kind, name in enumerate(("calibration", "border_calibration")):
            error = expected_calibration_error(reliability(ours.details.calibration[number, kind]))
            assert error == pytest.approx(float(theirs[f"{name}_{number}"]), abs=1e-5)
    margins = ours.details.margins.sum(dim=0).numpy()
    true, pixels = margins[0], margins.sum(axis=0)
    # what lies below the lowest threshold is ranked last, and left out by torchmetrics
    ranked = average_precision(margins) - true[0] / true.sum() * true.sum() / pixels.sum()
    assert ranked == pytest.approx(float(theirs["average_precision"]), abs=1e-5)


def test_the_stand_in_gives_as_many_logits_as_there_are_photos(small):
    work = scored.drawn_work(5, CPU)
    given = scored.Given(work.logits)
    first = given(torch.zeros(2, 3, 32, 32))
    assert torch.equal(first, work.logits[0])
    assert torch.equal(given(torch.zeros(1, 3, 32, 32)), work.logits[1][:1])

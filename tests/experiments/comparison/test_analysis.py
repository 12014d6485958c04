"""The analysis says what the details hold, by code that shares none with it."""

import numpy as np
import pandas as pd
import pytest
import torch
from torchmetrics.functional.classification import (
    multiclass_accuracy,
    multiclass_f1_score,
    multiclass_jaccard_index,
    multiclass_precision,
    multiclass_recall,
)

from experiments.cli.command_line import RESULTS
from experiments.comparison.analysis import Analysis, analyse, breed_intervals
from experiments.scores import with_intervals
from experiments.store.runs import find_runs
from seg import InputError
from seg.metrics import BANDS, CALIBRATION_BINS, confusion_scores
from seg.pets import BORDER, CLASS_NAMES

WITH_INTERVALS = ("pixel_accuracy", "border_recall", "border_precision", "border_f1", "border_iou")


def pixels(confusion: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Predicted and true classes of the pixels that a confusion matrix counts."""
    truth, predicted = (torch.from_numpy(np.repeat(side.ravel(), confusion.ravel())) for side in np.indices((3, 3)))
    return predicted, truth


def test_scores_of_a_run_are_those_of_all_its_pixels(write_run, draw_confusions):
    (confusions,) = draw_confusions(1, 7)
    analysis = analyse([write_run("ce-s0", confusions)])
    predicted, truth = pixels(confusions.sum(axis=0))

    def of_border(metric) -> float:
        return metric(predicted, truth, num_classes=3, average="none")[BORDER].item()

    expected = {
        "pixel_accuracy": multiclass_accuracy(predicted, truth, num_classes=3, average="micro").item(),
        "border_recall": of_border(multiclass_recall),
        "border_precision": of_border(multiclass_precision),
        "border_f1": of_border(multiclass_f1_score),
        "border_iou": of_border(multiclass_jaccard_index),
    }
    for score, value in expected.items():
        assert analysis.score("ce", score)["mean"] == pytest.approx(value, abs=1e-6)
    for score, value in confusion_scores(torch.from_numpy(confusions.sum(axis=0))).items():
        assert analysis.score("ce", score)["mean"] == pytest.approx(value)
    assert analysis.photos == 7


def test_scores_of_seeds_are_their_mean_and_deviation(write_run, draw_confusions):
    confusions = draw_confusions(3, 9)
    entropies = np.random.default_rng(0).uniform(0.1, 1, (3, 9)).round(4)
    runs = [
        write_run(f"focal-s{seed}", counts, loss="focal", seed=seed, cross_entropy=entropy)
        for seed, (counts, entropy) in enumerate(zip(confusions, entropies, strict=True))
    ]
    analysis = analyse(runs)
    totals = confusions.sum(axis=1)
    recalls = totals[:, BORDER, BORDER] / totals[:, BORDER].sum(axis=1)
    for score, values in (("border_recall", recalls), ("cross_entropy", entropies.mean(axis=1))):
        row = analysis.score("focal", score)
        assert (row["seeds"], row["epochs"], row["loss"]) == (3, 2, "focal")
        assert row["mean"] == pytest.approx(np.mean(values))
        assert row["std"] == pytest.approx(np.std(values, ddof=1))
    assert np.isnan(analysis.score("focal", "custom_iou")["low"])
    assert analysis.score("focal", "custom_iou")["std"] == 0
    assert analysis.seeds_counted


def test_one_seed_has_no_deviation(write_run, draw_confusions):
    analysis = analyse([write_run("ce-s0", draw_confusions(1, 4)[0])])
    assert analysis.scores["std"].isna().all()
    assert not analysis.seeds_counted


def test_every_interval_says_how_many_seeds_it_rests_on(write_run, draw_confusions):
    trained = {"ce": (0, 1, 2), "focal": (2, 1), "weighted": (0,), "dice": (7, 8)}
    names = [(loss, seed) for loss, seeds in trained.items() for seed in seeds]
    runs = [
        write_run(f"{loss}-s{seed}", counts, loss=loss, seed=seed)
        for (loss, seed), counts in zip(names, draw_confusions(len(names), 30), strict=True)
    ]
    analysis = analyse(runs)
    found = {name: analysis.score(name, "border_f1") for name in trained}
    assert {name: row["seeds_in_interval"] for name, row in found.items()} == {
        name: len(trained[name]) for name in trained
    }
    assert {name: row["difference_seeds"] for name, row in found.items()} == {
        "ce": 3,
        "focal": 2,
        "weighted": 1,
        "dice": 0,
    }
    assert not analysis.seeds_counted
    assert analysis.scores.loc[analysis.scores["score"] == "custom_iou", list(Analysis.RESTS_ON)].isna().all(axis=None)

    f1 = dict(
        zip(names, (confusion_scores(torch.from_numpy(run_counts(run)))["border_f1"] for run in runs), strict=True)
    )
    expected = {
        "focal": (f1["focal", 1] + f1["focal", 2] - f1["ce", 1] - f1["ce", 2]) / 2,
        "weighted": f1["weighted", 0] - f1["ce", 0],
        "dice": (f1["dice", 7] + f1["dice", 8]) / 2 - (f1["ce", 0] + f1["ce", 1] + f1["ce", 2]) / 3,
    }
    for name, difference in expected.items():
        assert found[name]["difference"] == pytest.approx(difference)
        assert 0 < found[name]["p"] <= 1
    # a pair leaves out other seeds, two pairs guess at them, wildly
    widths = {name: row["difference_high"] - row["difference_low"] for name, row in found.items()}
    assert widths["weighted"] < widths["dice"] < widths["focal"]

    paired = analyse([run for run, (loss, _) in zip(runs, names, strict=True) if loss in ("ce", "focal")])
    assert paired.seeds_counted
    assert analyse([run for run, (loss, _) in zip(runs, names, strict=True) if loss in ("ce", "dice")]).seeds_counted


def run_counts(run) -> np.ndarray:
    """Confusion counts of all photos, read from the file."""
    counted = [f"{true}_as_{predicted}" for true in CLASS_NAMES for predicted in CLASS_NAMES]
    return pd.read_csv(run.folder / "images.csv")[counted].to_numpy().sum(axis=0).reshape(3, 3)


def test_others_are_compared_with_unweighted_cross_entropy_wherever_it_stands(write_run, draw_confusions):
    names = ("focal-s0", "ce-s0", "weighted-s0", "ce-s1")
    losses, seeds = ("focal", "ce", "weighted", "ce"), (0, 0, 0, 1)
    confusions = draw_confusions(4, 30)
    analysis = analyse(
        [
            write_run(name, counts, loss=loss, seed=seed)
            for name, counts, loss, seed in zip(names, confusions, losses, seeds, strict=True)
        ]
    )
    assert [configuration.name for configuration in analysis.configurations] == ["ce", "focal", "weighted"]
    assert analysis.compared_with == "ce"
    scores = dict(zip(names, (confusion_scores(torch.from_numpy(c.sum(axis=0))) for c in confusions), strict=True))
    for score in WITH_INTERVALS:
        pair = scores["ce-s0"][score]
        ce = (pair + scores["ce-s1"][score]) / 2
        first, focal = analysis.score("ce", score), analysis.score("focal", score)
        assert first["mean"] == pytest.approx(ce)
        assert (first["difference"], first["difference_low"], first["difference_high"]) == (0, 0, 0)
        assert focal["difference"] == pytest.approx(scores["focal-s0"][score] - pair)  # the seed that both have
        assert focal["difference_low"] < focal["difference"] < focal["difference_high"]
        assert focal["low"] < focal["mean"] < focal["high"]


def test_without_cross_entropy_nothing_is_compared(write_run, draw_confusions):
    one, two = draw_confusions(2, 8)
    runs = [write_run("weighted-s0", one, loss="weighted"), write_run("focal-s0", two, loss="focal")]
    analysis = analyse(runs)
    assert analysis.compared_with is None
    assert [configuration.name for configuration in analysis.configurations] == ["weighted", "focal"]
    assert analysis.scores[["difference", "difference_low", "difference_high"]].isna().all(axis=None)
    assert analysis.score("focal", "border_f1")["low"] < analysis.score("focal", "border_f1")["high"]


def test_a_run_that_never_paints_a_border_has_no_precision_and_all_else(write_run, draw_confusions):
    (confusions,) = draw_confusions(1, 8)
    blind = confusions.copy()
    blind[:, :, 1] += blind[:, :, 2]
    blind[:, :, 2] = 0
    analysis = analyse([write_run("ce-s0", confusions), write_run("focal-s0", blind, loss="focal")])
    assert analysis.score("focal", "border_precision")[["mean", "low", "difference"]].isna().all()
    assert analysis.score("ce", "border_precision")[["mean", "low", "high"]].notna().all()
    assert analysis.score("focal", "border_recall")["mean"] == 0
    assert analysis.score("focal", "border_recall")[list(Analysis.INTERVALS)].notna().all()


def test_a_score_that_one_seed_lacks_is_undefined_for_the_configuration(write_run, draw_confusions):
    confusions = draw_confusions(3, 8)
    confusions[1, :, :, 1] += confusions[1, :, :, 2]
    confusions[1, :, :, 2] = 0
    analysis = analyse([write_run(f"ce-s{seed}", counts, seed=seed) for seed, counts in enumerate(confusions)])
    assert analysis.score("ce", "border_precision")[["mean", "std", "low", "high"]].isna().all()
    assert analysis.score("ce", "border_recall")[["mean", "std", "low", "high"]].notna().all()


# ---- breeds


def test_intervals_over_breeds_are_wider_where_photos_of_a_breed_are_alike(write_run, draw_confusions):
    """Ten photos of a breed that are all the same one say no more than one."""
    counts = np.tile(draw_confusions(3, 16), (1, 10, 1, 1))
    photos = [f"{breed}_{number}" for number in range(10) for breed in ("great_pyrenees", *"abcdefghijklmno")]
    losses = ("ce", "focal", "weighted")
    runs = [write_run(f"{loss}-s0", one, loss=loss, photos=photos) for loss, one in zip(losses, counts, strict=True)]
    analysis = analyse(runs)
    table = breed_intervals(analysis)
    assert table[["configuration", "score"]].to_numpy().tolist() == [
        [loss, score.name] for loss in losses for score in with_intervals()
    ]
    assert (table["breeds"] == 16).all()
    defined = table["difference_times"].notna()
    assert defined.equals(table["configuration"] != "ce")
    for times in (table["times"], table["difference_times"][defined]):
        assert times.between(0.8 * np.sqrt(10), 1.25 * np.sqrt(10)).all()
    rows = analysis.scores.set_index(["configuration", "score"])
    for row in table.to_dict("records"):
        narrow = rows.loc[row["configuration"], row["score"]]
        assert row["difference"] == narrow["difference"]
        assert row["low"] < narrow["mean"] < row["high"]
        assert row["high"] - row["low"] == pytest.approx(row["times"] * (narrow["high"] - narrow["low"]))


def test_the_shipped_runs_are_twice_as_sure_of_photos_as_of_breeds():
    # of one seed: over several, how much seeds differ would widen both
    table = breed_intervals(analyse([run for run in find_runs([RESULTS])[0] if run.seed == 0]))
    assert (table["breeds"] == 37).all()
    for times in (table["times"], table["difference_times"].dropna()):
        assert times.between(1.5, 3.5).all()


# ---- bands and calibration


def test_bands_are_means_over_seeds(write_run, draw_confusions):
    confusions = draw_confusions(2, 3)
    # (edge, side, band, counts): the outer edge has a pixel in each band, right in the second seed alone
    bands = np.ones((2, 2, 2, len(BANDS), 2), dtype=int)
    bands[0, 1, ..., 1] = 0
    bands[:, 0, 0, :, 0], bands[:, 0, 1, :, 0] = (10, 20, 40, 80, 160), (10, 0, 0, 20, 0)
    bands[0, 0, 0, :, 1], bands[0, 0, 1, :, 1] = (1, 4, 16, 40, 160), (9, 0, 0, 10, 0)
    bands[1, 0, 0, :, 1], bands[1, 0, 1, :, 1] = (5, 8, 16, 48, 0), (5, 0, 0, 8, 0)
    runs = [write_run(f"ce-s{seed}", confusions[seed], seed=seed, bands=bands[seed]) for seed in (0, 1)]
    analysis = analyse(runs)
    # within a band counts what is nearer, and both sides
    expected = [(10 / 20 + 10 / 20) / 2, (14 / 40 + 18 / 40) / 2, (30 / 80 + 34 / 80) / 2]
    expected += [(80 / 180 + 90 / 180) / 2, (240 / 340 + 90 / 340) / 2]
    assert [analysis.score("ce", f"accuracy_within_{band}_of_pet")["mean"] for band in BANDS] == pytest.approx(expected)
    outer = [analysis.score("ce", f"accuracy_within_{band}_of_pet_and_border")["mean"] for band in BANDS]
    assert outer == pytest.approx([0.5] * len(BANDS))
    sides = analysis.outline.set_index(["edge", "side", "to"])
    assert sides.loc[("pet", "inside", 2), ["pixels", "correct"]].tolist() == [40, 12]


def test_reliability_counts_the_pixels_of_all_seeds_together(write_run, draw_confusions):
    confusions = draw_confusions(2, 3)
    sums = torch.zeros(2, 2, 2, CALIBRATION_BINS, 3, dtype=torch.float64)  # seed, temperature, pixels, bin, sums
    sums[0, 0, :, 7] = torch.tensor([10.0, 5.0, 4.0])
    sums[1, 0, :, 7] = torch.tensor([30.0, 14.0, 24.0])
    sums[1, 0, 0, 12] = torch.tensor([60.0, 50.0, 30.0])
    sums[:, 1, :, 3] = torch.tensor([10.0, 2.0, 4.0])
    runs = [write_run(f"ce-s{seed}", confusions[seed], seed=seed, calibration=sums[seed]) for seed in (0, 1)]
    analysis = analyse(runs)
    table = analysis.reliability.set_index(["configuration", "pixels", "bin"])
    assert len(table) == 2 * CALIBRATION_BINS
    seventh, twelfth, empty = (table.loc[("ce", "all", index)] for index in (7, 12, 3))
    assert (seventh["from"], seventh["to"]) == pytest.approx((7 / 15, 8 / 15))
    assert seventh[["count", "mean_confidence", "accuracy"]].tolist() == pytest.approx([40, 19 / 40, 28 / 40])
    assert twelfth[["count", "mean_confidence", "accuracy"]].tolist() == pytest.approx([60, 50 / 60, 0.5])
    assert empty["count"] == 0
    assert np.isnan(empty["accuracy"])
    errors = 0.1, (10 + 20) / 90  # |4 - 5| of 10 pixels; |24 - 14| and |30 - 50| of 90
    assert analysis.score("ce", "calibration_error")["mean"] == pytest.approx(np.mean(errors))
    assert analysis.score("ce", "calibration_error")["std"] == pytest.approx(np.std(errors, ddof=1))
    assert analysis.score("ce", "border_probability_error")["mean"] == pytest.approx((0.1 + 10 / 30) / 2)
    assert analysis.score("ce", "border_probability_error_tempered")["mean"] == pytest.approx(0.2)
    assert analysis.score("ce", "temperature")["mean"] == pytest.approx(1.5)


# ---- which photos


def test_runs_are_compared_on_the_photos_they_share(write_run, draw_confusions):
    one, two = draw_confusions(2, 6)
    names = np.array(list("abcdef"))
    part = [5, 1, 3]
    whole = analyse(
        [write_run("ce-s0", one, photos=names), write_run("focal-s0", two[part], photos=names[part], loss="focal")]
    )
    assert whole.photos == 3
    for name, counts in (("ce", one), ("focal", two)):
        for score, value in confusion_scores(torch.from_numpy(counts[part].sum(axis=0))).items():
            assert whole.score(name, score)["mean"] == pytest.approx(value)


def test_different_photos_or_trimaps_are_refused_in_one_line(write_run, draw_confusions):
    one, two = draw_confusions(1, 5)[0], draw_confusions(1, 5, seed=1)[0]
    first = write_run("ce-s0", one)
    for other, said in (
        (write_run("focal-s0", one, photos="abcde", loss="focal"), "different photos"),
        (write_run("focal-s1", two, loss="focal", seed=1), "different trimaps"),
    ):
        with pytest.raises(InputError, match=f"{other.name} and ce-s0 were scored on {said}") as refused:
            analyse([first, other])
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["bands.csv", "calibration.csv", "margins.npz"])
def test_a_file_that_a_run_lacks_is_a_gap_in_what_it_tells(write_run, draw_confusions, name):
    runs = [write_run("ce-s0", draw_confusions(1, 2)[0]), write_run("focal-s0", draw_confusions(1, 2)[0], loss="focal")]
    whole = analyse(runs)
    (runs[1].folder / name).unlink()
    told = {
        "bands.csv": "accuracy_within_4_of_pet",
        "calibration.csv": "calibration_error",
        "margins.npz": "average_precision",
    }
    analysis = analyse(runs)
    for score in ("border_f1", *told.values()):
        missing = score == told[name]
        assert np.isnan(analysis.score("focal", score)["mean"]) == missing
        assert analysis.score("ce", score)["mean"] == pytest.approx(whole.score("ce", score)["mean"])


# ---- real runs


def test_a_trained_run_has_the_scores_of_its_last_epoch(tiny_runs):
    for run in find_runs([tiny_runs])[0]:
        analysis = analyse([run])
        for score in (*WITH_INTERVALS, "mean_iou", "article_iou", "custom_iou", "boundary_iou"):
            final = run.final(score)
            row = analysis.score(run.loss, score)
            assert row["mean"] == pytest.approx(np.nan if final is None else final, abs=1e-6, nan_ok=True)


def test_the_shipped_runs_are_compared_on_the_whole_test_split():
    analysis = analyse(find_runs([RESULTS])[0])
    assert analysis.photos == 3_669
    table = analysis.scores
    assert tuple(table.columns) == Analysis.COLUMNS
    defined = table[table["score"].isin(WITH_INTERVALS)]
    assert defined[list(Analysis.INTERVALS)].notna().all(axis=None)
    assert defined["mean"].between(defined["low"], defined["high"]).all()
    assert defined["difference"].between(defined["difference_low"], defined["difference_high"]).all()
    reliability = analysis.reliability
    counts = reliability[reliability["pixels"] == "all"].groupby("configuration")["count"].sum()
    runs = {configuration.name: len(configuration.runs) for configuration in analysis.configurations}
    assert counts.to_dict() == {name: 3_669 * 128 * 128 * seeds for name, seeds in runs.items()}

"""The runs that ship with the project: whole, honest about how far they came, and without a dataset photo."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torchmetrics.functional.classification import multiclass_accuracy, multiclass_recall

from experiments.cli.command_line import RESULTS
from experiments.comparison.photos import hardest, suspects
from experiments.store.runs import find_runs, read_run
from experiments.store.scored.margins import read_margins
from experiments.store.scored.photo_scores import (
    confusions,
    has_details,
    read_images,
    same_photos,
)
from experiments.store.scored.pixel_sums import read_bands, read_calibration
from seg.cache import load_split
from seg.checkpoint import load_checkpoint
from seg.pets import BORDER, CLASS_NAMES, PET
from seg.thresholds.margins import confusions_at

NAMES = ("ce-s0", "weighted-s0", "focal-s0")
# photos of the test split whose trimap shows no pet
NO_PET = {
    "Egyptian_Mau_20",
    "Persian_259",
    "japanese_chin_199",
    "keeshond_7",
    "saint_bernard_60",
    "saint_bernard_78",
    "wheaten_terrier_195",
}


@pytest.mark.parametrize("name", NAMES)
def test_shipped_run_has_a_checkpoint_that_says_what_the_csv_says(name):
    run = read_run(RESULTS / name)
    assert run.name == f"{run.loss}-s{run.seed}"
    assert run.info["parameters"] == 15_274_892
    model, metadata = load_checkpoint(run.checkpoint)
    assert sum(parameter.numel() for parameter in model.parameters()) == 15_274_892
    assert (metadata["loss"], metadata["epoch"]) == (run.loss, run.epochs_trained)
    for score, value in metadata["scores"].items():
        assert value == pytest.approx(run.epochs[score].iloc[-1], abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_shipped_run_is_finished_or_says_that_it_is_not(name):
    run = read_run(RESULTS / name)
    assert run.epochs["epoch"].tolist() == list(range(run.epochs_trained + 1))
    assert (run.status == "finished") == (run.epochs_trained == run.epochs_planned)


@pytest.mark.parametrize("name", NAMES)
def test_shipped_run_has_details_of_the_whole_test_split(name):
    """Of its last epoch, also where training stopped early and that epoch's row is of a sample."""
    run = read_run(RESULTS / name)
    assert has_details(run)
    images = read_images(run)
    assert images.index.is_unique
    assert len(images) == run.info["validation_photos"] == 3_669
    assert not any("/" in photo for photo in images.index)
    counts = confusions(images)
    assert (counts.sum(axis=(1, 2)) == 128 * 128).all()
    assert dict(zip(CLASS_NAMES, counts.sum(axis=(0, 2)), strict=True)) == run.info["class_pixels"]["test"]
    calibration = read_calibration(run).groupby(["pixels", "temperature"])["count"].sum()
    assert len(calibration) == 4
    assert (calibration == counts.sum()).all()
    bands = read_bands(run).groupby(["edge", "side"])["pixels"].sum()
    assert (bands > 0).all()
    assert len(bands) == 4
    margins = read_margins(run)
    assert margins is not None
    assert not margins.other_pass
    assert (confusions_at(margins.scored, 0)[:, BORDER, BORDER] == counts[:, BORDER, BORDER]).all()
    assert len(margins.tuning) == 368

    totals = counts.sum(axis=0)
    found = totals.diagonal().sum() / totals.sum(), totals[BORDER, BORDER] / totals[BORDER].sum()
    recorded = run.final("pixel_accuracy"), run.final("border_recall")
    assert found == pytest.approx(recorded, abs=1e-6)
    # the row of its last epoch is of the weights before they were kept in half precision
    assert found == pytest.approx(run.epochs[["pixel_accuracy", "border_recall"]].iloc[-1].tolist(), abs=2e-3)


def test_shipped_runs_are_of_the_same_trimaps():
    truth = [confusions(table).sum(axis=2) for table in same_photos([read_run(RESULTS / name) for name in NAMES])]
    assert all((pixels == truth[0]).all() for pixels in truth)
    assert len(truth[0]) == 3_669


def test_photos_whose_trimap_shows_no_pet_are_told_and_are_not_hard():
    """Without the dataset: the details alone say so."""
    runs = find_runs([RESULTS])[0]
    ranked = suspects(runs)
    assert set(ranked.index[ranked["reason"].str.startswith("the trimap has no pet")]) == NO_PET
    hard, broken = hardest(runs, "border_f1")
    assert set(broken) == NO_PET | set(ranked.index[ranked["reason"].str.contains("swapped")])
    assert not set(broken) & set(hard.index)


def test_details_agree_with_the_masks(real_pets):
    """True pixels of single photos, counted again from the dataset; the other runs have the same."""
    images = read_images(read_run(RESULTS / NAMES[0]))
    split = load_split(real_pets, "test", 128)
    chosen = [index for index, photo in enumerate(split.names) if photo in NO_PET or index % 64 == 0]
    for index in chosen:
        counted = np.bincount(np.asarray(split.masks[index]).ravel(), minlength=3)
        counts = confusions(images.loc[[split.names[index]]])[0]
        assert (counts.sum(axis=1) == counted).all()
        assert (counted[PET] == 0) == (split.names[index] in NO_PET)


@pytest.mark.parametrize("name", NAMES)
def test_shipped_run_holds_masks_and_no_photo(name):
    pictures = [path for path in (RESULTS / name).rglob("*") if path.suffix.lower() in (".png", ".jpg", ".jpeg")]
    run = read_run(RESULTS / name)
    assert {path.name for path in pictures} == {f"epoch-{epoch:03d}.png" for epoch in run.epochs["epoch"].astype(int)}
    for path in pictures:
        with Image.open(path) as mosaic:
            assert mosaic.mode == "P"
            assert np.asarray(mosaic).max() <= 2


@pytest.mark.parametrize("name", NAMES)
def test_shipped_run_names_no_path_of_the_machine_that_trained_it(name):
    text = (RESULTS / name / "run.json").read_text()
    json.loads(text)
    assert "/" not in text.replace("https://", "")


@pytest.mark.parametrize("name", NAMES)
def test_checkpoint_gives_the_recorded_scores_again(name, real_pets):
    """With code that shares only the network: every 128th photo, scored by torchmetrics."""
    run = read_run(RESULTS / name)
    images = pd.read_csv(RESULTS / name / "images.csv").iloc[::128]
    right = images[["pet_as_pet", "background_as_background", "border_as_border"]].to_numpy().sum()
    border = images[["border_as_pet", "border_as_background", "border_as_border"]].to_numpy().sum()
    recorded = right / (128 * 128 * len(images)), images["border_as_border"].sum() / border
    names = set(images["name"])
    split = load_split(real_pets, "test", 128)
    chosen = [index for index, photo in enumerate(split.names) if photo in names]
    model, metadata = load_checkpoint(run.checkpoint)
    side = (metadata["input_size"],) * 2
    predictions = []
    for index in chosen:
        photo = Image.fromarray(split.photos[index].transpose(1, 2, 0)).resize(side, Image.Resampling.BILINEAR)
        pixels = torch.from_numpy(np.asarray(photo).transpose(2, 0, 1).copy())[None].float() / 255
        with torch.no_grad():
            probabilities = model(pixels).softmax(dim=1)[0].numpy()
        planes = [np.asarray(Image.fromarray(plane).resize((128, 128), Image.BILINEAR)) for plane in probabilities]
        predictions.append(np.stack(planes).argmax(axis=0))
    predicted = torch.from_numpy(np.stack(predictions))
    truth = torch.from_numpy(np.array(split.masks[chosen])).long()
    accuracy = multiclass_accuracy(predicted, truth, num_classes=3, average="micro").item()
    recall = multiclass_recall(predicted, truth, num_classes=3, average="none")[BORDER].item()
    # the run worked in bf16 with fp32 weights, this in fp32 with fp16 weights
    assert accuracy == pytest.approx(recorded[0], abs=0.002)
    assert recall == pytest.approx(recorded[1], abs=0.005)

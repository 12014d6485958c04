"""Whole photos are scored beside their copies, against the copies' trimaps."""

import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from torchmetrics.functional.classification import multiclass_accuracy, multiclass_f1_score

from experiments.measurements import MEASUREMENTS
from experiments.measurements.full_size import measure
from experiments.measurements.networks import Networks, runs_with_weights
from experiments.store.scored.photo_scores import Provenance
from seg import InputError
from seg.cache import load_split
from seg.pets import list_path, photo_path, trimap_path

SIDE = 128


@pytest.fixture
def networks(tiny_runs) -> Networks:
    return Networks(runs_with_weights(tiny_runs), torch.device("cpu"), Provenance("fp32", "1234567890"))


@pytest.fixture
def copies(tiny_pets, tmp_path):
    """The drawn dataset's test split at 128 x 128, every pixel the nearest one's."""
    root = shutil.copytree(tiny_pets, tmp_path / "copies")
    for path in [*photo_path(root, "").parent.glob("*.jpg"), *trimap_path(root, "").parent.glob("*.png")]:
        with Image.open(path) as image:
            small = image.resize((SIDE, SIDE), Image.Resampling.NEAREST)
        small.save(path, quality=95) if path.suffix == ".jpg" else small.save(path)
    return root


@pytest.fixture
def whole(tiny_pets, tmp_path):
    """Three of the photos as they are, and their list."""
    root = shutil.copytree(tiny_pets, tmp_path / "whole")
    lines = list_path(root, "test").read_text().splitlines(keepends=True)
    list_path(root, "test").write_text("".join(lines[2:5]))
    return root


def test_a_photo_s_scores_are_of_its_own_pixels_and_of_its_copy_s_trimap(copies, whole, networks):
    table = measure(copies, networks, whole)
    assert sorted(table.columns) == sorted(MEASUREMENTS["full-size"].columns)
    assert table["run"].tolist() == ["ce-s0", "focal-s0"]
    assert set(table["photos"]) == {3}
    assert set(table["commit"]) == {"1234567"}
    split = load_split(copies, "test", SIDE)
    truth = torch.from_numpy(np.array(split.masks[2:5])).long()
    photos = []
    for name in split.names[2:5]:
        with Image.open(photo_path(whole, name)) as photo:
            photos.append(np.asarray(photo.resize((SIDE, SIDE), Image.Resampling.BILINEAR)).transpose(2, 0, 1))
    for run, row in zip(networks.runs, table.itertuples(), strict=True):
        for pixels, suffix in ((np.array(split.photos[2:5]), ""), (np.stack(photos), "_full_size")):
            predicted = networks.logits(run, pixels).argmax(dim=1)
            accuracy = multiclass_accuracy(predicted, truth, 3, average="micro").item()
            f1 = multiclass_f1_score(predicted, truth, 3, average="none")[2].item()
            assert getattr(row, f"pixel_accuracy{suffix}") == pytest.approx(accuracy, abs=1e-6)
            assert getattr(row, f"border_f1{suffix}") == pytest.approx(f1, abs=1e-6)
        assert row.pixel_accuracy != row.pixel_accuracy_full_size
        assert row.pixel_accuracy_difference == pytest.approx(row.pixel_accuracy_full_size - row.pixel_accuracy)
        assert row.border_f1_difference == pytest.approx(row.border_f1_full_size - row.border_f1)


def test_photos_that_cannot_be_compared_are_told(copies, whole, networks, tmp_path):
    for root, said in ((tmp_path / "nothing", "has no oxford-iiit-pet/ folder"), (whole, "is missing")):
        photo_path(whole, "Sphynx_1").unlink(missing_ok=True)
        with pytest.raises(InputError, match=f"{said}: pass --full-res DIR"):
            measure(copies, networks, root)
    list_path(whole, "test").write_text("stranger_1 1 1 1\n")
    with pytest.raises(InputError, match="lists stranger_1, which the test split in .* does not have: pass --full-res"):
        measure(copies, networks, whole)

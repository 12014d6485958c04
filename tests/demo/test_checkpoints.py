"""A run's checkpoint is read once, and again when its file has changed."""

import os
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from demo.checkpoints import CheckpointGone, segmenter
from experiments.store.runs import read_run
from seg.checkpoint import BadCheckpoint
from seg.inference import Segmenter
from seg.pets import photo_path


@pytest.fixture
def photo(tiny_pets) -> Image.Image:
    return Image.open(photo_path(tiny_pets, "pug_1"))


def test_a_checkpoint_that_has_changed_is_read_anew(tiny_runs, tmp_path, photo):
    run = read_run(shutil.copytree(tiny_runs / "ce-s0", tmp_path / "ce-s0"))
    first = segmenter(run)
    assert segmenter(run) is first
    written = run.checkpoint.stat().st_mtime_ns
    shutil.copy(tiny_runs / "focal-s0" / "model.safetensors", run.checkpoint)
    os.utime(run.checkpoint, ns=(written + 1_000, written + 1_000))
    mask = segmenter(run).predict(photo).mask
    expected = Segmenter.load(tiny_runs / "focal-s0" / "model.safetensors").predict(photo).mask
    np.testing.assert_array_equal(mask, expected)
    assert (mask != first.predict(photo).mask).any()


CHECKPOINT = "focal-s0/model.safetensors"


@pytest.mark.parametrize("path", [CHECKPOINT, "focal-s0"])
@pytest.mark.parametrize("loaded", [False, True], ids=["new", "in memory"])
def test_a_checkpoint_that_is_gone_is_told_in_a_line_that_names_its_run(own_runs, delete, path, loaded):
    run = read_run(own_runs / "focal-s0")
    if loaded:
        segmenter(run)
    delete(own_runs / path)
    with pytest.raises(CheckpointGone, match=r"^focal-s0 has no checkpoint any more: choose another run[^\n]*$"):
        segmenter(run)


def test_a_checkpoint_that_goes_while_it_is_loaded_is_told_alike(own_runs, monkeypatch):
    run, load = read_run(own_runs / "focal-s0"), Segmenter.load

    def too_late(path):
        path.unlink()
        return load(path)

    monkeypatch.setattr(Segmenter, "load", too_late)
    with pytest.raises(CheckpointGone, match="^focal-s0 has no checkpoint any more"):
        segmenter(run)


def test_a_checkpoint_replaced_by_no_network_is_told_by_its_path(own_runs):
    run = read_run(own_runs / "focal-s0")
    segmenter(run)
    save_file({"weight": torch.zeros(3)}, own_runs / CHECKPOINT)
    with pytest.raises(BadCheckpoint, match=r"model\.safetensors does not hold[^\n]*$"):
        segmenter(run)


def test_a_run_replaced_by_another_of_its_name_answers_with_the_other_network(own_runs, photo):
    run = read_run(own_runs / "ce-s0")
    before = segmenter(run).predict(photo).mask
    shutil.rmtree(own_runs / "ce-s0")
    (own_runs / "focal-s0").rename(own_runs / "ce-s0")
    expected = Segmenter.load(own_runs / "ce-s0" / "model.safetensors").predict(photo).mask
    np.testing.assert_array_equal(segmenter(run).predict(photo).mask, expected)
    assert (expected != before).any()

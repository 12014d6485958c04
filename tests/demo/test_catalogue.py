"""A run's checkpoint is read once, and again when its file has changed."""

import os
import shutil

import numpy as np
import pytest
from PIL import Image

from demo.catalogue import segmenter
from experiments.store.runs import read_run
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

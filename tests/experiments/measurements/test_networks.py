"""A folder's networks predict as `Segmenter` loads them."""

import shutil

import numpy as np
import pytest
import torch

from experiments.measurements.networks import Networks, runs_with_weights
from experiments.store.scored.photo_scores import Provenance
from seg import InputError
from seg.cache import load_split
from seg.inference import Segmenter


def test_logits_are_those_of_the_run_s_own_network(tiny_runs, tiny_pets):
    runs = runs_with_weights(tiny_runs)
    assert [run.name for run in runs] == ["ce-s0", "focal-s0"]
    networks = Networks(runs, torch.device("cpu"), Provenance("fp32", None))
    photos = np.array(load_split(tiny_pets, "test", 32).photos)
    for run in runs:
        logits = networks.logits(run, photos)
        model = Segmenter.load(run.checkpoint, precision="fp32").model
        with torch.no_grad():
            expected = torch.cat([model(torch.from_numpy(photo)[None].float() / 255) for photo in photos])
        torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-4)


def test_runs_without_weights_are_no_networks(tiny_runs, tmp_path):
    shutil.copytree(tiny_runs / "ce-s0", tmp_path / "ce-s0", ignore=shutil.ignore_patterns("*.safetensors"))
    with pytest.raises(InputError, match="has no run with weights: pass --runs DIR"):
        runs_with_weights(tmp_path)
    shutil.copytree(tiny_runs / "focal-s0", tmp_path / "focal-s0")
    assert [run.name for run in runs_with_weights(tmp_path)] == ["focal-s0"]
    (tmp_path / "focal-s0" / "run.json").write_text("{")
    with pytest.raises(InputError, match="focal-s0"):
        runs_with_weights(tmp_path)

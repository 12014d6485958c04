"""A run's checkpoint is read once, and again when its file has changed; networks run on a GPU where there is one."""

import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from demo.catalogue import Catalogue
from demo.checkpoints import CheckpointGone, segment_photo, segmented
from demo.labelled import Labelled
from demo.stage.answer import answer, mask_of
from demo.stage.photos import Offered, offered_photo
from demo.watch.own_photo import own_functions
from experiments.store.runs import read_run
from seg.checkpoint import BadCheckpoint, read_tensors, write_tensors
from seg.inference import Segmenter
from seg.pets import photo_path

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def photo(tiny_pets) -> Offered:
    return Offered("pug 1", photo_path(tiny_pets, "pug_1"))


def expected_mask(path: Path, photo: Offered) -> np.ndarray:
    with Image.open(photo.path) as image:
        return Segmenter.load(path).predict(image).mask


@pytest.fixture
def loads(monkeypatch) -> list[tuple]:
    """What each network is loaded with; it runs on the CPU, wherever it was to."""
    asked, load = [], Segmenter.load

    def noted(path, device="cpu"):
        asked.append((path, torch.device(device).type))
        return load(path)

    monkeypatch.setattr(Segmenter, "load", noted)
    return asked


def test_a_checkpoint_that_has_changed_is_read_anew(tiny_runs, tmp_path, photo, loads):
    run = read_run(shutil.copytree(tiny_runs / "ce-s0", tmp_path / "ce-s0"))
    first, _ = segment_photo(photo, run)
    segment_photo(photo, run)
    assert len(loads) == 1
    written = run.checkpoint.stat().st_mtime_ns
    shutil.copy(tiny_runs / "focal-s0" / "model.safetensors", run.checkpoint)
    os.utime(run.checkpoint, ns=(written + 1_000, written + 1_000))
    mask = segment_photo(photo, run)[0].mask()
    expected = expected_mask(tiny_runs / "focal-s0" / "model.safetensors", photo)
    np.testing.assert_array_equal(mask, expected)
    assert (mask != first.mask()).any()


CHECKPOINT = "focal-s0/model.safetensors"


@pytest.mark.parametrize("path", [CHECKPOINT, "focal-s0"])
@pytest.mark.parametrize("loaded", [False, True], ids=["new", "in memory"])
def test_a_checkpoint_that_is_gone_is_told_in_a_line_that_names_its_run(own_runs, delete, photo, path, loaded):
    run = read_run(own_runs / "focal-s0")
    if loaded:
        segment_photo(photo, run)
    delete(own_runs / path)
    with pytest.raises(CheckpointGone, match=r"^focal-s0 has no checkpoint any more: choose another run[^\n]*$"):
        segment_photo(photo, run)


@pytest.mark.parametrize("ask", ["segment", "answer"])
def test_a_checkpoint_that_goes_while_it_is_loaded_is_told_alike(own_runs, tiny_pets, monkeypatch, photo, ask):
    run, load = read_run(own_runs / "focal-s0"), Segmenter.load

    def too_late(path, device):
        path.unlink()
        return load(path, device)

    monkeypatch.setattr(Segmenter, "load", too_late)
    with pytest.raises(CheckpointGone, match="^focal-s0 has no checkpoint any more"):
        segment_photo(photo, run) if ask == "segment" else answer(offered_photo("pug_1", Labelled(tiny_pets)), run)


def test_a_checkpoint_replaced_by_no_network_is_told_by_its_path(own_runs, photo):
    run = read_run(own_runs / "focal-s0")
    segment_photo(photo, run)
    save_file({"weight": torch.zeros(3)}, own_runs / CHECKPOINT)
    with pytest.raises(BadCheckpoint, match=r"model\.safetensors does not hold[^\n]*$"):
        segment_photo(photo, run)


def test_a_run_replaced_by_another_of_its_name_answers_with_the_other_network(own_runs, photo):
    run = read_run(own_runs / "ce-s0")
    before = segment_photo(photo, run)[0].mask()
    shutil.rmtree(own_runs / "ce-s0")
    (own_runs / "focal-s0").rename(own_runs / "ce-s0")
    expected = expected_mask(own_runs / "ce-s0" / "model.safetensors", photo)
    np.testing.assert_array_equal(segment_photo(photo, run)[0].mask(), expected)
    assert (expected != before).any()


# ---- where networks run


@pytest.mark.parametrize("there", [False, True])
def test_every_network_of_the_app_runs_on_the_gpu_where_there_is_one(own_runs, tiny_pets, monkeypatch, loads, there):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    run, offered = read_run(own_runs / "focal-s0"), offered_photo("pug_1", Labelled(tiny_pets))
    answer(offered, run)
    os.utime(run.checkpoint, ns=(0, 0))
    with mask_of(offered, run, 0.5):
        pass
    (run.folder / "weights").mkdir()
    shutil.copy(run.checkpoint, run.folder / "weights" / "epoch-001.safetensors")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(own_runs))
    upload = shutil.copy(photo_path(tiny_pets, "pug_1"), own_runs)
    _, own_mask = own_functions(Catalogue((own_runs,)))
    assert "picture" in own_mask({"run": "focal-s0", "path": upload, "epoch": 1})
    assert [device for _, device in loads] == 3 * ["cuda" if there else "cpu"]


# A package `spaces` as Hugging Face's: what is decorated runs in a process of its own, which hands on names of errors
LENDING = """
import multiprocessing, os

def GPU(duration):
    def decorate(function):
        def lent(*arguments):
            def work(connection):
                try:
                    connection.send((os.getpid(), function(*arguments)))
                except Exception as error:
                    connection.send((os.getpid(), RuntimeError(type(error).__name__)))
            here, there = multiprocessing.get_context("fork").Pipe()
            process = multiprocessing.get_context("fork").Process(target=work, args=(there,))
            process.start()
            pid, answer = here.recv()
            process.join()
            print("lent to", "another" if pid != os.getpid() else "this", "for", duration)
            if isinstance(answer, RuntimeError):
                raise answer
            return answer
        return lent
    return decorate
"""

ASK = """
import pickle, sys
from pathlib import Path
from PIL import Image
from demo.checkpoints import _loaded, segment_photo
from demo.stage.photos import Offered
from experiments.store.runs import read_run

path, whole, damaged, target = map(Path, sys.argv[1:])
photo = Offered(path.name, path)
prediction, _ = segment_photo(photo, read_run(whole))
target.write_bytes(pickle.dumps(prediction.mask()))
try:
    segment_photo(photo, read_run(damaged))
except Exception as error:
    print(type(error).__name__, error)
print("here", _loaded.cache_info().currsize)
"""


def test_where_gpus_are_lent_a_photo_is_segmented_in_a_process_that_has_one(own_runs, tiny_pets, tmp_path):
    (tmp_path / "spaces.py").write_text(LENDING)
    save_file({"weight": torch.zeros(3)}, own_runs / CHECKPOINT)
    photo, target = photo_path(tiny_pets, "pug_1"), tmp_path / "mask"
    ended = subprocess.run(
        [sys.executable, "-c", ASK, photo, own_runs / "ce-s0", own_runs / "focal-s0", target],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    lent, again, error, here = ended.stdout.splitlines()
    assert lent == again == "lent to another for 15"
    # the whole sentence, though of an error only its name leaves that process
    assert error.startswith("BadCheckpoint ")
    assert "does not hold" in error
    assert here == "here 0"
    with Image.open(photo) as image:
        expected = Segmenter.load(own_runs / "ce-s0").predict(image).mask
    np.testing.assert_array_equal(pickle.loads(target.read_bytes()), expected)


def test_a_network_that_is_not_kept_answers_alike(tiny_runs, photo):
    path = tiny_runs / "ce-s0" / "model.safetensors"
    np.testing.assert_array_equal(segmented(photo, path)[0].mask(), expected_mask(path, photo))


def test_a_network_is_not_run_at_a_side_that_its_run_never_saw(own_runs, photo):
    """Memory grows with its square, and the photo is a visitor's."""
    path = own_runs / CHECKPOINT
    tensors, metadata = read_tensors(path)
    write_tensors(path, tensors, metadata | {"input_size": "1024"})
    with pytest.raises(BadCheckpoint, match="wants to run at 1024 x 1024, its run was trained at 32 x 32"):
        segment_photo(photo, read_run(own_runs / "focal-s0"))

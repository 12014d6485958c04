"""A photo of one's own, segmented by the weights that a run kept of each epoch."""

import asyncio
import base64
import io
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, nullcontext
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.catalogue import Catalogue
from demo.page import page_settings
from demo.watch.own_photo import epoch_weights, own_functions
from experiments.store.runs import read_run
from seg.inference import Segmenter
from seg.pets import photo_path
from tests.conftest import PROJECT
from tests.demo.test_checkpoints import LENDING


@pytest.fixture
def runs(tiny_runs, tmp_path) -> Path:
    """`focal-s0` as if it had kept weights of its first two epochs, and one file too many."""
    folder = Path(shutil.copytree(tiny_runs, tmp_path / "runs"))
    weights = folder / "focal-s0" / "weights"
    weights.mkdir()
    for run, name in (("ce-s0", "epoch-001"), ("focal-s0", "epoch-002"), ("focal-s0", "epoch-009")):
        shutil.copy(tiny_runs / run / "model.safetensors", weights / f"{name}.safetensors")
    return folder


@pytest.fixture
def photo(tiny_pets, tmp_path, monkeypatch) -> str:
    """A photo that a page has uploaded."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    (tmp_path / "uploads").mkdir()
    return shutil.copy(photo_path(tiny_pets, "pug_1"), tmp_path / "uploads")


def picture(answer: dict) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(answer["picture"].split(",")[1])))


def test_epochs_are_those_kept_and_trained(runs):
    assert list(epoch_weights(read_run(runs / "focal-s0"))) == [1, 2]
    assert epoch_weights(read_run(runs / "ce-s0")) == {}


def test_mask_is_what_that_epoch_s_weights_say_of_the_photo_at_the_tile_s_size(runs, photo):
    _, own_mask = own_functions(Catalogue((runs,)))
    for epoch, source in ((1, "ce-s0"), (2, "focal-s0")):
        mask = np.asarray(picture(own_mask({"run": "focal-s0", "path": photo, "epoch": epoch})))
        small = Image.open(photo).convert("RGB").resize((32, 32), Image.Resampling.BILINEAR)
        expected = Segmenter.load(runs / source / "model.safetensors").predict(small).mask
        np.testing.assert_array_equal(mask, expected)


def test_photo_is_the_one_uploaded(runs, photo):
    own_photo, _ = own_functions(Catalogue((runs,)))
    shown = picture(own_photo({"run": "focal-s0", "path": photo}))
    with Image.open(photo) as original:
        expected = np.asarray(original.convert("RGB").resize((32, 32), Image.Resampling.BILINEAR)).astype(int)
    assert np.abs(np.asarray(shown.convert("RGB")) - expected).mean() < 10


def test_what_cannot_be_segmented_is_answered_in_one_sentence(runs, photo, tiny_pets):
    own_photo, own_mask = own_functions(Catalogue((runs,)))
    foreign = str(photo_path(tiny_pets, "pug_2"))
    assert "not uploaded here" in own_photo({"run": "focal-s0", "path": foreign})["error"]
    assert "no weights of epoch 7" in own_mask({"run": "focal-s0", "path": photo, "epoch": 7})["error"]
    assert "is no number" in own_mask({"run": "focal-s0", "path": photo, "epoch": "last"})["error"]
    assert "is gone" in own_mask({"run": "dice-s0", "path": photo, "epoch": 1})["error"]
    Path(photo).write_bytes(b"no photo")
    assert "cannot be read as an image" in own_photo({"run": "focal-s0", "path": photo})["error"]


@pytest.mark.parametrize("path", ["weights/epoch-002.safetensors", "weights", "."])
@pytest.mark.parametrize("listed", [False, True], ids=["before", "once listed"])
def test_weights_that_vanish_are_told(runs, photo, delete, monkeypatch, path, listed):
    _, own_mask = own_functions(Catalogue((runs,)))
    chosen = {"run": "focal-s0", "path": photo, "epoch": 2}
    assert "picture" in own_mask(chosen)  # what is remembered of them does not stand for them

    def list_then_delete(run):
        found = epoch_weights(run)
        delete(runs / "focal-s0" / path)
        return found

    if listed:
        monkeypatch.setattr("demo.watch.own_photo.epoch_weights", list_then_delete)
    else:
        delete(runs / "focal-s0" / path)
    error = own_mask(chosen)["error"]
    assert "focal-s0" in error
    assert "reload the page" in error
    assert "\n" not in error


def test_weights_that_vanish_while_they_are_loaded_are_told(runs, photo, monkeypatch):
    load = Segmenter.load

    def too_late(path, device):
        path.unlink()
        return load(path, device)

    monkeypatch.setattr(Segmenter, "load", too_late)
    _, own_mask = own_functions(Catalogue((runs,)))
    said = "focal-s0 has no weights of epoch 2 here: reload the page, or train it again with --keep-epochs."
    assert own_mask({"run": "focal-s0", "path": photo, "epoch": 2}) == {"error": said}


def test_once_all_visitors_have_left_no_mask_of_an_upload_is_remembered(runs, photo, monkeypatch):
    told = {}
    monkeypatch.setattr("demo.page.forgetting", lambda app, forget_all: told.update(all=forget_all) or nullcontext())
    lifespan = page_settings()["app_kwargs"]["lifespan"]
    _, own_mask = own_functions(Catalogue((runs,)))
    chosen = {"run": "focal-s0", "path": photo, "epoch": 1}
    assert "picture" in own_mask(chosen)
    Path(photo).unlink()
    assert "picture" in own_mask(chosen)

    async def open_and_close() -> None:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(lifespan(None))

    with ThreadPoolExecutor() as beside:  # in this thread a browser may have a loop of its own
        beside.submit(asyncio.run, open_and_close()).result()
    told["all"]()
    assert "not uploaded here" in own_mask(chosen)["error"]


ASK = """
import sys
from pathlib import Path
from demo.catalogue import Catalogue
from demo.serving.folder import new_folder
from demo.watch.own_photo import own_functions

runs, photo = map(Path, sys.argv[1:])
with new_folder() as folder:
    upload = folder / "photo.jpg"
    upload.write_bytes(photo.read_bytes())
_, own_mask = own_functions(Catalogue((runs,)))
print(own_mask({"run": "focal-s0", "path": str(upload), "epoch": 1})["picture"])
"""


def test_where_gpus_are_lent_an_upload_is_segmented_in_a_process_that_has_one(runs, photo, tiny_pets, tmp_path):
    (tmp_path / "spaces.py").write_text(LENDING)
    ended = subprocess.run(
        [sys.executable, "-c", ASK, runs, photo_path(tiny_pets, "pug_1")],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    lent, answered = ended.stdout.splitlines()
    assert lent == "lent to another for 15"
    _, own_mask = own_functions(Catalogue((runs,)))
    assert answered == own_mask({"run": "focal-s0", "path": photo, "epoch": 1})["picture"]

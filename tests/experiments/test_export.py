"""A network in one file, which another runtime runs as PyTorch does."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from experiments import export
from seg.inference import Segmenter
from seg.networks.segnet import SegNet
from seg.pets import CLASS_NAMES, photo_path
from seg.pixels.rgb import as_rgb

PROJECT = Path(__file__).parents[2]
SIDE = 32  # of the runs that are drawn


@pytest.fixture(scope="module")
def onnxruntime():
    for package in ("onnx", "onnxscript"):
        pytest.importorskip(package, reason="pip install -r requirements-export.txt")
    return pytest.importorskip("onnxruntime", reason="pip install -r requirements-export.txt")


@pytest.fixture(scope="module")
def exported(onnxruntime, tiny_runs, tmp_path_factory) -> Path:
    """The file of a drawn run, alone in its folder."""
    out = tmp_path_factory.mktemp("exported") / "ce-s0.onnx"
    assert export.main([str(tiny_runs / "ce-s0"), "--to", "onnx", "--out", str(out)]) == 0
    return out


@pytest.fixture
def written_at_once(exported, monkeypatch) -> None:
    """What takes seconds is done once for all tests: another export begins with the file that there is."""
    import onnx

    class Program:
        def save(self, path: Path, *, external_data: bool) -> None:
            assert not external_data
            shutil.copyfile(exported, path)

    monkeypatch.setattr(export, "_translated", lambda *given: Program())
    monkeypatch.setattr(export, "_describe", lambda *given: None)
    assert onnx.load(exported)


def small(path: Path, side: int) -> np.ndarray:
    """(3, side, side) float32 in [0, 1]."""
    with Image.open(path) as photo:
        resized = as_rgb(photo).resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(resized, np.float32).transpose(2, 0, 1) / 255


def test_another_runtime_answers_as_pytorch_does(onnxruntime, exported, tiny_pets, tiny_runs):
    session = onnxruntime.InferenceSession(exported)
    paths = [photo_path(tiny_pets, name) for name in ("Bengal_35", "pug_1", "pug_2")]
    (together,) = session.run(None, {"photos": np.stack([small(path, SIDE) for path in paths])})
    assert together.dtype == np.float32
    np.testing.assert_allclose(together.sum(axis=1), 1, atol=1e-5)
    segmenter = Segmenter.load(tiny_runs / "ce-s0", precision="fp32")
    for path, found in zip(paths, together, strict=True):
        with Image.open(path) as photo:
            expected = segmenter.predict(photo.resize((SIDE, SIDE), Image.Resampling.BILINEAR)).probabilities
        np.testing.assert_allclose(found, expected, atol=1e-5)
        (alone,) = session.run(["probabilities"], {"photos": small(path, SIDE)[None]})
        np.testing.assert_allclose(alone[0], found, atol=1e-5)


def test_the_file_says_what_it_is_and_nothing_of_this_machine(onnxruntime, exported, tiny_runs):
    assert [path.name for path in exported.parent.iterdir()] == ["ce-s0.onnx"]
    session = onnxruntime.InferenceSession(exported)
    shapes = [(each.name, each.shape, each.type) for each in (*session.get_inputs(), *session.get_outputs())]
    shape = ["batch", 3, SIDE, SIDE]
    assert shapes == [("photos", shape, "tensor(float)"), ("probabilities", shape, "tensor(float)")]
    said = session.get_modelmeta().custom_metadata_map
    assert json.loads(said.pop("classes")) == list(CLASS_NAMES)
    assert f'version = "{said.pop("borderline")}"' in (PROJECT / "pyproject.toml").read_text()
    expected = {"run": "ce-s0", "network": "segnet", "loss": "ce", "epoch": "2", "input_size": str(SIDE)}
    assert said == expected
    content = exported.read_bytes()
    for folder in (PROJECT, Path(torch.__file__).parent, tiny_runs, Path.home()):
        assert str(folder).encode() not in content
    assert b"stack_trace" not in content


def test_convolutions_are_all_there_with_their_batch_norms_folded(exported):
    import onnx

    kinds = [node.op_type for node in onnx.load(exported).graph.node]
    convolutions = sum(isinstance(module, torch.nn.Conv2d) for module in SegNet().modules())
    assert convolutions == 20
    narrow = 2 * (1 + 1 + 2 + 1)  # of the runs that are drawn
    assert kinds.count("Conv") == narrow
    assert kinds.count("BatchNormalization") == 1


def test_it_is_called_as_its_run_and_replaces_nothing_unasked(
    command, written_at_once, tiny_runs, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    weights = tiny_runs / "ce-s0" / "model.safetensors"
    ended = command(export, weights)
    assert ended.status == 0
    assert ended.out.startswith(f"ce-s0.onnx: 0 MB, ce after epoch 2, of {weights}\n")
    assert "Tried under ONNX Runtime on" in ended.out
    assert [path.name for path in tmp_path.iterdir()] == ["ce-s0.onnx"]

    Path("ce-s0.onnx").write_text("mine")
    ended = command(export, weights)
    assert (ended.status, ended.out) == (2, "")
    assert ended.told == ["error: ce-s0.onnx exists: pass --overwrite to replace it, or another --out FILE"]
    assert Path("ce-s0.onnx").read_text() == "mine"
    assert command(export, weights, "--overwrite").status == 0
    assert Path("ce-s0.onnx").stat().st_size > 10_000


def test_a_run_on_the_hub_is_called_as_its_repository(command, written_at_once, hub, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # the file that there is answers as ce-s0 does, and is tried against focal-s0
    monkeypatch.setattr(export, "MOST_DIFFERENCE", 1)
    ended = command(export, "hf://somebody/focal")
    assert ended.status == 0 and ended.out.startswith("focal.onnx: 0 MB, focal after epoch 3, of ")
    assert [path.name for path in tmp_path.iterdir()] == ["focal.onnx"]


def test_a_file_that_answers_otherwise_is_not_written(
    command, written_at_once, onnxruntime, tiny_runs, tmp_path, monkeypatch
):
    class OfAnother(onnxruntime.InferenceSession):
        def run(self, *given):
            return [np.roll(answer, 1, axis=1) for answer in super().run(*given)]

    monkeypatch.setattr(onnxruntime, "InferenceSession", OfAnother)
    ended = command(export, tiny_runs / "ce-s0", "--out", tmp_path / "other.onnx")
    assert (ended.status, ended.out) == (2, "")
    assert "do not agree on this network" in ended.told[-1] and "nothing was written" in ended.told[-1]
    assert list(tmp_path.iterdir()) == []


def test_it_is_written_untried_without_the_runtime_and_says_so(
    command, written_at_once, tiny_runs, tmp_path, monkeypatch
):
    without(monkeypatch, "onnxruntime")
    ended = command(export, tiny_runs / "ce-s0", "--out", tmp_path / "other.onnx")
    assert ended.status == 0
    assert "Not tried, for ONNX Runtime is not installed: pip install onnxruntime" in ended.out.splitlines()


def without(monkeypatch, *packages: str) -> None:
    find = export.importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *rest: None if name in packages else find(name, *rest))


def test_what_is_missing_is_told_before_anything_is_done(command, tiny_runs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    without(monkeypatch, "onnx", "onnxscript")
    ended = command(export, tiny_runs / "ce-s0")
    said = "error: --to onnx needs onnx and onnxscript: pip install onnx onnxscript onnxruntime"
    assert (ended.status, ended.told) == (2, [said])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["nothing"], "nothing is neither a run nor a path"),
        (["{runs}/ce-s0", "--out", "{runs}/ce-s0/model.safetensors", "--overwrite"], "is not called as ONNX is"),
        (["{runs}/ce-s0", "--out", "nowhere/ce.onnx"], "give a file in a folder that exists"),
        (["{runs}/ce-s0", "--to", "tflite"], "invalid choice"),
    ],
)
def test_what_cannot_be_done_is_one_line(command, tiny_runs, tmp_path, monkeypatch, options, said):
    monkeypatch.chdir(tmp_path)
    ended = command(export, *(option.format(runs=tiny_runs) for option in options))
    assert ended.status == 2
    assert len(ended.told) == 1 and said in ended.told[0]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_masks_of_the_shipped_network_are_pytorchs(onnxruntime, full_res_pets, tmp_path):
    """Of 60 photos at their own size, upsampled as `Segmenter.predict` does."""
    out = tmp_path / "ce-s0.onnx"
    assert export.main(["ce-s0", "--out", str(out)]) == 0
    session = onnxruntime.InferenceSession(out)
    segmenter = Segmenter.load(PROJECT / "experiments" / "results" / "ce-s0", precision="fp32")
    paths = sorted(photo_path(full_res_pets, "").parent.glob("*.jpg"))
    assert len(paths) == 60
    equal = pixels = 0
    for path in paths:
        (probabilities,) = session.run(None, {"photos": small(path, segmenter.network_size)[None]})
        with Image.open(path) as photo:
            expected = segmenter.predict(photo).mask
        enlarged = F.interpolate(torch.from_numpy(probabilities), expected.shape, mode="bilinear")[0]
        equal += (enlarged.argmax(dim=0).numpy() == expected).sum()
        pixels += expected.size
    print(f"equal: {equal} of {pixels} pixels, {equal / pixels:.7f}")
    assert equal / pixels >= 0.9999

"""A photo of any size and mode in, a mask of its own size out."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from seg.checkpoint import load_checkpoint, save_checkpoint
from seg.inference import Segmenter
from seg.networks.segnet import SegNet

SIZE = 32


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """An untrained SegNet whose BatchNorms are far from the identity, so that folding them wrongly shows."""
    torch.manual_seed(0)
    model = SegNet()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.05, 0.4)
            torch.nn.init.uniform_(module.weight, 0.8, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.3)
    path = tmp_path_factory.mktemp("checkpoint") / "model.safetensors"
    save_checkpoint(path, model, network="segnet", loss="ce", epoch=4, input_size=SIZE, scores={"border_f1": 0.5})
    return path


@pytest.fixture(scope="module")
def segmenter(checkpoint) -> Segmenter:
    return Segmenter.load(checkpoint)


def noise(width: int, height: int) -> Image.Image:
    pixels = np.random.default_rng(width * height).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def test_checkpoint_says_what_it_is(segmenter):
    assert segmenter.network_size == SIZE
    assert segmenter.metadata["loss"] == "ce"
    assert segmenter.metadata["epoch"] == 4
    assert segmenter.metadata["scores"] == {"border_f1": 0.5}


def test_prediction_is_the_unfolded_networks_upsampled_by_another_library(segmenter, checkpoint):
    photo = noise(75, 50)
    model, _ = load_checkpoint(checkpoint)
    small = np.asarray(photo.resize((SIZE, SIZE), Image.Resampling.BILINEAR), dtype=np.float32) / 255
    with torch.no_grad():
        expected = model(torch.from_numpy(small.transpose(2, 0, 1))[None]).softmax(dim=1)[0].numpy()
    assert expected.std() > 0.05  # the network says something
    upsampled = [Image.fromarray(plane).resize(photo.size, Image.Resampling.BILINEAR) for plane in expected]

    prediction = segmenter.predict(photo)

    assert prediction.probabilities.dtype == np.float32
    np.testing.assert_allclose(prediction.probabilities, np.stack([np.asarray(p) for p in upsampled]), atol=1e-4)
    assert prediction.mask.dtype == np.uint8
    np.testing.assert_array_equal(prediction.mask, prediction.probabilities.argmax(axis=0))


@settings(deadline=None, max_examples=12)
@given(width=st.integers(1, 200), height=st.integers(1, 200))
def test_mask_has_the_photos_own_size_and_probabilities_sum_to_one(segmenter, width, height):
    prediction = segmenter.predict(noise(width, height))
    assert prediction.mask.shape == (height, width)
    assert prediction.probabilities.shape == (3, height, width)
    np.testing.assert_allclose(prediction.probabilities.sum(axis=0), 1, atol=1e-5)


MODES = ("1", "L", "P", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "LA", "PA", "La", "RGBa")


@pytest.mark.parametrize("mode", [*MODES, "I;16", "I;16L", "I;16B", "I;16N"])
def test_every_mode_of_pillow_is_accepted(segmenter, mode):
    assert segmenter.predict(Image.new(mode, (21, 17))).mask.shape == (17, 21)


def test_photo_given_is_left_as_it_was(segmenter):
    photo = noise(20, 10).convert("RGBA")
    before = photo.tobytes()
    segmenter.predict(photo)
    assert (photo.mode, photo.size, photo.tobytes()) == ("RGBA", (20, 10), before)


def test_all_of_it_is_computed_on_its_device_and_then_taken_from_there(checkpoint):
    # a device without values refuses what is on another, and cannot be copied from: the last step
    with pytest.raises(NotImplementedError, match="Cannot copy out of meta tensor"):
        Segmenter.load(checkpoint, "meta").predict(noise(75, 50))


@pytest.mark.parametrize("size", [(75, 50), (1, 1), (32, 32), (3, 400), (400, 3), (531, 347)])
@pytest.mark.parametrize("tile", [7, 64, 2**18])
def test_a_prediction_enlarged_part_by_part_is_the_whole_one(segmenter, monkeypatch, size, tile):
    monkeypatch.setattr("seg.inference.TILE", tile)
    photo = noise(*size)
    whole = segmenter.predict(photo)
    small = segmenter.predict_small(photo.resize((SIZE, SIZE), Image.Resampling.BILINEAR), photo.size)
    together, seen = np.empty_like(whole.probabilities), np.zeros(whole.mask.shape, int)
    for rows, columns, probabilities in small.tiles():
        assert probabilities[0].size <= max(tile, 1)
        together[:, rows, columns] = probabilities
        seen[rows, columns] += 1
    assert (seen == 1).all()
    np.testing.assert_allclose(together, whole.probabilities, rtol=0, atol=2e-7)
    certain = np.ptp(np.sort(whole.probabilities, axis=0)[1:], axis=0) > 1e-6  # not within rounding of a tie
    np.testing.assert_array_equal(small.mask()[certain], whole.mask[certain])
    shifted = small.mask(lambda probabilities: np.full(probabilities.shape[1:], 2, np.uint8))
    assert (shifted == 2).all()

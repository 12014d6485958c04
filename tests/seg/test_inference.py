"""A photo of any size and mode in, a mask of its own size out."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from seg.checkpoint import load_checkpoint, save_checkpoint
from seg.inference import Segmenter, SmallPrediction, likeliest
from seg.networks import NETWORKS, create
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
    return Segmenter.load(checkpoint, precision="fp32")


@pytest.fixture(scope="module")
def in_bf16(checkpoint) -> Segmenter:
    return Segmenter.load(checkpoint, precision="bf16")


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


def test_bf16_is_near_fp32_and_rounds_no_logit_to_8_bits(segmenter, in_bf16):
    photo = noise(SIZE, SIZE)
    exact, near = (each.predict(photo).probabilities for each in (segmenter, in_bf16))
    # an untrained network's maxima lie close together, so that some are others
    assert 1e-4 < np.abs(exact - near).mean() < 0.1
    with torch.inference_mode():
        logits = in_bf16.model(torch.rand(1, 3, SIZE, SIZE))
    positive = logits[logits > 0]  # the last ReLU makes others 0
    assert len(positive) > SIZE**2
    assert (positive != positive.bfloat16().float()).float().mean() > 0.9


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_packed_weights_give_the_same(checkpoint, monkeypatch, precision):
    packed = Segmenter.load(checkpoint, precision=precision)
    monkeypatch.setattr("seg.inference.packing_is_there", lambda precision: False)
    plain = Segmenter.load(checkpoint, precision=precision)
    kinds = [{type(module).__name__ for module in each.model.modules()} for each in (packed, plain)]
    assert "PackedConvolution" in kinds[0] and "Conv2d" not in kinds[0]
    assert "Conv2d" in kinds[1] and "PackedConvolution" not in kinds[1]
    photo = noise(75, 50)
    rounding = 1e-5 if precision == "fp32" else 0  # at so small a size fp32 is multiplied otherwise
    np.testing.assert_allclose(
        packed.predict(photo).probabilities, plain.predict(photo).probabilities, rtol=0, atol=rounding
    )


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_precision_is_that_of_the_device_where_none_is_given(checkpoint, monkeypatch, precision):
    monkeypatch.setattr("seg.inference.choose_precision", lambda device: precision)
    photo = noise(75, 50)
    chosen, given = Segmenter.load(checkpoint), Segmenter.load(checkpoint, precision=precision)
    np.testing.assert_array_equal(chosen.predict(photo).probabilities, given.predict(photo).probabilities)


@pytest.mark.parametrize("network", NETWORKS)
def test_every_network_runs_in_bf16(network, tmp_path):
    torch.manual_seed(1)
    model = create(network)
    save_checkpoint(tmp_path / "w", model, network=network, loss="ce", epoch=1, input_size=SIZE, scores={})
    exact, near = (Segmenter.load(tmp_path / "w", precision=each).predict(noise(64, 40)) for each in ("fp32", "bf16"))
    np.testing.assert_allclose(near.probabilities, exact.probabilities, atol=0.1)


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


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_of_a_large_photo_only_what_is_open_is_enlarged_and_no_pixel_is_another(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    small = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    # of few values, so that classes are often equally probable, or nearly
    values = rng.integers(1, data.draw(st.integers(2, 6)), (3, *small)) + rng.choice([0, 1e-7], (3, *small))
    probabilities = (values / values.sum(axis=0)).astype(np.float32)
    size = data.draw(st.tuples(st.integers(1, 90), st.integers(1, 90)))
    prediction = SmallPrediction(probabilities, size)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("seg.inference.TILE", size[0])
        few = prediction.mask()
        patch.setattr("seg.inference.TILE", 2**18)
        np.testing.assert_array_equal(few, prediction.mask(likeliest))

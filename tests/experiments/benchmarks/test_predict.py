"""Ours and the peer's predict the same of the same photo. How fast is no test's business."""

import numpy as np
import pytest
import torch

from experiments.benchmarks import predict
from experiments.benchmarks.inputs import drawn_photo
from experiments.benchmarks.memory import peak, peak_is_told
from experiments.benchmarks.product import operations
from experiments.benchmarks.side_by_side import NotMeasured
from seg.checkpoint import save_checkpoint
from seg.networks.segnet import SegNet

# a narrow network's masks change where its rounded maxima do
SAME = {"fp32": 1, "bf16": 0.9}


@pytest.fixture
def weights(narrow, tmp_path) -> list:
    paths = []
    for seed in range(2):
        torch.manual_seed(seed)
        model = SegNet()
        with torch.no_grad():
            for module in model.modules():
                if isinstance(module, torch.nn.BatchNorm2d):
                    module.running_var.fill_(0.2)
                    torch.nn.init.normal_(module.bias, 0, 0.3)
        paths.append(tmp_path / f"{seed}.safetensors")
        save_checkpoint(paths[-1], model, network="segnet", loss="ce", epoch=1, input_size=32, scores={})
    return paths


def test_one_photo(setting, weights):
    row = predict.one_photo(setting, weights[0], drawn_photo(setting, (90, 60)))
    ours, (mask, probabilities) = row.ours(), row.peer.work()
    assert ours.mask.shape == mask.shape == (60, 90)
    assert len(np.unique(mask)) > 1
    assert (ours.mask == mask).mean() >= SAME[setting.precision] - 1e-3
    np.testing.assert_allclose(ours.probabilities, probabilities, atol=1e-4 if setting.precision == "fp32" else 0.2)
    assert "fp32, NCHW, BatchNorm, eval, inference_mode" in row.peer.settings
    assert (row.goal is None) == (setting.precision == "fp32")


def test_several_networks(setting, weights):
    row = predict.three_networks(setting, weights, drawn_photo(setting, (90, 60)))
    ours, theirs = row.ours(), row.peer.work()
    assert len(ours) == len(theirs) == 2
    assert (ours[0] != ours[1]).any()
    for mine, other in zip(ours, theirs, strict=True):
        assert (mine == other).mean() >= SAME[setting.precision] - 1e-3


def test_the_network_computes_as_much_as_the_product(setting, weights):
    row = predict.share(setting, weights[0], setting.precision)
    logits = row.ours()
    assert logits.shape == (1, 3, 32, 32)
    # multiply-adds of the convolutions, counted from their weights
    model, side, count = SegNet(), 32, 0
    for stages, sides in ((model.encoder, (32, 16, 8, 4)), (model.decoder, (4, 8, 16, 32))):
        for stage, side in zip(stages, sides, strict=True):
            count += sum(2 * block[0].weight.numel() * side**2 for block in stage)
    assert operations(lambda: model(torch.zeros(1, 3, 32, 32))) == count > 0
    assert setting.precision in row.peer.settings


def test_a_large_photos_file_to_its_mask(setting, weights):
    file, first = drawn_photo(setting, (1200, 900)), drawn_photo(setting, (90, 60))
    plain, alone, memory = predict.large_photo(setting, weights[0], file, first)
    ours, theirs = plain.ours(), plain.peer.work()
    assert ours.shape == theirs.shape == (900, 1200)
    assert (ours == theirs).mean() > 0.8  # a JPEG that is decoded smaller is not quite the same to a narrow network
    assert alone.peer.work().size == (1200, 900)
    assert "1 megapixels" in plain.path
    assert isinstance(memory, NotMeasured) == (not peak_is_told())


def grows() -> object:
    return lambda megabytes: np.ones(megabytes * 125_000).sum()


@pytest.mark.skipif(not peak_is_told(), reason="this system does not tell how much memory a process had at most")
@pytest.mark.long
def test_the_peak_is_what_a_work_takes_for_a_while():
    assert 195 < peak(grows, 1, 200) < 230

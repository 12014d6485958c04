"""What every network must do, whatever it is: one contract over all entries."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from seg.checkpoint import load_checkpoint, save_checkpoint
from seg.inference import Segmenter, fold_batch_norms
from seg.networks import NETWORKS, create
from seg.options import Options

PARAMETERS = {"segnet": 15_274_892, "segnet-linear": 15_274_889}


@pytest.fixture(params=NETWORKS)
def name(request, narrow) -> str:
    """Each entry in turn; SegNets have few channels here."""
    return request.param


def seasoned(name: str) -> torch.nn.Module:
    """The network, its BatchNorms having seen photos, in evaluation mode."""
    torch.manual_seed(0)
    network = create(name)
    for _ in range(3):
        network(torch.rand(4, 3, 32, 32))
    return network.eval()


@pytest.mark.parametrize("name", NETWORKS)
def test_an_entry_has_the_parameters_that_are_said_of_it(name):
    with torch.device("meta"):
        network = create(name)
    assert sum(parameter.numel() for parameter in network.parameters()) == PARAMETERS[name]


def test_logits_have_the_photos_size_and_a_channel_a_class(name):
    network, stride = seasoned(name), NETWORKS[name].stride
    for height, width in ((stride, stride), (2 * stride, 3 * stride), (64, 32)):
        assert network(torch.rand(2, 3, height, width)).shape == (2, 3, height, width)


def test_a_side_that_does_not_divide_by_the_stride_is_refused(name):
    side = NETWORKS[name].stride + 1
    with pytest.raises(ValueError, match=f"{side} x {side}"):
        seasoned(name)(torch.rand(1, 3, side, side))


def test_every_parameter_learns(name):
    torch.manual_seed(0)
    network = create(name).train()
    logits, masks = network(torch.rand(2, 3, 32, 32)), torch.randint(3, (2, 32, 32))
    F.cross_entropy(logits, masks).backward()
    assert [key for key, value in network.named_parameters() if value.grad is None or not value.grad.any()] == []


def test_its_configuration_builds_its_like(name):
    network = seasoned(name)
    like = create(name, **network.config).eval()
    like.load_state_dict(network.state_dict())
    photos = torch.rand(1, 3, 32, 32)
    assert torch.equal(like(photos), network(photos))


def test_it_takes_the_options_that_its_entry_says(name):
    options = Options(loss="ce", network=name)
    assert options.network_config.keys() == set(NETWORKS[name].takes)
    create(name, **options.network_config)
    with pytest.raises(ValueError, match=f"{name} is not built from"):
        create(name, colour="red")


def test_a_checkpoint_of_it_loads_wherever_it_is_read(name, tmp_path, monkeypatch):
    network, path = seasoned(name), tmp_path / "model.safetensors"
    save_checkpoint(path, network, network=name, loss="ce", epoch=1, input_size=32, scores={})
    # as another program, whose SegNets have the article's channels
    monkeypatch.undo()
    loaded, metadata = load_checkpoint(path)
    assert metadata["network"] == name
    photos = torch.rand(1, 3, 32, 32)
    torch.testing.assert_close(loaded(photos), network(photos), rtol=0.02, atol=0.02)
    folded = Segmenter.load(path, precision="fp32").model
    torch.testing.assert_close(folded(photos), loaded(photos), rtol=1e-3, atol=1e-3)
    assert sum(isinstance(module, torch.nn.BatchNorm2d) for module in folded.modules()) == 1


def test_folding_leaves_what_it_computes(name):
    network = seasoned(name)
    photos = torch.rand(1, 3, 32, 32)
    before = network(photos)
    torch.testing.assert_close(fold_batch_norms(network)(photos), before, rtol=1e-3, atol=1e-4)


def test_a_network_that_is_not_there_is_named_with_the_choices():
    with pytest.raises(ValueError, match="unet is not a network: choose from segnet, segnet-linear"):
        create("unet")


def test_the_linear_segnet_ends_in_a_plain_convolution_with_bias():
    with torch.device("meta"):
        plain, linear = create("segnet"), create("segnet-linear")
    last = linear.decoder[-1][-1]
    assert isinstance(last, torch.nn.Conv2d)
    assert (last.in_channels, last.out_channels, last.kernel_size) == (64, 3, (3, 3))
    assert last.bias is not None
    differing = plain.state_dict().keys() ^ linear.state_dict().keys()
    assert all(key.startswith("decoder.3.1.") for key in differing)


@pytest.mark.parametrize("stride", [16, 32])
def test_a_progressive_run_keeps_to_its_networks_stride(monkeypatch, stride):
    monkeypatch.setitem(NETWORKS, "segnet", replace(NETWORKS["segnet"], stride=stride))
    sizes = Options(loss="ce", size=160, progressive=True).sizes
    assert len(set(sizes)) == 3
    assert all(side % stride == 0 for side in sizes)

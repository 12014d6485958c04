"""A photo in, a mask out: how `experiments.benchmark predict` measures it."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from experiments.benchmarks.article import EagerSegNet, predict_eagerly
from experiments.benchmarks.inputs import USUAL_SIZE, drawn_photo
from experiments.benchmarks.memory import peak, peak_is_told
from experiments.benchmarks.product import operations, product
from experiments.benchmarks.side_by_side import (
    NotMeasured,
    Peer,
    Row,
    Setting,
    at_least,
    at_most,
    costs_at_most,
)
from experiments.cli.command_line import RESULTS
from experiments.store.folder import weights_path
from seg.checkpoint import load_checkpoint
from seg.evaluation import Precision
from seg.inference import Segmenter
from seg.networks.segnet import SegNet
from seg.photo import open_photo

# Networks of these shipped runs
RUNS = ("ce-s0", "weighted-s0", "focal-s0")
# of a phone's photo
LARGE_SIZE = (4000, 3000)


def rows(setting: Setting) -> Iterator[Row | NotMeasured]:
    """One photo, three networks on one, the network alone, and a large photo from its file to its mask."""
    weights = [weights_path(RESULTS / run) for run in RUNS]
    file = drawn_photo(setting, USUAL_SIZE)
    yield one_photo(setting, weights[0], file)
    yield three_networks(setting, weights, file)
    for precision in dict.fromkeys((setting.precision, "fp32")):
        yield share(setting, weights[0], precision)
    yield from large_photo(setting, weights[0], drawn_photo(setting, LARGE_SIZE), file)


def one_photo(setting: Setting, weights: Path, file: Path) -> Row:
    """A photo in memory to its mask and probabilities at its own size."""
    segmenter, eager = (
        Segmenter.load(weights, setting.device, setting.precision),
        eager_network(weights, setting.device),
    )
    photo = open_photo(file)
    theirs = partial(predict_eagerly, eager, photo, segmenter.network_size, setting.device)
    return Row(
        f"predict, one photo of {photo.width} x {photo.height}",
        "ms",
        partial(segmenter.predict, photo),
        Peer("eager PyTorch", theirs, eager_settings()),
        at_least(2.0, 2.35) if setting.precision == "bf16" else None,
        repeats=20,
    )


def three_networks(setting: Setting, weights: list[Path], file: Path) -> Row:
    """A photo's file to the masks of several networks."""
    segmenters = [Segmenter.load(each, setting.device, setting.precision) for each in weights]
    eager = [eager_network(each, setting.device) for each in weights]
    side = segmenters[0].network_size

    def our_masks() -> list[np.ndarray]:
        small, size = _for_network(file, side)
        return [segmenter.predict_small(small, size).mask() for segmenter in segmenters]

    def their_masks() -> list[np.ndarray]:
        photo = open_photo(file)
        return [predict_eagerly(network, photo, side, setting.device)[0] for network in eager]

    return Row(
        f"predict, {len(weights)} networks on one photo",
        "ms",
        our_masks,
        Peer("eager PyTorch", their_masks, f"decoded once, one after another; {eager_settings()}"),
        at_least(2.5) if setting.precision == "bf16" else None,
        repeats=10,
    )


def share(setting: Setting, weights: Path, precision: Precision) -> Row:
    """The network alone, beside a matrix product of as many operations."""
    device = setting.device
    segmenter, eager = Segmenter.load(weights, device, precision), eager_network(weights, device)
    side = segmenter.network_size
    photo = torch.rand(1, 3, side, side, device=device)
    count = operations(lambda: eager(photo))

    def network() -> torch.Tensor:
        with torch.inference_mode():
            return segmenter.model(photo.contiguous(memory_format=torch.channels_last))

    return Row(
        f"predict, the network alone in {precision}",
        "ms",
        network,
        product(count, device, precision),
        at_least(0.75) if precision == setting.precision == "fp32" else None,
        repeats=20,
    )


def large_photo(setting: Setting, weights: Path, file: Path, first: Path) -> Iterator[Row | NotMeasured]:
    """A file to the mask at the photo's own size: beside the plain way, beside the network alone, and memory."""
    device = setting.device
    open_ours = partial(file_to_mask, weights, device, setting.precision)
    open_theirs = partial(file_to_mask_eagerly, weights, device)
    ours, theirs = open_ours(), open_theirs()
    segmenter = Segmenter.load(weights, device, setting.precision)
    small, size = _for_network(file, segmenter.network_size)
    name = f"predict, a file of {size[0] * size[1] / 1e6:.0f} megapixels to its mask"
    plain = f"decoded whole, resized, predicted, upsampled; {eager_settings()}"
    yield Row(name, "ms", partial(ours, file), Peer("eager PyTorch", partial(theirs, file), plain), repeats=10)
    alone = partial(segmenter.predict_small, small, size)
    peer = Peer("ours without decoding and enlarging", alone, "the photo decoded and resized before")
    yield Row(f"{name}, beside its network", "ms", partial(ours, file), peer, costs_at_most(1.25), repeats=10)
    if not peak_is_told():
        yield NotMeasured(f"{name}, memory at its peak", "this system does not tell it")
        return
    our_peak, their_peak = (partial(peak, way, first, file) for way in (open_ours, open_theirs))
    yield Row(
        f"{name}, memory at its peak",
        "MB",
        our_peak,
        Peer("eager PyTorch", their_peak, f"over the idle process; {plain}"),
        at_most("MB", 400),
        repeats=1,
        warm_up=False,
    )


def file_to_mask(weights: Path, device: torch.device, precision: Precision) -> Callable[[Path], np.ndarray]:
    """From a photo's file to its mask at its own size, as the app does it."""
    segmenter = Segmenter.load(weights, device, precision)

    def work(file: Path) -> np.ndarray:
        return segmenter.predict_small(*_for_network(file, segmenter.network_size)).mask()

    return work


def _for_network(file: Path, side: int) -> tuple[Image.Image, tuple[int, int]]:
    """The photo at the network's size, and its own width and height."""
    photo = open_photo(file)
    return photo.resize((side, side), Image.Resampling.BILINEAR), photo.size


def file_to_mask_eagerly(weights: Path, device: torch.device) -> Callable[[Path], np.ndarray]:
    """The same, the plain way."""
    eager, side = eager_network(weights, device), load_checkpoint(weights)[1]["input_size"]
    return lambda file: predict_eagerly(eager, open_photo(file), side, device)[0]


def eager_network(weights: Path, device: torch.device) -> EagerSegNet:
    """The peer's network with the weights of a checkpoint."""
    model, _ = load_checkpoint(weights)
    assert isinstance(model, SegNet)
    return EagerSegNet(model).eval().to(device)


def eager_settings() -> str:
    """How the peer is set up."""
    return f"fp32, NCHW, BatchNorm, eval, inference_mode, {torch.get_num_threads()} threads"

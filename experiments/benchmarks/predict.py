"""A photo in, a mask out: how `experiments.benchmark predict` measures it."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import torch

from experiments.benchmarks.article import EagerSegNet, predict_eagerly
from experiments.benchmarks.inputs import USUAL_SIZE, drawn_photo
from experiments.benchmarks.product import operations, product
from experiments.benchmarks.side_by_side import NotMeasured, Peer, Row, Setting, at_least
from experiments.cli.command_line import RESULTS
from experiments.store.folder import weights_path
from seg.checkpoint import load_checkpoint
from seg.inference import Segmenter
from seg.networks.segnet import SegNet
from seg.photo import open_photo

# Networks of these shipped runs
RUNS = ("ce-s0", "weighted-s0", "focal-s0")


def rows(setting: Setting) -> Iterator[Row | NotMeasured]:
    """One photo, and the share of a plain matrix product's rate that its network reaches."""
    device = setting.device
    paths = [weights_path(RESULTS / run) for run in RUNS]
    segmenter = Segmenter.load(paths[0], device)
    eager = _eager(paths[0], device)
    side = segmenter.network_size
    settings = f"fp32, NCHW, BatchNorm, eval, inference_mode, {torch.get_num_threads()} threads"
    photo = open_photo(drawn_photo(setting, USUAL_SIZE))
    yield Row(
        "predict, one photo",
        "ms",
        partial(segmenter.predict, photo),
        Peer("eager PyTorch", partial(predict_eagerly, eager, photo, side, device), settings),
        at_least(2.0, 2.35) if setting.precision == "bf16" else None,
        repeats=20,
    )
    small = torch.rand(1, 3, side, side, device=device)

    def network() -> torch.Tensor:
        with torch.inference_mode():
            return segmenter.model(small.contiguous(memory_format=torch.channels_last))

    yield Row(
        "predict, the network alone",
        "ms",
        network,
        product(operations(lambda: eager(small)), device, "fp32"),
        None if setting.precision == "bf16" else at_least(0.75),
        repeats=20,
    )


def _eager(path: Path, device: torch.device) -> EagerSegNet:
    model, _ = load_checkpoint(path)
    assert isinstance(model, SegNet)
    return EagerSegNet(model).eval().to(device)

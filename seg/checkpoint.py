"""Weights and training state on disk, as safetensors only: reading a file never runs code from it."""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from seg import InputError
from seg.networks import NETWORKS, create
from seg.options import MOST_EPOCHS, MOST_SIDE
from seg.pets import CLASS_NAMES

# of the metadata; a checkpoint that does not say has the first
FORMAT = 1
# of a checkpoint that does not say
FIRST_NETWORK = "segnet"
# 16 times the article's network: 1 GB of weights in memory
MOST_PARAMETERS = 250_000_000
MOST_LETTERS = 100
# safetensors' names of the types that weights are kept in, and counts of batches
_FLOATS, _INTEGERS = ("F16", "BF16", "F32", "F64"), ("I64",)
_CLASSES = json.dumps(CLASS_NAMES)


class BadCheckpoint(InputError):
    """The file is missing, not safetensors, truncated, or holds something else than a network that is known."""


def write_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write a safetensors file, not in one step: who needs the old file or the new one gives a temporary path."""
    # not by `save_file`, whose files nobody else may read
    path.write_bytes(save({name: tensor.contiguous() for name, tensor in tensors.items()}, metadata))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """All tensors of a safetensors file, on the CPU, and its metadata.

    Raises:
        BadCheckpoint: no such file, not safetensors, or truncated.
    """
    with _opened(path) as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """A safetensors file.

    Raises:
        BadCheckpoint: no such file, not safetensors, or truncated.
    """
    try:
        if not Path(path).is_file():  # a pipe is none, which would keep whoever opens it waiting
            raise BadCheckpoint(f"{path} is not a file: give the path of a .safetensors file")
        with safe_open(path, framework="pt") as file:
            yield file
    except (SafetensorError, OSError) as error:
        why = str(error)[:200]
        raise BadCheckpoint(
            f"{path} is not a whole safetensors file ({why}): copy it again, or train it anew"
        ) from error


def save_checkpoint(
    path: Path, model: nn.Module, *, network: str, loss: str, epoch: int, input_size: int, scores: dict
) -> None:
    """Write the model's weights: convolutions as float16, the few BatchNorm values as float32.

    A convolution with a value that float16 would make infinite stays as it is.

    Args:
        path: as `write_tensors`'s.
        network: the name in `seg.networks.NETWORKS` that the model was created by.
        input_size: side in pixels at which the network was last trained, and is to be run.
        scores: the validation scores of these weights, kept in the metadata.
    """
    most = torch.finfo(torch.float16).max
    weights = {
        name: value.half() if value.ndim == 4 and value.abs().max() <= most else value
        for name, value in model.state_dict().items()
    }
    metadata = {
        "format": str(FORMAT),
        "network": network,
        "config": json.dumps(model.config),
        "loss": loss,
        "epoch": str(epoch),
        "classes": _CLASSES,
        "input_size": str(input_size),
        "scores": json.dumps(scores),
    }
    write_tensors(path, weights, metadata)


def load_checkpoint(path: Path) -> tuple[nn.Module, dict]:
    """The network in a checkpoint, in evaluation mode on the CPU, and its metadata.

    Returns:
        The model and {"network": str, "loss": str, "epoch": int, "input_size": int, "scores": dict}.

    Raises:
        BadCheckpoint: the file cannot be read, is of a newer format, or its network is not known or has other weights.
    """
    form, metadata = _read_header(path)
    name = metadata.get("network", FIRST_NETWORK)
    model = _empty_network(path, name, metadata)
    expected = model.state_dict()
    if form.keys() != expected.keys():
        odd = sorted(form.keys() ^ expected.keys())
        raise BadCheckpoint(f"{path} does not hold {name}'s weights ({len(odd)} names differ, first {odd[0][:100]})")
    for tensor, (kind, shape) in form.items():
        if shape != tuple(expected[tensor].shape):
            shapes = f"{shape}, not {tuple(expected[tensor].shape)}"
            raise BadCheckpoint(f"{path} does not hold {name}'s weights: {tensor} is {shapes}")
        if kind not in (_FLOATS if expected[tensor].is_floating_point() else _INTEGERS):
            raise BadCheckpoint(f"{path} does not hold {name}'s weights: {tensor} is {kind}")
    described = _described(path, name, metadata)
    tensors, _ = read_tensors(path)
    for tensor, value in tensors.items():
        if value.is_floating_point() and not value.isfinite().all():
            raise BadCheckpoint(f"{path} holds values that are not finite in {tensor}: train it anew")
        if tensor.endswith("running_var") and (value < 0).any():
            raise BadCheckpoint(f"{path} holds variances below 0 in {tensor}: train it anew")
    floats = {name: value.float() if value.is_floating_point() else value for name, value in tensors.items()}
    model.load_state_dict(floats, assign=True)
    return model.requires_grad_(False).eval(), described


def read_input_size(path: Path) -> int | None:
    """Side in pixels at which a checkpoint says its network is run, without reading its weights; None where unsaid.

    Raises:
        BadCheckpoint: the file cannot be read.
    """
    _, metadata = _read_header(path)
    try:
        return _number("input_size", metadata["input_size"])
    except (KeyError, ValueError):
        return None


def _read_header(path: Path) -> tuple[dict[str, tuple[str, tuple[int, ...]]], dict[str, str]]:
    """Type and shape of each tensor of a safetensors file, and its metadata: no more of it is read.

    Raises:
        BadCheckpoint: as `read_tensors`.
    """
    with _opened(path) as file:
        slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
        form = {name: (each.get_dtype(), tuple(each.get_shape())) for name, each in slices.items()}
        return form, file.metadata() or {}


def _described(path: Path, network: str, metadata: dict[str, str]) -> dict:
    """What the metadata say of the weights, each number in its range."""
    try:
        # older versions wrote an undefined score as NaN
        scores = json.loads(metadata["scores"], parse_constant=lambda name: None if name == "NaN" else math.inf)
        epoch, side = (_number(key, metadata[key]) for key in ("epoch", "input_size"))
        stride = NETWORKS[network].stride
        if side == 0 or side % stride or side > MOST_SIDE:
            raise ValueError(f"input_size {side} is no multiple of {stride} up to {MOST_SIDE}")
        if epoch > MOST_EPOCHS:
            raise ValueError(f"epoch {epoch} is past {MOST_EPOCHS}")
        if not isinstance(scores, dict) or not all(map(_is_score, scores.values())):
            raise ValueError("scores is no table of scores")
        if json.loads(metadata.get("classes", _CLASSES)) != json.loads(_CLASSES):
            raise ValueError(f"classes are not {_CLASSES}")
        loss = metadata["loss"]
        if not 0 < len(loss) <= MOST_LETTERS:
            raise ValueError("loss is no name")
    except (KeyError, ValueError, RecursionError) as error:
        why = str(error) if isinstance(error, ValueError | KeyError) else "nested too deeply"
        raise BadCheckpoint(f"{path} lacks the metadata of a checkpoint ({why[:200]}): train it anew") from error
    return {"network": network, "loss": loss, "epoch": epoch, "input_size": side, "scores": scores}


def _number(key: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise ValueError(f"{key} is {text[:40]!r}, which is no number in its range")
    return int(text)


def _is_score(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf)


def _empty_network(path: Path, name: str, metadata: dict[str, str]) -> nn.Module:
    """The network that the metadata describe, without weights."""
    form = metadata.get("format", "1")
    if not (form.isascii() and form.isdecimal() and len(form) < 9) or int(form) > FORMAT:
        raise BadCheckpoint(f"{path} has format {form[:40]}, this version reads up to {FORMAT}: update Borderline")
    if name not in NETWORKS:
        known = ", ".join(NETWORKS)
        raise BadCheckpoint(
            f"{path} holds a {name[:100]}, which is none of this version's networks ({known}): update Borderline"
        )
    # before a checkpoint held its configuration, it held this alone, and before that it was the article's network
    config = metadata.get("config") or json.dumps({"final_relu": metadata.get("final_relu") != "false"})
    try:
        with torch.device("meta"):
            model = create(name, **json.loads(config))
    except (ValueError, TypeError, RecursionError) as error:
        why = str(error)[:200]
        raise BadCheckpoint(f"{path} describes no {name} that can be built ({why}): train it anew") from error
    count = sum(parameter.numel() for parameter in model.parameters())
    if count > MOST_PARAMETERS:
        raise BadCheckpoint(f"{path} describes a {name} of {count:,} parameters, more than {MOST_PARAMETERS:,}")
    return model

"""Weights and training state on disk, as safetensors only: reading a file never runs code from it."""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from seg import InputError
from seg.networks import NETWORKS, create
from seg.pets import CLASS_NAMES

# of the metadata; a checkpoint that does not say has the first
FORMAT = 1
# of a checkpoint that does not say
FIRST_NETWORK = "segnet"


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
    if not Path(path).is_file():
        raise BadCheckpoint(f"{path} is not a file: give the path of a .safetensors file")
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise BadCheckpoint(
            f"{path} is not a whole safetensors file ({error}): copy it again, or train it anew"
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
        "classes": json.dumps(CLASS_NAMES),
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
    tensors, metadata = read_tensors(path)
    name = metadata.get("network", FIRST_NETWORK)
    model = _empty_network(path, name, metadata)
    expected = model.state_dict()
    if tensors.keys() != expected.keys():
        odd = sorted(tensors.keys() ^ expected.keys())
        raise BadCheckpoint(f"{path} does not hold {name}'s weights ({len(odd)} names differ, first {odd[0]})")
    for tensor, value in tensors.items():
        if value.shape != expected[tensor].shape:
            shapes = f"{tuple(value.shape)}, not {tuple(expected[tensor].shape)}"
            raise BadCheckpoint(f"{path} does not hold {name}'s weights: {tensor} is {shapes}")
        if value.is_floating_point() != expected[tensor].is_floating_point():
            raise BadCheckpoint(f"{path} does not hold {name}'s weights: {tensor} is {value.dtype}")
        if value.is_floating_point() and not value.isfinite().all():
            raise BadCheckpoint(f"{path} holds values that are not finite in {tensor}: train it anew")
    try:
        described = {
            "network": name,
            "loss": metadata["loss"],
            "epoch": int(metadata["epoch"]),
            "input_size": int(metadata["input_size"]),
            "scores": json.loads(metadata["scores"]),
        }
        if described["input_size"] <= 0 or described["input_size"] % NETWORKS[name].stride:
            raise ValueError(f"input_size {described['input_size']} does not divide by {NETWORKS[name].stride}")
        if not isinstance(described["scores"], dict):
            raise ValueError("scores is no table of scores")
    except (KeyError, ValueError) as error:
        raise BadCheckpoint(f"{path} lacks the metadata of a checkpoint ({error}): train it anew") from error
    floats = {name: value.float() if value.is_floating_point() else value for name, value in tensors.items()}
    model.load_state_dict(floats, assign=True)
    return model.requires_grad_(False).eval(), described


def _empty_network(path: Path, name: str, metadata: dict[str, str]) -> nn.Module:
    """The network that the metadata describe, without weights."""
    form = metadata.get("format", "1")
    if not form.isdecimal() or int(form) > FORMAT:
        raise BadCheckpoint(f"{path} has format {form}, this version reads up to {FORMAT}: update Borderline")
    if name not in NETWORKS:
        known = ", ".join(NETWORKS)
        raise BadCheckpoint(
            f"{path} holds a {name}, which is none of this version's networks ({known}): update Borderline"
        )
    # before a checkpoint held its configuration, it held this alone, and before that it was the article's network
    config = metadata.get("config") or json.dumps({"final_relu": metadata.get("final_relu") != "false"})
    try:
        with torch.device("meta"):
            return create(name, **json.loads(config))
    except (ValueError, TypeError) as error:
        raise BadCheckpoint(f"{path} describes no {name} that can be built ({error}): train it anew") from error

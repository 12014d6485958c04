"""Weights and training state on disk, as safetensors only: reading a file never runs code from it."""

import json
import os
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from seg import InputError
from seg.pets import CLASS_NAMES
from seg.segnet import SegNet


class BadCheckpoint(InputError):
    """The file is missing, not safetensors, truncated, or holds something else than a SegNet."""


def write_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write a safetensors file and rename it into place: a reader sees the old file or the whole new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, temporary, metadata)
        temporary.chmod(0o644)  # safetensors makes it readable by its owner alone
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


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


def save_checkpoint(path: Path, model: SegNet, *, loss: str, epoch: int, input_size: int, scores: dict) -> None:
    """Write the model's weights: convolutions as float16, the few BatchNorm values as float32.

    Args:
        input_size: side in pixels at which the network was last trained, and is to be run.
        scores: the validation scores of these weights, kept in the metadata.
    """
    weights = {name: value.half() if value.ndim == 4 else value for name, value in model.state_dict().items()}
    metadata = {
        "loss": loss,
        "epoch": str(epoch),
        "classes": json.dumps(CLASS_NAMES),
        "input_size": str(input_size),
        "final_relu": json.dumps(model.final_relu),
        "scores": json.dumps(scores),
    }
    write_tensors(path, weights, metadata)


def load_checkpoint(path: Path) -> tuple[SegNet, dict]:
    """The SegNet in a checkpoint, in evaluation mode on the CPU, and its metadata.

    Returns:
        The model and {"loss": str, "epoch": int, "input_size": int, "scores": dict}.

    Raises:
        BadCheckpoint: the file cannot be read or is not a SegNet's.
    """
    tensors, metadata = read_tensors(path)
    with torch.device("meta"):
        # a checkpoint that does not say is the article's network
        model = SegNet(final_relu=metadata.get("final_relu") != "false")
    expected = model.state_dict()
    if tensors.keys() != expected.keys():
        odd = sorted(tensors.keys() ^ expected.keys())
        raise BadCheckpoint(f"{path} does not hold SegNet's weights ({len(odd)} names differ, first {odd[0]})")
    for name, value in tensors.items():
        if value.shape != expected[name].shape:
            shapes = f"{tuple(value.shape)}, not {tuple(expected[name].shape)}"
            raise BadCheckpoint(f"{path} does not hold SegNet's weights: {name} is {shapes}")
        if value.is_floating_point() != expected[name].is_floating_point():
            raise BadCheckpoint(f"{path} does not hold SegNet's weights: {name} is {value.dtype}")
        if value.is_floating_point() and not value.isfinite().all():
            raise BadCheckpoint(f"{path} holds values that are not finite in {name}: train it anew")
    try:
        described = {
            "loss": metadata["loss"],
            "epoch": int(metadata["epoch"]),
            "input_size": int(metadata["input_size"]),
            "scores": json.loads(metadata["scores"]),
        }
        if described["input_size"] <= 0 or described["input_size"] % 16:
            raise ValueError(f"input_size {described['input_size']} does not divide by 16")
        if not isinstance(described["scores"], dict):
            raise ValueError("scores is no table of scores")
    except (KeyError, ValueError) as error:
        raise BadCheckpoint(f"{path} lacks the metadata of a checkpoint ({error}): train it anew") from error
    floats = {name: value.float() if value.is_floating_point() else value for name, value in tensors.items()}
    model.load_state_dict(floats, assign=True)
    return model.requires_grad_(False).eval(), described

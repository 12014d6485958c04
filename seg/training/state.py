"""All that training changes, kept and taken up again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from seg.checkpoint import BadCheckpoint, read_tensors, write_tensors
from seg.metrics import double
from seg.networks import create
from seg.options import Options


class BadState(BadCheckpoint):
    """The file holds something else than a training state, or that of another network."""


@dataclass
class TrainingState:
    """All that training changes, so that saving it and loading it loses nothing.

    Attributes:
        averaged: the moving average of the weights, where the options ask for one.
        epoch: finished epochs.
        batch: batches done of the epoch under way.
        order: the photos' order in the epoch under way, (N,) int64; None between epochs.
        loss_sum: float64 scalar, the losses of the epoch under way, each times its batch's photos; on the CPU where
            the device has no float64.
        training_seconds, seconds: time spent in the epoch under way, without and with evaluation.
    """

    model: nn.Module
    optimiser: torch.optim.AdamW
    generator: torch.Generator
    averaged: AveragedModel | None = None
    epoch: int = 0
    batch: int = 0
    order: Tensor | None = None
    loss_sum: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.float64))
    training_seconds: float = 0.0
    seconds: float = 0.0

    @classmethod
    def start(cls, options: Options, device: torch.device) -> "TrainingState":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(options.seed)
            model = create(options.network, **options.network_config)
        model = model.to(device).to(memory_format=torch.channels_last)
        # without decay AdamW is Adam
        optimiser = torch.optim.AdamW(model.parameters(), lr=options.lr, weight_decay=options.weight_decay)
        generator = torch.Generator(device).manual_seed(options.seed)
        averaged = None
        if options.ema:
            # the buffers too: BatchNorm's running statistics belong to the weights they were taken with
            averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(options.ema), use_buffers=True)
        loss_sum = double(torch.zeros((), device=device))
        return cls(model, optimiser, generator, averaged, loss_sum=loss_sum)

    @property
    def scored_model(self) -> nn.Module:
        """The model that is scored and kept."""
        return self.model if self.averaged is None else self.averaged.module

    def save(self, path: Path, said: Mapping[str, str] = MappingProxyType({})) -> None:
        """Write everything to one safetensors file.

        Args:
            said: what its metadata are to say beside it.
        """
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        if self.averaged is not None:
            tensors |= {f"averaged.{name}": value for name, value in self.averaged.state_dict().items()}
        optimiser = self.optimiser.state_dict()
        for parameter, values in optimiser["state"].items():
            tensors |= {f"optimiser.{parameter}.{name}": value for name, value in values.items()}
        tensors |= {"generator": self.generator.get_state(), "loss_sum": self.loss_sum}
        if self.order is not None:
            tensors["order"] = self.order
        numbers = {
            "epoch": self.epoch,
            "batch": self.batch,
            "training_seconds": self.training_seconds,
            "seconds": self.seconds,
            "groups": optimiser["param_groups"],
        }
        write_tensors(path, tensors, {**said, "training": json.dumps(numbers)})

    def load(self, path: Path) -> None:
        """Continue from a saved state, in place.

        Raises:
            BadCheckpoint: the file cannot be read.
            BadState: it is no training state.
        """
        tensors, metadata = read_tensors(path)
        try:
            numbers = json.loads(metadata["training"])
            self.model.load_state_dict(_named("model.", tensors))
            if self.averaged is not None:
                self.averaged.load_state_dict(_named("averaged.", tensors))
            moments: dict[int, dict[str, Tensor]] = {}
            for name, value in tensors.items():
                if name.startswith("optimiser."):
                    _, parameter, moment = name.split(".")
                    # Adam keeps its moments in the weights' memory format; another one rounds differently
                    channels_last = value.ndim == 4
                    moments.setdefault(int(parameter), {})[moment] = (
                        value.contiguous(memory_format=torch.channels_last) if channels_last else value
                    )
            self.optimiser.load_state_dict({"state": moments, "param_groups": numbers["groups"]})
            self.generator.set_state(tensors["generator"])
            self.loss_sum = tensors["loss_sum"].to(self.loss_sum.device)
            self.order = tensors["order"].to(self.generator.device) if "order" in tensors else None
            self.epoch, self.batch = numbers["epoch"], numbers["batch"]
            self.training_seconds, self.seconds = numbers["training_seconds"], numbers["seconds"]
        except (KeyError, ValueError, RuntimeError, TypeError, AttributeError) as error:
            reason = str(error).strip().splitlines()[0]
            raise BadState(f"{path} is not a training state ({reason})") from error


def _named(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin with the prefix, without it."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}

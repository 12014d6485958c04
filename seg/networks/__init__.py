"""The networks that can be trained, by name. Nothing here imports torch.

A network is an `nn.Module` from photos (N, 3, H, W) in [0, 1] to logits (N, 3, H, W) of PET, BACKGROUND, BORDER whose
attribute `config` holds all that its builder was told, ready for JSON: `create(name, **config)` builds its like.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Network:
    """An entry.

    Attributes:
        builder: `module:name` of what is called with a configuration, imported when it is needed.
        meaning: what it is, in a few words.
        takes: the options of `seg.options.Options` that are part of its configuration.
        stride: what the sides of its photos divide by.
    """

    builder: str
    meaning: str
    takes: tuple[str, ...] = ()
    stride: int = 16


NETWORKS = {
    "segnet": Network("seg.networks.segnet:SegNet", "SegNet as the article builds it", takes=("final_relu",)),
    "segnet-linear": Network("seg.networks.segnet:SegNetLinear", "SegNet that ends in a plain convolution"),
}


def create(name: str, **config: Any) -> nn.Module:
    """A new network.

    Raises:
        ValueError: no network has that name, or the configuration is not one of its.
    """
    if name not in NETWORKS:
        raise ValueError(f"{name} is not a network: choose from {', '.join(NETWORKS)}")
    module, _, attribute = NETWORKS[name].builder.partition(":")
    try:
        return getattr(import_module(module), attribute)(**config)
    except TypeError as error:
        raise ValueError(f"{name} is not built from {config}: {error}") from error

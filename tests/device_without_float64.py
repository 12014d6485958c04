"""A device that is stood in for by the CPU: it refuses float64, and tensors of the CPU beside its own.

Of every tensor it is known where it lies: what `cpu()` returns, and what is made without saying where, is the CPU's,
and so is all that is made of such; all else is the device's.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

from seg import batches, metrics

BORDER_PADDING = 1  # of grid_sampler_2d's modes


def on_cpu(tensor: Tensor) -> bool:
    return getattr(tensor, "_on_cpu", False)


def tensors(*held: object) -> list[Tensor]:
    return [each for each in tree_iter(held) if isinstance(each, Tensor)]


class Refusing(TorchDispatchMode):
    """Counts what is done on the device, so that nobody passes by doing nothing there."""

    def __init__(self) -> None:
        super().__init__()
        self.done = 0
        self.unplaced = False  # what is made now is made without saying where

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        given = tensors(args, kwargs)
        places = {on_cpu(each) for each in given if each.ndim > 0}
        if len(places) > 1:
            raise RuntimeError(f"{func}: expected all tensors to be on the same device")
        if not given:  # a number among tensors is made one where they are, which nobody asked for
            cpu = self.unplaced or func is torch.ops.aten.scalar_tensor.default
        else:
            cpu = places.pop() if places else all(map(on_cpu, given))
        made = func(*args, **kwargs)
        if not cpu:
            self.done += 1
            if any(each.dtype == torch.float64 and not on_cpu(each) for each in tensors(given, made)):
                raise TypeError(f"{func}: cannot convert a tensor of this device to float64")
            if "grid_sampler_2d" in str(func) and args[3] == BORDER_PADDING:
                raise RuntimeError("unsupported border padding mode")
        for each in tensors(made):
            if not any(each is one for one in given):  # else it was changed in place
                each._on_cpu = cpu
        return made


class Moving(TorchFunctionMode):
    """`cpu()`, and `to` a device, which do nothing on the CPU, say where a tensor is from then on."""

    def __init__(self, refusing: Refusing) -> None:
        super().__init__()
        self.refusing = refusing

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        said = any(isinstance(each, torch.device) for each in (*args, *kwargs.values()))
        self.refusing.unplaced = not tensors(args, kwargs) and not said
        made = func(*args, **kwargs)
        self.refusing.unplaced = False
        if func is Tensor.cpu or (func is Tensor.to and said):
            made = made if made.requires_grad else made.detach()
            made._on_cpu = func is Tensor.cpu
        return made


@contextmanager
def device_without_float64() -> Iterator[Refusing]:
    """While inside, the CPU is such a device, and the project takes it for one."""
    with pytest.MonkeyPatch.context() as patch, ExitStack() as modes:
        patch.setattr(metrics, "WITHOUT_FLOAT64", frozenset({"cpu"}))
        patch.setattr(batches, "WITHOUT_BORDER_PADDING", frozenset({"cpu"}))
        refusing = Refusing()
        for mode in (refusing, Moving(refusing)):
            modes.enter_context(mode)
        yield refusing

"""2 x 2 max pooling that remembers where each maximum was, and the unpooling that puts it back.

The position of a maximum inside its square needs two bits; `nn.MaxPool2d(return_indices=True)`
stores 64. Here it is one byte: `offset = 2 * row + column` inside the square.

Measured side by side (`experiments.benchmark train`; 2 cores of an AMD EPYC, bf16, 64 photos, the
first stage, forward and backward): 16 MiB kept instead of 128, 503 ms instead of 480, 3 % slower.

Both are here in two forms of the same values and gradients. The one writes its result in place, which is the
fastest as it stands; the other is pure operations, which `torch.compile`, `torch.export` and `torch.func` see through.
Where nothing is kept for a gradient, on a processor, PyTorch's own int64 indices go from the one to the other: they
are of the same pixels, and of a photo they take 2 ms in place of 9.
"""

from typing import NoReturn

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.functional import pixel_shuffle

from seg import InputError


def max_pool(x: Tensor) -> tuple[Tensor, Tensor]:
    """The maximum of every 2 x 2 square, and its offset; of equal values the first, which gets all of the gradient.

    Args:
        x: (N, C, 2H, 2W), finite.

    Returns:
        (N, C, H, W) of x's type, and offsets (N, C, H, W) uint8; without gradients on a processor PyTorch's indices,
        int64, in their place, which `max_unpool` takes, too.

    Raises:
        InputError: it is traced, see `refuse_torchscript`.
    """
    if torch.jit.is_tracing():
        refuse_torchscript()
    if _is_looked_into():
        return _pool_purely(x)
    if x.device.type == "cpu" and not torch.is_grad_enabled() and not torch.are_deterministic_algorithms_enabled():
        return F.max_pool2d_with_indices(x, (2, 2))
    return _MaxPool.apply(x)


def max_unpool(x: Tensor, offsets: Tensor) -> Tensor:
    """(N, C, H, W) to (N, C, 2H, 2W): each value at its offset inside its square, zero elsewhere.

    Raises:
        InputError: as `max_pool`.
    """
    if torch.jit.is_tracing():
        refuse_torchscript()
    if offsets.dtype == torch.int64:  # PyTorch's indices, whoever looks into it
        return F.max_unpool2d(x, offsets, (2, 2))
    if _is_looked_into():
        return _unpool_purely(x, offsets)
    return _MaxUnpool.apply(x, offsets)


def _is_looked_into() -> bool:
    # the second is what autograd.Function itself asks; no public function tells it
    return torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active()


def refuse_torchscript() -> NoReturn:
    """A trace sees nothing of what is written in place: of SegNet's 20 convolutions 2 would be left, without a word.

    Raises:
        InputError: always.
    """
    raise InputError(
        "SegNet's unpooling has no TorchScript, neither traced nor scripted, nor in torch.onnx.export(dynamo=False): "
        "use torch.export or torch.compile, and `borderline export` for ONNX"
    )


def _corners(x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The four pixels of every 2 x 2 square, in offset order, as views."""
    return x[..., 0::2, 0::2], x[..., 0::2, 1::2], x[..., 1::2, 0::2], x[..., 1::2, 1::2]


def _maxima(x: Tensor) -> tuple[Tensor, Tensor]:
    """What `max_pool` returns; its gradient would be shared out between equal values."""
    top_left, top_right, bottom_left, bottom_right = _corners(x)
    # a strict > keeps the first of equal values, as nn.MaxPool2d does
    top, bottom = torch.maximum(top_left, top_right), torch.maximum(bottom_left, bottom_right)
    offsets = torch.where(
        bottom > top,
        (bottom_right > bottom_left).to(torch.uint8) + 2,
        (top_right > top_left).to(torch.uint8),
    )
    return torch.maximum(top, bottom), offsets


def _gather(squares: Tensor, offsets: Tensor) -> Tensor:
    """(..., 2H, 2W) squares to (..., H, W): from each square the value at its offset."""
    top_left, top_right, bottom_left, bottom_right = _corners(squares)
    right = (offsets & 1).bool()
    return torch.where(
        offsets > 1,
        torch.where(right, bottom_right, bottom_left),
        torch.where(right, top_right, top_left),
    )


# ---- pure operations


def _pool_purely(x: Tensor) -> tuple[Tensor, Tensor]:
    _, offsets = _maxima(x.detach())
    return _gather(x, offsets), offsets


def _unpool_purely(x: Tensor, offsets: Tensor) -> Tensor:
    # measured under ONNX Runtime, against one `where` over (..., H, 2, W, 2): a quarter of the time
    corners = [torch.where(offsets == offset, x, 0) for offset in range(4)]
    return pixel_shuffle(torch.stack(corners, dim=-3).flatten(-4, -3), 2)


# ---- in place


def _scatter(values: Tensor, offsets: Tensor) -> Tensor:
    batch, channels, height, width = values.shape
    squares = torch.empty(
        (batch, channels, 2 * height, 2 * width),
        dtype=values.dtype,
        device=values.device,
        memory_format=_memory_format(values),
    )
    for offset, corner in enumerate(_corners(squares)):
        torch.mul(values, offsets == offset, out=corner)
    return squares


def _memory_format(x: Tensor) -> torch.memory_format:
    channels_last = x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()
    return torch.channels_last if channels_last else torch.contiguous_format


class _MaxPool(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        maxima, offsets = _maxima(x)
        ctx.mark_non_differentiable(offsets)
        ctx.save_for_backward(offsets)
        return maxima, offsets

    @staticmethod
    def backward(ctx, gradient, _):
        return _MaxUnpool.apply(gradient, ctx.saved_tensors[0])


class _MaxUnpool(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, offsets):
        ctx.save_for_backward(offsets)
        return _scatter(x, offsets)

    @staticmethod
    def backward(ctx, gradient):
        return _gather(gradient, ctx.saved_tensors[0]), None

"""Training, ours and the article's way: how `experiments.benchmark train` measures it."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from experiments.benchmarks.side_by_side import NotMeasured, Peer, Row, Setting
from seg.networks.pooling import max_pool, max_unpool

# Photos a step
BATCH = 32


def rows(setting: Setting) -> Iterator[Row | NotMeasured]:
    """Pooling and unpooling, forward and backward, and what they keep in between."""
    dtype = torch.bfloat16 if setting.precision == "bf16" else torch.float32
    x = torch.randn(BATCH, 64, 128, 128, device=setting.device, dtype=dtype).relu_()
    x = x.contiguous(memory_format=torch.channels_last).requires_grad_()
    pool, unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)

    def ours() -> Tensor:
        return max_unpool(*max_pool(x))

    def theirs() -> Tensor:
        return unpool(*pool(x))

    name, settings = "nn.MaxPool2d, nn.MaxUnpool2d", f"int64 indices, {setting.precision}, channels_last"

    def there_and_back(way: Callable[[], Tensor]) -> Tensor:
        x.grad = None  # or the second call would also add
        y = way()
        y.backward(y.detach())
        return y

    yield Row(
        "train, pooling there and back",
        "ms",
        lambda: there_and_back(ours),
        Peer(name, lambda: there_and_back(theirs), settings),
    )
    yield Row(
        "train, kept by the pooling",
        "MB",
        lambda: _kept(ours, x),
        Peer(name, lambda: _kept(theirs, x), settings),
        repeats=1,
        warm_up=False,
    )


def _kept(work: Callable[[], Tensor], given: Tensor) -> float:
    """Megabytes that the forward pass keeps for the backward pass, beside its input."""
    kept = {}

    def note(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        output = work()
    kept.pop(given.untyped_storage().data_ptr(), None)
    del output
    return sum(kept.values()) / 1e6

"""A plain large matrix product of as many multiply-adds as a network: which share of its rate that reaches."""

import math
from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode

from experiments.benchmarks.side_by_side import Peer

# Columns of the product, and its rows at most: large enough that a larger one is no quicker
SIDE = 2048


def operations(work: Callable[[], object]) -> int:
    """What one call computes in convolutions and matrix products, a multiply-add counted as two."""
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


def product(count: int, device: torch.device, precision: str) -> Peer:
    """So many operations, a multiply-add counted as two, in matrix products alone."""
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    rows = max(1, round(count / (2 * SIDE**2)))
    calls = math.ceil(rows / SIDE / 2)
    left = torch.randn(math.ceil(rows / calls), SIDE, device=device, dtype=dtype)
    right = torch.randn(SIDE, SIDE, device=device, dtype=dtype)
    out = left @ right

    def work() -> None:
        for _ in range(calls):
            torch.mm(left, right, out=out)

    settings = f"{calls} of ({len(left)}, {SIDE}) by ({SIDE}, {SIDE}), {precision}: {count / 1e9:.1f} GFLOP"
    return Peer("a plain matrix product", work, settings)

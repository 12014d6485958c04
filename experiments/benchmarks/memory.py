"""How much memory a piece of work takes at its peak, in a process of its own."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

# What Linux says of a process, and where its peak is begun anew
STATUS, CLEAR_REFS, ANEW = Path("/proc/self/status"), Path("/proc/self/clear_refs"), "5"

Input = TypeVar("Input")


def peak_is_told() -> bool:
    """Whether this system says how much memory a process had at most."""
    return STATUS.exists() and CLEAR_REFS.exists()


def peak(begin: Callable[[], Callable[[Input], object]], first: Input, measured: Input) -> float:
    """Megabytes that a work takes at most over what its process has idle.

    Args:
        begin: makes ready for it, and returns it. It is pickled.
        first: what the work is done on once before.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_peak, begin, first, measured).result()


def _peak(begin: Callable[[], Callable[[Input], object]], first: Input, measured: Input) -> float:
    work = begin()
    idle = _kilobytes("VmRSS")
    work(first)
    CLEAR_REFS.write_text(ANEW, encoding="utf-8")
    work(measured)
    return (_kilobytes("VmHWM") - idle) / 1000


def _kilobytes(name: str) -> float:
    (line,) = [line for line in STATUS.read_text(encoding="utf-8").splitlines() if line.startswith(f"{name}:")]
    return 1.024 * int(line.split()[1])

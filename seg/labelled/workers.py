"""Work for several cores at once: as many as this process may use, and with none where it may start no worker."""

import contextlib
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

# What a system raises that forbids processes, threads or what they wait for each other with: out of them, or of a
# policy; a daemon's process may have no children
FORBIDDEN = (OSError, RuntimeError, ImportError, AssertionError)
# Where Linux says how much of its cores a container may use: microseconds of them, in so many microseconds
_QUOTA, _QUOTA_BEFORE = "/sys/fs/cgroup/cpu.max", "/sys/fs/cgroup/cpu/cpu.cfs_{}_us"


def usable_cores() -> int:
    """The cores that this process may use, not the machine's: at least 1."""
    try:
        cores = len(os.sched_getaffinity(0))
    except (AttributeError, OSError):  # not on Linux
        cores = os.cpu_count() or 1
    return max(1, min(cores, _quota() or cores))


def _quota() -> int | None:
    """How many cores a container's limit is worth, rounded up; None where there is no limit."""
    with contextlib.suppress(OSError, ValueError, ZeroDivisionError):
        quota, period = Path(_QUOTA).read_text(encoding="utf-8").split()
        return -(-int(quota) // int(period))
    with contextlib.suppress(OSError, ValueError, ZeroDivisionError):
        quota, period = (Path(_QUOTA_BEFORE.format(name)).read_text(encoding="utf-8") for name in ("quota", "period"))
        return -(-int(quota) // int(period)) if int(quota) > 0 else None
    return None


def in_threads(make: Callable[[Given], Made], given: Iterable[Given]) -> Iterator[Made]:
    """What `make` makes of each, in their order, in threads where this process may start some."""
    items = list(given)
    with ThreadPoolExecutor(usable_cores()) as threads:
        try:
            made: Iterable[Made] = threads.map(make, items)
        except RuntimeError:  # no thread can be started
            made = map(make, items)
        yield from made


def end_with_parent(_: int) -> None:
    """Have a worker end soon after the process that started it, however that ended.

    One that hands over what it has made to a process that was killed would wait for ever: workers keep each other's
    pipes open.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        while os.getppid() == parent.pid:
            time.sleep(1)
        os._exit(1)

    with contextlib.suppress(RuntimeError):  # no thread can be started
        threading.Thread(target=watch, daemon=True).start()


def note_alone(error: BaseException) -> None:
    """Say that the work is done without workers, and why."""
    said = " ".join(str(error).split()) or type(error).__name__
    print(f"note: no worker can be started ({said}): this process works alone", file=sys.stderr)

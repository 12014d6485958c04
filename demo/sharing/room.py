"""Memory for what is large: each job says how much it takes, and waits until that is free."""

import ctypes
import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from seg import InputError

# What glibc calls the number of an option, and its value: a photo of 16 megapixels is a block of 64 MB, or many of 16
_MMAP_THRESHOLD, _LARGE_BLOCK = -3, 2**22

FULL = "Too many large photos are being worked on: try again in a minute."


class Room:
    """So many bytes, lent to one job after another, in the order in which they ask.

    A job that holds some must not ask for more: two of them would wait for each other.
    """

    def __init__(self, size: int, seconds: float) -> None:
        """
        Args:
            size: in bytes.
            seconds: the longest that a job waits.
        """
        self._size = size
        self._seconds = seconds
        self._lend_nothing()
        if hasattr(os, "register_at_fork"):
            # a process that is split off, to have a lent GPU, has none of the threads that hold some or wait
            os.register_at_fork(after_in_child=self._lend_nothing)

    def _lend_nothing(self) -> None:
        self._free = self._size
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def lent(self, size: int) -> Iterator[None]:
        """So many bytes are free inside; a job that takes more than there is gets all.

        Raises:
            InputError: they have not become free for too long.
        """
        size, turn = min(size, self._size), object()
        with self._changed:
            self._waiting.append(turn)
            free = self._changed.wait_for(
                lambda: self._waiting[0] is turn and self._free >= size, timeout=self._seconds
            )
            self._waiting.remove(turn)
            if free:
                self._free -= size
            self._changed.notify_all()
        if not free:
            raise InputError(FULL)
        try:
            yield
        finally:
            with self._changed:
                self._free += size
                self._changed.notify_all()


# One photo of 50 megapixels at a time, or several that are smaller
LARGE = Room(400_000_000, seconds=60)


def keep_little() -> None:
    """Have large blocks of memory returned to the machine as soon as they are free, where the C library is glibc.

    Else it learns from one large photo to keep what all later ones take.
    """
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE_BLOCK)


def give_back() -> None:
    """Return what is free to the machine, where the C library is glibc."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)

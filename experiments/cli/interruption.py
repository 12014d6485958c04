"""The one place where a command takes notice of Ctrl-C and SIGTERM."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def noted_signals(*, second_stops: bool = False) -> Iterator[list[int]]:
    """The numbers of the signals received so far: while inside, Ctrl-C and SIGTERM only add to this list.

    Args:
        second_stops: a Ctrl-C after the first signal raises KeyboardInterrupt, for a person who will not wait.
    """
    received: list[int] = []

    def note(number: int, frame: object) -> None:
        received.append(number)
        if second_stops:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, note) for number in SIGNALS}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

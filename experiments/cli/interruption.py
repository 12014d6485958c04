"""The one place where a command takes notice of Ctrl-C, SIGTERM, and SIGHUP, which a closed terminal sends."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextmanager
def noted_signals(*, second_stops: bool = False) -> Iterator[list[int]]:
    """The numbers of the signals received so far: while inside, they only add to this list.

    Those that the process was started to ignore, as by `nohup`, stay ignored.

    Args:
        second_stops: a Ctrl-C after the first signal raises KeyboardInterrupt, for a person who will not wait.
    """
    received: list[int] = []

    def note(number: int, frame: object) -> None:
        received.append(number)
        if second_stops:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, note) for number in heard}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

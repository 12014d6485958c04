"""The one place where a command takes notice of Ctrl-C, SIGTERM and a terminal that is closed."""

import contextlib
import errno
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Windows has no SIGHUP
SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def noted_signals(*, second_stops: bool = False) -> Iterator[list[int]]:
    """The numbers of the signals received so far: while inside, each of SIGNALS only adds to this list.

    What is to outlive its terminal (`nohup`) ignores SIGHUP, and goes on ignoring it.

    Args:
        second_stops: a Ctrl-C after the first signal raises KeyboardInterrupt, for a person who will not wait.
    """
    received: list[int] = []

    def note(number: int, frame: object) -> None:
        received.append(number)
        if second_stops:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    hangup = getattr(signal, "SIGHUP", None)
    outlives = hangup is not None and signal.getsignal(hangup) == signal.SIG_IGN
    before = {number: signal.signal(number, note) for number in SIGNALS if not (number == hangup and outlives)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def tell(line: str, *, error: bool = False) -> None:
    """Print a line where somebody reads it: work is not lost because its terminal, or the pipe behind it, is gone.

    Args:
        error: print it on stderr.
    """
    stream = sys.stderr if error else sys.stdout
    try:
        print(line, file=stream, flush=True)
    except OSError as failure:
        if failure.errno in (errno.EIO, errno.EPIPE):
            with contextlib.suppress(OSError):  # else Python tries again when it ends, and ends with another status
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())

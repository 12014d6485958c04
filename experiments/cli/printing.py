"""In which letters a command prints, and which of several processes does."""

import io
import os
import sys


def print_every_letter() -> None:
    """What is printed into a file or a pipe is UTF-8; a terminal has a question mark for a letter that it lacks."""
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, io.TextIOWrapper):
            continue
        if stream.isatty():
            stream.reconfigure(errors="replace")
        else:
            stream.reconfigure(encoding="utf-8", errors="surrogateescape")


def speaks() -> bool:
    """Whether a process says what all those say that were started with it on this machine, as by `torchrun`."""
    return os.environ.get("LOCAL_RANK", "0") == "0"

"""This machine's name, and that of the machine that trained a run, from what `run.json` of any version says of it."""

import platform
import re
from pathlib import Path


def processor() -> str:
    """What this machine's processor is called."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def processor_and_threads(environment: dict) -> tuple[str | None, int | None]:
    """The device's name and its number of threads, each None where a record does not say it."""
    name, threads = environment.get("device_name"), environment.get("threads")
    name = name if isinstance(name, str) else None
    older = re.fullmatch(r"(.+), (\d+) threads", name or "")  # before they were recorded apart
    if older and threads is None:
        name, threads = older[1], int(older[2])
    return name, threads if isinstance(threads, int) and not isinstance(threads, bool) else None


def short_commit(commit: str) -> str:
    """`752b596`, with `+changes` behind it where the code differed from that commit."""
    number, plus, changes = commit.partition("+")
    return number[:7] + plus + changes


def device_with_threads(environment: dict) -> str | None:
    """The processor and its threads, `Abacus, 2 threads`, or the accelerator; None where the record does not say."""
    name, threads = processor_and_threads(environment)
    if name is None or threads is None or environment.get("device") not in ("cpu", None):
        return name
    return f"{name}, {threads} {'thread' if threads == 1 else 'threads'}"

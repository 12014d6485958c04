"""The machine that trained a run, from what `run.json` says of it, also as older versions wrote it."""

import re


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

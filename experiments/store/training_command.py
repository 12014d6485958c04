"""The command that trains a run again, from what its `run.json` says."""

import shlex
from typing import Any

from experiments.cli.options import resolve
from experiments.store.recorded_options import read_options
from seg import InputError
from seg.options import FIELDS


def training_command(info: dict) -> str | None:
    """What is typed to train such a run; None where this version lacks an option of it.

    Only options that differ from what would be chosen anyway are in it. The precision is the one asked for.
    """
    try:
        options = read_options(info | {"environment": {}})
    except InputError:
        return None
    chosen = {name: getattr(options, name) for name in ("loss", "recipe", "network")}
    anyway = resolve(chosen)
    words = ["python", "-m", "experiments.run", *_typed("loss", options.loss)]
    for name in FIELDS:
        value = getattr(options, name)
        default = FIELDS[name].default if name in chosen else getattr(anyway, name)
        if name != "loss" and value != default:
            words += _typed(name, value)
    return shlex.join(words)


def _typed(name: str, value: Any) -> list[str]:
    refused = "no-" if value is False else ""
    option = f"--{refused}{name.replace('_', '-')}"
    if isinstance(value, bool):
        return [option]
    if value is None:
        return []
    if isinstance(value, tuple):
        # a single name would be taken for a file
        return [option, ",".join(map(str, value)) + ("," if len(value) == 1 else "")]
    return [option, str(value)]

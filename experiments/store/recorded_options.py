"""The options of a run as its `run.json` holds them: written, and read again, also those of other versions."""

from dataclasses import MISSING, Field, asdict
from typing import Any

from seg import InputError
from seg.options import FIELDS, Options, as_option

# Two runs that differ in these alone have learnt the same, or the same with another seed
WITHOUT_EFFECT = tuple(name for name, each in FIELDS.items() if not each.metadata.get("sets_apart", True))


def recorded(options: Options) -> dict[str, Any]:
    """Options as `run.json` holds them: a progressive run's size is its whole schedule.

    An option that the run's loss or network does not take holds its default.
    """
    return asdict(options) | {"size": list(options.sizes) if options.progressive else options.size}


def used_options(info: dict) -> dict[str, Any]:
    """What the run of a `run.json` was made with, by option, those of other versions included.

    An option that came after the run has the value that the code had then. The precision is the one used.
    """
    said = info["options"]
    options = _KNOWN | {name: as_option(value) for name, value in said.items()}
    if isinstance(options["size"], tuple) and options["size"]:  # a progressive run's schedule
        options["size"] = options["size"][-1]
    if options["precision"] == "auto":
        environment = info.get("environment")
        options["precision"] = environment.get("precision", "auto") if isinstance(environment, dict) else "auto"
    return options


def read_options(info: dict) -> Options:
    """The options of the run of a `run.json`: those of `used_options`, all of which this version knows.

    Raises:
        InputError: it has an option that this version does not.
    """
    options = used_options(info)
    for name, value in options.items():
        choices = FIELDS[name].metadata.get("choices", (value,)) if name in FIELDS else ()
        if value not in choices:
            raise InputError(f"it was made with {name} = {value}, which this version does not have: update Borderline")
    return Options(**options)


def _before(each: Field) -> Any:
    """The value that runs had before there was this option; the first version's options are in every run."""
    return each.metadata.get("before", None if each.default is MISSING else each.default)


_KNOWN = {name: _before(each) for name, each in FIELDS.items()}

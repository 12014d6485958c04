"""What a page sends of its own accord: files that it uploaded, names, numbers. It may also be anything else."""

from pathlib import Path
from typing import Any, TypeVar

from demo.serving.folder import used, visitors_folder
from seg import InputError

# What no page sends that this app has served
NOT_OURS = "That is nothing that this page asks: reload it."

Value = TypeVar("Value")


def uploaded_file(path: object) -> Path:
    """A file that a page has sent to this server, which is kept as long as it is asked for.

    Raises:
        InputError: any other file.
    """
    try:
        file = Path(str(path)).resolve()
        known = visitors_folder(file) is not None and file.is_file()
    except (OSError, RuntimeError, ValueError):  # no path at all
        known = False
    if not known:
        raise InputError("That file was not uploaded here: choose it again.")
    used(file)
    return file


def whole_number(value: object) -> int:
    """A number that a page has sent.

    Raises:
        InputError: it is none.
    """
    try:
        if isinstance(value, int | float):
            return int(value)
    except (OverflowError, ValueError):  # without end, or none
        pass
    raise InputError(f"{str(value)[:40]} is no number: reload the page.")


def entry(asked: object, key: str) -> Any:
    """What a page has sent under this key; None where there is nothing.

    Raises:
        InputError: what it has sent has no keys.
    """
    if not isinstance(asked, dict):
        raise InputError(NOT_OURS)
    return asked.get(key)


def text(asked: object, key: str) -> str:
    """The same of a name or a path.

    Raises:
        InputError: it is none.
    """
    return _entry_of(str, asked, key)


def several(asked: object, key: str) -> list:
    """The same of a list.

    Raises:
        InputError: it is none.
    """
    return _entry_of(list, asked, key)


def _entry_of(kind: type[Value], asked: object, key: str) -> Value:
    value = entry(asked, key)
    if not isinstance(value, kind):
        raise InputError(NOT_OURS)
    return value

"""What must be true of a `run.json`, whoever wrote it: types, ranges and lengths of what readers take for granted."""

import json
import math
from dataclasses import Field
from types import UnionType
from typing import Any, get_args, get_origin

from seg.labelled.names import is_shown
from seg.options import FIELDS, MOST_EPOCHS

# Deeper than any record goes, and far from where Python gives up
MOST_DEPTH = 20
# Of what is shown as a name
MOST_LETTERS = 100
# Past it other readers of JSON lose digits, or refuse the number
_LARGEST = 2**63 - 1
# of masks, which nobody drew
LEAST_SEED = -1
# of the environment
_SHOWN = ("device", "device_name", "precision", "commit")
_CALLED: dict[type, str] = {list: "list", dict: "table"}
_COUNTS = ("training_photos", "validation_photos", "validation_sample_photos", "parameters")


class BadRecord(ValueError):
    """What is wrong with it, `epochs is 0, which is no number from 1 to 1,000,000`."""


def parse_json(content: bytes) -> Any:
    """What a JSON file holds, where every reader of JSON would find the same; NaN, as older versions wrote an undefined
    score, is None.

    Raises:
        BadRecord: it is no JSON, is too deep, or has a number or a text that JSON has no word for.
    """
    try:
        found = json.loads(content.decode("utf-8-sig"), parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise BadRecord("it is not UTF-8 text") from error
    except json.JSONDecodeError as error:
        raise BadRecord(f"line {error.lineno} is no JSON") from error
    except RecursionError as error:
        raise _too_deep() from error
    except BadRecord:
        raise
    except ValueError as error:
        raise BadRecord("it has a number of thousands of digits") from error
    _assert_plain(found)
    return found


def _no_number(name: str) -> None:
    if name == "NaN":
        return
    raise BadRecord(f"{name} is no number of JSON")


def _too_deep() -> BadRecord:
    return BadRecord("it is nested too deeply")


def _assert_plain(found: Any) -> None:
    """Level by level: what is nested deeply must not nest calls."""
    level = [found]
    for _ in range(MOST_DEPTH):
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                inner += [*value.keys(), *value.values()]
            elif isinstance(value, list):
                inner += value
            elif isinstance(value, str):
                _assert_text(value)
            # of floating numbers any that has an end
            elif math.isinf(value) if isinstance(value, float) else isinstance(value, int) and abs(value) > _LARGEST:
                raise BadRecord(f"{_shown(value)} is too large a number")
        level = inner
    if level:
        raise _too_deep()


def _assert_text(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError as error:  # half of a pair, which no other program takes
        raise BadRecord(f"{_shown(value)} is no text") from error


def assert_describes_run(info: Any) -> None:
    """What every reader takes for granted is there, and is what it takes it for.

    Raises:
        BadRecord: it is not.
    """
    known = _dict("it", info)
    options = _dict("options", known.get("options"))
    assert_name("status", known.get("status"))
    assert_name("loss", options.get("loss"))
    assert_whole("seed", options.get("seed"), LEAST_SEED, _LARGEST)
    for name, value in options.items():
        if name in FIELDS and name not in ("loss", "seed", "size", "epochs"):
            _option(FIELDS[name], value)
    assert_whole("epochs", options.get("epochs"), 1, MOST_EPOCHS)
    _size(options.get("size", FIELDS["size"].default))
    if "format" in known:
        assert_whole("format", known["format"], 1, _LARGEST)
    for name in _COUNTS:
        if known.get(name) is not None:
            assert_whole(name, known[name], 0, _LARGEST)
    for name in ("started", "ended"):
        if known.get(name) is not None:
            assert_name(name, known[name])
    for name, value in _dict("scores", known.get("scores") or {}).items():
        if value is not None and not _is_number(value):
            raise _wrong(name, value, "score")
    _environment(known.get("environment"))
    resumed = known.get("resumed", [])
    if not isinstance(resumed, list):
        raise _wrong("resumed", resumed, "list")
    for entry in resumed:
        _environment(_dict("resumed", entry).get("environment"))


def _environment(value: Any) -> None:
    """Where it was trained, where that is said."""
    said = {} if value is None else _dict("environment", value)
    for name in _SHOWN:
        if said.get(name) is not None:
            assert_name(name, said[name])


def _dict(name: str, value: Any) -> dict:
    if not isinstance(value, dict):
        raise _wrong(name, value, "table of names and values")
    return value


def assert_name(name: str, value: Any, most: int = MOST_LETTERS) -> None:
    """It is a text that can be shown as a name.

    Raises:
        BadRecord: it is not.
    """
    if not (isinstance(value, str) and is_shown(value) and 0 < len(value) <= most):
        raise _wrong(name, value, f"text of 1 to {most} letters")


def assert_whole(name: str, value: Any, least: int, most: int) -> int:
    """The whole number, in this range, whose ends are in it.

    Raises:
        BadRecord: it is not.
    """
    if not (_is_whole(value) and least <= value <= most):
        raise _wrong(name, value, f"whole number from {least} to {most if most < _LARGEST else '2**63'}")
    return value


def _size(value: Any) -> None:
    """Of a progressive run its whole schedule."""
    sizes = value if isinstance(value, list) else [value]
    if not 0 < len(sizes) <= MOST_EPOCHS:
        raise _wrong("size", value, "side in pixels, or one an epoch")
    for size in sizes:
        assert_whole("size", size, 1, FIELDS["size"].metadata["most"])


def _option(each: Field, value: Any) -> None:
    """Of the type and in the range of this version's option; which words it knows is asked where it is used."""
    if not any(_is_of(kind, value) for kind in _kinds(each.type)):
        raise _wrong(each.name, value, "value of that option")
    said = each.metadata
    if _is_number(value):
        inside = said.get("above", -math.inf) < value < said.get("below", math.inf)
        if not (inside and said.get("least", -math.inf) <= value <= said.get("most", math.inf)):
            raise _wrong(each.name, value, "value of that option")
    if isinstance(value, str):
        assert_name(each.name, value)
    elif isinstance(value, list) and value and all(map(_is_number, value)):
        try:
            said["parse"](",".join(map(str, value)))  # as when it is typed
        except ValueError as error:
            raise _wrong(each.name, value, "value of that option") from error


def _kinds(kind: Any) -> tuple:
    return get_args(kind) if isinstance(kind, UnionType) else (kind,)


def _is_of(kind: Any, value: Any) -> bool:
    if get_origin(kind) is tuple:  # a list, in JSON
        return isinstance(value, list) and all(_is_of(get_args(kind)[0], inner) for inner in value)
    if kind is float:
        return _is_number(value)
    if kind is int:
        return _is_whole(value)
    return isinstance(value, kind)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, float) or _is_whole(value)


def _wrong(name: str, value: Any, what: str) -> BadRecord:
    return BadRecord(f"{name} is {_shown(value)}, which is no {what}")


def _shown(value: Any) -> str:
    """In one line, and not the whole of a long one."""
    text = repr(value) if isinstance(value, str | int | float | bool | None) else f"a {_CALLED[type(value)]}"
    return text if len(text) <= 40 else f"{text[:40]}..."

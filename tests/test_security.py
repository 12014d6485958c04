"""Each promise of SECURITY.md names tests that hold it, and they are there."""

import ast
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
TEXT = (PROJECT / "SECURITY.md").read_text(encoding="utf-8")
PROMISES = re.findall(r"^- (.*?)(?=\n- |\n\n|\Z)", TEXT, re.MULTILINE | re.DOTALL)


def missing(promise: str) -> list[str]:
    """The tests that a promise names and that are not there; the promise itself where it names none."""
    named = re.findall(r"`(tests/\S+?)::(\w+)`", promise)
    return [f"{path}::{name}" for path, name in named if not is_there(path, name)] or ([] if named else [promise])


def is_there(path: str, name: str) -> bool:
    file = PROJECT / path
    return file.is_file() and any(
        isinstance(part, ast.FunctionDef) and part.name == name
        for part in ast.parse(file.read_text(encoding="utf-8")).body
    )


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.partition(":")[0])
def test_a_promise_is_held_by_tests(promise):
    assert missing(promise) == []


def test_what_nothing_holds_is_found():
    assert len(PROMISES) > 10
    assert missing("It is safe.") == ["It is safe."]
    assert missing("It is safe: `tests/test_security.py::test_nothing`") == ["tests/test_security.py::test_nothing"]
    assert missing("It is safe: `tests/test_security.py::test_a_promise_is_held_by_tests`") == []


def test_reports_go_where_the_host_keeps_them_private_and_to_no_address():
    assert "Report a vulnerability" in TEXT
    assert not re.search(r"\S@\S|https?://", TEXT)

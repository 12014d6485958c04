"""What the core says is read at a command line, in the app and in a notebook: it names no command's options."""

import ast
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
FLAG = re.compile(r"(?<![-\w])--[a-z]")
MODULES = [path for folder in ("seg",) for path in sorted((PROJECT / folder).rglob("*.py"))]


def literals(path: Path) -> list[str]:
    """Every string of a module, the fixed parts of its f-strings and its docstrings included."""
    nodes = ast.walk(ast.parse(path.read_text()))
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_no_string_names_an_option_of_a_command(path):
    assert [text for text in literals(path) if FLAG.search(text)] == []


def test_strings_are_found_wherever_they_are():
    assert any(FLAG.search(text) for text in literals(PROJECT / "experiments" / "run.py"))
    assert len(MODULES) > 10

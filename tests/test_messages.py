"""What the core says is read at a command line, in the app and in a notebook: it names no command's options."""

import ast
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
FLAG = re.compile(r"(?<![-\w])--[a-z]")
FOLDERS = ("seg", "experiments/store", "experiments/training")
# a command's whole line, which is the remedy wherever the scores of a run's photos are missed
SAY_A_COMMAND = {"experiments/store/scored/photo_scores.py"}
OF_GIT = {"--porcelain", "--untracked-files=no", "--error-unmatch", "--show-prefix"}
MODULES = [
    name
    for folder in FOLDERS
    for name in (path.relative_to(PROJECT).as_posix() for path in sorted((PROJECT / folder).rglob("*.py")))
    if name not in SAY_A_COMMAND
]


def literals(module: str) -> list[str]:
    """Every string of a module, the fixed parts of its f-strings and its docstrings included."""
    nodes = ast.walk(ast.parse((PROJECT / module).read_text()))
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


@pytest.mark.parametrize("module", MODULES)
def test_no_string_names_an_option_of_a_command(module):
    assert [text for text in literals(module) if FLAG.search(text) and text not in OF_GIT] == []


def test_strings_are_found_wherever_they_are():
    assert any(FLAG.search(text) for text in literals("experiments/run.py"))
    assert len(MODULES) > 20

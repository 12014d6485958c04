"""Text is UTF-8 in every file and pipe, whatever the machine takes by default."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
MODULES = [
    path.relative_to(PROJECT).as_posix()
    for folder in ("seg", "experiments", "demo", "tools")
    for path in sorted((PROJECT / folder).rglob("*.py"))
]
TEXT = ("read_text", "write_text")

# What the default encoding is on a machine of another country, for all that asks for it; an encoding that is left out
# is an error, as it would be of the first letter that the two write otherwise
ELSEWHERE = """
import warnings
warnings.filterwarnings("error", category=EncodingWarning, module=r"(seg|experiments|demo)(\\.|$)")
"""


def left_to_the_machine(module: str) -> list[int]:
    """The lines that open a file as text, or read a process's, and do not say in which encoding."""
    lines = []
    for node in ast.walk(ast.parse((PROJECT / module).read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        said = {keyword.arg: keyword.value for keyword in node.keywords}
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        mode = node.args[1] if len(node.args) > 1 else said.get("mode")
        binary = isinstance(mode, ast.Constant) and "b" in str(mode.value)
        # of other calls `text` is what they show
        starts = name in ("run", "Popen", "check_output")
        opens = name in TEXT or (isinstance(node.func, ast.Name) and name == "open" and not binary)
        if (opens or (starts and "text" in said)) and "encoding" not in said:
            lines.append(node.lineno)
    return lines


@pytest.mark.parametrize("module", MODULES)
def test_no_encoding_is_left_to_the_machine(module):
    assert left_to_the_machine(module) == []


def test_what_leaves_it_to_the_machine_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(f"{__name__}.PROJECT", tmp_path)
    (tmp_path / "odd.py").write_text(
        "open('a')\nopen('a', 'rb')\npath.read_text()\npath.write_text('ä')\nrun(['git'], text=True)\n"
        "open('a', encoding='utf-8')\npath.read_text(encoding='utf-8')\nimage.open('a')\n",
        encoding="utf-8",
    )
    assert left_to_the_machine("odd.py") == [1, 3, 4, 5]


@pytest.fixture
def elsewhere(tmp_path) -> dict[str, str]:
    """The environment of a process on a machine whose own encoding knows ASCII alone, and that must not be asked."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(ELSEWHERE, encoding="utf-8")
    return os.environ | {
        "PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), str(PROJECT)]),
        "PYTHONWARNDEFAULTENCODING": "1",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "LC_ALL": "C",
    }


def test_a_run_is_trained_scored_and_compared_on_such_a_machine(elsewhere, tmp_path):
    def command(name: str, *options: object) -> str:
        line = [sys.executable, "-m", f"experiments.{name}", *map(str, options)]
        ended = subprocess.run(line, cwd=tmp_path, env=elsewhere, capture_output=True)
        assert ended.returncode == 0, ended.stderr.decode()
        return ended.stdout.decode("utf-8")

    command("synthetic", "own", "--photos", 6, "--side", 48)
    assert "nothing is wrong" in command("check", "--data", "own")
    for loss in ("ce", "focal"):
        small = ("--size", 16, "--epochs", 1, "--batch-size", 2, "--device", "cpu", "--out", "runs")
        command("run", "--loss", loss, *small, "--data", "own")
    assert "points" in command("compare", "--runs", "runs")
    assert "–" in command("compare", "--runs", "runs", "--markdown")
    assert "recorded" in command("evaluate", "runs/ce-s0", "--data", "own")


def test_words_of_every_language_are_printed_into_a_pipe(elsewhere, tmp_path):
    line = [sys.executable, "-m", "experiments.compare", "--runs", "größer 猫"]
    ended = subprocess.run(line, cwd=tmp_path, env=elsewhere, capture_output=True)
    assert ended.returncode == 2
    assert "größer 猫 is not a folder" in ended.stderr.decode("utf-8")

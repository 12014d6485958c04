"""Text is UTF-8 in every file and pipe, whatever the machine takes by default."""

import ast
import os
import pty
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
MODULES = [
    path.relative_to(PROJECT).as_posix()
    for folder in ("seg", "experiments", "demo", "tools")
    for path in sorted((PROJECT / folder).rglob("*.py"))
] + ["app.py"]
MODE = re.compile(r"[rwaxt+]+")

# What the default encoding is on a machine of another country, for all that asks for it; an encoding that is left out
# is an error, as it would be of the first letter that the two write otherwise
ELSEWHERE = """
import warnings
warnings.filterwarnings("error", category=EncodingWarning, module=r"(seg|experiments|demo)(\\.|$)")
"""


def left_to_the_machine(module: str) -> list[int]:
    """The lines that open a file as text, or read a process's, and do not say in which encoding."""
    tree = ast.parse((PROJECT / module).read_text(encoding="utf-8"))
    return [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Call) and is_text_of_the_machine(node)]


def is_text_of_the_machine(call: ast.Call) -> bool:
    said = {keyword.arg: keyword.value for keyword in call.keywords}
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    owner = getattr(getattr(call.func, "value", None), "id", "")
    if "encoding" in said:
        return False

    def mode(place: int) -> str | None:
        given = call.args[place] if len(call.args) > place else said.get("mode")
        return given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else None

    match name:
        case "read_text" | "write_text" | "getoutput" | "getstatusoutput" | "popen" | "TextIOWrapper":
            return True
        case "loadtxt" | "genfromtxt" | "savetxt" | "FileHandler" | "FileInput":
            return True
        case "run" | "Popen" | "check_output" | "check_call" | "call":  # of other calls `text` is what they show
            return "text" in said or "universal_newlines" in said
        case "fdopen":
            return "b" not in (mode(1) or "r")
        case "NamedTemporaryFile" | "TemporaryFile":
            return "b" not in (mode(0) or "w+b")
        case "open" if owner in ("gzip", "bz2", "lzma"):
            return "t" in (mode(1) or "rb")
        case "open" if owner in ("io", "codecs") or isinstance(call.func, ast.Name):
            return "b" not in (mode(1) or "r")
        case "open":  # a path's: of an image, an archive, a descriptor the first word is no mode
            return not (call.args or said) or bool(MODE.fullmatch(mode(0) or ""))
    return False


@pytest.mark.parametrize("module", MODULES)
def test_no_encoding_is_left_to_the_machine(module):
    assert left_to_the_machine(module) == []


def test_what_leaves_it_to_the_machine_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(f"{__name__}.PROJECT", tmp_path)
    left = """
        open('a')
        open('a', mode='w')
        io.open('a', 'r')
        path.read_text()
        path.write_text('ä')
        path.open()
        path.open('w')
        run(['git'], text=True)
        subprocess.check_output(['git'], universal_newlines=True)
        os.fdopen(3, 'w')
        tempfile.NamedTemporaryFile('w')
        gzip.open('a', 'rt')
        numpy.loadtxt('a')
        logging.FileHandler('a')
    """
    said = """
        open('a', 'rb')
        open('a', encoding='utf-8')
        path.read_text(encoding='utf-8')
        path.open('rb')
        image.open('a.png')
        archive.open('a.png', 'w')
        os.open('a.png', os.O_RDONLY)
        gzip.open('a')
        tempfile.TemporaryFile(dir='a')
        run(['git'])
        draw(text='ä')
    """
    for name, text, found in (("left.py", left, range(1, 15)), ("said.py", said, ())):
        (tmp_path / name).write_text(textwrap.dedent(text).lstrip(), encoding="utf-8")
        assert left_to_the_machine(name) == list(found)


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


def test_a_terminal_that_lacks_a_letter_shows_another(elsewhere, tmp_path):
    ours, its = pty.openpty()
    line = [sys.executable, "-m", "experiments.compare", "--runs", "größer 猫"]
    assert subprocess.run(line, cwd=tmp_path, env=elsewhere, stdout=its, stderr=its).returncode == 2
    assert b"is not a folder" in os.read(ours, 10_000)

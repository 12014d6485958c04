"""One command for the whole project: it lists what there is, passes on what was typed, and is called by its name."""

import ast
import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
# found as a person finds them: by looking into the folder
MODULES = {
    path.stem: path.read_text()
    for path in sorted((PROJECT / "experiments").glob("*.py"))
    if path.read_text().rstrip().endswith('if __name__ == "__main__":\n    run_command(main)')
}
SUBCOMMANDS = ["app", *MODULES]


def listed(printed: str) -> dict[str, str]:
    return dict(re.findall(r"^  (\S+) +(\S.*)$", printed, re.MULTILINE))


def project_with(tmp_path: Path, name: str, text: str) -> Path:
    """A copy of the project's packages with one more module among the commands."""
    root = tmp_path / "copy"
    for folder in ("seg", "experiments", "demo"):
        ignored = shutil.ignore_patterns("__pycache__", "results", "holdout", "figures", "js")
        shutil.copytree(PROJECT / folder, root / folder, ignore=ignored)
    (root / "experiments" / f"{name}.py").write_text(text)
    return root


@pytest.mark.parametrize("options", [[], ["--help"], ["-h"]])
def test_all_subcommands_are_listed_with_what_their_modules_say(borderline, options):
    ended = borderline(*options)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("usage: borderline COMMAND")
    told = listed(ended.stdout)
    assert list(told) == SUBCOMMANDS
    assert {"run", "sweep", "compare", "evaluate", "report", "measure", "benchmark", "fetch"} <= set(told)
    for name, source in MODULES.items():
        words = told[name].split()
        assert len(words) >= 4
        # the same words in the same order, less the line of a shell
        first = ast.get_docstring(ast.parse(source)).splitlines()[0]
        assert re.sub(r":? `[^`]*`", "", first) == told[name]
    assert "python" not in ended.stdout


def test_the_list_imports_no_command_and_nothing_slow(script):
    look = (
        f"import json, runpy, sys; sys.argv = [{str(script)!r}]\ntry: runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    look += "\nexcept SystemExit: pass\nprint(json.dumps(sorted(sys.modules)))"
    command = [sys.executable, "-c", look]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    modules = json.loads(ended.stdout.splitlines()[-1])
    assert [f"experiments.{name}" for name in MODULES if f"experiments.{name}" in modules] == []
    slow = {"torch", "torchvision", "numpy", "pandas", "gradio", "plotly", "matplotlib", "PIL"}
    assert slow & set(modules) == set()


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_every_subcommand_has_its_help_and_is_called_as_it_was_typed(borderline, name):
    ended = borderline(name, "--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith(f"usage: borderline {name} ")
    assert "python -m" not in ended.stdout
    ended = borderline(name, "--colour", "red")
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"borderline {name}: ")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("name", MODULES)
def test_run_as_a_module_it_is_called_that(name):
    command = [sys.executable, "-m", f"experiments.{name}", "--help"]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert ended.stdout.startswith(f"usage: python -m experiments.{name} ")
    assert "borderline" not in ended.stdout


def test_remedies_call_other_commands_as_this_one_was_typed(borderline):
    ended = borderline("run", "--loss", "ce", "--data", "nowhere", "--device", "cpu")
    assert ended.returncode == 2
    assert ended.stderr.endswith("or run `borderline fetch --data nowhere`\n")


def test_the_app_starts_as_a_subcommand_and_names_itself(borderline):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = borderline("app", "--port", port)
    assert ended.returncode == 2
    assert ended.stderr == f"borderline app: port {port} on 127.0.0.1 cannot be used: pass another --port\n"


def test_on_spaces_the_app_listens_on_all_addresses(borderline):
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]
        ended = borderline("app", "--port", port, SPACE_ID="somebody/borderline")
    assert f"port {port} on 0.0.0.0 cannot be used" in ended.stderr


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [
        ("runn", "run"),
        ("RUN", "run"),
        ("evalaute", "evaluate"),
        ("swep", "sweep"),
        ("ap", "app"),
        ("--versoin", "--version"),
    ],
)
def test_what_is_no_subcommand_is_one_line_with_the_nearest(borderline, typed, nearest):
    ended = borderline(typed, "--loss", "ce")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"borderline: there is no {typed}: did you mean {nearest}? `borderline` lists all\n"


@pytest.mark.parametrize("typed", ["scores", "units", "cli", "__init__", "run.py", "", "ö", "a\nb"])
def test_a_module_that_is_no_command_is_none(borderline, typed):
    ended = borderline(typed)
    assert ended.returncode == 2
    assert "did you mean" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_command_that_is_added_shows_by_itself_and_gets_its_options(borderline, tmp_path):
    text = '"""Count to three: `python -m experiments.count`."""\n\nimport sys\n\n'
    text += 'if __name__ == "__main__":\n    print(sys.argv[1:])\n    sys.exit(3)\n'
    root = project_with(tmp_path, "count", text)
    assert listed(borderline(project=root).stdout)["count"] == "Count to three."
    ended = borderline("count", "--loss", "a b", "--help", project=root)
    assert (ended.returncode, ended.stdout) == (3, "['--loss', 'a b', '--help']\n")


def test_a_module_that_cannot_be_imported_hides_no_other_and_a_folder_is_no_command(borderline, tmp_path):
    text = 'import nothing_of_this_name\n\nif __name__ == "__main__":\n    pass\n'
    root = project_with(tmp_path, "broken", text)
    (root / "experiments" / "folder").mkdir()
    (root / "experiments" / "folder" / "__init__.py").write_text(text)
    ended = borderline(project=root)
    assert ended.returncode == 0
    told = set(re.findall(r"^  (\w+)", ended.stdout, re.MULTILINE))
    assert told == {*SUBCOMMANDS, "broken"}


def test_version_is_the_installed_packages(borderline, tmp_path):
    folder = tmp_path / "borderline-4.5.6.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: borderline\nVersion: 4.5.6\n")
    ended = borderline("--version", PYTHONPATH=f"{PROJECT}:{tmp_path}")
    assert (ended.returncode, ended.stdout) == (0, "borderline 4.5.6\n")

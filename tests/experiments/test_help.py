"""Every command answers `--help` at once: nothing that takes seconds to import is imported for it."""

import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import experiments

PROJECT = Path(__file__).parents[2]
SLOW = ("torch", "torchvision", "pandas", "gradio", "plotly", "matplotlib", "skimage")

LOOK = """
import json, runpy, sys
sys.argv = [sys.argv[1], "--help"]
try:
    runpy.run_module(sys.argv[0], run_name="__main__")
except SystemExit as ended:
    status = ended.code
print(json.dumps([status, sorted(sys.modules)]))
"""


def commands() -> list[str]:
    """The modules that a person runs: those that end in `if __name__ == "__main__"`."""
    names = [
        f"experiments.{module.name}" for module in pkgutil.iter_modules(experiments.__path__) if not module.ispkg
    ] + ["app"]
    return [
        name for name in names if '__name__ == "__main__"' in (PROJECT / f"{name.replace('.', '/')}.py").read_text()
    ]


def test_all_commands_are_looked_at():
    documented = {
        "app",
        *(
            f"experiments.{name}"
            for name in ["run", "sweep", "compare", "evaluate", "report", "measure", "benchmark", "fetch", "space"]
        ),
    }
    assert documented <= set(commands())


@pytest.mark.parametrize("name", commands())
def test_help_imports_nothing_slow(name):
    command = [sys.executable, "-c", LOOK, name]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    usage, _, last = ended.stdout.rstrip().rpartition("\n")
    status, modules = json.loads(last)
    assert status in (0, None)
    assert usage.startswith("usage: ")
    assert [module for module in SLOW if module in modules] == []

"""The command `borderline`: every command of the project is a subcommand of it, found where its module lies."""

import ast
import difflib
import pkgutil
import re
import runpy
import sys
from importlib.metadata import version
from importlib.util import find_spec

import experiments
from experiments.cli.printing import print_every_letter
from experiments.cli.program import PROGRAM

# What makes a module of `experiments` a command, and not a table that others read
_RUNS = 'if __name__ == "__main__":'
# A docstring's first line also says how its module is run, which a person who reads the list knows
_HOW_TO_RUN = re.compile(r":? `python [^`]+`")


def main() -> int:
    """Run the subcommand that was typed, or list all; 0 listed, 2 no such subcommand."""
    print_every_letter()
    there = commands()
    match sys.argv[1:]:
        case [] | ["-h" | "--help", *_]:
            print(_listing(there))
        case ["--version", *_]:
            print(f"{PROGRAM} {version(PROGRAM)}")
        case [name, *options] if name in there:
            # as `python -m` runs it, but for the name: sys.argv[0] stays `borderline`
            sys.argv[1:] = options
            runpy.run_module(there[name], run_name="__main__")
        case [name, *_]:
            # the most alike, however little: one name to try is more than none
            near = difflib.get_close_matches(name.lower(), [*there, "--help", "--version"], n=1, cutoff=0)[0]
            said = " ".join(name.split())  # one line, whatever was typed
            print(f"{PROGRAM}: there is no {said}: did you mean {near}? `{PROGRAM}` lists all", file=sys.stderr)
            return 2
    return 0


def commands() -> dict[str, str]:
    """The modules that are run, by the name of their subcommand; none of them is imported for it."""
    modules = {"app": "demo.command.serve"}
    for module in pkgutil.iter_modules(experiments.__path__):
        if not module.ispkg and _RUNS in _source(f"experiments.{module.name}"):
            modules[module.name] = f"experiments.{module.name}"
    return modules


def _source(module: str) -> str:
    spec = find_spec(module)
    assert spec is not None
    return spec.loader.get_source(module)  # type: ignore[union-attr]  # a file's


def _listing(there: dict[str, str]) -> str:
    wide = max(map(len, there))
    lines = [f"  {name:<{wide}}  {_purpose(module)}" for name, module in there.items()]
    head, foot = f"usage: {PROGRAM} COMMAND [OPTIONS]", f"`{PROGRAM} COMMAND --help` says what a command takes."
    return "\n".join([head, "", *lines, "", foot])


def _purpose(module: str) -> str:
    """The first line of its docstring."""
    said = ast.get_docstring(ast.parse(_source(module))) or ""
    return _HOW_TO_RUN.sub("", said.partition("\n")[0])

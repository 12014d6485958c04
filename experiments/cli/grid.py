"""A grid: the list of runs in a TOML file such as `experiments/grids/cpu.toml`."""

import tomllib
from argparse import ArgumentTypeError
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from experiments.cli.command_line import OneLineParser
from experiments.cli.options import add_options, folder_name, resolve, run_name
from experiments.cli.program import typed
from seg import InputError
from seg.options import FIELDS, Options

# Those that are shipped, which go by name from any folder
GRIDS = Path(__file__).parents[1] / "grids"


@dataclass(frozen=True)
class PlannedRun:
    """A run that a grid asks for.

    Attributes:
        typed: the grid's options as experiments.run takes them.
        options: every option, resolved.
    """

    name: str
    typed: list[str]
    options: Options


def grid_path(text: str) -> Path:
    """What a person means by a grid: a path, else the name of a shipped one, such as `cpu`."""
    path, shipped = Path(text), GRIDS / f"{text}.toml"
    return shipped if shipped.is_file() and not path.is_file() else path


def read_grid(path: Path) -> list[PlannedRun]:
    """The runs of a TOML file: `[[runs]]` tables of experiments.run's options, over those of `[defaults]`.

    An entry may also have a `name`, and `seeds = [0, 1, 2]` for one run each, named `<name>-s<seed>`. A list that
    `exclude` names is found from the grid's folder; names themselves may stand in its place.

    Raises:
        InputError: the file cannot be read, or an entry is no run, or two have the same name.
    """
    try:
        with open(path, "rb") as file:
            content = tomllib.load(file)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): give the grid, a TOML file") from error
    except ValueError as error:
        raise InputError(f"{path} is not TOML ({error}): mend it") from error
    for key in content.keys() - {"defaults", "runs"}:
        raise InputError(f"{path}: {key} is neither [defaults] nor [[runs]]: a grid holds nothing else")
    entries = content.get("runs", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InputError(f"{path}: runs is not a list of tables: begin each with [[runs]]")
    if not entries:
        raise InputError(f"{path} has no runs: add a [[runs]] table")

    defaults = _checked(content.get("defaults", {}), f"{path}, [defaults]")
    planned: dict[str, PlannedRun] = {}
    for number, entry in enumerate(entries, start=1):
        where = f"{path}, [[runs]] number {number}"
        entry = _checked(entry, where)
        overridden = ("seed", "seeds") if entry.keys() & {"seed", "seeds"} else ()
        settings = {key: value for key, value in defaults.items() if key not in overridden} | entry
        name, seeds = settings.pop("name", None), settings.pop("seeds", None)
        for each in [settings] if seeds is None else [settings | {"seed": seed} for seed in seeds]:
            run = _planned_run(each, name, where, path.parent)
            if run.name in planned:
                raise InputError(f"{where}: a second run is named {run.name}: give one of the two another name")
            planned[run.name] = run
    return list(planned.values())


def _checked(table: object, where: str) -> dict:
    """The table with underscores in its keys, all of which are known."""
    if not isinstance(table, dict):
        raise InputError(f"{where} is not a table of options")
    known = {key.replace("-", "_"): value for key, value in table.items()}
    for key in known.keys() - FIELDS.keys() - {"name", "seeds"}:
        raise InputError(f"{where}: {key} is not an option: `{typed('run')} --help` names them")
    if len(known) < len(table):
        raise InputError(f"{where}: an option is given twice, with - and with _: leave one out")
    if {"seed", "seeds"} <= known.keys():
        raise InputError(f"{where}: give seed or seeds, not both")
    if not isinstance(known.get("seeds", [0]), list) or not known.get("seeds", [0]):
        raise InputError(f"{where}: seeds is not a list of numbers like [0, 1, 2]")
    try:
        folder_name(str(known.get("name", "ce")))
    except ArgumentTypeError as error:
        raise InputError(f"{where}: name {error}") from error
    return known


def _planned_run(settings: dict, name: str | None, where: str, folder: Path) -> PlannedRun:
    typed = [text for option, value in settings.items() for text in _typed(option, value, where, folder)]
    parser = _EntryParser(prog=where)
    add_options(parser)
    given = vars(parser.parse_args(typed))
    try:
        options = resolve(given)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
    return PlannedRun(run_name(options) if name is None else f"{name}-s{options.seed}", typed, options)


class _EntryParser(OneLineParser):
    """Bad options raise, and `prog` says whose they are."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{self.prog}: {message}")


def _typed(option: str, value: object, where: str, folder: Path) -> list[str]:
    """An option as a person types it, with paths from the grid's folder; nothing for a switch that is off."""
    dashed = option.replace("_", "-")
    default = FIELDS[option].default
    if option == "exclude":  # a comma says that these are names, even of a single one
        listed = "".join(f"{name}," for name in value) or "," if isinstance(value, list) else folder / str(value)
        return [f"--exclude={listed.absolute() if isinstance(listed, Path) else listed}"]
    if not isinstance(default, bool):
        return [f"--{dashed}={','.join(map(str, value)) if isinstance(value, list) else value}"]
    if not isinstance(value, bool):
        raise InputError(f"{where}: {option} = {value} is neither true nor false")
    if value:
        return [f"--{dashed}"]
    return [f"--no-{dashed}"] if default else []  # one that is on by default has a --no-

"""Train a network with one loss and log the run: `python -m experiments.run --loss focal`."""

import argparse
import shlex
from pathlib import Path

from experiments.cli.command_line import (
    DEFAULT_FOLDER,
    OneLineParser,
    add_data_option,
    data_remedy,
    remedies,
    run_command,
)
from experiments.cli.options import FIELDS, add_options, resolve, run_name
from experiments.store.folder import FolderNotMade, FolderTaken, NotARun
from seg import InputError
from seg.options import Options


def main(arguments: list[str] | None) -> int:
    parser = _parser()
    given = vars(parser.parse_args(arguments))
    resume = given.pop("resume")
    begin = _asked(given) if resume is None else None
    # torch takes seconds to import: a wrong option is answered before
    from experiments.training.train import begin_run, resume_run

    where = {name: given[name] for name in ("data", "device")}
    again = "".join(
        f" --{name} {shlex.quote(str(value))}" for name, value in where.items() if value != parser.get_default(name)
    )
    with remedies(lambda error: _remedy(error, given["data"])):
        if begin is not None:
            folder, options = begin
            return begin_run(folder, options, **where, overwrite=given["overwrite"], again=again)
        typed = {name: value for name, value in given.items() if name in FIELDS}
        return resume_run(Path(resume) if resume else _named(given, typed), typed, **where, again=again)


def _asked(given: dict) -> tuple[Path, Options]:
    """The folder and the options of a new run."""
    options = resolve(given)
    return given["out"] / (given["name"] or run_name(options)), options


def _named(given: dict, typed: dict) -> Path:
    """The folder of a run that is named by its options alone."""
    if given["name"] is None and "loss" not in typed:
        raise InputError("--resume needs the run's folder, or --loss or --name to find it by")
    return given["out"] / (given["name"] or run_name(Options(**typed)))


def _remedy(error: InputError, data: Path) -> str | None:
    """What to do, with this command's options, about an error that names the thing alone."""
    from seg.training import BadState  # with torch

    match error:
        case FolderTaken():
            return "continue it with --resume, replace it with --overwrite, or pass --name NAME"
        case NotARun():
            return "pass --name NAME"
        case FolderNotMade():
            return "pass --out DIR"
        case BadState():
            return "start anew with --overwrite"
    return data_remedy(error, data)


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog="python -m experiments.run",
        description="Train a network on the Oxford-IIIT Pet dataset with one loss and log the run to a folder.",
        epilog="The defaults are the article's recipe: 20 epochs, Adam, StepLR, batches of 64, 128 x 128.",
    )
    add_options(parser)
    where = parser.add_argument_group("run")
    add_data_option(where)
    where.add_argument("--out", type=Path, default=DEFAULT_FOLDER, metavar="DIR", help="folder of runs (default: runs)")
    where.add_argument("--name", default=None, help="the run's folder (default: such as ce-s0, ce-best-s0)")
    where.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")
    where.add_argument(
        "--resume", nargs="?", const="", default=None, metavar="RUN", help="continue an interrupted run's folder"
    )
    where.add_argument("--overwrite", action="store_true", help="replace a run of the same name")
    return parser


if __name__ == "__main__":
    run_command(main)

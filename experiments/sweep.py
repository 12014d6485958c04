"""Train all runs of a list, and only what is missing of them: `python -m experiments.sweep GRID.toml`."""

import re
import shlex
import sys
from pathlib import Path

from experiments.cli.command_line import (
    DEFAULT_FOLDER,
    OneLineParser,
    add_data_option,
    add_device_option,
    positive,
    run_command,
)
from experiments.cli.grid import GRIDS, grid_path, read_grid
from experiments.cli.interruption import noted_signals, tell
from experiments.cli.program import typed
from experiments.curves.option import add_log_option, assert_installed
from experiments.sweeping.left_to_do import decode_once, missing
from experiments.sweeping.places import find_places
from experiments.sweeping.processes import PROJECT, train, training_process
from experiments.training.summaries import summary, table
from seg import InputError


def main(arguments: list[str] | None) -> int:
    given = _parser().parse_args(arguments)
    if given.print_commands:
        _check_printed(given.device, given.jobs)
    grid = read_grid(given.grid)
    assert_installed(given.log)
    places = [] if given.print_commands else find_places(given.device, given.jobs)
    where = [f"--data={given.data.absolute()}", *(f"--log={name}" for name in given.log)]
    left = {run.name: missing(run, given.out / run.name, given.grid) for run in grid}
    waiting = {name: [*options, *where] for name, options in left.items() if options is not None}
    decode_once(given.data, [run for run in grid if run.name in waiting])

    outcomes = {name: "finished" for name in left if name not in waiting}
    for name in outcomes:
        tell(summary(name, "skipped, finished before", given.out / name), error=given.print_commands)
    if given.print_commands:
        for line in [_line(options, given.device) for options in waiting.values()]:
            tell(line)
        return 0
    with noted_signals() as received:
        outcomes |= train(waiting, places, given.out, received)
    tell("\n" + table(grid, given.out, outcomes))
    if received:
        again = shlex.join(sys.argv[1:] if arguments is None else arguments)
        tell(f"\nStopped; nothing is lost. The same command continues:\n  {typed('sweep')} {again}")
        return 130
    return 0 if all(outcome == "finished" for outcome in outcomes.values()) else 1


def _check_printed(device: str, jobs: int) -> None:
    """Raise InputError for what means nothing to commands that are typed elsewhere, on machines unlike this one."""
    if jobs > 1:
        raise InputError("--jobs is for runs that are trained here, not for commands that are printed: leave it out")
    kinds = ("auto", "cpu", "cuda", "mps")
    if device not in kinds and not re.fullmatch(r"cuda:[0-9]+", device):
        raise InputError(f"no machine has a device {device}: choose from {', '.join(kinds)}")


def _line(options: list[str], device: str) -> str:
    """What trains a run, typed in any folder. It is one process, which a signal to it reaches: no shell with a `cd`."""
    line = shlex.join(["env", "-C", str(PROJECT), *training_process(options, device)])
    if "\n" in line:
        raise InputError(f"{line!r} is more than a line: give files and folders other names")
    return line


def _parser() -> OneLineParser:
    parser = OneLineParser(
        prog=typed("sweep"),
        description="Train all runs of a grid: skip what is finished, continue what was interrupted. "
        "The same command goes on after any stop. What a run prints goes to DIR/NAME.log.",
        epilog=f"A grid has a [[runs]] table for each run, with options of `{typed('run')}`. A run may have "
        "a name, and seeds = [0, 1, 2]; [defaults] holds for all. Shipped, and examples of it, in "
        f"{GRIDS}: {', '.join(sorted(path.stem for path in GRIDS.glob('*.toml')))}.",
    )
    parser.add_argument(
        "grid", type=grid_path, metavar="GRID", help="the runs to train: a file, or a shipped one's name"
    )
    add_data_option(parser)
    parser.add_argument("--out", type=Path, default=DEFAULT_FOLDER, metavar="DIR", help="where runs go (default: runs)")
    add_device_option(parser)
    add_log_option(parser)
    parser.add_argument(
        "--jobs",
        type=positive(int),
        default=1,
        metavar="N",
        help="runs side by side on each GPU, or on the processor, whose cores they share (default: 1)",
    )
    parser.add_argument(
        "--print-commands",
        action="store_true",
        help="train nothing: decode the photos, and print a command a line for each run that is left to do",
    )
    return parser


if __name__ == "__main__":
    run_command(main)

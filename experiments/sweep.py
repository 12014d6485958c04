"""Train all runs of a list, and only what is missing of them: `python -m experiments.sweep GRID.toml`."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tqdm import tqdm

from experiments.cli.command_line import (
    DEFAULT_FOLDER,
    OneLineParser,
    add_data_option,
    add_device_option,
    choose_device,
    data_remedy,
    positive,
    remedies,
    run_command,
)
from experiments.cli.grid import GRIDS, PlannedRun, grid_path, read_grid
from experiments.cli.interruption import noted_signals, tell
from experiments.cli.program import typed
from experiments.curves.option import add_log_option, assert_installed
from experiments.store.folder import as_good_as_empty, state_path
from experiments.store.recorded_options import used_options
from experiments.store.runs import read_run
from experiments.training.going_on import rebuild_record
from experiments.training.summaries import headline, readable, summary, table
from seg import InputError
from seg.labelled.pairs import check_listed, check_lists
from seg.labelled.workers import usable_cores
from seg.pets import SPLITS, TRAINVAL

PROJECT = Path(__file__).parents[1]
POLL_SECONDS = 0.25


@dataclass(frozen=True)
class Job:
    """A run that a process of its own is training; its bar is drawn on a terminal only."""

    name: str
    folder: Path
    log: Path
    process: subprocess.Popen
    bar: tqdm


def main(arguments: list[str] | None) -> int:
    given = _parser().parse_args(arguments)
    grid = read_grid(given.grid)
    assert_installed(given.log)
    where = [f"--data={given.data.absolute()}", f"--device={given.device}", *(f"--log={name}" for name in given.log)]
    device = choose_device(given.device)
    missing = {run.name: _missing(run, given.out / run.name, given.grid) for run in grid}
    waiting = {name: [*options, *where] for name, options in missing.items() if options is not None}
    _decode_once(given.data, [run for run in grid if run.name in waiting])

    outcomes = {name: "finished" for name in missing if name not in waiting}
    for name in outcomes:
        tell(summary(name, "skipped, finished before", given.out / name))
    environment = dict(os.environ)
    if device.type == "cpu":  # as many threads as cores for each of N runs would make them wait for each other
        environment.setdefault("OMP_NUM_THREADS", str(max(1, usable_cores() // given.jobs)))
    with noted_signals() as received:
        outcomes |= _train(waiting, given.out, given.jobs, environment, received)
    tell("\n" + table(grid, given.out, outcomes))
    if received:
        again = shlex.join(sys.argv[1:] if arguments is None else arguments)
        tell(f"\nStopped; nothing is lost. The same command continues:\n  {typed('sweep')} {again}")
        return 130
    return 0 if all(outcome == "finished" for outcome in outcomes.values()) else 1


# ---- what is left to do


def _missing(run: PlannedRun, folder: Path, grid: Path) -> list[str] | None:
    """Options of experiments.run that finish this run; None where it is finished.

    Raises:
        InputError: the folder holds something else.
        BadRun: it holds a run that cannot be read.
    """
    remedy = "move the folder away, or give the grid's run another name"
    rebuild_record(folder)
    begun = read_run(folder) if (folder / "run.json").exists() else None
    anew = [*run.typed, f"--name={run.name}", f"--out={folder.parent.absolute()}"]
    if begun is None:
        if not folder.exists() or (folder.is_dir() and as_good_as_empty(folder)):
            return anew
        raise InputError(f"{folder} is not a run: {remedy}")
    theirs = used_options(begun.info)
    for option, ours in asdict(run.options).items():
        if option == "exclude" and theirs[option] != ours:  # too many names for a line
            raise InputError(f"{folder} was begun with other photos in exclude than {grid} has: {remedy}")
        if theirs[option] != ours and (option, ours) != ("precision", "auto"):
            raise InputError(f"{folder} was begun with {option} = {theirs[option]}, {grid} says {ours}: {remedy}")
    if begun.status == "finished":
        return None
    if begun.status == "failed" and not state_path(folder).exists():
        return [*anew, "--overwrite"]
    return [f"--resume={folder.absolute()}"]


def _splits(run: PlannedRun) -> Sequence[str]:
    return (TRAINVAL,) if run.options.holdout else SPLITS


def _decode_once(data: Path, runs: list[PlannedRun]) -> None:
    """Fill the cache that the runs read, so that they need not all do it, and bad data shows before any begins."""
    from seg.cache import load_split  # with torch, which takes seconds to import

    needed = dict.fromkeys(
        (split, run.options.size, run.options.skip_bad, run.options.border_width)
        for run in runs
        for split in _splits(run)
    )
    with remedies(lambda error: data_remedy(error, data, leave_out="give the grid's runs skip_bad = true")):
        check_listed(data, {name for run in runs for name in run.options.exclude})
        for run in runs:
            check_lists(data, _splits(run), run.options.exclude)
        for split, size, skip_bad, border_width in needed:
            load_split(data, split, size, skip_bad=skip_bad, border_width=border_width)


# ---- training


def _train(
    waiting: dict[str, list[str]], out: Path, jobs: int, environment: dict[str, str], received: list[int]
) -> dict[str, str]:
    """Train until all have ended or a signal is received: finished, interrupted or failed for each run begun."""
    left = list(waiting.items())
    running: list[Job] = []
    outcomes: dict[str, str] = {}
    passed_on = 0
    try:
        while running or (left and not received):
            while left and len(running) < jobs and not received:
                running.append(_start(*left.pop(0), out, environment))
            if passed_on < len(received):  # a second one too: it makes a run stop at once
                passed_on = len(received)
                _interrupt(running)
            for job in list(running):
                if job.process.poll() is None:
                    _show_progress(job)
                    continue
                running.remove(job)
                job.bar.close()
                outcomes[job.name] = _outcome(job.process.returncode)
                reason = _reason(job) if outcomes[job.name] == "failed" else ""
                with tqdm.external_write_mode():
                    tell(summary(job.name, outcomes[job.name], job.folder) + reason)
            time.sleep(POLL_SECONDS if running else 0)
    finally:  # if this process itself fails, it leaves no run behind
        _interrupt(running)
        for job in running:
            job.process.wait()
            job.bar.close()
    return outcomes


def _start(name: str, options: list[str], out: Path, environment: dict[str, str]) -> Job:
    command, log = [sys.executable, "-m", "experiments.run", *options], out / f"{name}.log"
    try:
        out.mkdir(parents=True, exist_ok=True)
        with open(log, "ab") as file:
            file.write(f"$ {shlex.join(command)}\n".encode())
            file.flush()
            process = subprocess.Popen(
                command,
                cwd=PROJECT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                # a session of its own: a Ctrl-C would reach it twice, from the terminal and from here
                start_new_session=True,
            )
    except OSError as error:
        raise InputError(f"{name} cannot be begun with its log {log} ({error.strerror}): pass --out DIR") from error
    bar = tqdm(desc=name, unit="epoch", leave=False, dynamic_ncols=True, disable=not sys.stderr.isatty())
    return Job(name, out / name, log, process, bar)


def _interrupt(jobs: list[Job]) -> None:
    for job in jobs:
        job.process.send_signal(signal.SIGINT)


def _outcome(status: int) -> str:
    if status in (130, -signal.SIGINT):
        return "interrupted"
    return "failed" if status else "finished"


def _reason(job: Job) -> str:
    """The run's error, or else its last line, or what killed it; and where to read more."""
    status = job.process.returncode
    if status < 0:
        said = f"killed by {signal.Signals(-status).name}"
    else:
        text = job.log.read_text(encoding="utf-8", errors="replace").rstrip()
        lines = [line.strip() for line in re.split(r"[\r\n]+", text)]
        begun = max(number for number, line in enumerate(lines) if line.startswith("$ "))
        # where this run was refused because another process trains it, that one goes on writing to the log
        errors = [line for line in lines[begun:] if line.startswith("error: ")]
        said = (errors or lines)[-1].removeprefix("error: ").removeprefix(f"{job.name} failed: ")
    return f": {said} (see {job.log})"


# ---- what is shown


def _show_progress(job: Job) -> None:
    if job.bar.disable:
        return
    run = readable(job.folder)
    if run is None:
        return
    if job.bar.total is None:
        job.bar.reset(total=run.epochs_planned)
        job.bar.initial = run.epochs_trained  # epochs of an earlier sweep say nothing about this one's speed
    job.bar.n = run.epochs_trained
    job.bar.set_postfix_str(headline(run))


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
        "--jobs", type=positive(int), default=1, metavar="N", help="runs side by side on the device (default: 1)"
    )
    return parser


if __name__ == "__main__":
    run_command(main)

"""Train all runs of a list, and only what is missing of them: `python -m experiments.sweep GRID.toml`."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
import tomllib
from argparse import RawDescriptionHelpFormatter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from experiments.command_line import (
    OneLineParser,
    add_data_option,
    choose_device,
    markdown_table,
    positive,
    run_command,
)
from experiments.options import DEFAULTS, add_options, photo_size, recorded, reread, resolve, run_name
from experiments.runs import DEFAULT_FOLDER, BadRun, Run, read_run
from seg import InputError
from seg.data import load_split

PROJECT = Path(__file__).parents[1]
POLL_SECONDS = 0.25
SCORES = {
    "pixel accuracy %": "pixel_accuracy",
    "border recall %": "border_recall",
    "border precision %": "border_precision",
    "border F1 %": "border_f1",
}


@dataclass(frozen=True)
class PlannedRun:
    """A run that a grid asks for.

    Attributes:
        typed: the grid's options as experiments.run takes them.
        options: every option, resolved.
    """

    name: str
    typed: list[str]
    options: dict


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
    where = [f"--data={given.data.absolute()}", f"--device={given.device}"]
    device = choose_device(given.device)
    missing = {run.name: _missing(run, given.out / run.name, given.grid) for run in grid}
    waiting = {name: [*options, *where] for name, options in missing.items() if options is not None}
    _decode_once(given.data, [run for run in grid if run.name in waiting])

    outcomes = {name: "finished" for name in missing if name not in waiting}
    for name in outcomes:
        print(_summary(name, "skipped, finished before", given.out / name))
    environment = dict(os.environ)
    if device.type == "cpu":  # as many threads as cores for each of N runs would make them wait for each other
        environment.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // given.jobs)))
    with _noted_signals() as received:
        outcomes |= _train(waiting, given.out, given.jobs, environment, received)
    print("\n" + _table(grid, given.out, outcomes))
    if received:
        again = shlex.join(sys.argv[1:] if arguments is None else arguments)
        print(f"\nStopped; nothing is lost. The same command continues:\n  python -m experiments.sweep {again}")
        return 130
    return 0 if all(outcome == "finished" for outcome in outcomes.values()) else 1


# ---- the grid


def read_grid(path: Path) -> list[PlannedRun]:
    """The runs of a TOML file: `[[runs]]` tables of experiments.run's options, over those of `[defaults]`.

    An entry may also have a `name`, and `seeds = [0, 1, 2]` for one run each, named `<name>-s<seed>`.

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
            run = _planned_run(each, name, where)
            if run.name in planned:
                raise InputError(f"{where}: a second run is named {run.name}: give one of the two another name")
            planned[run.name] = run
    return list(planned.values())


def _checked(table: object, where: str) -> dict:
    """The table with underscores in its keys, all of which are known."""
    if not isinstance(table, dict):
        raise InputError(f"{where} is not a table of options")
    known = {key.replace("-", "_"): value for key, value in table.items()}
    for key in known.keys() - DEFAULTS.keys() - {"name", "seeds"}:
        raise InputError(f"{where}: {key} is not an option: `python -m experiments.run --help` names them")
    if len(known) < len(table):
        raise InputError(f"{where}: an option is given twice, with - and with _: leave one out")
    if {"seed", "seeds"} <= known.keys():
        raise InputError(f"{where}: give seed or seeds, not both")
    if not isinstance(known.get("seeds", [0]), list) or not known.get("seeds", [0]):
        raise InputError(f"{where}: seeds is not a list of numbers like [0, 1, 2]")
    if not re.fullmatch(r"\w[\w .+-]*", str(known.get("name", "ce"))):
        raise InputError(f"{where}: name {known['name']} cannot be a folder's: use letters, digits, - and .")
    return known


def _planned_run(settings: dict, name: str | None, where: str) -> PlannedRun:
    typed = [text for option, value in settings.items() for text in _typed(option, value, where)]
    parser = _EntryParser(prog=where)
    add_options(parser)
    given = vars(parser.parse_args(typed))
    try:
        options = resolve(given)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
    return PlannedRun(run_name(given) if name is None else f"{name}-s{options['seed']}", typed, options)


class _EntryParser(OneLineParser):
    """Bad options raise, and `prog` says whose they are."""

    def error(self, message: str) -> None:
        raise InputError(f"{self.prog}: {message}")


def _typed(option: str, value: object, where: str) -> list[str]:
    """An option as a person types it; nothing for a switch that is off."""
    dashed = option.replace("_", "-")
    if not isinstance(DEFAULTS[option], bool):
        return [f"--{dashed}={','.join(map(str, value)) if isinstance(value, list) else value}"]
    if not isinstance(value, bool):
        raise InputError(f"{where}: {option} = {value} is neither true nor false")
    if value:
        return [f"--{dashed}"]
    return [f"--no-{dashed}"] if DEFAULTS[option] else []  # one that is on by default has a --no-


# ---- what is left to do


def _missing(run: PlannedRun, folder: Path, grid: Path) -> list[str] | None:
    """Options of experiments.run that finish this run; None where it is finished.

    Raises:
        InputError: the folder holds something else.
        BadRun: it holds a run that cannot be read.
    """
    remedy = "move the folder away, or give the grid's run another name"
    begun = _begun(folder)
    anew = [*run.typed, f"--name={run.name}", f"--out={folder.parent.absolute()}"]
    if begun is None:
        # a run stopped before its first file has left an empty predictions/: as good as nothing
        if folder.exists() and not (folder.is_dir() and all(path.name == "predictions" for path in folder.iterdir())):
            raise InputError(f"{folder} is not a run: {remedy}")
        return anew
    theirs, ours = recorded(reread(begun.info["options"])), recorded(run.options)
    for option in DEFAULTS:
        if theirs[option] != ours[option]:
            raise InputError(
                f"{folder} was begun with {option} = {theirs[option]}, {grid} says {option} = {ours[option]}: {remedy}"
            )
    if begun.status == "finished":
        return None
    if begun.status == "failed" and not (folder / "state.safetensors").exists():
        return [*anew, "--overwrite"]
    return [f"--resume={folder.absolute()}"]


def _begun(folder: Path) -> Run | None:
    """The folder's run; None where it has none yet."""
    return read_run(folder) if (folder / "run.json").exists() else None


def _decode_once(data: Path, runs: list[PlannedRun]) -> None:
    """Fill the cache that the runs read, so that they need not all do it, and bad data shows before any begins."""
    needed = {}
    for run in runs:
        for split in ("trainval",) if run.options["holdout"] else ("trainval", "test"):
            needed[split, photo_size(run.options), run.options["skip_bad"]] = None
    for split, size, skip_bad in needed:
        load_split(data, split, size, skip_bad=skip_bad)


# ---- training


def _train(
    waiting: dict[str, list[str]], out: Path, jobs: int, environment: dict[str, str], received: list[int]
) -> dict[str, str]:
    """Train until all have ended or a signal is received: finished, interrupted or failed for each run begun."""
    left, running, outcomes, passed_on = list(waiting.items()), [], {}, 0
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
                    print(_summary(job.name, outcomes[job.name], job.folder) + reason, flush=True)
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
                start_new_session=True,  # or a Ctrl-C would reach it twice: from the terminal and from here
            )
    except OSError as error:
        raise InputError(f"{log} cannot be written ({error.strerror}): pass another --out DIR") from error
    bar = tqdm(desc=name, unit="epoch", leave=False, dynamic_ncols=True, disable=not sys.stderr.isatty())
    return Job(name, out / name, log, process, bar)


def _interrupt(jobs: list[Job]) -> None:
    for job in jobs:
        job.process.send_signal(signal.SIGINT)


@contextmanager
def _noted_signals() -> Iterator[list[int]]:
    """While inside, Ctrl-C and SIGTERM only add to the list."""
    received: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda number, frame: received.append(number)) for number in numbers}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _outcome(status: int) -> str:
    if status in (130, -signal.SIGINT):
        return "interrupted"
    return "failed" if status else "finished"


def _reason(job: Job) -> str:
    """What the run said last, or what killed it, and where to read more."""
    status = job.process.returncode
    if status < 0:
        said = f"killed by {signal.Signals(-status).name}"
    else:
        said = re.split(r"[\r\n]+", job.log.read_text(errors="replace").rstrip())[-1].strip()
        said = said.removeprefix("error: ").removeprefix(f"{job.name} failed: ")
    return f": {said} (see {job.log})"


# ---- what is shown


def _show_progress(job: Job) -> None:
    if job.bar.disable:
        return
    try:
        run = _begun(job.folder)
    except BadRun:  # it is being replaced this very moment
        return
    if run is None:
        return
    if job.bar.total is None:
        job.bar.reset(total=run.epochs_planned)
        job.bar.initial = run.epochs_trained  # epochs of an earlier sweep say nothing about this one's speed
    job.bar.n = run.epochs_trained
    cells = _cells(run)
    job.bar.set_postfix_str(f"pixel accuracy {cells['pixel accuracy %']} %, border F1 {cells['border F1 %']} %")


def _summary(name: str, outcome: str, folder: Path) -> str:
    run = _begun(folder)
    if run is None:
        return f"{name}: {outcome}"
    cells = _cells(run)
    return (
        f"{name}: {outcome}, {cells['epochs']} epochs, {cells['minutes']} min, "
        f"pixel accuracy {cells['pixel accuracy %']} %, border F1 {cells['border F1 %']} %"
    )


def _table(grid: list[PlannedRun], out: Path, outcomes: dict[str, str]) -> str:
    header = ["run", "status", "epochs", "minutes", *SCORES]
    rows = []
    for name in (planned.name for planned in grid):
        run = _begun(out / name)
        cells = {} if run is None else _cells(run)
        status = outcomes.get(name, "not begun" if run is None else run.status)
        rows.append([name, status, *(cells.get(title, "-") for title in header[2:])])
    return markdown_table(header, rows, words=("run", "status"))


def _cells(run: Run) -> dict[str, str]:
    """How far a run got, how long it took and its last epoch's scores in percent, by their titles."""
    finals = {title: run.final(score) for title, score in SCORES.items()}
    return {
        "epochs": f"{run.epochs_trained}/{run.epochs_planned}",
        "minutes": f"{run.epochs['seconds'].sum() / 60:.1f}",
        **{title: "-" if final is None else f"{100 * final:.2f}" for title, final in finals.items()},
    }


def _parser() -> OneLineParser:
    parser = OneLineParser(
        prog="python -m experiments.sweep",
        formatter_class=RawDescriptionHelpFormatter,
        description=(
            "Train all runs of a grid. What is finished is skipped, what was interrupted continues:\n"
            "the same command goes on after any stop. Each run's output goes to DIR/NAME.log."
        ),
        epilog=(
            "A grid lists options of experiments.run (experiments/grids/paper.toml is one):\n\n"
            "  [defaults]\n  epochs = 10\n\n"
            '  [[runs]]\n  loss = "ce"\n  seeds = [0, 1, 2]\n\n'
            '  [[runs]]\n  name = "focal-gamma-5"\n  loss = "focal"\n  gamma = 5\n'
        ),
    )
    parser.add_argument("grid", type=Path, metavar="GRID.toml", help="the runs to train")
    add_data_option(parser)
    parser.add_argument("--out", type=Path, default=DEFAULT_FOLDER, metavar="DIR", help="where runs go (default: runs)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")
    parser.add_argument(
        "--jobs", type=positive(int), default=1, metavar="N", help="runs side by side on the device (default: 1)"
    )
    return parser


if __name__ == "__main__":
    run_command(main)

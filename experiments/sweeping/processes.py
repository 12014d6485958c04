"""A process for each run of a sweep: begun where a place is free, watched, told to stop, and what became of it."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from experiments.cli.interruption import tell
from experiments.sweeping.places import Place
from experiments.training.summaries import headline, readable, summary
from seg import InputError

# Where `python -m` finds the project, be it a checkout or installed
PROJECT = Path(__file__).parents[2]
POLL_SECONDS = 0.25


@dataclass(frozen=True)
class Job:
    """A run that a process of its own is training; its bar is drawn on a terminal only."""

    name: str
    folder: Path
    log: Path
    place: Place
    process: subprocess.Popen
    bar: tqdm


def training_process(options: list[str], device: str) -> list[str]:
    """The words that start a process which trains a run, in the folder PROJECT.

    Args:
        options: of experiments.run, without the device.
        device: its name.
    """
    return [sys.executable, "-m", "experiments.run", *options, f"--device={device}"]


def train(waiting: dict[str, list[str]], places: list[Place], out: Path, received: list[int]) -> dict[str, str]:
    """Train until all have ended or a signal is received.

    Args:
        waiting: options of experiments.run, without the device, by the run's name.
        places: where runs are trained, one at a time in each.
        out: the folder of the runs.
        received: the signals received so far, which grows meanwhile; each is passed on.

    Returns:
        finished, interrupted or failed for each run begun.

    Raises:
        InputError: a run cannot be begun.
    """
    left, free = list(waiting.items()), list(places)
    running: list[Job] = []
    outcomes: dict[str, str] = {}
    passed_on = 0
    try:
        while running or (left and not received):
            while left and free and not received:
                running.append(_start(*left.pop(0), out, free.pop(0)))
            if passed_on < len(received):  # a second one too: it makes a run stop at once
                passed_on = len(received)
                _interrupt(running)
            for job in list(running):
                if job.process.poll() is None:
                    _show_progress(job)
                    continue
                running.remove(job)
                free.append(job.place)
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


def _start(name: str, options: list[str], out: Path, place: Place) -> Job:
    command, log = training_process(options, place.device), out / f"{name}.log"
    typed = shlex.join([*(f"{variable}={value}" for variable, value in place.environment.items()), *command])
    try:
        out.mkdir(parents=True, exist_ok=True)
        with open(log, "ab") as file:
            file.write(f"$ {typed}\n".encode())
            file.flush()
            process = subprocess.Popen(
                command,
                cwd=PROJECT,
                env=os.environ | place.environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                # a session of its own: a Ctrl-C would reach it twice, from the terminal and from here
                start_new_session=True,
            )
    except OSError as error:
        raise InputError(f"{name} cannot be begun with its log {log} ({error.strerror}): pass --out DIR") from error
    bar = tqdm(desc=name, unit="epoch", leave=False, dynamic_ncols=True, disable=not sys.stderr.isatty())
    return Job(name, out / name, log, place, process, bar)


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

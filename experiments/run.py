"""Train a network with one loss and log the run: `python -m experiments.run --loss focal`."""

import argparse
import shlex
from pathlib import Path

from experiments.cli.command_line import (
    DEFAULT_FOLDER,
    OneLineParser,
    add_data_option,
    add_device_option,
    data_remedy,
    remedies,
    run_command,
)
from experiments.cli.interruption import tell
from experiments.cli.options import add_options, folder_name, resolve, run_name
from experiments.cli.places import own_run_path
from experiments.cli.printing import speaks
from experiments.cli.program import typed
from experiments.curves.option import add_log_option, assert_installed
from experiments.store.folder import FolderNotMade, FolderTaken, NotARun
from experiments.store.recorded_options import read_options, recorded
from experiments.store.runs import read_unfinished
from experiments.store.training_command import training_command
from experiments.training.going_on import ChangedPhotos, LogTooShort, OtherPhotos, rebuild_record
from seg import InputError
from seg.labelled.pairs import are_own
from seg.losses import Diverged, NoClassWeights
from seg.options import FIELDS, Options


def main(arguments: list[str] | None) -> int:
    """Train a run, or the rest of one; 0 finished, 1 failed, 130 interrupted."""
    parser = _parser()
    given = vars(parser.parse_args(arguments))
    resume = given.pop("resume")
    try:
        if resume is not None and given["overwrite"]:
            raise InputError("--resume goes on with a run, --overwrite replaces it: leave out one of the two")
        assert_installed(given["log"])
        folder, options = _new_run(given) if resume is None else _begun_run(resume, given)
    except InputError:
        if speaks():
            raise
        return 2
    # torch takes seconds to import: a wrong option is answered before
    from experiments.training.begin import begin_run, resume_run
    from experiments.training.train_run import Interrupted, RunFailed
    from seg.parallel import OthersFailed, is_lost, joined

    where = {name: given[name] for name in ("data", "device")}
    again = [f" --{name} {shlex.quote(str(said))}" for name, said in where.items() if said != parser.get_default(name)]
    again += [f" --log {name}" for name in dict.fromkeys(given["log"])]
    continued = f"{typed('run')} --resume {shlex.quote(str(folder))}{''.join(again)}"
    anew = f"begin it anew with `{_begun_with(folder, options, ''.join(again))} --overwrite`"
    try:
        with joined() as ranks, remedies(lambda error: _remedy(error, given["data"], anew)):
            if resume is None:
                begin_run(folder, options, **where, log=given["log"], overwrite=given["overwrite"], ranks=ranks)
            else:
                resume_run(folder, options, **where, log=given["log"], ranks=ranks)
    except OthersFailed:
        ranks.part()  # who starts them ends all once one ends, and another is still saying why
        return 1
    except Interrupted as stop:
        if not ranks.first:
            return 130
        tell(f"Interrupted in epoch {stop.epoch}; nothing is lost. Continue with:\n  {continued}")
        return 130
    except RunFailed as failure:
        tell(f"error: {failure}{_what_to_do(failure.__cause__, folder, continued)}", error=True)
        return 1
    except RuntimeError as error:
        if not is_lost(error):
            raise
        if ranks.first:
            tell(f"error: another process that was to train {folder} has ended: what it said is above", error=True)
        return 1
    if not ranks.first:
        return 0
    runs, data = (shlex.quote(str(path)) for path in (folder.parent, given["data"]))
    # the shipped runs were scored on other photos: beside them one's own would not be compared
    alone, with_data = (f" --runs {runs}", f" --data {data}") if are_own(given["data"]) else ("", "")
    tell(
        f"{folder}: finished. See it with `{typed('app')}{alone}{with_data}`, compare it with "
        f"`{typed('compare')}{alone}`."
    )
    return 0


def _new_run(given: dict) -> tuple[Path, Options]:
    """The folder and the options of a run that is to be begun."""
    options = resolve(given)
    return given["out"] / (given["name"] or run_name(options)), options


def _begun_run(resume: str, given: dict) -> tuple[Path, Options]:
    """The folder and the options of a run that was begun, which what was typed must not contradict."""
    typed = {name: value for name, value in given.items() if name in FIELDS}
    if not resume and given["name"] is None and "loss" not in typed:
        raise InputError("--resume needs the run's folder, or --loss or --name to find it by")
    if resume:
        folder = own_run_path(resume, [given["out"]])
    else:
        folder = given["out"] / (given["name"] or run_name(Options(**typed)))
    rebuild_record(folder)
    run = read_unfinished(folder)
    try:
        options = read_options(run.info)
    except InputError as error:
        raise InputError(f"{folder}: {error}") from error
    for name, value in sorted(typed.items()):
        if value != getattr(options, name) and (name, value) != ("precision", "auto"):
            option = name.replace("_", "-")
            raise InputError(f"{folder} was not begun with this --{option}: leave it out, or start another run")
    return folder, options


def _remedy(error: InputError, data: Path, anew: str) -> str | None:
    """What to do, with this command's options, about an error that names the thing alone.

    Args:
        anew: how this run is begun again.
    """
    from experiments.training.begin import OtherDevice  # with torch
    from seg.training.state import BadState

    match error:
        case FolderTaken():
            return "continue it with --resume, replace it with --overwrite, or pass --name NAME"
        case NotARun():
            return "pass --name NAME"
        case FolderNotMade():
            return "pass --out DIR"
        case BadState():
            return anew
        case OtherDevice(device=device):
            return f"continue it with --device {device}"
        case OtherPhotos():
            return "pass the --data it was begun with"
        case ChangedPhotos():
            return "restore them, or begin another run"
        case LogTooShort():
            return f"restore the file, or {anew}"
        case NoClassWeights(scheme=scheme):
            return f"pass three numbers in the place of --class-weights {scheme}, or train on more photos"
    return data_remedy(error, data)


def _what_to_do(error: BaseException | None, folder: Path, continued: str) -> str:
    """What to do, with this command's options, to have a run that failed finished; behind why it did."""
    import torch

    match error:
        case Diverged():
            return ": lower --lr and start again with --overwrite"
        case torch.OutOfMemoryError():
            return ": lower --batch-size and start again with --overwrite"
    if not (folder / "run.json").exists():
        return ": nothing of it could be kept; mend that, then start again"
    return f": mend that, then continue with `{continued}`"


def _begun_with(folder: Path, options: Options, where: str) -> str:
    """The command that begins the run in this folder."""
    words = training_command({"options": recorded(options)})
    assert words is not None, "they are this version's options"
    name = "" if folder.name == run_name(options) else f" --name {shlex.quote(folder.name)}"
    out = "" if folder.parent == DEFAULT_FOLDER else f" --out {shlex.quote(str(folder.parent))}"
    return f"{typed('run')}{words.removeprefix('python -m experiments.run')}{name}{out}{where}"


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog=typed("run"),
        description="Train a network on the Oxford-IIIT Pet dataset with one loss and log the run to a folder.",
        epilog="The defaults are the recipe of the article's authors: 20 epochs, Adam, StepLR, batches of 64, "
        "128 x 128, jitter of contrast. Several processes train one run together where torchrun starts them: each has "
        "a part of every batch, a GPU of its own where there are any. On GPUs BatchNorm's statistics are those of the "
        "whole batch; on processors each process has those of its part, as PyTorch does it. See docs/scale.md.",
    )
    add_options(parser)
    where = parser.add_argument_group("run")
    add_data_option(where)
    where.add_argument("--out", type=Path, default=DEFAULT_FOLDER, metavar="DIR", help="folder of runs (default: runs)")
    where.add_argument(
        "--name", type=folder_name, default=None, help="the run's folder (default: such as ce-s0, ce-best-s0)"
    )
    add_device_option(where)
    where.add_argument(
        "--resume",
        nargs="?",
        const="",
        default=None,
        metavar="RUN",
        help="continue an interrupted run: name or folder",
    )
    add_log_option(where)
    where.add_argument("--overwrite", action="store_true", help="replace a run of the same name")
    return parser


if __name__ == "__main__":
    run_command(main)

"""What is left to do of a grid's runs, and the photos they need, decoded once for all of them."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from experiments.cli.command_line import data_remedy, remedies
from experiments.cli.grid import PlannedRun
from experiments.store.folder import as_good_as_empty, state_path
from experiments.store.recorded_options import used_options
from experiments.store.runs import read_run
from experiments.training.going_on import rebuild_record
from seg import InputError
from seg.labelled.pairs import check_listed, check_lists
from seg.pets import SPLITS, TRAINVAL


def missing(run: PlannedRun, folder: Path, grid: Path) -> list[str] | None:
    """Options of experiments.run that finish this run; None where it is finished.

    Args:
        folder: where the run is, or is to be.
        grid: the file that asks for it, for what is said of the two.

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


def decode_once(data: Path, runs: list[PlannedRun]) -> None:
    """Fill the cache that the runs read, so that they need not all do it, and bad data shows before any begins.

    Raises:
        InputError: the dataset is not there, or something in it cannot be used.
    """
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


def _splits(run: PlannedRun) -> Sequence[str]:
    return (TRAINVAL,) if run.options.holdout else SPLITS

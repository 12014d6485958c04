"""A run that is begun, and one that goes on where it was stopped: what has to hold before either is trained."""

import io
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext, redirect_stderr
from dataclasses import replace
from pathlib import Path

import torch

from experiments.cli.command_line import choose_device
from experiments.store.folder import create_folder, hold, state_path
from experiments.store.runs import Run, read_unfinished
from experiments.training.data import RunData, fingerprints, load_run_data
from experiments.training.environment import environment, note_differences
from experiments.training.going_on import OtherPhotos, check_photos
from experiments.training.train_run import follow_run, train_run
from seg import InputError
from seg.evaluation import choose_precision
from seg.labelled.workers import usable_cores
from seg.options import Options
from seg.parallel import ALONE, Ranks, local_rank
from seg.pets import UnknownPhoto


class OtherDevice(InputError):
    """A run was begun on another kind of device, `device`: no other can continue its random generator."""

    def __init__(self, folder: Path, device: str) -> None:
        super().__init__(f"{folder} was begun on another device")
        self.device = device


def _device(name: str, ranks: Ranks) -> torch.device:
    """The device of that name, its threads no more than the cores that this process may use; of several ranks on one
    machine each has a GPU of its own.
    """
    # torch knows of a process that is kept to some cores, not of a container that has a share of all
    if "OMP_NUM_THREADS" not in os.environ and torch.get_num_threads() > usable_cores():
        torch.set_num_threads(usable_cores())
    device = choose_device(name)
    if ranks.count == 1 or device.type == "cpu":
        return device
    if device.type != "cuda":
        raise InputError(
            f"several processes train together on processors or CUDA's GPUs, not on {device.type}: give cpu"
        )
    if device.index is not None:
        raise InputError(f"{name} is one GPU, and each of the processes has its own: give cuda")
    if local_rank() >= torch.cuda.device_count():
        raise InputError(f"this machine has {torch.cuda.device_count()} GPUs, fewer than processes: start one for each")
    torch.cuda.set_device(local_rank())
    return torch.device("cuda", local_rank())


def _chosen(device: str, options: Options, ranks: Ranks) -> tuple[torch.device, Options]:
    """This rank's device, and the options with a precision that is decided once: who goes on elsewhere keeps it."""

    def choose() -> torch.device:
        if options.batch_size < ranks.count:
            raise InputError(f"a batch of {options.batch_size} cannot be shared out among {ranks.count} processes")
        return _device(device, ranks)

    chosen = ranks.together(choose)
    ranks.assert_alike(
        chosen.type, "some of the processes have a GPU and some have none: give the device that all are to have"
    )
    if options.precision == "auto":
        options = replace(options, precision=ranks.of_first(choose_precision(chosen)))
    return chosen, options


def begin_run(
    folder: Path,
    options: Options,
    *,
    data: Path,
    device: str,
    log: Sequence[str],
    overwrite: bool,
    ranks: Ranks = ALONE,
) -> None:
    """Train a new run to its end, with the other ranks that call this too.

    Args:
        data: folder holding the dataset.
        device: its name, or `auto`.
        log: the tools of `experiments.curves.tools.LOGGERS` that are told the curves.
        overwrite: replace the run that is in the folder.

    Raises:
        InputError: the folder is not free, or the data or the device cannot be used.
        Interrupted, RunFailed, OthersFailed: as `train_run`.
    """
    chosen, options = _chosen(device, options, ranks)
    if not overwrite:  # says so before the data is read
        ranks.if_first(lambda: create_folder(folder, overwrite=False) if folder.exists() else None)
    photos = ranks.by_machine(lambda: _quietly(ranks, lambda: load_run_data(data, options)))
    ranks.if_first(lambda: create_folder(folder, overwrite=overwrite))
    _train(folder, options, photos, chosen, log, resuming=False, ranks=ranks)


def resume_run(
    folder: Path, options: Options, *, data: Path, device: str, log: Sequence[str], ranks: Ranks = ALONE
) -> None:
    """Train an interrupted run to its end.

    Args:
        options: those that it was begun with.
        data, device, log, ranks: as `begin_run`.

    Raises:
        InputError: the run is finished, or was begun otherwise, or the data or the device cannot be used.
        Interrupted, RunFailed, OthersFailed: as `train_run`.
    """
    run = ranks.together(lambda: read_unfinished(folder))
    chosen, options = _chosen(device, options, ranks)
    ranks.if_first(lambda: _check_device(run, chosen))
    photos = ranks.by_machine(lambda: _quietly(ranks, lambda: _photos_of(run, data, options)))

    def held() -> None:
        read_unfinished(folder)  # nor finished by another process, just now
        if state_path(folder).exists():
            note_differences(run, environment(chosen, options.precision, ranks.count))

    _train(folder, options, photos, chosen, log, resuming=True, ranks=ranks, held=held)


def _quietly(ranks: Ranks, load: Callable[[], RunData]) -> RunData:
    """The photos; what there is to note of them the first rank notes."""
    with nullcontext() if ranks.first else redirect_stderr(io.StringIO()):
        return load()


def _check_device(run: Run, device: torch.device) -> None:
    begun_on = str(run.environment.get("device", device.type))
    if begun_on != device.type:
        raise OtherDevice(run.folder, begun_on)


def _photos_of(run: Run, data: Path, options: Options) -> RunData:
    """The photos in `data`, which are those that the run was begun with.

    Raises:
        InputError: they are others.
    """
    try:
        photos = load_run_data(data, options)
    except UnknownPhoto as error:
        raise OtherPhotos(f"{run.folder} was begun with other photos: {error}") from error
    count = run.info.get("training_photos")
    if count not in (None, len(photos.training)):
        raise OtherPhotos(f"{run.folder} was begun with {count} training photos, {data} gives {len(photos.training)}")
    if state_path(run.folder).exists():  # else nothing is kept of it
        check_photos(run, fingerprints(photos))
    return photos


def _train(
    folder: Path,
    options: Options,
    photos: RunData,
    device: torch.device,
    log: Sequence[str],
    *,
    resuming: bool,
    ranks: Ranks,
    held: Callable[[], None] = lambda: None,
) -> None:
    """Train this rank's part; the first one holds the folder.

    Args:
        held: what the first one does once it holds it.
    """
    with ExitStack() as stack:

        def take() -> None:
            stack.enter_context(hold(folder))
            held()

        ranks.if_first(take)
        if ranks.first:
            train_run(folder, options, photos, device, log, resuming=resuming, ranks=ranks)
        else:
            follow_run(folder, options, photos, device, resuming=resuming, ranks=ranks)

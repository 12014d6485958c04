"""A run that is begun, and one that goes on where it was stopped: what has to hold before either is trained."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from experiments.cli.command_line import choose_device
from experiments.store.folder import create_folder, hold, state_path
from experiments.store.runs import read_unfinished
from experiments.training.data import fingerprints, load_run_data
from experiments.training.environment import environment, note_differences
from experiments.training.going_on import OtherPhotos, check_photos
from experiments.training.train_run import train_run
from seg import InputError
from seg.evaluation import choose_precision
from seg.labelled.workers import usable_cores
from seg.options import Options
from seg.pets import UnknownPhoto


class OtherDevice(InputError):
    """A run was begun on another kind of device, `device`: no other can continue its random generator."""

    def __init__(self, folder: Path, device: str) -> None:
        super().__init__(f"{folder} was begun on another device")
        self.device = device


def _device(name: str) -> torch.device:
    """The device of that name, its threads no more than the cores that this process may use."""
    # torch knows of a process that is kept to some cores, not of a container that has a share of all
    if "OMP_NUM_THREADS" not in os.environ and torch.get_num_threads() > usable_cores():
        torch.set_num_threads(usable_cores())
    return choose_device(name)


def begin_run(folder: Path, options: Options, *, data: Path, device: str, log: Sequence[str], overwrite: bool) -> None:
    """Train a new run to its end.

    Args:
        data: folder holding the dataset.
        device: its name, or `auto`.
        log: the tools of `experiments.curves.tools.LOGGERS` that are told the curves.
        overwrite: replace the run that is in the folder.

    Raises:
        InputError: the folder is not free, or the data or the device cannot be used.
        Interrupted, RunFailed: as `train_run`.
    """
    chosen = _device(device)
    if options.precision == "auto":  # decided once: a run that goes on elsewhere keeps it
        options = replace(options, precision=choose_precision(chosen))
    if folder.exists() and not overwrite:
        create_folder(folder, overwrite=False)  # says so before the data is read
    photos = load_run_data(data, options)
    create_folder(folder, overwrite=overwrite)
    with hold(folder):
        train_run(folder, options, photos, chosen, log, resuming=False)


def resume_run(folder: Path, options: Options, *, data: Path, device: str, log: Sequence[str]) -> None:
    """Train an interrupted run to its end.

    Args:
        options: those that it was begun with.
        data, device, log: as `begin_run`.

    Raises:
        InputError: the run is finished, or was begun otherwise, or the data or the device cannot be used.
        Interrupted, RunFailed: as `train_run`.
    """
    run = read_unfinished(folder)
    chosen = _device(device)
    begun_on = str(run.environment.get("device", chosen.type))
    if begun_on != chosen.type:
        raise OtherDevice(folder, begun_on)
    if options.precision == "auto":
        options = replace(options, precision=choose_precision(chosen))
    try:
        photos = load_run_data(data, options)
    except UnknownPhoto as error:
        raise OtherPhotos(f"{folder} was begun with other photos: {error}") from error
    count = run.info.get("training_photos")
    if count not in (None, len(photos.training)):
        raise OtherPhotos(f"{folder} was begun with {count} training photos, {data} gives {len(photos.training)}")
    kept = state_path(folder).exists()
    if kept:  # else nothing is kept of it
        check_photos(run, fingerprints(photos))
    with hold(folder):
        read_unfinished(folder)  # nor finished by another process, just now
        if kept:
            note_differences(run, environment(chosen, options.precision))
        train_run(folder, options, photos, chosen, log, resuming=True)

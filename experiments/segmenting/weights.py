"""Which weights a person means, and what files made with them are called."""

import os
from pathlib import Path

from experiments.cli.places import run_path
from experiments.store.folder import folder_of_weights, weights_path
from experiments.store.runs import run_name
from seg import InputError


def named_weights(text: str) -> tuple[str, Path]:
    """What files made with these weights are called, `ce-s0` or `ce-s0-epoch-003`, and the file that holds them.

    Args:
        text: a run's name, its folder, or a .safetensors file; or a run on the Hub, which is fetched.

    Raises:
        InputError: there is no such run, or its weights are not here.
    """
    path = run_path(text)
    if path.is_dir():
        path = weights_path(path)
        if not path.is_file():
            raise InputError(f"{text} has no {path.name}: give a run that keeps its weights, or a .safetensors file")
    # links are not followed: a file's name may be a number where a store of files keeps it
    path = Path(os.path.normpath(path.absolute()))
    folder = folder_of_weights(path)
    if path == weights_path(folder):
        return run_name(folder), path
    return path.stem if folder == path.parent else f"{run_name(folder)}-{path.stem}", path

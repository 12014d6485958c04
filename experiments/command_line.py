"""What every command shares: one-line errors, and where the dataset is."""

import argparse
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path

import torch

from seg import InputError


class OneLineParser(argparse.ArgumentParser):
    """Bad options end with one line and status 2, without the usage."""

    def error(self, message: str) -> None:
        self.exit(2, f"{self.prog}: {message}\n")


def run_command(main: Callable[[list[str] | None], int]) -> None:
    """Exit with main's status; an error a person can cause is one line and status 2."""
    try:
        sys.exit(main(None))
    except InputError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)


def add_data_option(parser: argparse.ArgumentParser, **settings) -> None:
    settings = {"default": Path(os.environ.get("PETS_DATA", "data"))} | settings
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="folder holding oxford-iiit-pet/ (default: $PETS_DATA, else data)",
        **settings,
    )


def choose_device(name: str) -> torch.device:
    """The device of that name; `auto` is the first of CUDA, MPS and CPU that this machine has.

    Raises:
        InputError: this machine has no such device.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind, there in available.items() if there)
    if not available.get(name.split(":")[0], False):
        there = ", ".join(kind for kind, there in available.items() if there)
        raise InputError(f"this machine has no device {name}: choose from auto, {there}")
    return torch.device(name)


def positive(kind: type[int] | type[float]) -> Callable[[str], int | float]:
    """An argparse type: a finite number above 0."""
    return _number(kind, lambda value: value > 0, "above 0")


def not_negative(kind: type[int] | type[float]) -> Callable[[str], int | float]:
    """An argparse type: a finite number of 0 or more."""
    return _number(kind, lambda value: value >= 0, "of 0 or more")


def _number(kind: type[int] | type[float], allowed: Callable[[float], bool], said: str) -> Callable[[str], int | float]:
    words = {int: "a whole number", float: "a number"}[kind]

    def parse(text: str) -> int | float:
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not (allowed(value) and math.isfinite(value)):
            raise argparse.ArgumentTypeError(f"{text} is not {words} {said}")
        return value

    return parse

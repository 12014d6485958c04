"""The option `--log` of the commands that train."""

import argparse
import importlib.util
from collections.abc import Sequence

from experiments.curves.tools import LOGGERS
from seg import InputError


def add_log_option(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    parser.add_argument(
        "--log",
        action="append",
        choices=list(LOGGERS),
        default=[],
        help="also keep the curves in this tool, in DIR/TOOL on this machine (wandb elsewhere with WANDB_MODE=online); "
        "may be given several times, and is to be given again with a run that goes on, of which it is told all",
    )


def assert_installed(names: Sequence[str]) -> None:
    """Nothing, where the packages of these tools are there.

    Raises:
        InputError: one is not.
    """
    for name in names:
        package = LOGGERS[name].package
        if importlib.util.find_spec(package) is None:
            raise InputError(f"--log {name} needs one more package: pip install {package}")

"""Measure what no run's scores say, and keep it as a CSV: `python -m experiments.measure NAME`."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.cli.command_line import (
    RESULTS,
    OneLineParser,
    add_data_option,
    add_device_option,
    choose_device,
    data_remedy,
    remedies,
    run_command,
    text_table,
    writable,
    writing,
)
from experiments.cli.places import runs_folder
from experiments.cli.program import typed
from experiments.measurements import MEASUREMENTS, Measurement, measured_path
from seg import InputError
from seg.labelled.pairs import are_own
from seg.pets import BadPair

if TYPE_CHECKING:
    import pandas as pd


def main(arguments: list[str] | None) -> int:
    """Measure what was asked for, write its CSV and print it; 0."""
    options = _parser().parse_args(arguments)
    measurement = MEASUREMENTS[options.name]
    if are_own(options.data):
        raise InputError(f"{options.data} holds one's own photos, measurements are of the dataset's: pass its --data")
    with remedies(lambda error: _remedy(error, options.data)):
        # torch and pandas take seconds to import: a wrong option is answered before
        measure = import_module(measurement.module).measure
        table = measure(options.data, **_taken(measurement, options))[list(measurement.columns)]
    path = options.out or measured_path(options.name)
    _write(path, table)
    from experiments.reporting.measured import say_measured

    rows = [[cell if isinstance(cell, str) else f"{cell:.4g}" for cell in row] for row in table.itertuples(index=False)]
    print(text_table(list(measurement.columns), rows, words=measurement.words))
    print(f"\n{say_measured(options.name, table)}\n\n{path} holds it")
    return 0


def _taken(measurement: Measurement, options: argparse.Namespace) -> dict[str, Any]:
    """What the measurement takes beside the dataset."""
    taken: dict[str, Any] = {"full_res": options.full_res} if "full_res" in measurement.takes else {}
    if "networks" in measurement.takes:
        from experiments.measurements.networks import Networks, runs_with_weights
        from experiments.store.scored.photo_scores import Provenance
        from experiments.training.environment import commit
        from seg.evaluation import choose_precision

        device = choose_device(options.device)
        made = Provenance(choose_precision(device), commit())
        taken["networks"] = Networks(runs_with_weights(options.runs), device, made)
    return taken


def _remedy(error: InputError, data: Path) -> str | None:
    return "repair or restore it" if isinstance(error, BadPair) else data_remedy(error, data)


def _write(path: Path, table: pd.DataFrame) -> None:
    from experiments.store.csv_table import write_table

    with writing(path, "pass another --out FILE"):
        path.parent.mkdir(exist_ok=True)
        write_table(path, list(table.columns), table.itertuples(index=False))


def _parser() -> OneLineParser:
    parser = OneLineParser(
        prog=typed("measure"),
        description="Measure what no run's scores say, on the photos of the test split. Sentences of the report and of "
        "the app come from the CSVs that this writes.",
    )
    named = parser.add_subparsers(dest="name", metavar="NAME", required=True)
    for name, measurement in MEASUREMENTS.items():
        added = named.add_parser(name, help=measurement.meaning, description=f"Measure {measurement.meaning}.")
        add_data_option(added)
        if "full_res" in measurement.takes:
            added.add_argument(
                "--full-res",
                type=Path,
                required=True,
                metavar="DIR",
                help="folder of whole photos of the test split, in the dataset's layout",
            )
        if "networks" in measurement.takes:
            added.add_argument(
                "--runs",
                type=runs_folder,
                default=RESULTS,
                metavar="DIR",
                help="folder of runs (default: experiments/results)",
            )
            add_device_option(added)
        added.add_argument(
            "--out", type=writable, metavar="FILE", help=f"CSV to write (default: experiments/measured/{name}.csv)"
        )
    return parser


if __name__ == "__main__":
    run_command(main)

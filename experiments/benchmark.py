"""The project's speed on this machine, beside others': `python -m experiments.benchmark`."""

from __future__ import annotations

import json
import os
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.cli.command_line import (
    OneLineParser,
    add_data_option,
    add_device_option,
    choose_device,
    markdown_table,
    positive,
    run_command,
)
from experiments.cli.program import typed

if TYPE_CHECKING:
    from experiments.benchmarks.side_by_side import Measured, NotMeasured, Setting

# modules of `experiments.benchmarks`
BENCHMARKS = ("train", "predict", "compare", "fetch")
HEAD = ("path", "ours", "peer's", "unit", "ratio", "least to most", "goal", "met")


def main(arguments: list[str] | None) -> int:
    """Measure what was asked for and print it; 0."""
    options = _parser().parse_args(arguments)
    # torch takes seconds to import: a wrong option is answered before
    from experiments.benchmarks.side_by_side import Setting
    from seg.evaluation import choose_precision
    from seg.pets import has_photos

    device = choose_device(options.device)
    with tempfile.TemporaryDirectory(prefix="borderline-benchmark-") as folder:
        data = options.data if has_photos(options.data) else None
        setting = Setting(device, choose_precision(device), data, Path(folder))
        machine = _machine(setting) | {"load_before": _load()}
        rows: list[Measured | NotMeasured] = []
        try:
            for row in _measured(setting, [options.what] if options.what else BENCHMARKS, options.repeats):
                rows.append(row)
        finally:  # what is measured is told, whatever stopped the rest
            machine["load_after"] = _load()
            if options.json:
                print(json.dumps({"machine": machine, **_as_json(rows)}, indent=2))
            else:
                print("\n".join(_told(machine, rows)))
    return 0


def _parser() -> OneLineParser:
    parser = OneLineParser(
        prog=typed("benchmark"),
        description="Measure how fast this machine trains, predicts, compares and reads photos, in turns with other "
        "ways to do the same on the same inputs: ratios are medians over the pairs, and say how many times as fast, "
        "or as small, ours is.",
    )
    parser.add_argument(
        "what", nargs="?", choices=BENCHMARKS, help="measure this alone (default: all, which takes minutes)"
    )
    add_data_option(parser, help="folder holding oxford-iiit-pet/ (default: $PETS_DATA, else data); drawn without one")
    add_device_option(parser)
    parser.add_argument(
        "--repeats", type=positive(int), help="calls of each way, after one more (default: as many as a path needs)"
    )
    parser.add_argument("--json", action="store_true", help="print everything, each call's value included, as JSON")
    return parser


def _measured(
    setting: Setting, chosen: list[str] | tuple[str, ...], repeats: int | None
) -> Iterator[Measured | NotMeasured]:
    from experiments.benchmarks import compare, fetch, predict, train
    from experiments.benchmarks.side_by_side import NotMeasured, measure

    modules = {"train": train, "predict": predict, "compare": compare, "fetch": fetch}
    for name in chosen:
        for row in modules[name].rows(setting):
            yield row if isinstance(row, NotMeasured) else measure(row, setting.device, repeats)


def _machine(setting: Setting) -> dict[str, Any]:
    import torch

    from experiments.store.environment import processor

    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "device": str(setting.device),
        "precision": setting.precision,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "photos": "the dataset's" if setting.data else "drawn",
    }


def _load() -> float | None:
    """Of the last minute, where the system says it."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _as_json(rows: list[Measured | NotMeasured]) -> dict[str, Any]:
    from experiments.benchmarks.side_by_side import Measured

    measured = [row.as_json() for row in rows if isinstance(row, Measured)]
    missing = [{"path": row.path, "why": row.why} for row in rows if not isinstance(row, Measured)]
    return {"measured": measured, "not_measured": missing}


def _told(machine: dict[str, Any], rows: list[Measured | NotMeasured]) -> Iterator[str]:
    """The lines that are printed: the machine, the table, how each peer is set up, and what could not be measured."""
    from experiments.benchmarks.side_by_side import Measured

    yield "{processor}, {cores} cores, {device}, {precision}, torch {torch}, {threads} threads".format(**machine)
    yield "photos to train on: {photos}; load average: {load_before} before, {load_after} after\n".format(**machine)
    measured = [row for row in rows if isinstance(row, Measured)]
    if measured:
        yield markdown_table(HEAD, [_cells(each) for each in measured], words=["path", "unit", "goal", "met"])
    if any(each.row.peer for each in measured):
        yield "\nPeers:"
    for each in measured:
        if each.row.peer:
            yield f"- {each.row.path}: {each.row.peer.name}: {each.row.peer.settings}"
    for row in rows:
        if not isinstance(row, Measured):
            yield f"\nnot measured: {row.path}: {row.why}"


def _cells(measured: Measured) -> list[str]:
    row = measured.row
    theirs = f"{statistics.median(measured.theirs):.4g}" if measured.theirs else ""
    ratio = f"{measured.ratio:.2f} x" if measured.ratios else ""
    spread = f"{min(measured.ratios):.2f} to {max(measured.ratios):.2f}" if measured.ratios else ""
    goal = row.goal.said if row.goal else ""
    return [row.path, f"{measured.median:.4g}", theirs, row.unit, ratio, spread, goal, measured.verdict]


if __name__ == "__main__":
    run_command(main)

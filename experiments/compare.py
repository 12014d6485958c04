"""Runs side by side in one table: `python -m experiments.compare`."""

import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd

from experiments.command_line import OneLineParser, add_csv_option, markdown_table, run_command, write_csv
from experiments.runs import DEFAULT_FOLDER, RESULTS, SCORES, Run, find_runs, read_run
from seg import InputError

# Border recall rewards over-painting, so precision, F1 and IoU stand beside it wherever it is shown.
SHOWN = {
    "pixel_accuracy": "pixel accuracy",
    "border_recall": "border recall",
    "border_precision": "border precision",
    "border_f1": "border F1",
    "border_iou": "border IoU",
    "boundary_iou": "boundary IoU",
}


def main(arguments: list[str] | None) -> int:
    options = _parser().parse_args(arguments)
    for folder in options.runs or ():
        if not folder.is_dir():
            raise InputError(f"--runs {folder} is not a folder: give the folder that holds the runs' folders")
    folders = options.runs or [RESULTS, DEFAULT_FOLDER]
    found, broken = find_runs(folders)
    runs = _chosen(options.run, found, folders) if options.run else found
    for line in [] if options.run else broken:
        print(f"left out: {line}", file=sys.stderr)
    if not runs:
        searched = " and ".join(str(folder) for folder in folders)
        raise InputError(f"no runs in {searched}: make one with `python -m experiments.run --loss ce --data DIR`")
    table = runs_table(runs)
    if options.csv:
        write_csv(options.csv, table)
    print("\n".join([_as_markdown(table), *_notes(runs)]))
    return 0


def runs_table(runs: list[Run]) -> pd.DataFrame:
    """One row a run: what it is, how far it got, and the scores of its last epoch as fractions.

    Returns:
        Columns name, loss, seed, epochs, epochs_planned, status, device, photos_scored (of which the
        scores are; missing where the run does not say), then `experiments.runs.SCORES`, NaN where
        there is none.
    """
    rows = [
        {
            "name": run.name,
            "loss": run.loss,
            "seed": run.seed,
            "epochs": run.epochs_trained,
            "epochs_planned": run.epochs_planned,
            "status": run.status,
            "device": run.device_name,
            "photos_scored": run.photos_scored,
            **{score: run.final(score) for score in SCORES},
        }
        for run in runs
    ]
    columns = ["name", "loss", "seed", "epochs", "epochs_planned", "status", "device", "photos_scored", *SCORES]
    return pd.DataFrame(rows, columns=columns).astype(
        {"photos_scored": "Int64"} | dict.fromkeys(SCORES, "float64"),
    )


def _chosen(names: list[str], found: list[Run], folders: list[Path]) -> list[Run]:
    """The runs of these names, or in these folders, in the order given, each once.

    Raises:
        InputError: there is no such run.
        BadRun: there is, and it cannot be read.
    """
    by_name = {run.name: run for run in found}
    by_folder = {run.folder.resolve(): run for run in found}
    chosen: dict[Path, Run] = {}
    for name in names:
        run = by_name.get(name)
        if run is None:
            folder = next((path for path in (Path(name), *(f / name for f in folders)) if path.is_dir()), None)
            if folder is None:
                there = ", ".join(by_name) or "none"
                raise InputError(f"{name} is neither a run nor a run's folder: there are {there}")
            run = by_folder.get(folder.resolve()) or read_run(folder)
            if any(run.name == other.name for other in chosen.values() if other.folder.resolve() != folder.resolve()):
                run = replace(run, name=str(folder))
        chosen.setdefault(run.folder.resolve(), run)
    return list(chosen.values())


def _as_markdown(table: pd.DataFrame) -> str:
    header = ["run", "loss", "seed", "epochs", "status", "device", *(f"{title} %" for title in SHOWN.values())]
    rows = [
        [
            row["name"],
            row["loss"],
            str(row["seed"]),
            f"{row['epochs']}/{row['epochs_planned']}",
            row["status"],
            "" if pd.isna(row["device"]) else row["device"],
            *("" if pd.isna(row[score]) else f"{100 * row[score]:.2f}" for score in SHOWN),
        ]
        for row in table.to_dict("records")
    ]
    return markdown_table(header, rows, words=("run", "loss", "status", "device"))


def _notes(runs: list[Run]) -> list[str]:
    """A line for each run whose scores come from fewer photos than the whole split, after an empty line."""
    lines = []
    for run in runs:
        scored, whole = run.photos_scored, run.info.get("validation_photos")
        if scored is not None and isinstance(whole, int) and scored < whole:
            lines.append(f"{run.name}: unfinished, scores of a sample of {scored:,} of the {whole:,} test photos.")
    return ["", *lines] if lines else []


def _parser() -> OneLineParser:
    parser = OneLineParser(
        prog="python -m experiments.compare",
        description="Print the scores of runs as one table in GitHub's Markdown.",
    )
    parser.add_argument("run", nargs="*", metavar="RUN", help="a run's name or folder (default: all runs)")
    parser.add_argument(
        "--runs",
        type=Path,
        nargs="+",
        metavar="DIR",
        help="folders that hold runs (default: experiments/results and runs)",
    )
    add_csv_option(parser, "every score, as fractions,")
    return parser


if __name__ == "__main__":
    run_command(main)

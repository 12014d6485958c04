"""Write RESULTS.md, its figures and README's results from the runs' CSVs alone: `python -m experiments.report`."""

from pathlib import Path

from experiments.cli.command_line import RESULTS, OneLineParser, run_command, writing
from experiments.cli.places import runs_folder
from experiments.cli.program import typed
from seg import InputError


def main(arguments: list[str] | None) -> int:
    """Write the files and print the verdict; 0."""
    options = _parser().parse_args(arguments)
    # pandas takes a second to import: a wrong option is answered before
    from experiments.comparison.analysis import analyse
    from experiments.comparison.answer.verdict import verdict
    from experiments.comparison.selection import select_runs
    from experiments.reporting.text import FIGURES, analyse_holdout, readme_with_results, results_text
    from experiments.store.runs import find_runs
    from experiments.store.scored.photo_scores import has_details

    try:
        from experiments.reporting.figures import draw_figures
    except ModuleNotFoundError as error:
        raise InputError(f"{error.name} draws the figures: pip install -r requirements-dev.txt") from error
    runs, broken = find_runs([options.runs])
    if broken:
        raise InputError(broken[0])
    selection = select_runs([run for run in runs if has_details(run)], named=False)
    runs = selection.chosen
    if not runs:
        raise InputError(f"{options.runs} has no run with an images.csv: train one with `{typed('run')}`")
    if any(run.own_photos for run in runs):
        raise InputError(
            f"{options.runs} has runs on photos of one's own, and a report is on the dataset's: compare them with "
            f"`{typed('compare')} --runs {options.runs}`"
        )
    analysis = analyse(runs)
    with writing(options.out, "pass --out DIR"):
        figures = draw_figures(analysis, options.out / FIGURES)
        text = results_text(selection, analysis, [path.stem for path in figures], analyse_holdout())
        (options.out / "RESULTS.md").write_text(text, encoding="utf-8")
        readme = options.out / "README.md"
        if readme.exists():
            readme.write_text(readme_with_results(readme.read_text(encoding="utf-8"), runs, analysis), encoding="utf-8")
    print(f"{options.out / 'RESULTS.md'}: {len(runs)} runs, {len(figures)} figures in {options.out / FIGURES}")
    print(*verdict(analysis), sep="\n")
    return 0


def _parser() -> OneLineParser:
    parser = OneLineParser(
        prog=typed("report"),
        description="Write RESULTS.md, its figures and README's results from the CSVs of the shipped runs.",
    )
    parser.add_argument(
        "--runs", type=runs_folder, default=RESULTS, metavar="DIR", help="folder of runs (default: experiments/results)"
    )
    parser.add_argument(
        "--out", type=Path, default=Path(), metavar="DIR", help="folder to write to (default: this one)"
    )
    return parser


if __name__ == "__main__":
    run_command(main)

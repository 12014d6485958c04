"""Which loss sees the border, and how sure that is: `python -m experiments.compare`."""

from pathlib import Path

from experiments.cli.command_line import DEFAULT_FOLDER, RESULTS, OneLineParser, positive, run_command
from experiments.scores import CHOSEN_FIRST, Place, appearing
from seg import InputError

FORMATS = ("markdown", "csv", "json")


def main(arguments: list[str] | None) -> int:
    options = _parser().parse_args(arguments)
    for folder in options.runs or ():
        if not folder.is_dir():
            raise InputError(f"--runs {folder} is not a folder: give the folder that holds the runs' folders")
    # torch and pandas take seconds to import: a wrong option is answered before
    from experiments.reporting.comparison import compare_runs

    kind = next((kind for kind in FORMATS if getattr(options, kind) is not None), None)
    return compare_runs(options, options.runs or [RESULTS, DEFAULT_FOLDER], kind)


def _parser() -> OneLineParser:
    parser = OneLineParser(
        prog="python -m experiments.compare",
        description="Compare runs: scores over seeds, differences from unweighted cross-entropy with 95 % intervals, "
        "accuracy near the outline, calibration. Or rank the photos that they were scored on.",
    )
    parser.add_argument("run", nargs="*", metavar="RUN", help="a run's name or folder (default: all runs)")
    parser.add_argument(
        "--runs",
        type=Path,
        nargs="+",
        metavar="DIR",
        help="folders that hold runs (default: experiments/results and runs)",
    )
    rankings = parser.add_argument_group("rank photos instead").add_mutually_exclusive_group()
    rankings.add_argument("--hardest", type=positive(int), metavar="N", help="the N photos that the runs find hardest")
    rankings.add_argument(
        "--disagree",
        nargs=2,
        metavar=("A", "B"),
        help="the photos on which two runs, or two configurations, differ most",
    )
    rankings.add_argument("--suspects", action="store_true", help="the photos whose trimap is probably wrong, and why")
    parser.add_argument(
        "--by",
        choices=[score.name for score in appearing(Place.PHOTOS)],
        default=CHOSEN_FIRST.name,
        help=f"the score to rank by (default: {CHOSEN_FIRST.name})",
    )
    parser.add_argument(
        "--top", type=positive(int), default=20, metavar="N", help="photos of --disagree and --suspects (default: 20)"
    )
    formats = parser.add_argument_group("instead of text").add_mutually_exclusive_group()
    for kind, what in (
        ("markdown", "GitHub's Markdown"),
        ("csv", "one row a configuration and score, fractions"),
        ("json", "everything, fractions"),
    ):
        formats.add_argument(
            f"--{kind}", nargs="?", const="", metavar="FILE", help=f"{what}; to a file, or to the terminal"
        )
    return parser


if __name__ == "__main__":
    run_command(main)

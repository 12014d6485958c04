"""Time the app in Chromium: `python -m tools.benchmark start` or `scrub`. Needs requirements-dev.txt and Chromium."""

from pathlib import Path

from experiments.cli.command_line import RESULTS, OneLineParser, add_data_option, positive, run_command
from tools.start_benchmark import time_start
from tools.watch_benchmark import time_watch


def main(arguments: list[str] | None) -> int:
    """The exit status, once the times are printed."""
    parser = OneLineParser(
        prog="python -m tools.benchmark",
        description="Time the app in Chromium, without a graphics card: `start`, how soon the page shows something and "
        "the stage's frames while its threshold slides; `scrub`, the frames of Watch, and what 300 epochs cost.",
    )
    parser.add_argument("what", choices=("start", "scrub"))
    parser.add_argument("--runs", type=Path, nargs="+", default=[RESULTS], metavar="DIR", help="folders that hold runs")
    add_data_option(parser)
    parser.add_argument(
        "--times", type=positive(int), default=5, help="openings, or times through all epochs (default: 5)"
    )
    parser.add_argument("--width", type=positive(int), default=1440, help="of the page, in pixels (default: 1440)")
    parser.add_argument("--height", type=positive(int), default=900, help="(default: 900)")
    options = parser.parse_args(arguments)
    (time_start if options.what == "start" else time_watch)(options)
    return 0


if __name__ == "__main__":
    run_command(main)

"""Time the app: `python -m tools.benchmark start`, `scrub` or `which-loss`. Needs requirements-dev.txt and Chromium."""

import json
from importlib import import_module
from pathlib import Path

from experiments.cli.command_line import RESULTS, OneLineParser, add_data_option, positive, run_command

# Modules and their functions, from the options to what was measured
BENCHMARKS = {
    "start": ("tools.start_benchmark", "time_start"),
    "scrub": ("tools.watch_benchmark", "time_watch"),
    "which-loss": ("tools.tab_benchmark", "time_tab"),
}


def main(arguments: list[str] | None) -> int:
    """The exit status, once what was measured is printed."""
    parser = OneLineParser(
        prog="python -m tools.benchmark",
        description="Time the app, in Chromium without a graphics card: `start`, how soon it answers, how soon the "
        "page shows something, and the stage's frames while its threshold slides; `scrub`, the frames of Watch, and "
        "what 300 epochs cost. Without a browser: `which-loss`, what the tab computes over 200 runs.",
    )
    parser.add_argument("what", choices=BENCHMARKS)
    parser.add_argument("--runs", type=Path, nargs="+", default=[RESULTS], metavar="DIR", help="folders that hold runs")
    add_data_option(parser)
    parser.add_argument(
        "--times", type=positive(int), default=5, help="starts, openings, or times through all epochs (default: 5)"
    )
    parser.add_argument("--width", type=positive(int), default=1440, help="of the page, in pixels (default: 1440)")
    parser.add_argument("--height", type=positive(int), default=900, help="(default: 900)")
    parser.add_argument("--json", action="store_true", help="print everything, every value included, as JSON")
    options = parser.parse_args(arguments)
    # torch takes seconds to import: a wrong option is answered before
    from tools.timing import Timing, beside_peer

    module, name = BENCHMARKS[options.what]
    timings = getattr(import_module(module), name)(options)
    if options.json:
        print(json.dumps({"measured": [each.as_json() for each in timings]}, indent=2))
    else:
        for each in timings:
            print(each if isinstance(each, Timing) else beside_peer(each))
    return 0


if __name__ == "__main__":
    run_command(main)

"""Take README's pictures of the app, or of its states: `python -m tools.screenshots [--states DIR]`.

README's are taken without the dataset, so that only the packages' sample photos are in them.
"""

import tempfile
from pathlib import Path

from experiments.cli.command_line import RESULTS, OneLineParser, add_data_option, run_command
from tools.chromium import app, chromium
from tools.states import STATES, write_states

FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
# what a picture waits for, beside its tab
READY = {
    "try": '#segment-result .stage[aria-busy="false"]',
    "which-loss": "#operating .scatterlayer .trace",
    "watch": ".watch-grid .tile:not(.late) canvas",
    "failures": '.fail-photo[aria-busy="false"]',
}


def main(arguments: list[str] | None) -> int:
    """The exit status, once the pictures are written."""
    parser = OneLineParser(prog="python -m tools.screenshots", description="Take README's pictures.")
    parser.add_argument(
        "--states",
        type=Path,
        metavar="DIR",
        help="take a sheet of each state instead, to be looked at",
    )
    parser.add_argument("--only", nargs="+", default=[], choices=STATES, help="of the states, these alone")
    add_data_option(parser)
    options = parser.parse_args(arguments)
    with chromium() as browser:
        if options.states:
            write_states(browser, options.states, options.data, options.only)
            return 0
        with tempfile.TemporaryDirectory() as no_dataset, app("--runs", RESULTS, "--data", no_dataset) as url:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            for tab, ready in READY.items():
                page.goto(f"{url}/?tab={tab}&__theme=light")
                page.locator(ready).first.wait_for(timeout=60_000)
                page.wait_for_timeout(4_000)  # what fades in, and the later figures
                page.screenshot(path=FOLDER / f"{tab}.png")
    return 0


if __name__ == "__main__":
    run_command(main)

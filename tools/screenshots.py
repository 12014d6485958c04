"""Take README's pictures of the app, or of its states: `python -m tools.screenshots [--states DIR]`.

README's are taken without the dataset, so that only the packages' sample photos are in them. Watch is there as the
animation that its own export makes.
"""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.cli.command_line import RESULTS, OneLineParser, add_data_option, run_command
from tools.chromium import app, chromium
from tools.states import STATES, write_states

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
WINDOW: "ViewportSize" = {"width": 1440, "height": 900}
# of the window whose rows the animation shows: samples alone, no row of the dataset without its photo
GIF_HEIGHT = 640
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
            page = browser.new_page(viewport=WINDOW)
            for tab, ready in READY.items():
                page.goto(f"{url}/?tab={tab}&__theme=light")
                page.locator(ready).first.wait_for(timeout=60_000)
                page.wait_for_timeout(4_000)  # what fades in, and the later figures
                if tab == "watch":
                    page.set_viewport_size({**WINDOW, "height": GIF_HEIGHT})
                    export_grid(page, FOLDER / "watch.gif")
                    page.set_viewport_size(WINDOW)
                else:
                    page.screenshot(path=FOLDER / f"{tab}.png")
    return 0


def export_grid(page: "Page", target: Path) -> None:
    """What Watch's export makes of the rows on the screen, as its dialog offers it."""
    page.locator('.watch [data-act="export"]').click()
    dialog = page.get_by_role("dialog", name="Export")
    dialog.get_by_label("What").select_option("grid")
    with page.expect_download(timeout=120_000) as download:
        dialog.get_by_role("button", name="Save").click()
    download.value.save_as(target)
    dialog.get_by_role("button", name="Close").click()


if __name__ == "__main__":
    run_command(main)

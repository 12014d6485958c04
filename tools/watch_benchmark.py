"""How long a frame of Watch takes, and what many epochs cost: `python -m tools.benchmark scrub`.

The app runs in a process of its own, and Chromium, without a graphics card, slides through the epochs. A frame is
counted from the slider's input to the end of the page's painting. Then the same runs are made to look 300 epochs long.
"""

import argparse
import json
import re
import shutil
import tempfile
import time
from pathlib import Path

import pandas as pd
from playwright.sync_api import Browser, Page

from experiments.benchmarks.side_by_side import Measured
from experiments.store.probe import mosaic_path
from experiments.store.runs import Run, find_runs
from tools.chromium import app, chromium
from tools.timing import Timing

RUNS = 3
AIM_MILLISECONDS = 16
LONG = 300
AIM_MEGABYTES = 300

# A tile of each group on the screen is drawn
STANDS = "() => document.querySelectorAll('.watch-grid li:first-child .tile:not(.late) canvas').length"
SEEN = """() => [...document.querySelectorAll(".watch-grid li")].filter((item) => {
  const { top, bottom } = item.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}).length"""

# A message is delivered after the frame in which it was sent is painted
SLIDE = """async (sweeps) => {
  const slider = document.querySelector('[data-testid="watch-epoch"]');
  const nextMessage = () => new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = resolve;
    channel.port2.postMessage(null);
  });
  const nextFrame = () => new Promise(requestAnimationFrame);
  const [drawn, frames] = [[], []];
  for (let sweep = -1; sweep < sweeps; sweep++) {
    for (let epoch = 0; epoch <= Number(slider.max); epoch++) {
      await nextFrame();
      const begun = performance.now();
      slider.value = epoch;
      slider.dispatchEvent(new Event("input", { bubbles: true }));
      const drawnAt = performance.now();
      await nextMessage();
      if (sweep < 0) continue; // the first one warms up
      drawn.push(drawnAt - begun);
      frames.push(performance.now() - begun);
    }
  }
  return { drawn, painted: frames };
}"""


def time_watch(options: argparse.Namespace) -> list[Timing | Measured]:
    """Slide through the epochs: how long a frame takes, and what 300 epochs cost."""
    runs, timings = [run for run in find_runs(options.runs)[0] if not run.epochs.empty][:RUNS], []
    with chromium() as browser, tempfile.TemporaryDirectory() as folder:
        with app("--runs", *options.runs, "--data", options.data) as url:
            page, seconds = _open(browser, url, runs, options)
            seen = page.evaluate(SEEN)
            for view in ("Prediction", "Change"):
                page.get_by_role("radio", name=view).click()
                for name, values in page.evaluate(SLIDE, options.times).items():
                    what = f"{view}, {name}, {len(runs)} runs, {seen} photos on the screen, ms"
                    timings.append(Timing(what, values, AIM_MILLISECONDS if name == "painted" else None))
            page.close()
        for run in runs:
            _stretch(run, Path(folder) / run.name)
        with app("--runs", folder, "--data", options.data) as url:
            page, long_seconds = _open(browser, url, runs, options)
            page.evaluate(SLIDE, 0)
            page.locator(".watch-grid li").last.scroll_into_view_if_needed()
            page.wait_for_timeout(2_000)
            size = _page_megabytes(browser)
            page.close()
    return [
        *timings,
        Timing("first grid with the runs as they are, s", [seconds]),
        Timing(f"first grid with {LONG} epochs each, s", [long_seconds]),
        Timing(f"the page's process after all {LONG} epochs and the last photo, MB", [size], AIM_MEGABYTES),
    ]


def _open(browser: Browser, url: str, runs: list[Run], options: argparse.Namespace) -> tuple[Page, float]:
    """The page, and how many seconds its first photo took to stand."""
    page = browser.new_page(viewport={"width": options.width, "height": options.height})
    begun = time.monotonic()
    page.goto(f"{url}/?tab=watch&{'&'.join(f'run={run.name}' for run in runs)}")
    page.wait_for_function(f"() => ({STANDS})() === {len(runs)}", timeout=60_000)
    return page, time.monotonic() - begun


def _stretch(run: Run, target: Path) -> None:
    """A copy that seems to have trained for 300 epochs: its own pictures again and again."""
    shutil.copytree(run.folder, target, ignore=shutil.ignore_patterns("*.safetensors", "controls", "predictions"))
    info = json.loads((target / "run.json").read_text(encoding="utf-8"))
    info["options"]["epochs"] = LONG
    (target / "run.json").write_text(json.dumps(info), encoding="utf-8")
    rows = run.epochs[run.epochs["epoch"] > 0].to_dict("records")
    stretched = [{**rows[epoch % len(rows)], "epoch": epoch} for epoch in range(LONG + 1)]
    pd.DataFrame(stretched).to_csv(target / "epochs.csv", index=False)
    (target / "predictions").mkdir()
    shutil.copy(run.folder / "predictions" / "probe.json", target / "predictions" / "probe.json")
    for epoch in range(LONG + 1):
        shutil.copy(mosaic_path(run.folder, int(rows[epoch % len(rows)]["epoch"])), mosaic_path(target, epoch))


def _page_megabytes(browser: Browser) -> float:
    """Memory of the largest process that draws a page, with its share of what several have in common."""
    found = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    pages = [Path(f"/proc/{process['id']}/smaps_rollup") for process in found if process["type"] == "renderer"]
    sizes = [re.search(r"^Pss: +(\d+) kB", path.read_text(encoding="utf-8"), re.MULTILINE) for path in pages]
    return max(int(size[1]) for size in sizes if size) * 1024 / 1e6

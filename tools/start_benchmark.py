"""How soon the page shows something, and how long its stage works for a frame: `python -m tools.benchmark start`."""

import argparse
from typing import Any

import numpy as np
from playwright.sync_api import Browser

from tools.chromium import app, chromium

AIMS = {
    "first content, ms after the server answers": 1200,
    "first mask, ms after the server answers": 3000,
    "layout shift": 0.05,
    "own work of a frame while the threshold slides over a zoomed photo, ms, 95th percentile": 10,
    "requests while it slides": 0,
}

# Before anything of the page runs
WATCH = """
window.seen = { shift: 0, mask: null };
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.seen.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
new MutationObserver((_, observer) => {
  if (!document.querySelector(".stage-row:not(.pending) .stage-figures")) return;
  window.seen.mask = performance.now();
  observer.disconnect();
}).observe(document, { childList: true, subtree: true });
"""

OPENED = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const answered = page.responseStart;
  const content = performance.getEntriesByName("first-contentful-paint")[0].startTime;
  const bytes = performance.getEntriesByType("resource").reduce((sum, { transferSize }) => sum + transferSize, 0);
  return [content - answered, window.seen.mask - answered, window.seen.shift, (bytes + page.transferSize) / 1e6];
}"""

# A frame is skipped where the screen's next one has no new picture
SLIDE = """async (layout) => {
  document.querySelector(`[data-key="${layout}"]`).click();
  const canvas = document.querySelector(".stage-panes canvas");
  const { x, y, width, height } = canvas.getBoundingClientRect();
  const at = { clientX: x + width / 2, clientY: y + height / 3 };
  canvas.dispatchEvent(new WheelEvent("wheel", { ...at, ctrlKey: true, deltaY: -250, cancelable: true }));
  const slider = document.querySelector('[data-testid="threshold"] input');
  const frame = () => new Promise(requestAnimationFrame);
  const before = performance.getEntriesByType("resource").length;
  const work = [];
  let skipped = 0;
  let last = await frame();
  for (let step = 0; step < 160; step++) {
    slider.value = (20 - Math.abs((step % 80) - 40)) / 10;
    slider.dispatchEvent(new Event("input"));
    const now = await frame();
    await new Promise((done) => setTimeout(done));
    if (step < 20) { last = now; continue; } // the first ones warm up
    work.push(Number(document.querySelector(".stage").dataset.work));
    skipped += Math.max(0, Math.round((now - last) / (1000 / 60)) - 1);
    last = now;
  }
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "0" }));
  return { work, skipped, requests: performance.getEntriesByType("resource").length - before };
}"""


def time_start(options: argparse.Namespace) -> None:
    """Open the page again and again, then slide; print medians with their spread beside the aims."""
    with app("--runs", *options.runs, "--data", options.data) as url, chromium() as browser:
        opened = np.array([_open(browser, url, options) for _ in range(options.times + 1)])[
            1:
        ]  # the first one warms up
        names = [*list(AIMS)[:3], "megabytes"]
        for name, values in zip(names, opened.T, strict=True):
            low, middle, high = np.percentile(values, [0, 50, 100])
            print(f"{name}: median {middle:.3g} ({low:.3g} to {high:.3g}, {len(values)} times){_aim(name)}")
        page = browser.new_page(viewport={"width": options.width, "height": options.height})
        page.goto(url)
        page.locator('.stage[aria-busy="false"]').wait_for(timeout=120_000)
        for layout in ("outlines", "side"):
            slid: dict[str, Any] = page.evaluate(SLIDE, layout)
            middle, late = np.percentile(slid["work"], [50, 95])
            work, requests = list(AIMS)[3:]
            print(f"{layout}, {work}: {late:.1f} (median {middle:.1f}){_aim(work)}; {slid['skipped']} frames skipped")
            print(f"{layout}, {requests}: {slid['requests']}{_aim(requests)}")


def _open(browser: Browser, url: str, options: argparse.Namespace) -> list[float]:
    page = browser.new_page(viewport={"width": options.width, "height": options.height})
    page.add_init_script(WATCH)
    page.goto(url)
    page.locator('.stage[aria-busy="false"]').wait_for(timeout=120_000)
    found = page.evaluate(OPENED)
    page.close()
    return found


def _aim(name: str) -> str:
    return f", aim {AIMS[name]:g}" if name in AIMS else ""

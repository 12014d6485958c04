"""How soon the app answers, how soon its page shows something, and how long its stage works for a frame."""

import argparse
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from experiments.benchmarks.side_by_side import Measured, Peer, Row, costs_at_most, measure
from seg import InputError
from tools.chromium import PROJECT, app, chromium
from tools.timing import Timing

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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


def time_start(options: argparse.Namespace) -> list[Timing | Measured]:
    """Start the app again and again, open its page again and again, then slide."""
    started = measure(first_answer(options), torch.device("cpu"), options.times)
    with app(*_app_options(options)) as url, chromium() as browser:
        opened = np.array([_open(browser, url, options) for _ in range(options.times + 1)])[
            1:
        ]  # the first one warms up
        names = [*list(AIMS)[:3], "megabytes"]
        timings = [Timing(name, values, AIMS.get(name)) for name, values in zip(names, opened.T, strict=True)]
        page = browser.new_page(viewport={"width": options.width, "height": options.height})
        page.goto(url)
        page.locator('.stage[aria-busy="false"]').wait_for(timeout=120_000)
        work, requests = list(AIMS)[3:]
        for layout in ("outlines", "side"):
            slid: dict[str, Any] = page.evaluate(SLIDE, layout)
            timings.append(Timing(f"{layout}, {work}", slid["work"], AIMS[work]))
            timings.append(Timing(f"{layout}, {requests}", [slid["requests"]], AIMS[requests]))
            timings.append(Timing(f"{layout}, frames skipped", [slid["skipped"]]))
    return [started, *timings]


def first_answer(options: argparse.Namespace) -> Row:
    """From the process's start to the page's first answer, beside what it takes to import its two largest packages."""
    peer = Peer("`import torch, gradio`", _seconds_to_import, "a process of its own, until both are there")
    path = "app start, process to first 200"
    return Row(path, "seconds", lambda: _seconds_to_answer(options), peer, costs_at_most(1.1))


def _seconds_to_answer(options: argparse.Namespace) -> float:
    started = time.perf_counter()
    with app(*_app_options(options)):
        return time.perf_counter() - started


def _seconds_to_import() -> float:
    command = [sys.executable, "-c", "import torch, gradio; print(flush=True)"]
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None, "it was asked for"
        process.stdout.readline()
        seconds = time.perf_counter() - started
    if process.returncode:
        raise InputError("torch and gradio cannot be imported: pip install -r requirements.txt")
    return seconds


def _app_options(options: argparse.Namespace) -> list[object]:
    return ["--runs", *options.runs, "--data", options.data, "--no-fetch"]


def _open(browser: "Browser", url: str, options: argparse.Namespace) -> list[float]:
    page = browser.new_page(viewport={"width": options.width, "height": options.height})
    page.add_init_script(WATCH)
    page.goto(url)
    page.locator('.stage[aria-busy="false"]').wait_for(timeout=120_000)
    found = page.evaluate(OPENED)
    page.close()
    return found

"""Take README's pictures of the app: `python demo/screenshots/take.py`. Needs requirements-dev.txt and Chromium.

The app runs without the dataset, so that only the packages' sample photos are in the pictures.
"""

import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

PROJECT = Path(__file__).parents[2]
# what a picture waits for, beside its tab
READY = {
    "segment": "#segment-result figure",
    "compare": "#compare-figure .scatterlayer .trace",
    "scrub": '[data-testid="scrub-canvas"]',
    "spot": "#spot-figure .scatterlayer .trace",
}


def main() -> None:
    browser_path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser_path is None:
        sys.exit("no Chromium on this machine: install it, then try again")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as no_dataset:
        options = ["--port", str(port), "--runs", "experiments/results", "--data", no_dataset]
        app = subprocess.Popen([sys.executable, "app.py", *options], cwd=PROJECT)
        try:
            take(f"http://127.0.0.1:{port}", browser_path)
        finally:
            app.terminate()
            app.wait()


def take(url: str, browser_path: str) -> None:
    for _ in range(120):
        try:
            urllib.request.urlopen(url, timeout=5).close()
            break
        except OSError:
            time.sleep(0.5)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        for tab, ready in READY.items():
            page.goto(f"{url}/?tab={tab}&__theme=light")
            page.locator(ready).first.wait_for(timeout=60_000)
            page.wait_for_timeout(4_000)  # what fades in, and the later figures
            page.screenshot(path=PROJECT / "demo" / "screenshots" / f"{tab}.png")
        browser.close()


if __name__ == "__main__":
    main()

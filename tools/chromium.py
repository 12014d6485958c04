"""The app in a process of its own with Chromium before it, to measure and to picture. Needs requirements-dev.txt."""

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from seg import InputError

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PROJECT = Path(__file__).parents[1]
NAMES = ("chromium", "chromium-browser", "google-chrome")
START_SECONDS = 120


@contextmanager
def chromium() -> Iterator["Browser"]:
    """Chromium without a window or a graphics card.

    Raises:
        InputError: Playwright or Chromium is missing.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise InputError("Playwright is missing: pip install -r requirements-dev.txt") from error
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        raise InputError("no Chromium on this machine: install it, then try again")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@contextmanager
def app(*options: object) -> Iterator[str]:
    """`python app.py OPTIONS` on a free port; gives its URL.

    Raises:
        InputError: it ended, or did not answer.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "app.py", "--port", str(port), *map(str, options)]
    # what it says where it listens is nobody's here; what is wrong it says elsewhere
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + START_SECONDS
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > until:
                raise InputError("app.py did not start: see what it printed above")
            time.sleep(0.01)
        yield url
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except OSError:
        return False
    return True

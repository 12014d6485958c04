"""Pictures of the page in every state, to be looked at: `python -m tools.screenshots --states DIR`.

A sheet a state and theme: a row for each size of the screen, a picture for each tab. The runs are the shipped ones,
changed in a folder of their own so that they seem to be in training, ended early, or of three seeds.
"""

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from PIL import Image
from playwright.sync_api import Browser

from demo.tabs import TABS
from experiments.cli.command_line import RESULTS
from tools.chromium import app

SIZES = ((1440, 900), (1024, 768), (390, 844))
THEMES = ("light", "dark")
# Of a sheet: the height of its pictures, in pixels
HEIGHT = 700
# Nothing that is seen says that more of it is coming
SETTLED = "() => [...document.querySelectorAll('[aria-busy=true]')].every((part) => !part.checkVisibility())"
SHOWN = ("ce-s0", "weighted-s0", "focal-s0")


def write_states(browser: Browser, target: Path, data: Path, only: list[str]) -> None:
    """A sheet for each state and theme, in `target`.

    Args:
        data: folder of the dataset, for the state that has one; where it is not there that state is left out.
        only: the states that are wanted; all where it is empty.
    """
    target.mkdir(parents=True, exist_ok=True)
    for name, make in STATES.items():
        if (only and name not in only) or (name == "data" and not data.is_dir()):
            continue
        with tempfile.TemporaryDirectory() as folder:
            runs = Path(folder) / "runs"
            runs.mkdir()
            make(runs)
            dataset = data if name == "data" else Path(folder) / "no-dataset"
            with app("--runs", runs, "--data", dataset) as url:
                for theme in THEMES:
                    sheet = _sheet(browser, url, theme, Path(folder))
                    sheet.save(target / f"{name}-{theme}.png")
                    print(f"{target / f'{name}-{theme}.png'}")


def _sheet(browser: Browser, url: str, theme: str, folder: Path) -> Image.Image:
    rows = []
    for width, height in SIZES:
        page = browser.new_page(viewport={"width": width, "height": height})
        pictures = []
        for tab in TABS:
            page.goto(f"{url}/?tab={tab}&__theme={theme}")
            page.wait_for_timeout(3_000)
            page.wait_for_function(SETTLED, timeout=60_000)
            page.wait_for_timeout(1_500)
            page.screenshot(path=folder / "picture.png")
            with Image.open(folder / "picture.png") as taken:
                pictures.append(taken.convert("RGB").resize((width * HEIGHT // height, HEIGHT)))
        page.close()
        rows.append(pictures)
    sheet = Image.new("RGB", (max(sum(p.width + 8 for p in row) for row in rows), len(rows) * (HEIGHT + 8)), "#888888")
    for number, row in enumerate(rows):
        left = 0
        for picture in row:
            sheet.paste(picture, (left, number * (HEIGHT + 8)))
            left += picture.width + 8
    return sheet


# ---- the states


def _copy(runs: Path, *names: str) -> None:
    for name in names:
        shutil.copytree(RESULTS / name, runs / name, ignore=shutil.ignore_patterns("controls"))


def _change(folder: Path, epochs: int | None = None, status: str | None = None, **options: object) -> None:
    """Make a run say that it has these options and this status, and cut it after so many epochs."""
    info = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    info["options"] |= options
    if status is not None:
        info["status"] = status
    (folder / "run.json").write_text(json.dumps(info), encoding="utf-8")
    if epochs is None:
        return
    table = pd.read_csv(folder / "epochs.csv")
    table[table["epoch"] <= epochs].to_csv(folder / "epochs.csv", index=False)
    for name in ("images.csv", "bands.csv", "calibration.csv", "margins.npz"):
        (folder / name).unlink(missing_ok=True)


def _three_seeds(runs: Path) -> None:
    for name in SHOWN:
        for seed in range(3):
            folder = runs / name.replace("s0", f"s{seed}")
            shutil.copytree(RESULTS / name, folder, ignore=shutil.ignore_patterns("controls"))
            _change(folder, seed=seed)


def _training(runs: Path) -> None:
    _copy(runs, *SHOWN)
    _change(runs / "weighted-s0", epochs=8, status="running")


def _unfinished(runs: Path) -> None:
    _copy(runs, *SHOWN)
    _change(runs / "focal-s0", epochs=8, status="interrupted")


def _first_epoch(runs: Path) -> None:
    _copy(runs, "weighted-s0")
    _change(runs / "weighted-s0", epochs=0, status="running")


STATES: dict[str, Callable[[Path], None]] = {
    "no-data": lambda runs: _copy(runs, *SHOWN),
    "data": lambda runs: _copy(runs, *SHOWN),
    "empty": lambda runs: None,
    "one-run": lambda runs: _copy(runs, "ce-s0"),
    "three-seeds": _three_seeds,
    "training": _training,
    "unfinished": _unfinished,
    "first-epoch": _first_epoch,
}

"""Text that somebody planted in the names of runs, losses, photos and options is text on every tab."""

import csv
import json
import shutil
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

MARKUP = "<img src=x onerror=planted()>"
LINK = "[x](javascript:planted())"
NAMES = [
    MARKUP,
    LINK,
    "${planted()}{{planted()}}",
    "`planted()`, and a comma",
    "=cmd|'-C calc'!A0",
    "![x](http:planted.invalid)",
    "\"onmouseover=planted() x='",
    "<a href=javascript:planted()>x",
    "$\\href{javascript:planted()}{x}$",
]


def plant(folder: Path, number: int) -> None:
    """In all that a run's files say in words."""
    info = json.loads((folder / "run.json").read_text())
    info["options"] |= {"loss": NAMES[number] if number % 2 else "ce", "note": NAMES[number], "seed": number}
    info |= {"note": NAMES[number], "error": NAMES[number]}
    (folder / "run.json").write_text(json.dumps(info))
    layout = json.loads((folder / "predictions" / "probe.json").read_text())
    for tile, name in zip(layout["tiles"], NAMES * 9, strict=False):
        tile |= {"name": name, "source": name}
    (folder / "predictions" / "probe.json").write_text(json.dumps(layout))
    with open(folder / "images.csv", newline="") as file:
        header, *rows = csv.reader(file)
    for row, name in zip(rows, NAMES, strict=False):
        row[0] = name
    with open(folder / "images.csv", "w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    # of other photos than those named now
    (folder / "margins.npz").unlink(missing_ok=True)


@pytest.fixture(scope="module")
def url(serve, tiny_runs, tmp_path_factory) -> str:
    root = tmp_path_factory.mktemp("planted")
    for number, name in enumerate(NAMES):
        plant(Path(shutil.copytree(tiny_runs / "focal-s0", root / "runs" / name)), number)
    broken = shutil.copytree(tiny_runs / "ce-s0", root / "runs" / f"broken {MARKUP}")
    (broken / "run.json").write_text(json.dumps({"status": MARKUP}))
    return serve("--runs", root / "runs", "--data", root / "no-data")


@pytest.fixture
def open_planted(open_at):
    """`open_planted(query)` opens the page, where a call of `planted()`, from wherever it comes, is noted."""

    def open_page(query: str = "") -> Page:
        script = "window.wasPlanted = 0; window.planted = () => { window.wasPlanted += 1; };"
        return open_at(query, script=script)

    return open_page


def assert_harmless(page: Page) -> None:
    assert page.evaluate("window.wasPlanted") == 0
    expect(page.locator("img[src='x']")).to_have_count(0)
    expect(page.locator("[onerror], [onmouseover], a[href^='javascript']")).to_have_count(0)
    expect(page.locator("img[src*='planted']")).to_have_count(0)


@pytest.mark.long
def test_on_every_tab_it_is_text(open_planted):
    chosen = [("run", name) for name in [*NAMES, f"gone {MARKUP}", f"gone {LINK}"]]
    page = open_planted("?" + urlencode([("tab", "segment"), *chosen]))
    page.wait_for_function("window.borderline")
    shown = {
        "Try": page.locator(".stage-status"),
        "Which loss?": page.get_by_test_id("verdict").get_by_role("heading"),
        "Watch": page.locator(".watch-grid button"),
        "Failures": page.get_by_test_id("gallery").get_by_role("option"),
    }
    for tab, place in shown.items():
        page.get_by_role("tab", name=tab).click()
        expect(place.first).to_be_visible()
        page.wait_for_timeout(700)
        assert_harmless(page)
        if tab == "Which loss?":
            page.locator("#compare-more").get_by_text("Details").click()
            expect(page.locator("#compare-table")).to_contain_text("Cross-entropy (note")
            assert_harmless(page)
    # what a link asks for and is not here is told, as it is called
    expect(page.get_by_test_id("selection")).to_contain_text(f"There are no runs gone {MARKUP}, gone {LINK} here")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_test_id("selection")).to_contain_text(f"Left out: broken {MARKUP}/run.json")
    assert_harmless(page)

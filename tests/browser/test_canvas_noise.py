"""Browsers that change what a page reads of a canvas, against fingerprinting, show the masks that others show."""

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from experiments.cli.command_line import RESULTS
from seg.pets import indexed_image

RUNS = ("ce-s0", "weighted-s0", "focal-s0")
PET, BORDER = (155, 123, 255), (255, 214, 10)

# One step up or down in every channel of whatever is read, in the page and in its workers. What is seen is compared by
# screenshots, which no script of the page can change.
NOISE = """(() => {
  for (const kind of [self.CanvasRenderingContext2D, self.OffscreenCanvasRenderingContext2D]) {
    if (!kind) continue;
    const read = kind.prototype.getImageData;
    kind.prototype.getImageData = function (...place) {
      const image = read.apply(this, place);
      for (let byte = 0; byte < image.data.length; byte++) image.data[byte] += Math.random() < 0.5 ? -1 : 1;
      self.readings = (self.readings ?? 0) + 1;
      return image;
    };
  }
})();"""
IN_WORKERS = """
self.Worker = class extends Worker {
  constructor(url, options) {
    const code = `import ${JSON.stringify(String(url))};\\n${NOISE}`;
    super(URL.createObjectURL(new Blob([code], { type: "text/javascript" })), options);
  }
};"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    """Three runs that ship with the app, whose masks are of every class, their mosaics in the classes' own colours."""
    folder = tmp_path_factory.mktemp("runs")
    for name in RUNS:
        shutil.copytree(RESULTS / name, folder / name, ignore=shutil.ignore_patterns("*.safetensors"))
        (folder / name / "model.safetensors").symlink_to(RESULTS / name / "model.safetensors")
    for path in folder.glob("*/predictions/*.png"):
        with Image.open(path) as mosaic:
            classes = np.asarray(mosaic)
        indexed_image(classes).save(path)
    return folder


@pytest.fixture(scope="module")
def url(serve, runs, tmp_path_factory) -> str:
    return serve("--runs", runs, "--data", tmp_path_factory.mktemp("no-dataset"))


# All that is fetched ahead is decoded ahead
MANY = """() => new Promise((done) => {
  const look = () => (self.readings > 20 ? done() : setTimeout(look, 50));
  look();
})"""


@pytest.fixture
def open_page(chromium: Browser, url: str) -> Callable[..., Page]:
    """`open_page("tab=watch", noisy=True)`: the page, without errors so far."""
    pages = []

    def open_one(query: str, *, noisy: bool) -> Page:
        page = chromium.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(30_000)
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        if noisy:
            page.add_init_script(f"{NOISE}\nconst NOISE = {NOISE!r};{IN_WORKERS}")
        page.goto(f"{url}/?{query}")
        pages.append(page)
        return page

    yield open_one
    for page in pages:
        assert page.errors == []
        page.close()


def seen(place: Locator) -> np.ndarray:
    place.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return np.asarray(Image.open(io.BytesIO(place.screenshot())).convert("RGB")).astype(int)


def share_of(colour: tuple[int, int, int], picture: np.ndarray) -> float:
    return float((np.abs(picture - colour).max(axis=-1) <= 2).mean())


def test_masks_in_try_are_the_same(open_page):
    pictures = []
    for noisy in (False, True):
        page = open_page("", noisy=noisy)
        expect(page.locator(".stage-row:not(.pending)")).to_have_count(3)
        expect(page.get_by_test_id("stage")).to_have_attribute("aria-busy", "false")
        page.get_by_label("Opacity").fill("1")
        page.get_by_role("radio", name="Side by side").click()
        for view in ("Border", "Confidence", "Mask"):
            page.get_by_role("radio", name=view, exact=True).click()
            pictures.append(seen(page.locator(".stage-panes")))
        page.get_by_role("radio", name="Outlines").click()
        pictures.append(seen(page.locator(".stage-body")))
    plain, noisy = pictures[:4], pictures[4:]
    for one, other in zip(plain, noisy, strict=True):
        assert np.abs(one - other).max() <= 1
    assert min(share_of(PET, plain[2]), share_of(BORDER, plain[2])) > 0.02  # there is something to be seen


def test_masks_in_watch_are_the_same(open_page):
    pictures = []
    for noisy in (False, True):
        page = open_page("tab=watch", noisy=noisy)
        page.set_viewport_size({"width": 1440, "height": 2800})  # what is not on the screen is not drawn
        page.wait_for_timeout(1_000)
        expect(page.locator(".watch-grid .tile:not(.late) canvas").first).to_be_visible()
        if noisy:
            worker = page.workers[0] if page.workers else page.wait_for_event("worker")
            worker.evaluate(MANY)
        canvas = page.locator(".watch-photos")
        for epoch in ("3", "20"):
            page.get_by_test_id("watch-epoch").fill(epoch)
            expect(page.locator(".watch-grid .tile.late")).to_have_count(0)
            pictures.append(seen(canvas))
        page.get_by_role("radio", name="Change").click()
        expect(page.locator(".watch-grid .tile.late")).to_have_count(0)
        pictures.append(seen(canvas))
    plain, noisy = pictures[:3], pictures[3:]
    for one, other in zip(plain, noisy, strict=True):
        assert np.abs(one - other).max() <= 2  # photos, too, are a step off; a class is 60 steps from the next
    assert min(share_of(PET, plain[1]), share_of(BORDER, plain[1])) > 0.01

"""The Failures tab in real Chromium: a ranking, and a look at a photo."""

import base64
import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from seg.inference import Segmenter
from seg.pets import photo_path, trimap_path
from tests.browser.choosing import show_runs


@pytest.fixture(scope="module")
def with_photos(serve, tiny_runs, tiny_pets) -> str:
    return serve("--runs", tiny_runs, "--data", tiny_pets)


@pytest.fixture
def spot(chromium, with_photos) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(30_000)
    page.goto(f"{with_photos}/?tab=failures&run=ce-s0&run=focal-s0")
    expect(page.locator("#spot-table")).to_contain_text("pug_1")
    yield page
    page.close()


def rows(page: Page) -> Locator:
    """Of photos; by their role, because Gradio keeps a hidden `tr` of each column's longest text."""
    return page.locator("#spot-table").get_by_role("row").filter(has=page.get_by_role("gridcell"))


def masks(detail: Locator) -> list[np.ndarray]:
    """The masks over the photos, in order."""
    sources = detail.locator("img.mask").evaluate_all("images => images.map((image) => image.src)")
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(source.split(",")[1])))) for source in sources]


def test_a_click_shows_the_photo_its_label_and_every_run_s_mask(spot, tiny_runs, tiny_pets):
    spot.locator("#spot-table").get_by_text("pug_1").first.click()
    detail = spot.locator("#spot-detail")
    expect(detail.get_by_role("heading")).to_have_text("pug_1")
    expect(detail.locator("figcaption")).to_have_text(["photo", "label", "Cross-entropy, 2 epochs", "Focal, 3 epochs"])
    for image in detail.locator("img").all():
        assert image.evaluate("image => image.complete && image.naturalWidth > 0")
    with Image.open(photo_path(tiny_pets, "pug_1")) as photo, Image.open(trimap_path(tiny_pets, "pug_1")) as trimap:
        predicted = [
            Segmenter.load(tiny_runs / name / "model.safetensors").predict(photo).mask for name in ("ce-s0", "focal-s0")
        ]
        for shown, expected in zip(masks(detail), [np.asarray(trimap) - 1, *predicted], strict=True):
            np.testing.assert_array_equal(shown, expected)
    show_runs(spot, "ce-s0")
    expect(detail.locator("figcaption")).to_have_text(["photo", "label", "Cross-entropy, 2 epochs"])


def test_a_breed_and_another_ranking_change_the_table(spot):
    expect(rows(spot)).to_have_count(8)
    expect(rows(spot).first.get_by_role("gridcell").first).to_have_text("1")
    spot.get_by_label("Label probably wrong").check()
    expect(spot.locator("#spot-table")).to_contain_text("reason")
    expect(spot.locator("#spot-explanation")).to_contain_text("Photos by label quality")
    spot.locator("#spot-breed input").click()
    spot.get_by_role("option", name="Sphynx").click()
    expect(rows(spot)).to_have_count(1)
    expect(rows(spot)).to_contain_text("Sphynx_1")


def test_the_figure_has_a_line_a_run(spot):
    expect(spot.locator("#spot-figure .scatterlayer .trace")).to_have_count(2)


def test_without_the_dataset_it_says_how_to_get_it(chromium, url):
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"{url}/?tab=failures")
    page.locator("#spot-table").get_by_text("pug_1").first.click()
    expect(page.locator("#spot-detail")).to_contain_text("experiments.fetch")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()

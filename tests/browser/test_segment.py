"""The Segment tab in real Chromium: views, comparison, downloads, and photos that follow each other."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from experiments.cli.command_line import RESULTS
from seg.pets import photo_path

SKY_BLUE, ORANGE = (86, 180, 233), (230, 159, 0)
RUNS = ("ce-s0", "weighted-s0", "focal-s0")
VIEWS = ("mask", "border", "confidence", "disagreement", "cutout")


def open_page(chromium: Browser, url: str, width: int, height: int, script: str = "") -> Page:
    page = chromium.new_page(viewport={"width": width, "height": height})
    page.set_default_timeout(30_000)
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.add_init_script(script)
    page.goto(url)
    expect_result(page)
    return page


# From the first frame on, where the heading below the result stands
WATCH = """
window.heights = new Set();
const look = () => {
  const result = document.getElementById("segment-result");
  if (result?.querySelector(".result")) window.heights.add(Math.round(result.getBoundingClientRect().height));
  requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


@pytest.fixture(scope="module")
def url(serve, tmp_path_factory) -> str:
    """The app over the runs that ship with it: networks that know a border when they see one."""
    return serve("--runs", RESULTS, "--data", tmp_path_factory.mktemp("no-dataset"))


@pytest.fixture(scope="module")
def shared(chromium, url) -> Iterator[Page]:
    """One desktop page for all tests of this file."""
    page = open_page(chromium, url, 1440, 900, WATCH)
    yield page
    assert page.errors == []
    page.close()


@pytest.fixture
def page(shared) -> Page:
    """The page with a sample, all checkpoints and the first view."""
    for name in RUNS:
        shared.locator("#segment-checkpoints").get_by_label(name).check()
    show(shared, "mask")
    expect_result(shared)
    return shared


def expect_result(page: Page, masks: int = 3) -> None:
    expect(page.locator("#segment-result figure")).to_have_count(masks)
    expect(page.locator("#segment-result .result")).to_have_attribute("aria-busy", "false")


def show(page: Page, view: str) -> None:
    page.locator(f"#segment-view input[value={view}]").check()


def pixels(place: Locator) -> np.ndarray:
    """What a person sees there, (H, W, 3)."""
    return np.asarray(Image.open(io.BytesIO(place.screenshot())).convert("RGB")).astype(int)


def shares(figure: Locator) -> list[float]:
    """What the card says of pet, background and border."""
    return [float(text.rstrip("%")) / 100 for text in figure.locator("dd").all_text_contents()[:3]]


def share_near(seen: np.ndarray, colour: tuple[int, int, int]) -> float:
    return float((np.abs(seen - colour).max(axis=-1) <= 6).mean())


def upload(page: Page, photo: Path) -> None:
    page.locator("#segment-photo input[type=file]").first.set_input_files(photo)


def drawn(folder: Path, name: str, size: tuple[int, int]) -> Path:
    path = folder / name
    Image.linear_gradient("L").resize(size).convert("RGB").save(path)
    return path


def test_opening_and_the_next_photo_move_nothing(page):
    assert len(page.evaluate("[...window.heights]")) == 1  # from the empty cards to the masks
    page.get_by_role("button", name="Sample: cheetah", exact=True).click()
    expect(page.locator("#segment-result")).to_contain_text("502 × 343 pixels")
    expect_result(page)
    page.get_by_role("button", name="Remove Image").click()
    expect(page.locator("#segment-result")).to_contain_text("click a sample")
    page.get_by_role("button", name="Sample: cheetah2").click()
    expect(page.locator("#segment-result")).to_contain_text("762 × 787 pixels")
    expect_result(page)
    assert len(page.evaluate("[...window.heights]")) == 1


def test_each_view_shows_another_picture_at_once(page):
    picture = page.locator("#segment-result figure .stack").last
    seen = {}
    for view in VIEWS:
        # the next frame has the other layer: nothing was fetched for it
        displayed = page.evaluate(
            """async view => {
                document.querySelector(`#segment-view input[value=${view}]`).click();
                await new Promise(requestAnimationFrame);
                return [...document.querySelectorAll("#segment-result figure:last-child .layer")]
                    .filter(layer => getComputedStyle(layer).display !== "none").map(layer => layer.classList[1]);
            }""",
            view,
        )
        assert displayed == [view]
        seen[view] = pixels(picture)
    for index, view in enumerate(VIEWS):
        for other in VIEWS[:index]:
            assert np.abs(seen[view] - seen[other]).max() > 20, (view, other)


def test_border_view_paints_the_border_orange_over_a_grey_photo(page):
    card = page.locator("#segment-result figure").first
    share = shares(card)[2]
    assert 0.01 < share < 0.5
    show(page, "border")
    seen = pixels(card.locator(".stack"))
    orange = np.abs(seen - ORANGE).max(axis=-1) <= 6
    # the photo is 762 pixels wide and 787 high in a square
    assert orange.mean() == pytest.approx(share * 762 / 787, abs=0.02)
    coloured = np.ptp(seen, axis=-1) > 12
    assert (coloured & ~orange).mean() < 0.05


def test_opacity_slider_fades_the_mask(page):
    card = page.locator("#segment-result figure").first
    picture = card.locator(".stack")
    slider = page.get_by_label("Mask opacity")
    slider.fill("1")
    expect(page.locator("#segment-result .layer.mask").first).to_have_css("opacity", "1")
    opaque = pixels(picture)
    slider.fill("0")
    expect(page.locator("#segment-result .layer.mask").first).to_have_css("opacity", "0")
    clear = pixels(picture)
    # the photo is 762 pixels wide and 787 high in a square; edges between classes are blended
    painted = share_near(opaque, SKY_BLUE) + share_near(opaque, ORANGE)
    assert painted == pytest.approx((1 - shares(card)[1]) * 762 / 787, abs=0.05)
    assert share_near(clear, SKY_BLUE) + share_near(clear, ORANGE) < 0.01
    slider.fill("0.65")


def test_disagreement_needs_two_checkpoints(page):
    expect(page.locator("#segment-result")).to_contain_text("All 3 checkpoints agree on")
    page.locator("#segment-checkpoints").get_by_label("weighted-s0").uncheck()
    page.locator("#segment-checkpoints").get_by_label("focal-s0").uncheck()
    expect_result(page, masks=1)
    expect(page.locator("#segment-result figure")).to_contain_text("ce-s0")
    expect(page.locator("#segment-result")).not_to_contain_text("agree on")
    show(page, "disagreement")
    expect(page.get_by_text("Choose a second checkpoint")).to_be_visible()


def slider_pictures(page: Page) -> list[str]:
    return page.locator("#segment-slider img").evaluate_all("images => images.map(image => image.src)")


def choose(page: Page, side: str, name: str) -> None:
    page.locator(f"#segment-{side} input").click()
    page.get_by_role("option", name=name, exact=True).click()
    expect(page.get_by_role("option")).to_have_count(0)


def test_two_answers_are_compared_in_one_picture(page):
    slider = page.locator("#segment-slider")
    expect(page.locator("#segment-left input")).to_have_value("ce-s0")
    choose(page, "right", "focal-s0")
    slider.scroll_into_view_if_needed()
    expect(slider.locator("img")).to_have_count(2)
    before = slider_pictures(page)
    assert before[0] != before[1]
    choose(page, "left", "Photo")
    page.wait_for_function("old => document.querySelector('#segment-slider img')?.src !== old", arg=before[0])
    page.wait_for_function("[...document.querySelectorAll('#segment-slider img')].every(image => image.naturalWidth)")
    expect(page.locator("#segment-left input")).to_have_value("Photo")
    right = slider.locator("img").nth(1)
    expect(right).to_have_attribute("style", re.compile("50%"))
    photo_and_mask = pixels(slider)
    handle = slider.get_by_test_id("slider").bounding_box()
    page.mouse.move(handle["x"] + 10, handle["y"] + handle["height"] / 2)
    page.mouse.down()
    page.mouse.move(handle["x"] + 160, handle["y"] + handle["height"] / 2, steps=4)
    page.mouse.up()
    expect(right).not_to_have_attribute("style", re.compile("50%"))
    assert np.abs(pixels(slider) - photo_and_mask).max() > 60
    choose(page, "left", "ce-s0")


def test_keys_move_the_line_between_the_two(page):
    page.locator("#segment-slider").scroll_into_view_if_needed()
    line = page.get_by_role("slider", name="Line between left and right")
    choose(page, "right", "weighted-s0")
    expect(page.locator("#segment-slider img").nth(1)).to_have_attribute("alt", "Right: weighted-s0")
    line.focus()
    line.press("Home")
    start = line.bounding_box()["x"]
    line.press("ArrowRight")
    expect(line).to_have_attribute("aria-valuenow", "5")
    step = line.bounding_box()["x"] - start
    line.press("End")
    expect(line).to_have_attribute("aria-valuenow", "100")
    width = line.bounding_box()["x"] - start
    assert width > 300
    assert step == pytest.approx(width / 20, abs=2)


def test_comparison_follows_the_view(page):
    page.locator("#segment-slider").scroll_into_view_if_needed()
    expect(page.locator("#segment-slider img")).to_have_count(2)
    before = slider_pictures(page)
    show(page, "cutout")
    page.wait_for_function("old => document.querySelector('#segment-slider img')?.src !== old", arg=before[0])


def download(page: Page, name: str) -> tuple[str, Path]:
    with page.expect_download() as download:
        page.get_by_role("button", name=name).click()
    return download.value.suggested_filename, Path(download.value.path())


def test_uploaded_photo_gets_masks_and_cut_outs_to_download(page, tiny_pets):
    photo = photo_path(tiny_pets, "pug_2")
    with Image.open(photo) as image:
        size = image.size
    page.get_by_role("button", name="Remove Image").click()
    expect(page.locator("#segment-result")).to_contain_text("click a sample")
    upload(page, photo)
    expect(page.locator("#segment-result")).to_contain_text(f"{size[0]} × {size[1]} pixels")
    expect_result(page)
    name, path = download(page, "Download mask of focal-s0")
    assert name == "pug_2-focal-s0-mask.png"
    with Image.open(path) as mask:
        assert (mask.mode, mask.size) == ("P", size)
        assert np.asarray(mask).max() <= 2
        pet = np.asarray(mask) == 0
    name, path = download(page, "Download cut-out of focal-s0")
    assert name == "pug_2-focal-s0-cutout.png"
    with Image.open(path) as cut:
        assert (cut.mode, cut.size) == ("RGBA", size)
        np.testing.assert_array_equal(np.asarray(cut)[..., 3] == 255, pet)
    name, path = download(page, "Download all masks and cut-outs as ZIP")
    assert name == "pug_2-masks.zip"
    with zipfile.ZipFile(path) as archive:
        assert len(archive.namelist()) == 6
        assert archive.testzip() is None
    # the sample again, for the other tests
    page.get_by_role("button", name="Sample: cheetah2").click()
    expect(page.locator("#segment-result")).to_contain_text("762 × 787 pixels")


def test_second_upload_ends_the_first(page, tmp_path):
    large, small = drawn(tmp_path, "large.jpg", (4000, 3000)), drawn(tmp_path, "small.png", (64, 48))
    page.get_by_role("button", name="Remove Image").click()
    upload(page, large)
    expect(page.locator("#segment-result .pending")).not_to_have_count(0)
    page.get_by_role("button", name="Remove Image").click()
    upload(page, small)
    page.evaluate(
        """() => {
            window.said = new Set();
            const result = document.getElementById("segment-result");
            new MutationObserver(() => window.said.add(result.querySelector("[role=status]")?.textContent)).observe(
                result, {childList: true, subtree: true});
        }"""
    )
    expect(page.locator("#segment-result")).to_contain_text("64 × 48 pixels")
    page.wait_for_timeout(1_500)  # for a late answer
    expect_result(page)
    expect(page.locator("#segment-result")).to_contain_text("64 × 48 pixels")
    assert not [text for text in page.evaluate("[...window.said]") if text and "4000" in text]
    page.get_by_role("button", name="Sample: cheetah2").click()
    expect(page.locator("#segment-result")).to_contain_text("762 × 787 pixels")


def test_pasted_photo_is_segmented(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(
        """async () => {
            const sheet = new OffscreenCanvas(70, 50);
            sheet.getContext("2d").fillRect(10, 10, 30, 30);
            const png = await sheet.convertToBlob({type: "image/png"});
            await navigator.clipboard.write([new ClipboardItem({"image/png": png})]);
        }"""
    )
    page.get_by_role("button", name="Remove Image").click()
    page.locator("#segment-photo").get_by_label("Paste from clipboard").or_(
        page.locator("#segment-photo").get_by_role("button", name=re.compile("clipboard", re.I))
    ).first.click()
    expect(page.locator("#segment-result")).to_contain_text("70 × 50 pixels")
    page.get_by_role("button", name="Sample: cheetah2").click()
    expect(page.locator("#segment-result")).to_contain_text("762 × 787 pixels")


def test_webcam_picture_is_segmented(page):
    photo = page.locator("#segment-photo")
    photo.get_by_role("button", name="Remove Image").click()
    expect(page.locator("#segment-result")).to_contain_text("click a sample")
    photo.get_by_label("Capture from camera").click()
    photo.get_by_text("Click to Access Webcam").click()
    expect(photo.get_by_label("capture photo")).to_be_visible()
    page.wait_for_function("document.querySelector('#segment-photo video')?.currentTime > 0")
    photo.get_by_label("capture photo").click()
    expect(page.locator("#segment-result")).to_contain_text(re.compile(r"\d+ × \d+ pixels"))
    expect_result(page)
    photo.get_by_role("button", name="Remove Image").click()
    page.get_by_role("button", name="Sample: cheetah2").click()
    expect(page.locator("#segment-result")).to_contain_text("762 × 787 pixels")


def test_on_a_phone_nothing_moves_everything_fits_and_keys_are_enough(chromium, url):
    page = open_page(chromium, url, 390, 844, WATCH)
    assert len(page.evaluate("[...window.heights]")) == 1
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    option = page.get_by_role("radio", name="Confidence")
    option.focus()
    option.press("Space")
    expect(page.locator("#segment-result .layer.confidence").first).to_be_visible()
    expect(page.locator("#segment-result .layer.mask").first).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.close()
    assert page.errors == []

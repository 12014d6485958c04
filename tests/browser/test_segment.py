"""Try in real Chromium: views, layouts, the threshold, downloads, and photos that follow each other."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from demo.segment.answers import agreeing_share
from experiments.cli.command_line import RESULTS
from experiments.store.probe import sample_photos
from seg.inference import Segmenter
from seg.pets import photo_path, trimap_path
from tests.browser.choosing import set_state, show_runs

PET, BORDER = (155, 123, 255), (255, 214, 10)
RUNS = {"Cross-entropy": "ce-s0", "Weighted": "weighted-s0", "Focal": "focal-s0"}
VIEWS = ("Mask", "Border", "Confidence", "Disagreement", "Cut-out")
LABELLED = "Bengal_35"


# How far what has been drawn has moved, from the first frame on
SHIFTS = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Path:
    """One of the probe's photos, made up, with a label: a pet in the middle, a border around it."""
    root = tmp_path_factory.mktemp("dataset")
    label = np.full((200, 240), 2, np.uint8)
    label[40:160, 60:180] = 3
    label[50:150, 70:170] = 1
    for path, image in (
        (photo_path(root, LABELLED), Image.linear_gradient("L").resize((240, 200)).convert("RGB")),
        (trimap_path(root, LABELLED), Image.fromarray(label)),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path)
    return root


@pytest.fixture(scope="module")
def url(serve, dataset) -> str:
    """The app over the runs that ship with it: networks that know a border when they see one."""
    return serve("--runs", RESULTS, "--data", dataset)


def open_page(chromium: Browser, url: str, width: int, height: int) -> Page:
    page = chromium.new_page(viewport={"width": width, "height": height})
    page.set_default_timeout(30_000)
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.add_init_script(SHIFTS)
    page.goto(url)
    expect_answers(page)
    return page


@pytest.fixture(scope="module")
def shared(chromium, url) -> Iterator[Page]:
    """One desktop page for all tests of this file."""
    page = open_page(chromium, url, 1440, 900)
    yield page
    assert page.errors == []
    page.close()


@pytest.fixture
def page(shared) -> Page:
    """The page with a sample, all runs, the first view and layout, as trained."""
    set_state(shared, runs=None, off=None, solo=None, loupe=None)
    choose(shared, "cheetah2")
    layout(shared, "Outlines")
    view(shared, "Mask")
    threshold(shared).fill("0")
    shared.get_by_label("Opacity").fill("0.65")
    shared.keyboard.press("0")
    return shared


def expect_answers(page: Page, count: int = 3) -> None:
    expect(page.get_by_test_id("stage")).to_have_attribute("aria-busy", "false")
    expect(page.locator(".stage-row:not(.pending)")).to_have_count(count)


def expect_photo(page: Page, said: str) -> None:
    expect(page.locator(".stage-status")).to_contain_text(said)
    expect(page.get_by_test_id("stage")).to_have_attribute("aria-busy", "false")


def choose(page: Page, title: str) -> None:
    page.get_by_role("radio", name=f"Photo: {title}", exact=True).click()
    expect_photo(page, f"{title}, ")


def view(page: Page, name: str) -> None:
    page.get_by_role("radiogroup", name="View").get_by_role("radio", name=name).click()


def layout(page: Page, name: str) -> None:
    page.get_by_role("radiogroup", name="Layout").get_by_role("radio", name=name).click()


def threshold(page: Page) -> Locator:
    return page.get_by_test_id("threshold").get_by_role("slider")


def frame(page: Page) -> None:
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def pixels(place: Locator) -> np.ndarray:
    """What a person sees there, (H, W, 3)."""
    frame(place.page)
    return np.asarray(Image.open(io.BytesIO(place.screenshot())).convert("RGB")).astype(int)


def share_near(seen: np.ndarray, colour: tuple[int, int, int]) -> float:
    return float((np.abs(seen - colour).max(axis=-1) <= 6).mean())


def figures(page: Page, title: str) -> list[float]:
    """The three figures of a network's row."""
    row = page.locator(".stage-row", has_text=title)
    frame(page)
    said = row.locator("dd").all_text_contents()
    return [0.0 if text == "–" else float(text.rstrip("%")) / 100 for text in said]


def answers(path: Path) -> dict[str, np.ndarray]:
    """What the shipped networks say of a photo, by title."""
    with Image.open(path) as photo:
        return {
            title: Segmenter.load(RESULTS / run / "model.safetensors").predict(photo).mask
            for title, run in RUNS.items()
        }


def test_the_page_opens_with_a_photo_whose_masks_stand_where_they_stay(page):
    assert page.evaluate("window.shift") < 0.05
    masks = answers(sample_photos()["cheetah2"])
    for title, mask in masks.items():
        expected = [(mask == kind).mean() for kind in (2, 0, 1)]
        assert figures(page, title) == pytest.approx(expected, abs=0.0006)
    agreeing = agreeing_share(next(iter(masks.values())), masks.values())
    agreed = f"cheetah2, 762 × 787 pixels. As trained, all 3 networks agree on {100 * agreeing:.1f} % of it."
    expect(page.locator(".stage-status")).to_have_text(agreed)
    box, screen = page.locator(".stage-body").bounding_box(), page.viewport_size
    assert box["height"] >= 0.59 * screen["height"]
    assert box["y"] + box["height"] <= screen["height"]


def test_each_view_shows_another_picture_and_nothing_is_fetched(page):
    layout(page, "Side by side")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    seen = {}
    for name in VIEWS:
        view(page, name)
        seen[name] = pixels(page.locator(".stage-panes canvas").last)
    for index, name in enumerate(VIEWS):
        for other in VIEWS[:index]:
            assert np.abs(seen[name] - seen[other]).max() > 20, (name, other)
    expect(page.get_by_role("radio", name="Errors")).to_be_disabled()
    threshold(page).fill("0.7")
    layout(page, "Swipe")
    frame(page)
    assert requests == []


def test_the_mask_is_painted_in_its_classes_colours_and_fades(page):
    layout(page, "Side by side")
    slider = page.get_by_label("Opacity")
    slider.fill("1")
    canvas = page.locator(".stage-panes canvas").first
    box = canvas.bounding_box()
    shown = min(box["width"] / 762, box["height"] / 787) ** 2 * 762 * 787 / (box["width"] * box["height"])
    border, pet, _ = figures(page, "Cross-entropy")
    opaque = pixels(canvas)
    assert share_near(opaque, PET) == pytest.approx(pet * shown, abs=0.02)
    assert share_near(opaque, BORDER) == pytest.approx(border * shown, abs=0.02)
    slider.fill("0")
    assert share_near(pixels(canvas), PET) < 0.01
    slider.fill("1")
    page.get_by_role("button", name="Pet", exact=True).click()
    without = pixels(canvas)
    assert share_near(without, PET) < 0.01
    assert share_near(without, BORDER) == pytest.approx(border * shown, abs=0.02)
    page.get_by_role("button", name="Pet", exact=True).click()
    slider.fill("0.65")


def test_the_threshold_moves_every_mask_and_its_figures_at_once(page):
    with Image.open(sample_photos()["cheetah2"]) as photo:
        prediction = Segmenter.load(RESULTS / "ce-s0" / "model.safetensors").predict(photo)
    logits = np.log(np.maximum(prediction.probabilities.astype(np.float64), 1e-300))
    for shift in (-1.2, 0.7, 2):
        threshold(page).fill(str(shift))
        moved = logits + np.array([0, 0, shift])[:, None, None]
        border = (moved.argmax(axis=0) == 2).mean()
        assert figures(page, "Cross-entropy")[0] == pytest.approx(border, abs=0.0011)
    expect(page.get_by_test_id("threshold").locator("output")).to_have_text("+2.0")
    page.keyboard.press("Backspace")
    expect(threshold(page)).to_have_value("0")
    page.keyboard.press("[")
    expect(threshold(page)).to_have_attribute("aria-valuetext", "−0.1, less border")
    page.get_by_test_id("threshold").get_by_role("button", name="Reset").click()
    expect(threshold(page)).to_have_attribute("aria-valuetext", "as trained")


def test_marks_say_which_threshold_each_loss_acts_like(page):
    marks = page.get_by_test_id("threshold").locator(".threshold-marks span")
    expect(marks).to_have_count(3)
    said = marks.evaluate_all("marks => marks.map((mark) => mark.title)")
    assert said[0] == "Cross-entropy"
    assert re.fullmatch(r"Weighted as trained acts like cross-entropy at \+1\.\d", said[1])
    assert re.fullmatch(r"Focal as trained acts like cross-entropy at −0\.\d", said[2])


def zoom_of(page: Page) -> list[np.ndarray]:
    return [pixels(canvas) for canvas in page.locator(".stage-panes canvas").all()]


def test_zoom_and_pan_are_the_same_in_every_pane(page):
    layout(page, "Side by side")
    page.get_by_label("Opacity").fill("0")
    whole = zoom_of(page)
    box = page.locator(".stage-panes canvas").first.bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 150)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    closer = zoom_of(page)
    assert np.abs(closer[0] - whole[0]).mean() > 5
    for other in closer[1:]:
        assert np.abs(closer[0][60:, :-4] - other[60:, : closer[0].shape[1] - 4]).mean() < 3  # the captions differ
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 100, steps=4)
    page.mouse.up()
    assert np.abs(zoom_of(page)[2] - closer[2]).mean() > 3
    page.keyboard.press("0")
    assert np.abs(zoom_of(page)[0] - whole[0]).mean() < 1
    page.mouse.dblclick(box["x"] + 200, box["y"] + 150)
    assert np.abs(zoom_of(page)[0] - whole[0]).mean() > 5
    page.mouse.dblclick(box["x"] + 200, box["y"] + 150)
    page.get_by_label("Opacity").fill("0.65")


def test_swipe_compares_two_with_the_mouse_and_with_keys(page):
    layout(page, "Swipe")
    line = page.get_by_role("slider", name="Line between Cross-entropy, left, and Weighted, right")
    canvas = page.locator(".stage-panes canvas")
    expect(page.locator(".stage-panes figcaption")).to_have_text(["Cross-entropy", "Weighted"])
    middle = pixels(canvas)
    line.focus()
    line.press("Home")
    right = pixels(canvas)
    line.press("End")
    left = pixels(canvas)
    half = middle.shape[1] // 2
    assert np.abs(middle[:, : half - 20] - left[:, : half - 20]).mean() < 1
    assert np.abs(middle[:, half + 20 : -30] - right[:, half + 20 : -30]).mean() < 1
    assert np.abs(left - right).mean() > 3
    page.get_by_role("group", name="Lines").get_by_role("button", name="Weighted").click()
    expect(page.get_by_role("slider", name="Line between Cross-entropy, left, and Focal, right")).to_be_visible()
    page.get_by_role("group", name="Lines").get_by_role("button", name="Weighted").click()


def test_outlines_are_drawn_in_the_losses_colours_and_switched_by_their_key(page):
    canvas = page.locator(".stage-panes canvas")
    every = pixels(canvas)
    keys = page.get_by_role("group", name="Lines")
    for title, colour in (("Cross-entropy", (63, 178, 255)), ("Weighted", (255, 122, 47)), ("Focal", (47, 224, 165))):
        assert (np.abs(every - colour).max(axis=-1) <= 24).sum() > 200
        keys.get_by_role("button", name=title).click()
        assert (np.abs(pixels(canvas) - colour).max(axis=-1) <= 24).sum() < 60
        keys.get_by_role("button", name=title).click()


def test_a_view_is_seen_under_the_lines_of_the_row_that_is_picked(page):
    picture, said = page.locator(".stage-panes canvas"), page.locator(".stage-panes figcaption")
    photo = pixels(picture)
    expect(said).to_have_count(0)
    page.get_by_label("Opacity").fill("1")
    assert np.abs(pixels(picture) - photo).max() == 0  # masks are what the lines tell already
    seen = []
    for name in VIEWS[1:]:
        view(page, name)
        expect(said).to_have_text(f"{name}: Cross-entropy")
        seen.append(pixels(picture))
    for index, one in enumerate(seen):
        assert np.abs(one - photo).max(axis=-1).mean() > 3, VIEWS[index + 1]
        for other in seen[:index]:
            assert np.abs(one - other).max() > 20
    view(page, "Border")
    masks = answers(sample_photos()["cheetah2"])
    box = picture.bounding_box()
    shown = min(box["width"] / 762, box["height"] / 787) ** 2 * 762 * 787 / (box["width"] * box["height"])
    keys = page.get_by_role("group", name="Lines")
    for title in RUNS:
        keys.get_by_role("button", name=title).click()
    for title in ("Weighted", "Focal"):
        page.get_by_role("button", name=f"Under the lines: {title}").click()
        expect(said).to_have_text(f"Border: {title}")
        border = share_near(pixels(picture), BORDER)
        assert border == pytest.approx((masks[title] == 2).mean() * shown, abs=0.02)
    for title in RUNS:
        keys.get_by_role("button", name=title).click()
    view(page, "Mask")
    expect(said).to_have_text("Mask: Focal")
    page.get_by_role("button", name="Under the lines: Focal").click()
    expect(said).to_have_count(0)
    assert np.abs(pixels(picture) - photo).max() == 0


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_the_bar_stays_as_high_and_wide_in_every_view(page, width):
    choose(page, LABELLED.replace("_", " "))
    page.set_viewport_size({"width": width, "height": 900})
    try:
        for name in ("Outlines", "Side by side", "Swipe"):
            layout(page, name)
            boxes = []
            for shown in (*VIEWS, "Errors"):
                view(page, shown)
                boxes.append(
                    [page.locator(part).bounding_box() for part in (".stage-bar", ".stage-tools", ".threshold")]
                )
            assert all(box == boxes[0] for box in boxes)
            assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.locator(".stage-bar").bounding_box()["height"] == {1440: 32, 1024: 72}.get(width, 182)
    finally:
        page.set_viewport_size({"width": 1440, "height": 900})


def test_a_lens_shows_the_same_patch_closer(page):
    canvas = page.locator(".stage-panes canvas")
    before, box = pixels(canvas), canvas.bounding_box()
    page.keyboard.press("l")
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    seen = np.abs(pixels(canvas) - before).max(axis=-1) > 12
    rows, columns = np.nonzero(seen)
    assert seen.sum() > 2000
    assert max(np.abs(rows - 200).max(), np.abs(columns - 300).max()) <= 78
    page.keyboard.press("l")
    page.mouse.move(5, 5)


def test_where_the_label_is_known_the_errors_and_what_is_found_are_shown(page, dataset):
    choose(page, LABELLED.replace("_", " "))
    expect(page.locator(".stage-row").first).to_contain_text("of the border found")
    keys = page.get_by_role("group", name="Lines")
    expect(keys.get_by_role("button", name="Label")).to_be_visible()
    label = np.full((200, 240), 1)
    label[40:160, 60:180], label[50:150, 70:170] = 2, 0
    mask = answers(photo_path(dataset, LABELLED))["Cross-entropy"]
    hits = ((mask == 2) & (label == 2)).sum()
    found = figures(page, "Cross-entropy")
    assert found[0] == pytest.approx(hits / (label == 2).sum(), abs=0.0006)
    assert found[2] == pytest.approx((mask == 2).mean(), abs=0.0006)
    view(page, "Errors")
    row = page.locator(".stage-row").first
    expect(row).to_contain_text("missed border")
    legend = page.get_by_role("list", name="Errors")
    expect(legend).to_have_text("MissedFalseSwapped")
    expect(legend.get_by_title("False border")).to_be_visible()
    assert sum(figures(page, "Cross-entropy")) == pytest.approx((mask != label).mean(), abs=0.0016)
    choose(page, "cheetah2")
    expect(page.get_by_role("radio", name="Mask")).to_have_attribute("aria-checked", "true")


def test_disagreement_needs_two_networks(page):
    show_runs(page, "ce-s0")
    expect(page.locator(".stage-row")).to_have_count(1)
    expect(page.locator(".stage-status")).to_have_text("cheetah2, 762 × 787 pixels.")
    expect(page.get_by_role("radio", name="Disagreement")).to_be_disabled()


def test_radios_are_one_stop_and_arrow_keys_lead_through_them(page):
    first = page.get_by_role("radiogroup", name="View").get_by_role("radio", name="Mask")
    first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Border", exact=True)).to_be_focused()
    expect(page.get_by_role("radio", name="Border", exact=True)).to_have_attribute("aria-checked", "true")
    page.keyboard.press("5")
    expect(page.get_by_role("radio", name="Cut-out")).to_have_attribute("aria-checked", "true")
    page.keyboard.press("s")
    expect(page.locator(".stage-panes canvas")).to_have_count(3)


def test_arrow_keys_lead_from_photo_to_photo_but_not_where_they_move_something_else(page):
    page.locator(".page-head h1").click()
    second = page.get_by_role("radio", name="Photo: ").nth(1)
    page.keyboard.press("ArrowRight")
    expect(second).to_have_attribute("aria-checked", "true")
    threshold(page).focus()
    page.keyboard.press("ArrowRight")
    expect(threshold(page)).to_have_value("0.1")
    expect(second).to_have_attribute("aria-checked", "true")
    page.locator(".page-head h1").click()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowLeft")
    expect_photo(page, "cheetah2, ")


def test_one_network_alone_takes_the_stage(page):
    page.get_by_role("button", name="Enlarge Weighted").click()
    expect(page.locator(".stage-panes figure")).to_have_count(1)
    expect(page.locator(".stage-panes figcaption")).to_have_text("Weighted")
    canvas = page.locator(".stage-panes canvas").bounding_box()
    assert canvas["height"] >= 0.59 * page.viewport_size["height"]
    page.get_by_role("button", name="Show all").click()
    expect(page.locator(".stage-panes figcaption")).to_have_count(0)


def download(page: Page, name: str) -> tuple[str, Path]:
    with page.expect_download() as download:
        page.get_by_role("button", name=name).click()
    return download.value.suggested_filename, Path(download.value.path())


def upload(page: Page, *photos: Path) -> None:
    page.locator("#segment-photo input[type=file]").set_input_files(photos)


def test_uploaded_photo_gets_masks_and_cut_outs_to_download(page, tiny_pets):
    photo = photo_path(tiny_pets, "pug_2")
    with Image.open(photo) as image:
        size = image.size
    upload(page, photo)
    expect_photo(page, f"{size[0]} × {size[1]} pixels")
    expect(page.get_by_role("radio", name="Photo: pug_2.jpg")).to_have_attribute("aria-checked", "true")
    name, path = download(page, "Download mask of Focal")
    assert name == "pug_2-focal-s0-mask.png"
    with Image.open(path) as mask:
        assert (mask.mode, mask.size) == ("P", size)
        assert np.asarray(mask).max() <= 2
        pet = np.asarray(mask) == 0
    name, path = download(page, "Download cut-out of Focal")
    assert name == "pug_2-focal-s0-cutout.png"
    with Image.open(path) as cut:
        assert (cut.mode, cut.size) == ("RGBA", size)
        np.testing.assert_array_equal(np.asarray(cut)[..., 3] == 255, pet)
    name, path = download(page, re.compile("^ZIP$"))
    assert name == "pug_2-masks.zip"
    with zipfile.ZipFile(path) as archive:
        assert [name for name in archive.namelist() if not name.endswith(".png")] == ["scores.csv", "README.txt"]
        assert len(archive.namelist()) == 8
        assert archive.testzip() is None
    name, path = download(page, "Export")
    assert name == "pug_2-outlines-mask.png"
    with Image.open(path) as picture:
        box = page.locator(".stage-panes canvas").bounding_box()
        assert picture.size == (round(box["width"]), round(box["height"]))


def test_every_photo_of_the_strip_is_packed(page):
    button = page.get_by_role("button", name="All photos")
    count = page.get_by_role("radiogroup", name="Photos").get_by_role("radio").count()
    # as it changes: where there is little to do a look from outside comes too late
    page.evaluate(
        """() => {
            window.packing = [];
            const [said, pack] = [".strip-said", '[data-act="pack"]'].map((part) => document.querySelector(part));
            new MutationObserver(() => window.packing.push([said.textContent, pack.disabled]))
                .observe(said, { childList: true, characterData: true, subtree: true });
        }"""
    )
    with page.expect_download(timeout=120_000) as download:
        button.click()
        page.wait_for_function("window.packing.some(([text, disabled]) => text.includes('Packing: ') && disabled)")
    with zipfile.ZipFile(download.value.path()) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    assert {
        "README.txt",
        "scores.csv",
        "cheetah2/ce-s0-mask.png",
        f"{LABELLED.replace('_', ' ')}/focal-s0-mask.png",
    } <= {*names}
    assert len([name for name in names if name.endswith("-mask.png")]) == 3 * count
    expect(page.locator(".strip-said")).to_contain_text("are packed.")
    expect(button).to_be_enabled()


def drawn(folder: Path, name: str, size: tuple[int, int]) -> Path:
    path = folder / name
    Image.linear_gradient("L").resize(size).convert("RGB").save(path)
    return path


def test_second_upload_ends_the_first(page, tmp_path):
    large, small = drawn(tmp_path, "large.jpg", (4000, 3000)), drawn(tmp_path, "small.png", (64, 48))
    upload(page, large)
    expect(page.get_by_test_id("stage")).to_have_attribute("aria-busy", "true")
    upload(page, small)
    expect_photo(page, "64 × 48 pixels")
    page.evaluate(
        """() => {
            window.said = new Set();
            const status = document.querySelector(".stage-status");
            new MutationObserver(() => window.said.add(status.textContent)).observe(status, {childList: true});
        }"""
    )
    page.wait_for_timeout(1_500)  # for a late answer
    expect_photo(page, "64 × 48 pixels")
    assert not [text for text in page.evaluate("[...window.said]") if "4000" in text]


def test_several_photos_at_once_are_all_in_the_strip(page, tmp_path):
    upload(page, drawn(tmp_path, "one.png", (70, 50)), drawn(tmp_path, "two.png", (50, 70)))
    expect_photo(page, "two.png, 50 × 70 pixels")
    choose(page, "one.png")
    expect_photo(page, "70 × 50 pixels")


PASTE = """async ([kind, type]) => {
    const sheet = new OffscreenCanvas(72, 52);
    sheet.getContext("2d").fillRect(10, 10, 30, 30);
    const carried = new DataTransfer();
    carried.items.add(new File([await sheet.convertToBlob({type: "image/png"})], `${kind}.png`, {type: "image/png"}));
    const names = {clipboardData: carried, dataTransfer: carried, bubbles: true, cancelable: true};
    document.body.dispatchEvent(type === "paste" ? new ClipboardEvent(type, names) : new DragEvent(type, names));
}"""


@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_a_photo_is_pasted_or_dropped_anywhere(page, kind):
    page.evaluate(PASTE, [kind, kind])
    expect_photo(page, f"{kind}.png, 72 × 52 pixels")


def test_what_is_no_picture_is_told(page, tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text("not a photo")
    upload(page, notes)
    wrong = page.locator(".strip-wrong")
    expect(wrong).to_contain_text("notes.txt is no picture that can be read")
    expect(wrong).to_be_in_viewport()
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG")
    upload(page, broken)
    expect(wrong).to_contain_text("broken.png cannot be read")
    # one that is fine comes all the same, and what is wrong is told
    upload(page, broken, drawn(tmp_path, "fine.png", (70, 50)))
    expect_photo(page, "fine.png, 70 × 50 pixels")
    expect(wrong).to_contain_text("broken.png cannot be read")
    wrong.get_by_role("button", name="Close").click()
    expect(wrong).to_be_hidden()
    # what was shown stays, and no tile of what cannot be shown
    expect(page.get_by_test_id("threshold")).to_be_visible()
    expect(page.get_by_role("radio", name="Photo: broken.png")).to_have_count(0)


def test_a_picture_is_taken_with_the_camera(page):
    page.get_by_role("button", name="Camera").click()
    page.wait_for_function("document.querySelector('.strip-snap video').currentTime > 0")
    page.get_by_role("button", name="capture photo").click()
    expect_photo(page, "camera.jpg, ")


def test_on_a_phone_nothing_moves_everything_fits_and_the_photo_is_first(chromium, url):
    page = open_page(chromium, url, 390, 844)
    frame(page)
    assert page.evaluate("window.shift") < 0.05
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    photo = page.locator(".stage-panes canvas").bounding_box()
    bar = page.locator(".stage-bar").bounding_box()
    assert photo["y"] < bar["y"]
    assert photo["y"] + photo["height"] < 844
    for name in ("Side by side", "Swipe", "Outlines"):
        layout(page, name)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.close()
    assert page.errors == []

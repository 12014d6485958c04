"""The Watch tab in real Chromium: one slider for all runs, drawn from memory, exported, and a photo of one's own."""

import base64
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from experiments.store.probe import sample_photos
from seg.pets import indexed_image, photo_path, trimap_path
from tests.browser.choosing import show_runs

LABELS = [f"Epoch {epoch} of 3" for epoch in range(4)]


@pytest.fixture(scope="module")
def runs(tiny_runs, tmp_path_factory) -> Path:
    """`ce-s0` of two epochs, `focal-s0` of three, and `weighted-s0` of two, which kept its weights."""
    folder = Path(shutil.copytree(tiny_runs, tmp_path_factory.mktemp("scrubbed") / "runs"))
    kept = shutil.copytree(folder / "ce-s0", folder / "weighted-s0")
    info = json.loads((kept / "run.json").read_text())
    info["options"] |= {"loss": "weighted", "class_weights": "median", "keep_epochs": True}
    (kept / "run.json").write_text(json.dumps(info))
    (kept / "weights").mkdir()
    for epoch, run in enumerate(("ce-s0", "focal-s0"), start=1):
        shutil.copy(folder / run / "model.safetensors", kept / "weights" / f"epoch-{epoch:03d}.safetensors")
    # masks that differ from epoch to epoch, as those of so short a training do not: blots of 8 x 8 pixels
    rng = np.random.default_rng(0)
    for path in sorted(folder.glob("*/predictions/*.png")):
        with Image.open(path) as mosaic:
            width, height = mosaic.size
        blots = rng.integers(0, 3, (height // 8, width // 8), dtype=np.uint8)
        indexed_image(blots.repeat(8, axis=0).repeat(8, axis=1)).save(path)
    return folder


@pytest.fixture(scope="module")
def with_dataset(serve, runs, tiny_pets) -> str:
    return serve("--runs", runs, "--data", tiny_pets)


@pytest.fixture(scope="module")
def shared(chromium, with_dataset) -> Iterator[Page]:
    """One page for all tests: `ce-s0` and `focal-s0`, with the dataset."""
    page = chromium.new_page(viewport={"width": 1200, "height": 900})
    page.set_default_timeout(30_000)
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(f"{with_dataset}/?tab=watch&run=ce-s0&run=focal-s0")
    yield page
    assert page.errors == []
    page.close()


@pytest.fixture
def page(shared) -> Page:
    """The page at its last epoch, with photo and prediction shown."""
    expect(shared.get_by_test_id("scrub-label")).to_contain_text("of 3")
    for name in ("Photo", "Prediction"):
        shared.get_by_label(name, exact=True).check()
    for name in ("Ground truth", "Errors only", "Change since the epoch before"):
        shared.get_by_label(name).uncheck()
    go_to(shared, 3)
    return shared


def go_to(page: Page, epoch: int) -> None:
    page.get_by_test_id("scrub-epoch").fill(str(epoch))
    expect(page.get_by_test_id("scrub-label")).to_have_text(LABELS[epoch])


def canvas(page: Page) -> str:
    return page.get_by_test_id("scrub-canvas").evaluate("canvas => canvas.toDataURL()")


def tile(page: Page, name: str, column: int) -> np.ndarray:
    """What the grid shows of a photo in a column, (H, W, 3): 0 is the photo (or truth), then the runs."""
    button = page.get_by_role("button", name=f"Enlarge {name}", exact=True)
    left, top, side = button.evaluate("button => [button.offsetLeft, button.offsetTop, button.offsetHeight]")
    data = canvas(page).split(",")[1]
    picture = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")
    return np.asarray(picture.crop((left + column * (side + 4), top, left + column * (side + 4) + side, top + side)))


def test_slider_changes_all_runs_without_asking_the_server(page, runs):
    last = canvas(page)
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    pictures = []
    for epoch in range(4):
        go_to(page, epoch)
        pictures.append(canvas(page))
        scores = page.locator(".scrub-scores tbody tr", has_text="Focal").locator("td").all_text_contents()
        row = pd.read_csv(runs / "focal-s0" / "epochs.csv").iloc[epoch]
        expected = [row[f"border_{score}"] for score in ("f1", "recall", "precision", "iou")] + [row["pixel_accuracy"]]
        assert scores == ["–" if pd.isna(value) else f"{100 * value:.1f} %" for value in expected]
    assert len(set(pictures)) == 4
    assert pictures[-1] == last
    expect(page.locator(".scrub-scores")).to_contain_text("Cross-entropy (stopped after epoch 2)")
    assert requests == []


def test_tile_is_the_run_s_own_mask(page, runs):
    layout = json.loads((runs / "focal-s0" / "predictions" / "probe.json").read_text())
    index = [tile["name"] for tile in layout["tiles"]].index("beagle_47")
    page.get_by_label("Photo", exact=True).uncheck()
    go_to(page, 2)
    seen = tile(page, "beagle_47", 1)  # without a photo the first column is ce-s0's
    with Image.open(runs / "focal-s0" / "predictions" / "epoch-002.png") as mosaic:
        left, top = index % layout["columns"] * 32, index // layout["columns"] * 32
        mask = mosaic.crop((left, top, left + 32, top + 32)).convert("RGB")
    expected = np.asarray(mask.resize(seen.shape[1::-1], Image.Resampling.NEAREST)).astype(int)
    assert (np.abs(seen - expected).max(axis=-1) < 60).mean() > 0.9  # the page smooths edges


def test_keys_move_the_epoch_and_the_address(page):
    page.get_by_test_id("scrub-play").focus()
    for key, epoch in (("Home", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 3)):
        page.keyboard.press(key)
        expect(page.get_by_test_id("scrub-label")).to_have_text(LABELS[epoch])
    page.keyboard.press("Home")
    page.wait_for_function("new URL(location).searchParams.get('epoch') === '0'")
    page.get_by_test_id("scrub-epoch").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_test_id("scrub-label")).to_have_text(LABELS[1])


WATCH = """label => {
    window.seen = [];
    window.observer?.disconnect();
    window.observer = new MutationObserver(() => window.seen.push([label.textContent, performance.now()]));
    window.observer.observe(label, {childList: true});
}"""


def test_play_runs_from_the_first_epoch_to_the_last_and_stops(page):
    label, play = page.get_by_test_id("scrub-label"), page.get_by_test_id("scrub-play")
    label.evaluate(WATCH)
    play.click()
    expect(play).to_have_accessible_name("Pause")
    page.wait_for_function("window.seen.at(-1)?.[0] === 'Epoch 3 of 3'")
    assert list(dict.fromkeys(text for text, _ in page.evaluate("window.seen"))) == LABELS
    expect(play).to_have_accessible_name("Play")


def test_loop_begins_again_and_speed_is_kept(page):
    label, play = page.get_by_test_id("scrub-label"), page.get_by_test_id("scrub-play")
    page.get_by_label("Loop").check()
    page.get_by_test_id("scrub-speed").select_option("4")
    label.evaluate(WATCH)
    play.click()
    page.wait_for_function("window.seen.filter(([text]) => text === 'Epoch 0 of 3').length >= 3")
    play.click()
    count = page.evaluate("window.seen.length")
    page.wait_for_timeout(400)  # four epochs at this speed
    assert page.evaluate("window.seen.length") == count
    expect(play).to_have_accessible_name("Play")
    times = [time for _, time in page.evaluate("window.seen")]
    assert np.median(np.diff(times)) < 250  # 350 ms at the ordinary speed
    page.get_by_label("Loop").uncheck()
    page.get_by_test_id("scrub-speed").select_option("1")


def test_toggles_change_what_is_drawn(page):
    ordinary = canvas(page)
    with_photo = tile(page, "beagle_47", 0).astype(int)
    page.get_by_label("Ground truth").check()
    truth = tile(page, "beagle_47", 0).astype(int)
    assert np.abs(truth - with_photo).max() > 60
    page.get_by_label("Ground truth").uncheck()
    assert canvas(page) == ordinary
    page.get_by_label("Errors only").check()
    expect(page.get_by_text("background, wrong or new")).to_be_visible()
    errors = canvas(page)
    page.get_by_label("Errors only").uncheck()
    page.get_by_label("Change since the epoch before").check()
    change = canvas(page)
    page.get_by_label("Change since the epoch before").uncheck()
    page.get_by_label("Prediction", exact=True).uncheck()
    photos = canvas(page)
    assert len({ordinary, errors, change, photos}) == 4


def test_errors_are_where_mask_and_trimap_differ(page, runs, tiny_pets):
    layout = json.loads((runs / "focal-s0" / "predictions" / "probe.json").read_text())
    index = [tile["name"] for tile in layout["tiles"]].index("beagle_47")
    with Image.open(runs / "focal-s0" / "predictions" / "epoch-003.png") as mosaic:
        left, top = index % layout["columns"] * 32, index // layout["columns"] * 32
        mask = np.asarray(mosaic)[top : top + 32, left : left + 32]
    with Image.open(trimap_path(tiny_pets, "beagle_47")) as trimap:
        truth = np.asarray(trimap.resize((32, 32), Image.Resampling.NEAREST)) - 1
    page.get_by_label("Photo", exact=True).uncheck()
    page.get_by_label("Errors only").check()
    seen = tile(page, "beagle_47", 1)
    assert (seen.max(axis=-1) > 60).mean() == pytest.approx((mask != truth).mean(), abs=0.06)
    # nobody knows the truth of a sample
    sample = tile(page, next(iter(sample_photos())), 1)
    assert sample[4:-4, 4:-4].max() == 0  # at its edges the page smooths the neighbour in


def test_without_the_dataset_truth_and_errors_say_what_they_need(chromium, url):
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"{url}/?tab=watch")
    expect(page.locator(".scrub-message")).to_contain_text("experiments.fetch")
    expect(page.get_by_label("Ground truth")).to_be_disabled()
    expect(page.get_by_label("Errors only")).to_be_disabled()
    expect(page.get_by_text("need the dataset")).to_be_visible()
    expect(page.get_by_label("Your own photo")).to_be_disabled()
    expect(page.get_by_text("train one with --keep-epochs")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


def test_curve_s_cursor_follows_and_leads(page):
    cursor = page.locator(".scrub-curve .cursor")
    go_to(page, 0)
    first = float(cursor.get_attribute("x1"))
    go_to(page, 3)
    last = float(cursor.get_attribute("x1"))
    assert last > first
    page.get_by_test_id("scrub-score").select_option(label="pixel accuracy")
    assert page.get_by_test_id("scrub-curve").get_attribute("aria-label").startswith("pixel accuracy by epoch.")
    box = page.get_by_test_id("scrub-curve").bounding_box()
    page.mouse.click(box["x"] + 46, box["y"] + 40)  # the left end of the axis
    expect(page.get_by_test_id("scrub-label")).to_have_text(LABELS[0])


def test_hover_and_keys_enlarge_a_photo(page):
    enlarged = page.get_by_test_id("scrub-enlarged")
    button = page.get_by_role("button", name="Enlarge beagle_47")
    button.hover()
    expect(enlarged).to_be_visible()
    expect(enlarged).to_contain_text("beagle 47")
    expect(enlarged.locator("figcaption")).to_have_text(["photo", "Cross-entropy", "Focal"])
    before = enlarged.locator("canvas").last.evaluate("canvas => canvas.toDataURL()")
    page.get_by_test_id("scrub-play").focus()
    page.keyboard.press("Home")
    assert enlarged.locator("canvas").last.evaluate("canvas => canvas.toDataURL()") != before
    page.mouse.move(5, 5)
    expect(enlarged).to_be_hidden()
    page.keyboard.press("Escape")
    button.focus()
    page.keyboard.press("Enter")
    expect(enlarged).to_be_visible()
    page.keyboard.press("Escape")
    expect(enlarged).to_be_hidden()


def test_slider_stays_in_sight_when_the_page_scrolls(page):
    page.set_viewport_size({"width": 1200, "height": 420})
    page.get_by_role("button", name="Enlarge").last.scroll_into_view_if_needed()
    expect(page.get_by_test_id("scrub-epoch")).to_be_in_viewport()
    page.evaluate("scrollTo(0, 0)")
    page.set_viewport_size({"width": 1200, "height": 900})


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_export_is_an_animation_of_every_epoch(page, kind):
    page.get_by_test_id("scrub-kind").select_option(kind)
    with page.expect_download() as download:
        page.get_by_test_id("scrub-export").click()
    assert download.value.suggested_filename == f"borderline-ce-s0-focal-s0.{kind}"
    with Image.open(download.value.path()) as animation:
        assert animation.format == kind.upper()
        assert animation.n_frames == 4
        frames = []
        for index in range(4):
            animation.seek(index)
            frames.append(np.asarray(animation.convert("RGB")).astype(int))
    for one, other in zip(frames, frames[1:], strict=False):
        assert np.abs(one - other).max() > 60
    expect(page.get_by_test_id("scrub-status")).to_contain_text("Saved borderline-")


def test_own_photo_is_a_tile_with_a_mask_of_every_kept_epoch(page, tiny_pets):
    show_runs(page, "ce-s0", "focal-s0", "weighted-s0")
    expect(page.locator(".scrub-scores")).to_contain_text("Weighted")
    photo = photo_path(tiny_pets, "pug_3")
    page.get_by_label("Your own photo").set_input_files(photo)
    expect(page.get_by_role("button", name="Enlarge your photo")).to_be_attached()
    expect(page.get_by_test_id("scrub-status")).to_have_text("")
    names = [head.split()[0] for head in page.locator(".scrub-scores tbody th").all_text_contents()]
    seen = []
    for epoch in (0, 1, 2):
        go_to(page, epoch)
        seen.append(tile(page, "your photo", 1 + names.index("Weighted")))
    # of the untrained network no weights are kept
    reference = tile(page, "your photo", 0)
    assert np.abs(seen[0].astype(int) - reference).max() <= 12  # both are smoothed
    assert (seen[1] != seen[0]).any()
    assert (seen[2] != seen[1]).any()
    page.get_by_role("button", name="Remove photo").click()
    expect(page.get_by_role("button", name="Enlarge your photo")).to_have_count(0)
    broken = {"name": "notes.jpg", "mimeType": "image/jpeg", "buffer": b"no photo"}
    page.get_by_label("Your own photo").set_input_files(broken)
    expect(page.get_by_test_id("scrub-status")).to_contain_text("cannot be read as an image")
    show_runs(page, "ce-s0", "focal-s0")
    expect(page.locator(".scrub-scores")).not_to_contain_text("Weighted")

"""The Watch tab in real Chromium: one epoch of all runs, drawn from memory, a photo pinned, exported, or one's own."""

import base64
import io
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from experiments.store.folder import hold
from experiments.store.probe import sample_photos
from seg.inference import Segmenter
from seg.pets import BACKGROUND, BORDER, CLASS_COLOURS, PET, indexed_image, photo_path, trimap_path
from tests.browser.choosing import set_state, show_runs

MISSED, FALSE = (255, 46, 147), (0, 213, 224)


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


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
def url(serve, runs, tiny_pets) -> str:
    return serve("--runs", runs, "--data", tiny_pets)


@pytest.fixture
def page(open_at) -> Page:
    """`ce-s0` and `focal-s0`, with the dataset, at the deepest epoch both have; a wide screen."""
    page = open_at("?tab=watch&run=ce-s0&run=focal-s0")
    expect(page.get_by_test_id("watch-epoch")).to_have_value("2")
    expect(drawn(page, "beagle_47", 0)).to_be_visible()
    return page


def drawn(page: Page, name: str, run: int):
    """A run's tile of a photo, once it is drawn."""
    return page.locator(f'.watch-grid button[data-name="{name}"] .tile:not(.late) canvas').nth(run)


def tile(page: Page, name: str, run: int) -> np.ndarray:
    """What is painted over a photo for a run, (32, 32, 4)."""
    canvas = drawn(page, name, run)
    canvas.scroll_into_view_if_needed()
    expect(canvas).to_be_visible()
    data = canvas.evaluate("canvas => canvas.toDataURL()").split(",")[1]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA")).astype(int)


def kept(runs: Path, run: str, name: str, epoch: int) -> np.ndarray:
    """The classes that a run kept of a photo after an epoch, (32, 32)."""
    layout = json.loads((runs / run / "predictions" / "probe.json").read_text())
    index = [each["name"] for each in layout["tiles"]].index(name)
    left, top = index % layout["columns"] * 32, index // layout["columns"] * 32
    with Image.open(runs / run / "predictions" / f"epoch-{epoch:03d}.png") as mosaic:
        return np.asarray(mosaic)[top : top + 32, left : left + 32]


def label(pets: Path, name: str) -> np.ndarray:
    with Image.open(trimap_path(pets, name)) as trimap:
        return np.asarray(trimap.resize((32, 32), Image.Resampling.NEAREST)) - 1


def painted(classes: np.ndarray) -> np.ndarray:
    """As the page paints classes: background is not."""
    colours = np.array([[*rgb(colour), 255] for colour in CLASS_COLOURS])
    colours[BACKGROUND] = 0
    return colours[classes]


def go_to(page: Page, epoch: int) -> None:
    page.get_by_test_id("watch-epoch").fill(str(epoch))
    expect(page.get_by_test_id("selection").locator(".stepper output")).to_have_text(f"Epoch {epoch}")


def heads(page: Page) -> list[str]:
    return page.locator(".watch-heads > div").first.locator("small").all_text_contents()


# ---- the grid


FETCHED = """count => performance.getEntriesByType("resource")
    .filter(({ name }) => name.includes("/predictions/")).length >= count"""


def test_every_epoch_of_every_run_is_drawn_without_a_request(page, runs):
    page.wait_for_function(FETCHED, arg=7)
    page.wait_for_timeout(2_000)  # what a page that opens asks beside its masks has been asked
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    for epoch in range(4):
        go_to(page, epoch)
        for number, (run, last) in enumerate((("ce-s0", 2), ("focal-s0", 3))):
            shown = kept(runs, run, "beagle_47", min(epoch, last))
            np.testing.assert_array_equal(tile(page, "beagle_47", number), painted(shown))
            score = pd.read_csv(runs / run / "epochs.csv").loc[min(epoch, last), "border_f1"]
            assert f"{100 * score:.1f} %" in heads(page)[1 + number]
    assert requests == []
    # what has ended says so, in its head and on its tiles
    assert "2 epochs" in heads(page)[1]
    expect(page.locator('[data-name="beagle_47"] .badge').nth(0)).to_have_text("epoch 2")
    expect(page.locator('[data-name="beagle_47"] .badge').nth(1)).to_have_text("")


def test_errors_are_where_mask_and_label_differ_and_change_is_what_is_new(page, runs, tiny_pets):
    found, truth = kept(runs, "focal-s0", "beagle_47", 2), label(tiny_pets, "beagle_47")
    page.get_by_role("radio", name="Errors").click()
    seen = tile(page, "beagle_47", 1)
    np.testing.assert_array_equal(seen[..., 3] > 0, found != truth)
    missed, false = (truth == BORDER) & (found != BORDER), (truth != BORDER) & (found == BORDER)
    assert (seen[missed][:, :3] == MISSED).all()
    assert (seen[false][:, :3] == FALSE).all()
    # nobody knows the label of a sample
    sample = next(iter(sample_photos()))
    assert tile(page, sample, 1).max() == 0
    expect(page.locator(f'[data-name="{sample}"] .badge').first).to_have_text("no label")
    page.get_by_role("radio", name="Change").click()
    seen, before = tile(page, "beagle_47", 1), kept(runs, "focal-s0", "beagle_47", 1)
    np.testing.assert_array_equal(seen[..., 3] > 0, found != before)
    new = (found == PET) & (before != PET)
    assert (seen[new][:, :3] == rgb(CLASS_COLOURS[PET])).all()


def test_views_exclude_each_other_and_the_label_is_an_outline_over_any(page):
    for view in ("Errors", "Change", "Prediction"):
        page.get_by_role("radio", name=view).click()
        expect(page.locator('.watch [role=radio][aria-checked="true"]').first).to_have_text(view)
        expect(page.locator('[data-name="beagle_47"] .label path').last).to_have_attribute("d", _PATH)
    page.get_by_role("button", name="Label as outline").click()
    expect(page.locator('[data-name="beagle_47"] .label path').last).to_have_attribute("d", "")
    page.wait_for_function("location.search.includes('show=prediction')")
    page.reload()
    expect(page.get_by_role("button", name="Label as outline")).to_have_attribute("aria-pressed", "false")


_PATH = re.compile(r"^M[\d.]+ [\d.]+L")


def test_classes_are_switched_off_and_the_borders_f1_is_on_the_tile(page, runs, tiny_pets):
    found, truth = kept(runs, "focal-s0", "beagle_47", 2), label(tiny_pets, "beagle_47")
    f1 = 2 * ((found == BORDER) & (truth == BORDER)).sum() / ((found == BORDER).sum() + (truth == BORDER).sum())
    expect(page.locator('[data-name="beagle_47"] .f1').nth(1)).to_have_text(f"F1 {100 * f1:.0f}")
    page.get_by_role("button", name="Pet", exact=True).click()
    np.testing.assert_array_equal(tile(page, "beagle_47", 1)[..., 3] > 0, found == BORDER)


def test_photos_are_ordered_by_border_f1(open_at):
    # at an epoch whose pictures are not those that the order needs
    page = open_at("?tab=watch&run=ce-s0&run=focal-s0&epoch=0&order=f1")
    expect(page.get_by_test_id("watch-order").locator("option").last).to_have_text(
        "border F1 at epoch 2, hardest first"
    )
    expect(page.locator(".watch-grid button").first).not_to_have_attribute("data-name", next(iter(sample_photos())))
    go_to(page, 2)
    names = page.locator(".watch-grid button").evaluate_all("all => all.map(({ dataset }) => dataset.name)")
    shown = [page.locator(f'[data-name="{name}"] .f1').all_text_contents() for name in names[:2]]
    means = [sum(int(text.removeprefix("F1 ")) for text in texts) / 2 for texts in shown]
    assert means == sorted(means)
    # of samples none is known: they follow
    assert set(names[2:]) == set(sample_photos())


def test_tiles_have_another_size(page):
    before = drawn(page, "beagle_47", 0).bounding_box()["width"]
    page.get_by_label("Tile size").fill("300")
    expect(page.locator(".watch-heads > div")).to_have_count(1)
    assert drawn(page, "beagle_47", 0).bounding_box()["width"] > before * 1.2


# ---- keys, and playing


def test_keys_work_anywhere_on_the_tab(page):
    page.locator("body").click(position={"x": 5, "y": 300})
    for key, epoch in (("Home", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 3)):
        page.keyboard.press(key)
        expect(page.get_by_test_id("watch-epoch")).to_have_value(str(epoch))
    page.keyboard.press("2")
    expect(page.get_by_role("radio", name="Errors")).to_have_attribute("aria-checked", "true")
    set_state(page, epoch=0, loop="on")
    page.keyboard.press("Space")
    expect(page.get_by_test_id("watch-play")).to_have_accessible_name("Pause")
    page.keyboard.press("Space")
    expect(page.get_by_test_id("watch-play")).to_have_accessible_name("Play")
    # what a pointer has pressed keeps none of them
    page.get_by_role("radio", name="Prediction").click()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_test_id("watch-epoch")).to_have_value("1")
    expect(page.get_by_role("radio", name="Prediction")).to_have_attribute("aria-checked", "true")
    page.get_by_role("button", name="Pin Beagle 47").click()
    page.keyboard.press("Space")
    expect(page.get_by_test_id("watch-play")).to_have_accessible_name("Pause")
    expect(page.get_by_test_id("watch-pinned")).to_be_visible()
    # nobody looks: it stops
    page.get_by_role("tab", name="Failures").click()
    expect(page.get_by_test_id("watch-play")).to_have_attribute("aria-label", "Play")


WATCH = """() => {
    window.seen = [];
    const label = document.querySelector(".stepper output");
    new MutationObserver(() => window.seen.push([label.textContent, performance.now()]))
        .observe(label, { childList: true });
}"""


def test_play_runs_from_the_first_epoch_to_the_last_and_stops_or_loops_at_its_speed(page):
    page.evaluate(WATCH)
    go_to(page, 3)
    page.get_by_test_id("watch-play").click()
    page.wait_for_function("window.seen.length >= 5 && window.seen.at(-1)[0] === 'Epoch 3'")
    assert [text for text, _ in page.evaluate("window.seen")][1:] == [f"Epoch {epoch}" for epoch in range(4)]
    expect(page.get_by_test_id("watch-play")).to_have_accessible_name("Play")
    page.get_by_role("button", name="Loop").click()
    page.get_by_test_id("watch-speed").select_option("4")
    page.evaluate("window.seen = []")
    page.get_by_test_id("watch-play").click()
    page.wait_for_function("window.seen.filter(([text]) => text === 'Epoch 0').length >= 3")
    page.get_by_test_id("watch-play").click()
    times = [time for _, time in page.evaluate("window.seen")]
    assert np.median(np.diff(times)) < 250  # 350 ms at the ordinary speed


# ---- the pinned photo


def test_a_click_pins_a_photo_that_follows_the_epoch_and_hovering_opens_nothing(page, runs, tiny_pets):
    pinned = page.get_by_test_id("watch-pinned")
    button = page.get_by_role("button", name="Pin Beagle 47")
    button.hover()
    expect(pinned).to_be_hidden()
    button.click()
    expect(pinned.locator("h3")).to_have_text("Beagle 47")
    expect(button).to_have_attribute("aria-pressed", "true")
    across = page.locator(".watch-grid").evaluate(
        "grid => getComputedStyle(grid).gridTemplateColumns.split(' ').length"
    )
    expect(page.locator(".watch-heads > div")).to_have_count(across)
    page.wait_for_function("location.search.includes('photo=beagle_47')")
    pinned.get_by_role("radio", name="Focal").click()
    page.get_by_role("radio", name="Errors").click()
    truth = label(tiny_pets, "beagle_47")
    pictures = []
    for epoch in (1, 3):
        go_to(page, epoch)
        found = kept(runs, "focal-s0", "beagle_47", epoch)
        missed = ((truth == BORDER) & (found != BORDER)).mean()
        expect(pinned.locator("dd").first).to_have_text(f"{100 * missed:.1f} %")
        pictures.append(pinned.locator("canvas").evaluate("canvas => canvas.toDataURL()"))
    assert pictures[0] != pictures[1]
    expect(pinned.get_by_test_id("watch-curve")).to_have_attribute("aria-label", re.compile("Focal: from"))
    page.reload()
    expect(pinned.locator("h3")).to_have_text("Beagle 47")
    page.keyboard.press("Escape")
    expect(pinned).to_be_hidden()


def test_the_curve_leads_to_an_epoch(page):
    page.get_by_role("button", name="Pin Beagle 47").click()
    curve = page.get_by_test_id("watch-curve")
    box = curve.bounding_box()
    curve.click(position={"x": 46, "y": box["height"] / 2})
    expect(page.get_by_test_id("watch-epoch")).to_have_value("0")


# ---- a run that grows, and the bar


def test_a_run_that_trains_says_so_and_grows_here(page, runs):
    run = runs / "ce-s0"
    before = (run / "run.json").read_text(), (run / "epochs.csv").read_text()
    info = json.loads(before[0])
    info["status"] = "running"
    info["options"]["epochs"] = 4
    try:
        with hold(run):
            (run / "run.json").write_text(json.dumps(info))
            page.reload()
            expect(page.locator(".watch-heads small").nth(1)).to_contain_text(re.compile("training, about .* left"))
            expect(page.locator(".watch-timeline .pulse")).to_have_count(1)
            shutil.copy(run / "predictions" / "epoch-001.png", run / "predictions" / "epoch-003.png")
            row = pd.read_csv(run / "epochs.csv").tail(1).assign(epoch=3, border_f1=0.4321)
            row.to_csv(run / "epochs.csv", mode="a", header=False, index=False)
            go_to(page, 3)
            expect(page.locator(".watch-heads small").nth(1)).to_contain_text("43.2 %")
    finally:
        (run / "run.json").write_text(before[0])
        (run / "epochs.csv").write_text(before[1])
        (run / "predictions" / "epoch-003.png").unlink(missing_ok=True)


def test_the_player_stays_in_sight_and_the_heads_under_it(page):
    page.set_viewport_size({"width": 1200, "height": 420})
    page.locator(".watch-grid li").last.scroll_into_view_if_needed()
    expect(page.get_by_test_id("watch-epoch")).to_be_in_viewport()
    expect(page.locator(".watch-heads")).to_be_in_viewport()


def test_without_the_dataset_nothing_is_offered_that_needs_labels(serve, chromium, runs, tmp_path):
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"{serve('--runs', runs, '--data', tmp_path)}/?tab=watch")
    expect(page.get_by_role("radio", name="Errors")).to_be_disabled()
    expect(page.get_by_role("button", name="Label as outline")).to_be_hidden()
    expect(page.get_by_test_id("watch-order")).to_be_disabled()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


# ---- the export, and one's own photo


@pytest.mark.parametrize(("kind", "what"), [("gif", "grid"), ("webp", "pinned")])
def test_the_export_is_an_animation_of_every_epoch(page, kind, what):
    if what == "pinned":
        page.get_by_role("button", name="Pin Beagle 47").click()
    page.locator('.watch [data-act="export"]').click()
    dialog = page.get_by_role("dialog", name="Export")
    dialog.get_by_label("What").select_option(what)
    dialog.get_by_label("Width").select_option("480")
    dialog.get_by_label("Kind").select_option(kind)
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Save").click()
    photos = "beagle-47" if what == "pinned" else "photos"
    assert download.value.suggested_filename == f"borderline-{photos}-prediction-by-epoch.{kind}"
    with Image.open(download.value.path()) as animation:
        assert animation.format == kind.upper()
        assert (animation.n_frames, animation.width) == (4, 480)
        frames = []
        for index in range(4):
            animation.seek(index)
            frames.append(np.asarray(animation.convert("RGB")).astype(int))
    for one, other in zip(frames, frames[1:], strict=False):
        assert np.abs(one - other).max() > 60
    # its legend is burnt in
    foot = frames[0][-40:]
    for colour in (CLASS_COLOURS[PET], CLASS_COLOURS[BORDER]):
        assert (np.abs(foot - rgb(colour)).max(axis=-1) < 24).sum() > 60
    expect(page.get_by_test_id("watch-status")).to_contain_text("Saved borderline-")


def test_a_photo_of_ones_own_is_scrubbed_with_the_weights_that_a_run_kept(page, runs, tiny_pets):
    own = page.locator(".watch-own")
    expect(own).to_be_hidden()
    page.get_by_role("tab", name="Try").click()
    page.get_by_test_id("add-photo").locator("input").set_input_files(photo_path(tiny_pets, "pug_3"))
    page.get_by_role("button", name="Watch its epochs").click()
    expect(page.get_by_role("tab", name="Watch")).to_have_attribute("aria-selected", "true")
    # none of these kept any
    expect(own).to_contain_text("--keep-epochs")
    expect(own.get_by_role("button")).to_be_hidden()
    show_runs(page, "ce-s0", "weighted-s0")
    # what was asked for begins once a run is there that did
    expect(own).to_contain_text("all 2 epochs")
    pinned = page.get_by_test_id("watch-pinned")
    expect(pinned.locator("h3")).to_be_visible()
    expect(pinned.locator("h3")).to_have_text("Your photo")
    pinned.get_by_role("radio", name="Weighted").click()
    with Image.open(photo_path(tiny_pets, "pug_3")) as photo:
        for epoch in (1, 2):
            go_to(page, epoch)
            weights = runs / "weighted-s0" / "weights" / f"epoch-{epoch:03d}.safetensors"
            small = photo.convert("RGB").resize((32, 32), Image.Resampling.BILINEAR)
            expected = Segmenter.load(weights).predict(small).mask
            same = (tile(page, "your photo", 1) == painted(expected)).all(axis=-1)
            assert same.mean() > 0.99
    assert tile(page, "your photo", 0).max() == 0  # of ce-s0 no weights are kept
    stage = pinned.locator("canvas")
    first = stage.evaluate("canvas => canvas.toDataURL()")
    # it stays while others are looked at, and a training is not asked for it twice
    show_runs(page, "ce-s0")
    expect(own).to_contain_text("--keep-epochs")
    show_runs(page, "ce-s0", "weighted-s0")
    expect(own).to_contain_text("all 2 epochs")
    assert tile(page, "your photo", 1).max() > 0
    # another photo has its own picture under the same name
    page.get_by_role("tab", name="Try").click()
    page.get_by_test_id("add-photo").locator("input").set_input_files(photo_path(tiny_pets, "beagle_47"))
    expect(page.get_by_role("radio", name="Photo: beagle_47.jpg")).to_be_checked()
    page.get_by_role("button", name="Watch its epochs").click()
    expect(own).to_contain_text("beagle_47.jpg”, all 2 epochs")
    expect(pinned.locator("h3")).to_be_visible()
    page.wait_for_timeout(300)
    assert stage.evaluate("canvas => canvas.toDataURL()") != first
    page.get_by_role("button", name="Pin Your photo").click()  # a second click lets it go
    expect(pinned).to_be_hidden()
    own.get_by_role("button", name="Remove").click()
    expect(page.locator('[data-name="your photo"]')).to_have_count(0)


# ---- many epochs


@pytest.fixture(scope="module")
def long_runs(runs, tmp_path_factory) -> Path:
    """Three runs of 300 epochs."""
    folder = tmp_path_factory.mktemp("long")
    for number, name in enumerate(("ce-s0", "focal-s0", "weighted-s0")):
        run = Path(
            shutil.copytree(runs / name, folder / name, ignore=shutil.ignore_patterns("weights", "*.safetensors"))
        )
        info = json.loads((run / "run.json").read_text())
        info["options"]["epochs"] = 300
        info["options"].pop("keep_epochs", None)
        (run / "run.json").write_text(json.dumps(info))
        rows = pd.read_csv(run / "epochs.csv")
        rows = pd.concat([rows.tail(1).assign(epoch=epoch) for epoch in range(301)])
        rows.to_csv(run / "epochs.csv", index=False)
        pictures = sorted((run / "predictions").glob("epoch-*.png"))
        for epoch in range(301):
            target = run / "predictions" / f"epoch-{epoch:03d}.png"
            if not target.exists():
                shutil.copy(pictures[(epoch + number) % len(pictures)], target)
    return folder


def test_of_three_hundred_epochs_only_what_is_looked_at_is_waited_for(serve, chromium, long_runs, tiny_pets):
    url = serve("--runs", long_runs, "--data", tiny_pets)
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    asked, held, free = [], [], []

    def answer(route) -> None:
        asked.append(route.request.url)
        if len(asked) > 3 and not free:
            held.append(route)
        else:
            route.continue_()

    page.route("**/predictions/*.png*", answer)
    page.goto(f"{url}/?tab=watch")
    # the first grid stands on three pictures, while all others are held up
    expect(drawn(page, "beagle_47", 2)).to_be_visible()
    assert len(set(asked)) <= 3 + 4  # at once
    free.append(True)
    for route in held:
        route.continue_()
    page.get_by_test_id("watch-epoch").fill("150")
    expect(drawn(page, "beagle_47", 2)).to_be_visible()
    page.close()

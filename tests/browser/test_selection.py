"""One selection for the whole page: in the bar, in every tab, in the address, and back."""

import json
import re
import shutil
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, expect

from experiments.store.runs import read_run
from experiments.store.training_command import training_command
from tests.browser.choosing import show_runs

COMMA = "focal, gamma 1"


SLIDE = "(slider, epoch) => { slider.value = epoch; slider.dispatchEvent(new Event('input')); }"


def change(folder: Path, **options: object) -> None:
    info = json.loads((folder / "run.json").read_text())
    info["options"] |= options
    (folder / "run.json").write_text(json.dumps(info))


@pytest.fixture(scope="module")
def runs(tiny_runs, tmp_path_factory) -> Path:
    """Two seeds of cross-entropy of two epochs and another batch size; focal loss of three, one of it with a comma."""
    folder = Path(shutil.copytree(tiny_runs, tmp_path_factory.mktemp("chosen") / "runs"))
    change(Path(shutil.copytree(folder / "ce-s0", folder / "ce-s1")), seed=1)
    change(Path(shutil.copytree(folder / "ce-s0", folder / "ce-b-s0")), batch_size=7)
    change(Path(shutil.copytree(folder / "focal-s0", folder / COMMA)), gamma=1.0)
    return folder


@pytest.fixture(scope="module")
def url(serve, runs, tiny_pets) -> str:
    return serve("--runs", runs, "--data", tiny_pets)


def said(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlparse(page.url).query)


def chips(page: Page) -> Locator:
    return page.get_by_test_id("selection").locator(".chip")


def go_to(page: Page, tab: str) -> None:
    page.get_by_role("tab", name=tab).click()


def settle(page: Page, query: str) -> None:
    """Until the address says so: it is written when the hand rests."""
    page.wait_for_function(f"location.search.includes({json.dumps(query)})")


def test_one_choice_is_shown_in_every_tab(open_at):
    page = open_at()
    expect(chips(page)).to_have_text(["Cross-entropy2/2", "Focal3/3"])
    chips(page).first.click()
    page.get_by_role("dialog").get_by_label("Seed 1").check()
    expect(chips(page).first).to_have_text("Cross-entropy2/2 · 2 seeds")
    expect(page.locator(".stage-row h3 span")).to_have_text(["Cross-entropy, seed 0", "Cross-entropy, seed 1", "Focal"])
    page.keyboard.press("Escape")
    go_to(page, "Which loss?")
    expect(page.locator("#curves .scatterlayer .trace")).to_have_count(3)  # a band, and two lines
    expect(page.get_by_test_id("selection")).to_contain_text("Epoch 2")
    go_to(page, "Watch")
    expect(page.locator(".watch-heads > div").first.locator("b")).to_have_count(4)  # the photo, and the runs
    expect(page.get_by_test_id("watch-epoch")).to_have_value("2")  # the deepest that all have
    go_to(page, "Failures")
    expect(page.get_by_test_id("gallery").get_by_role("option").first.locator(".tick")).to_have_count(3)


def test_only_the_tab_that_is_looked_at_works(open_at):
    page = open_at("?tab=watch")
    expect(page.locator(".watch-heads > div").first.locator("[style]")).to_have_count(2)
    asked = []
    page.on("request", lambda request: "queue/join" in request.url and asked.append(request.post_data))
    chips(page).first.click()
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".watch-heads > div").first.locator("[style]")).to_have_count(1)
    assert len(asked) == 1


def test_the_menu_replaces_removes_and_copies_the_command(open_at, runs):
    page = open_at()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    chips(page).first.click()
    menu = page.get_by_test_id("selection").locator(".selection-menu")
    expect(menu.get_by_label("Seed 0")).to_be_disabled()  # the last one goes by Remove
    menu.get_by_role("button", name="Copy the command").click()
    expect(menu).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == training_command(read_run(runs / "ce-s0").info)
    menu.get_by_role("button", name="batch size 7").click()
    settle(page, "run=ce-b-s0")
    expect(page.locator(".stage-row")).to_have_count(2)
    chips(page).first.click()
    menu.get_by_role("button", name="Remove").click()
    expect(chips(page)).to_have_text(["Focal3/3"])
    chips(page).first.click()
    menu.get_by_role("button", name="Remove").click()
    expect(page.locator(".stage-message")).to_contain_text("Choose a run above")
    page.wait_for_function("location.search === '?run='")
    page.reload()
    expect(page.locator(".stage-message")).to_contain_text("Choose a run above")


def test_the_menu_closes_by_escape_and_by_a_click_elsewhere_and_gives_the_focus_back(open_at):
    page = open_at()
    menu = page.get_by_test_id("selection").locator(".selection-menu")
    chips(page).last.focus()
    page.keyboard.press("Enter")
    expect(menu).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(chips(page).last).to_be_focused()
    chips(page).last.click()
    page.locator(".page-head h1").click()
    expect(menu).to_be_hidden()
    expect(chips(page).last).to_have_attribute("aria-expanded", "false")


def test_all_runs_are_searched_sorted_and_ticked(open_at, runs):
    page = open_at()
    page.get_by_role("button", name="Run", exact=True).click()
    dialog = page.get_by_role("dialog", name="All runs")
    rows = dialog.locator("tbody tr:has(td)")
    expect(rows).to_have_count(5)
    expect(dialog.locator("tbody th")).to_have_text(["Cross-entropy, 3 runs", "Focal, 2 runs"])
    expect(rows.filter(has_text="batch size 7")).to_have_count(1)
    expect(rows.filter(has_text="gamma 1.0")).to_have_count(1)
    last = pd.read_csv(runs / "focal-s0" / "epochs.csv").iloc[-1]
    expect(rows.last).to_contain_text(f"{100 * last['pixel_accuracy']:.1f} %")
    dialog.get_by_label("Search runs").fill("focal seed")
    expect(rows).to_have_count(2)
    dialog.get_by_label("Search runs").fill("nothing of the kind")
    expect(dialog.get_by_text("No run is called so.")).to_be_visible()
    dialog.get_by_label("Search runs").fill("")
    dialog.get_by_role("button", name="Pixel accuracy").click()
    expect(dialog.get_by_role("columnheader", name="Pixel accuracy")).to_have_attribute("aria-sort", "descending")
    dialog.get_by_label("Search runs").focus()
    page.keyboard.press("ArrowDown")
    expect(rows.first.get_by_role("checkbox")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(chips(page)).not_to_have_text(["Cross-entropy2/2", "Focal3/3"])


def test_the_address_keeps_everything_and_a_reload_shows_it_again(open_at):
    page = open_at("?run=ce-s0&run=focal-s0")
    page.get_by_role("radio", name="Photo: Bengal 35").click()
    page.get_by_role("radio", name="Side by side").click()
    page.get_by_role("radio", name="Border", exact=True).click()
    page.get_by_test_id("threshold").get_by_role("slider").fill("0.7")
    page.get_by_label("Opacity").fill("0.3")
    page.get_by_role("button", name="Pet", exact=True).click()
    settle(page, "off=class%3Apet")
    page.reload()
    expect(page.get_by_role("radio", name="Photo: Bengal 35")).to_have_attribute("aria-checked", "true")
    expect(page.get_by_role("radio", name="Side by side")).to_have_attribute("aria-checked", "true")
    expect(page.get_by_role("radio", name="Border", exact=True)).to_have_attribute("aria-checked", "true")
    expect(page.get_by_test_id("threshold").get_by_role("slider")).to_have_value("0.7")
    expect(page.get_by_label("Opacity")).to_have_value("0.3")
    expect(page.get_by_role("button", name="Pet", exact=True)).to_have_attribute("aria-pressed", "false")
    go_to(page, "Which loss?")
    expect(page.get_by_test_id("operating-threshold")).to_have_value("0.7")
    page.locator("#compare-metric input").click()
    page.get_by_role("option", name="Pixel accuracy").click()
    page.get_by_role("button", name="Details").click()
    page.get_by_role("button", name="Epoch before").click()
    settle(page, "epoch=1")
    page.reload()
    expect(page.locator("#compare-metric input")).to_have_value("Pixel accuracy")
    expect(page.locator("#compare-table")).to_contain_text("Scores after epoch 1")
    go_to(page, "Watch")
    expect(page.get_by_test_id("watch-epoch")).to_have_value("1")
    page.get_by_role("radio", name="Change").click()
    page.get_by_role("button", name="Loop").click()
    page.get_by_test_id("watch-order").select_option("f1")
    page.get_by_label("Tile size").fill("200")
    settle(page, "tile=200")
    page.reload()
    expect(page.get_by_role("radio", name="Change")).to_have_attribute("aria-checked", "true")
    expect(page.get_by_role("button", name="Loop")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_test_id("watch-order")).to_have_value("f1")
    expect(page.get_by_label("Tile size")).to_have_value("200")
    expect(page.locator(".watch-heads")).to_contain_text("pixel accuracy")  # the page's score
    expect(page.get_by_test_id("watch-pinned")).to_contain_text("Bengal 35")  # the page's photo
    go_to(page, "Failures")
    chosen = page.get_by_test_id("failures-photo").get_by_role("heading")
    expect(chosen).to_have_text("Bengal 35")
    page.get_by_role("radio", name="Suspicious label").click()
    page.get_by_test_id("gallery").get_by_role("option", name="Pug 1,").click()
    settle(page, "photo=pug_1")
    page.reload()
    expect(page.get_by_role("radio", name="Suspicious label")).to_have_attribute("aria-checked", "true")
    expect(chosen).to_have_text("Pug 1")
    go_to(page, "Try")
    expect(page.get_by_role("radio", name="Photo: pug 1")).to_have_attribute("aria-checked", "true")
    expect(page.locator(".stage-status")).to_contain_text("pug 1, ")


def test_back_and_forward_show_what_was_seen(open_at):
    page = open_at("?run=ce-s0&run=focal-s0")
    expect(page.locator(".stage-row:not(.pending)")).to_have_count(2)
    go_to(page, "Watch")
    settle(page, "tab=watch")
    chips(page).first.click()
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".watch-heads > div").first.locator("[style]")).to_have_count(1)
    page.wait_for_function("!location.search.includes('ce-s0')")
    page.go_back()
    expect(page.locator(".watch-heads > div").first.locator("[style]")).to_have_count(2)
    expect(chips(page)).to_have_count(2)
    page.go_back()
    expect(page.get_by_role("tab", name="Try")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_test_id("stage")).to_be_visible()
    page.go_forward()
    page.go_forward()
    expect(page.locator(".watch-heads > div").first.locator("[style]")).to_have_count(1)
    expect(chips(page)).to_have_text(["Focal3/3"])


def test_a_photo_that_is_not_there_is_said_and_the_first_is_shown(open_at):
    page = open_at("?photo=unicorn_7")
    expect(page.locator(".stage-status")).to_have_text("There is no photo unicorn_7 here. The first is shown.")
    expect(page.locator(".stage-row:not(.pending)")).to_have_count(2)


def test_the_focus_stays_on_a_switch_that_is_pressed(open_at):
    page = open_at()
    expect(page.locator(".stage-row:not(.pending)")).to_have_count(2)
    for name in (
        page.get_by_role("button", name="Pet", exact=True),
        page.get_by_role("group", name="Lines").get_by_role("button", name="Focal"),
    ):
        name.focus()
        page.keyboard.press("Space")
        expect(name).to_have_attribute("aria-pressed", "false")
        expect(name).to_be_focused()


def test_sliding_is_written_once_and_is_one_step_back(open_at):
    page = open_at("?tab=watch&run=focal-s0")
    expect(page.get_by_test_id("watch-epoch")).to_have_value("3")
    page.evaluate(
        """() => {
            window.written = 0;
            for (const name of ["pushState", "replaceState"]) {
                const real = history[name].bind(history);
                history[name] = (...given) => { window.written += 1; real(...given); };
            }
        }"""
    )
    slider = page.get_by_test_id("watch-epoch")
    for step in range(150):
        slider.evaluate(
            "(slider, epoch) => { slider.value = epoch; slider.dispatchEvent(new Event('input')); }", step % 4
        )
    settle(page, "epoch=1")
    assert page.evaluate("window.written") <= 3
    before = page.evaluate("history.length")
    slider.evaluate(SLIDE, 2)
    settle(page, "epoch=2")
    assert page.evaluate("history.length") == before


def test_a_link_to_a_run_that_is_not_there_says_so_and_names_with_commas_survive(open_at):
    page = open_at("?run=dice-s7&run=focal%2C+gamma+1")
    expect(page.get_by_test_id("selection")).to_contain_text("There is no run dice-s7 here: the others are shown.")
    expect(chips(page)).to_have_text(["Focal3/3"])
    page.get_by_role("radio", name="Swipe").click()
    settle(page, "layout=swipe")
    assert said(page)["run"] == ["dice-s7", COMMA]
    page.reload()
    expect(page.locator(".stage-row:not(.pending)")).to_have_count(1)
    gone = open_at("?run=a%2Cb")
    expect(gone.get_by_test_id("selection")).to_contain_text("There is no run a,b here: one of each loss is shown.")
    expect(chips(gone)).to_have_count(2)


def test_a_folder_that_cannot_be_read_is_named(chromium, serve, tiny_runs, tmp_path):
    folder = Path(shutil.copytree(tiny_runs, tmp_path / "runs"))
    (folder / "broken").mkdir()
    (folder / "broken" / "run.json").write_text("{")
    page = chromium.new_page()
    page.goto(serve("--runs", folder))
    expect(page.get_by_test_id("selection")).to_contain_text("Left out: ")
    expect(page.get_by_test_id("selection")).to_contain_text("broken")
    page.close()


def test_share_copies_a_link_that_shows_the_same(open_at):
    page = open_at("?run=focal-s0")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("radio", name="Side by side").click()
    page.get_by_role("button", name="Share").click()  # before the address is written
    expect(page.locator(".head-said")).to_contain_text("The link to this view is copied.")
    link = page.evaluate("navigator.clipboard.readText()")
    other = open_at(link.partition("/?")[2] and f"?{link.partition('/?')[2]}")
    expect(other.get_by_role("radio", name="Side by side")).to_have_attribute("aria-checked", "true")
    expect(chips(other)).to_have_text(["Focal3/3"])


def test_an_uploaded_photo_is_in_the_history_and_not_in_the_address(open_at, tiny_pets):
    page = open_at("?run=focal-s0")
    photo = next((tiny_pets / "oxford-iiit-pet" / "images").glob("pug_3.*"))
    chooser = page.get_by_test_id("add-photo").locator("input")
    expect(chooser).to_be_enabled()
    chooser.set_input_files(photo)
    expect(page.locator(".stage-status")).to_contain_text(photo.name)
    page.wait_for_function("history.state?.borderline?.photo?.startsWith('own:')")
    page.get_by_role("radio", name="Photo: cheetah2").click()
    settle(page, "photo=cheetah2")
    page.go_back()
    expect(page.locator(".stage-status")).to_contain_text(photo.name)
    assert "photo" not in said(page)
    page.reload()
    expect(page.locator(".stage-status")).to_contain_text("cheetah2")


def test_two_hundred_runs_are_usable(chromium, serve, tiny_runs, tmp_path):
    for number in range(200):
        folder = tmp_path / f"run-{number:03d}"
        folder.mkdir()
        source = tiny_runs / ("ce-s0" if number % 2 else "focal-s0")
        for name in ("run.json", "epochs.csv"):
            shutil.copy(source / name, folder / name)
        change(folder, batch_size=number + 1)
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(30_000)
    page.goto(serve("--runs", tmp_path))
    expect(chips(page)).to_have_count(2)
    page.get_by_role("button", name="Run", exact=True).click()
    dialog = page.get_by_role("dialog", name="All runs")
    expect(dialog.locator("tbody tr:has(td)")).to_have_count(200)
    dialog.get_by_label("Search runs").fill("batch size 77")
    dialog.get_by_role("checkbox", name="Seed 0 batch size 77", exact=True).check()
    dialog.get_by_role("button", name="Done").click()
    expect(chips(page)).to_have_count(3)
    page.close()


def test_seeds_that_were_left_out_are_one_click_away_from_the_verdict(open_at):
    page = open_at("?tab=which-loss&run=ce-s0&run=focal-s0")
    page.get_by_role("button", name="Compare over all seeds").click()
    sure = page.get_by_test_id("verdict").locator(".facts div", has_text="How sure")
    expect(sure).to_contain_text("2 of cross-entropy")
    expect(page.get_by_role("button", name="Compare over all seeds")).to_have_count(0)
    expect(page).to_have_url(re.compile("run=ce-s0&run=focal-s0&run=ce-s1"))
    page.go_back()
    expect(sure).to_contain_text("One seed each")


def test_what_is_chosen_while_an_answer_is_being_found_is_answered_last(open_at):
    page = open_at("?tab=which-loss&run=ce-s0&run=focal-s0")
    verdict = page.get_by_test_id("verdict")
    expect(verdict).to_contain_text("with focal loss")
    # each within the time that the one before takes
    for names in (["ce-s0"], ["ce-s0", "focal-s0"], ["focal-s0"], ["ce-s0", "ce-s1"]):
        show_runs(page, *names)
        page.wait_for_timeout(150)
    expect(verdict).to_contain_text("Seeds: 2 of cross-entropy")
    expect(page.locator("#curves .scatterlayer .trace")).to_have_count(2)  # a line, and its band
    page.wait_for_timeout(1500)
    expect(verdict).to_contain_text("Seeds: 2 of cross-entropy")

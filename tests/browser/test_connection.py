"""The app ends, or is out of reach, while its page is open: one sentence, in the page's own words."""

import re
import shutil

import pytest
from playwright.sync_api import Page, expect

from seg.pets import photo_path

SILENT = "Borderline does not answer"
ANEW = "Borderline was started anew"


def gradios_notices(page: Page) -> int:
    """How many of Gradio's own notices are seen."""
    return page.locator(".toast-body").filter(visible=True).count()


def test_the_app_is_killed_and_started_again(open_at, launch, free_port, tiny_runs, tmp_path, tiny_pets):
    port = free_port()
    options = ("--runs", tiny_runs, "--data", tmp_path)
    process = launch(port, *options)
    page = open_at("?tab=watch", url=f"http://127.0.0.1:{port}")
    expect(page.locator(".watch-grid .tile:not(.late) canvas").first).to_be_visible()
    page.get_by_role("tab", name="Try").click()
    expect(page.locator('#segment-result .stage[aria-busy="false"]')).to_be_visible()
    notice = page.get_by_test_id("connection")
    expect(notice).to_be_hidden()

    process.kill()
    process.wait()
    photo = photo_path(tiny_pets, "pug_2")
    page.locator("#segment-photo input[type=file]").set_input_files(photo)
    expect(notice).to_contain_text(SILENT)
    expect(page.locator(".strip-wrong span")).to_have_text(
        "pug_2.jpg could not be uploaded: Borderline does not answer"
    )
    # what there is stays, in every tab that was seen
    expect(page.locator("#segment-result .stage canvas").first).to_be_visible()
    page.get_by_role("tab", name="Watch").click()
    expect(page.locator(".watch-grid .tile canvas").first).to_be_visible()
    page.get_by_test_id("watch-epoch").press("ArrowLeft")
    expect(page.get_by_test_id("watch-epoch")).to_have_value("1")
    # another choice has no answer, and none of Gradio's words for it
    page.evaluate("window.borderline.set({ runs: ['focal-s0'] })")
    page.get_by_role("tab", name="Try").click()
    page.wait_for_timeout(1_000)
    assert gradios_notices(page) == 0
    notice.get_by_role("button", name="Try again").click()
    expect(notice).to_contain_text(SILENT)

    launch(port, *options)
    # Gradio opens the page anew where it lost an answer; the page offers it where nothing was lost
    expect(notice).not_to_contain_text(SILENT)
    if notice.is_visible():
        expect(notice).to_contain_text("started anew")
        notice.get_by_role("button", name="Reload").click()
    expect(page.locator('#segment-result .stage[aria-busy="false"]')).to_be_visible()
    expect(notice).to_be_hidden()
    expect(page.get_by_test_id("selection").locator(".chip")).to_have_text(re.compile("Focal"))


@pytest.mark.long
def test_a_page_that_is_left_open_goes_on_with_the_next_app(
    open_at, launch, free_port, tiny_runs, tmp_path, tiny_pets, monkeypatch
):
    port, kept = free_port(), tmp_path / "kept"
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(kept))
    options = ("--runs", tiny_runs, "--data", tmp_path)
    process = launch(port, *options)
    page = open_at(url=f"http://127.0.0.1:{port}")
    expect(page.locator('#segment-result .stage[aria-busy="false"]')).to_be_visible()
    page.locator("#segment-photo input[type=file]").set_input_files(photo_path(tiny_pets, "pug_2"))
    expect(page.locator(".stage-status")).to_contain_text("pug_2.jpg")
    page.evaluate("window.opened = 'once'")
    process.terminate()
    assert process.wait(30) == 0
    shutil.rmtree(kept, ignore_errors=True)  # what visitors sent is gone with the app
    launch(port, *options)
    # the page is as it was; where it asked something meanwhile it says that there is another app
    assert page.evaluate("window.opened") == "once"
    notice = page.get_by_test_id("connection")
    expect(notice.and_(page.locator("[hidden]")).or_(notice.filter(has_text=ANEW))).to_have_count(1)
    page.evaluate("window.borderline.set({ runs: ['focal-s0'] })")
    expect(page.locator(".stage-status")).to_contain_text("choose it again")
    page.locator("#segment-photo input[type=file]").set_input_files(photo_path(tiny_pets, "pug_1"))
    expect(page.locator(".stage-status")).to_contain_text("pug_1.jpg")
    page.get_by_role("tab", name="Watch").click()
    expect(page.locator(".watch-grid .tile:not(.late) canvas").first).to_be_visible()
    assert gradios_notices(page) == 0


def test_a_network_that_comes_back_leaves_nothing_said(open_at):
    page = open_at("?tab=failures")
    expect(page.get_by_test_id("gallery")).to_be_visible()
    notice = page.get_by_test_id("connection")
    page.context.set_offline(True)
    expect(notice).to_contain_text(SILENT)
    page.get_by_role("tab", name="Which loss?").click()  # whose parts were not here yet
    expect(page.get_by_role("tabpanel").filter(visible=True)).to_contain_text("could not be loaded: reload the page")
    assert gradios_notices(page) == 0
    page.context.set_offline(False)
    expect(notice).to_be_hidden()

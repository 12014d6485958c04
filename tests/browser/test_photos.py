"""A page without the dataset gets it by itself: one banner, one button, and the tabs come alive."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from seg.pets import dataset_folder
from tests.archive_server import ELSEWHERE, ArchiveServer, pack, serving

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def oxford(tiny_pets, tmp_path_factory) -> Iterator[ArchiveServer]:
    """A server of the drawn dataset's archives, for every app that these tests start."""
    served = tmp_path_factory.mktemp("served")
    pack(tiny_pets, served)
    with serving(served) as server:
        yield server


@pytest.fixture(scope="module")
def app(serve, oxford, tiny_runs, tmp_path_factory) -> Callable[..., tuple[str, Path]]:
    """`app("--no-fetch", SPACE_ID="a/b")` starts the app without a dataset: its URL and the dataset's folder."""

    def start(*options: str, **environment: str) -> tuple[str, Path]:
        data, code = tmp_path_factory.mktemp("no-dataset"), tmp_path_factory.mktemp("elsewhere")
        (code / "sitecustomize.py").write_text(ELSEWHERE.format(resources=oxford.resources))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONPATH", os.pathsep.join([str(code), str(PROJECT)]))
            patch.setenv("no_proxy", "127.0.0.1")
            for name, value in environment.items():
                patch.setenv(name, value)
            return serve("--runs", tiny_runs, "--data", data, *options), data

    return start


@pytest.fixture(scope="module")
def local(app) -> tuple[str, Path]:
    """The app as a person starts it."""
    return app()


@pytest.fixture
def empty(local, oxford) -> Iterator[str]:
    """Its URL, without photos and with a server that has no fault; at the end nothing is under way."""
    url, data = local
    oxford.cuts, oxford.status, oxford.seconds = 0, 0, 0.0
    for path in (dataset_folder(data), data / ".oxford-iiit-pet-unfinished"):
        shutil.rmtree(path, ignore_errors=True)
    oxford.asked.clear()
    yield url


def banner(page: Page) -> Locator:
    return page.get_by_test_id("fetch-photos")


def press(page: Page, name: str) -> None:
    banner(page).get_by_role("button", name=name).click()


def test_photos_come_and_the_tabs_come_alive_without_a_reload(open_at, empty, local, oxford):
    """Button, progress, cancel, the rest, and Watch, Failures and Try have photos."""
    page = open_at("?tab=watch", url=empty)
    page.evaluate("window.notReloaded = true")
    expect(banner(page)).to_contain_text("The photos are not on this machine.")
    expect(banner(page)).to_contain_text("0.8 GB")
    expect(banner(page)).not_to_contain_text("python")
    expect(page.get_by_role("radio", name="Errors")).to_be_disabled()
    height = banner(page).bounding_box()["height"]

    oxford.seconds = 0.5
    press(page, "Get the photos")
    expect(banner(page)).to_contain_text(re.compile(r"\d+ of \d+ MB, \d+%"))
    expect(banner(page).get_by_role("progressbar")).to_have_attribute("aria-valuenow", re.compile(r"^[1-9]\d?$"))
    assert banner(page).bounding_box()["height"] == height
    press(page, "Cancel")
    expect(banner(page)).to_contain_text("are kept")
    assert banner(page).bounding_box()["height"] == height
    assert not dataset_folder(local[1]).exists()

    oxford.seconds = 0.0
    oxford.asked.clear()
    press(page, "Go on")
    expect(banner(page)).to_be_hidden()
    assert oxford.asked[0][1] > 0
    expect(page.get_by_role("radio", name="Errors")).to_be_enabled()
    page.get_by_role("tab", name="Failures").click()
    page.get_by_test_id("gallery").get_by_role("option", name="Pug 1,").click()
    expect(page.get_by_test_id("gallery").locator("img").first).to_be_visible()
    expect(page.get_by_test_id("failures-photo").locator("canvas").first).to_be_visible()
    page.get_by_role("tab", name="Try").click()
    expect(page.get_by_role("radio", name="Photo: beagle 47")).to_be_visible()
    assert page.evaluate("window.notReloaded")


def test_a_second_visitor_sees_the_same_download_and_closing_stops_nothing(open_at, empty, local, oxford):
    first, second = open_at("?tab=watch", url=empty), open_at("?tab=failures", url=empty)
    expect(banner(second)).to_contain_text("Get the photos")
    oxford.seconds = 0.3
    press(first, "Get the photos")
    expect(banner(second)).to_contain_text("Getting the photos.")
    first.goto("about:blank")
    oxford.seconds = 0.0
    expect(banner(second)).to_be_hidden()
    assert dataset_folder(local[1]).is_dir()
    assert [start for _, start in oxford.asked] == [0, 0]
    # who comes later finds them
    third = open_at("?tab=watch", url=empty)
    expect(third.get_by_role("radio", name="Errors")).to_be_enabled()
    expect(banner(third)).to_be_hidden()


def test_an_error_is_a_line_and_another_try_goes_on(open_at, empty, oxford):
    page = open_at("?tab=failures", url=empty)
    oxford.cuts = -1
    press(page, "Get the photos")
    expect(banner(page)).to_contain_text("The photos did not arrive.")
    expect(banner(page)).to_contain_text("The connection to 127.0.0.1")
    oxford.cuts = 0
    oxford.asked.clear()
    press(page, "Try again")
    expect(banner(page)).to_be_hidden()
    assert oxford.asked[0][1] > 0


def test_only_tabs_that_need_photos_have_the_banner(open_at, empty):
    page = open_at("", width=390, url=empty)
    expect(page.get_by_test_id("stage")).to_have_attribute("aria-busy", "false")
    for name, shown in (("Try", 0), ("Watch", 1), ("Failures", 1), ("Which loss?", 0)):
        page.get_by_role("tab", name=name).click()
        expect(banner(page).filter(visible=True)).to_have_count(shown)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("options", [["--no-fetch"], ["--host", "0.0.0.0"]], ids=" ".join)
def test_where_nobody_may_download_it_is_a_sentence(open_at, app, options, oxford):
    url, data = app(*options)
    oxford.asked.clear()
    page = open_at("?tab=watch", url=url)
    expect(banner(page)).to_contain_text("Masks and scores are shown without them.")
    expect(banner(page).get_by_role("button")).to_have_count(0)
    assert oxford.asked == []
    # nor can a page ask for it in its stead
    asked = page.evaluate(
        """async () => {
            const id = gradio_config.components.find(({ props }) => props.elem_id === "photos").id;
            const body = { data: null, component_id: id, fn_name: "start", session_hash: "a" };
            const headers = { "Content-Type": "application/json" };
            const init = { method: "POST", headers, body: JSON.stringify(body) };
            return (await fetch("gradio_api/component_server", init)).status;
        }"""
    )
    assert asked == 404
    assert list(data.iterdir()) == []


@pytest.mark.parametrize("forbidden", [False, True])
def test_on_spaces_the_app_gets_them_itself(open_at, app, oxford, forbidden):
    oxford.cuts, oxford.status, oxford.seconds = 0, 404, 0.3
    options = ["--no-fetch"] if forbidden else []
    url, data = app("--host", "127.0.0.1", *options, SPACE_ID="somebody/borderline")
    page = open_at("?tab=watch", url=url)
    expect(banner(page)).to_contain_text("Masks and scores" if forbidden else "the app tries again by itself.")
    expect(banner(page).get_by_role("button")).to_have_count(0)
    oxford.status = 0
    if not forbidden:
        expect(banner(page)).to_contain_text("Getting the photos.")
        expect(banner(page).get_by_role("button")).to_have_count(0)
    oxford.seconds = 0.0
    if forbidden:
        assert list(data.iterdir()) == []
    else:
        expect(page.get_by_role("radio", name="Errors")).to_be_enabled()
        expect(banner(page)).to_be_hidden()

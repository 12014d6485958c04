"""The app over runs on the Hub, whose files on this machine are links: in real Chromium."""

import re

import pytest
from playwright.sync_api import expect

from seg.hub import download


@pytest.fixture(scope="module")
def url(serve, hub, tiny_pets) -> str:
    return serve("--runs", "hf://somebody/runs", "hf://somebody/focal", "--data", tiny_pets)


def test_watch_shows_masks_that_are_links(open_at, url):
    (mosaic,) = download("hf://somebody/focal").glob("predictions/epoch-003.png")
    assert mosaic.is_symlink()
    mosaics = []
    page = open_at()
    page.on("response", lambda answer: mosaics.append(answer) if "predictions" in answer.url else None)
    page.goto(f"{url}/?tab=watch&run=ce-s0&run=focal")
    expect(page.get_by_test_id("watch-epoch")).to_have_value("2")
    expect(page.get_by_test_id("watch-grid").locator("canvas").first).to_be_visible()
    page.wait_for_timeout(500)
    assert {answer.status for answer in mosaics} == {200}
    assert {answer.headers["content-type"] for answer in mosaics} == {"image/png"}
    (shown,) = (answer.url for answer in mosaics if "focal/3.png" in answer.url)
    assert page.request.get(shown).body() == mosaic.read_bytes()


def test_try_segments_with_their_weights(open_at):
    page = open_at("?run=ce-s0&run=focal")
    expect(page.get_by_test_id("stage")).to_have_attribute("aria-busy", "false")
    expect(page.get_by_test_id("stage")).to_contain_text(re.compile(r"both networks agree on \d"))


def test_nothing_else_of_the_cache_is_served(open_at, url):
    page = open_at()
    folder = download("hf://somebody/runs")
    aside = folder.parents[2] / "token"
    aside.write_text("not of these runs")
    answer = page.request.get(f"{url}/gradio_api/file={aside}")
    assert answer.status == 403

"""The page's modules reach the browser wherever the page lies, and where they do not the page says so."""

import threading
import time
from collections.abc import Iterator

import gradio as gr
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from demo.page import build_interface, page_settings


@pytest.fixture(scope="module")
def below_a_prefix(tiny_runs, free_port, tmp_path_factory) -> Iterator[str]:
    """The page's URL in an app of another author."""
    blocks = build_interface([tiny_runs], tmp_path_factory.mktemp("no-dataset"))
    app = gr.mount_gradio_app(FastAPI(), blocks, "/some/prefix", ssr_mode=False, **page_settings())
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}/some/prefix"
    server.should_exit = True
    thread.join()


@pytest.fixture
def page(chromium) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(30_000)
    yield page
    page.close()


@pytest.mark.parametrize("end", ["", "/"])
def test_below_a_prefix_every_part_works(page, below_a_prefix, end):
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{below_a_prefix}{end}?tab=watch&epoch=1")
    expect(page.get_by_test_id("watch-epoch")).to_have_value("1")
    expect(page.locator(".watch-message")).not_to_contain_text("could not be loaded")
    page.get_by_test_id("watch-epoch").press("ArrowRight")
    page.wait_for_function("new URL(location).searchParams.get('epoch') === '2'")
    page.get_by_role("tab", name="Which loss?").click()
    expect(page.locator("#curves h3")).to_be_visible()
    assert errors == []


def test_a_part_whose_module_does_not_come_says_so(page, url):
    page.route("**/watch/js/curve.js", lambda route: route.abort())
    page.goto(f"{url}/?tab=watch")
    expect(page.locator("#watch-view")).to_contain_text("could not be loaded: reload the page")
    page.get_by_role("tab", name="Which loss?").click()
    expect(page.locator("#curves h3")).to_be_visible()


def test_pictures_whose_decoder_does_not_come_are_decoded_in_the_page(page, url):
    page.route("**/watch/js/decoder.js", lambda route: route.abort())
    page.goto(f"{url}/?tab=watch")
    expect(page.locator(".watch-grid .tile:not(.late) canvas").first).to_be_visible()
    expect(page.locator(".watch-message")).to_have_text("")

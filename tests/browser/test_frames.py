"""Where the page may be framed, and what of a visitor's file a browser shows: in real Chromium."""

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs

import gradio as gr
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from demo.page import build_interface, page_settings


class Framing(BaseHTTPRequestHandler):
    """A page of another site that frames what its query says."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f"<title>elsewhere</title><iframe src='{self.path.partition('?')[2]}'></iframe>".encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[int]:
    """The port of another site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Framing)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


@pytest.fixture(scope="module", params=[False, True], ids=["own machine", "Space"])
def served(request, tiny_runs, tmp_path_factory, free_port) -> Iterator[tuple[str, bool]]:
    """The page's address, and whether it is shown at Hugging Face."""
    page = build_interface([tiny_runs], tmp_path_factory.mktemp("no-dataset"))
    app = gr.mount_gradio_app(FastAPI(), page, "", ssr_mode=False, **page_settings(on_spaces=request.param))
    server = uvicorn.Server(uvicorn.Config(app, port=free_port(), log_level="error"))
    thread = Thread(target=server.run)
    thread.start()
    while not server.started:
        pass
    yield f"http://127.0.0.1:{server.config.port}", request.param
    server.should_exit = True
    thread.join()


def framed(page: Page, site: str, address: str) -> Page:
    """A page of a site, which may have any name, that frames this address."""
    page.goto(f"{site}/?{address}")
    expect(page).to_have_title("elsewhere")
    return page


def test_another_site_frames_nothing_of_the_page(chromium, served, elsewhere):
    url, _ = served
    page = chromium.new_page()
    refused = []
    page.on("console", lambda said: refused.append(said.text))
    framed(page, f"http://127.0.0.1:{elsewhere}", url)
    page.wait_for_timeout(500)
    assert any(re.search("frame-ancestors", text) for text in refused)
    assert page.frame_locator("iframe").get_by_role("tab").count() == 0
    page.close()


def test_the_page_frames_itself(chromium, served):
    url, _ = served
    page = chromium.new_page()
    page.goto(f"{url}/robots.txt")
    page.evaluate(
        "address => { const f = document.createElement('iframe'); f.src = address; document.body.append(f) }", url
    )
    expect(page.frame_locator("iframe").get_by_role("tab", name="Try")).to_be_visible()
    page.close()


@pytest.mark.parametrize(
    ("name", "known"),
    [("huggingface.co", True), ("spaces.huggingface.co", True), ("huggingface.co.evil.example", False)],
)
def test_the_hub_frames_a_space_alone(chromium, served, name, known):
    url, on_spaces = served
    space = "https://somebody-borderline.hf.space"
    page = chromium.new_page()
    framing = f"<title>elsewhere</title><iframe src='{space}/'></iframe>"
    page.route(f"https://{name}/**", lambda route: route.fulfill(content_type="text/html", body=framing))
    # the app's own answers, under the name that a Space has
    page.route(
        f"{space}/**", lambda route: route.fulfill(response=route.fetch(url=_moved(route.request.url, space, url)))
    )
    refused = []
    page.on("console", lambda said: refused.append(said.text))
    framed(page, f"https://{name}", space)
    page.wait_for_timeout(300)
    assert any("frame-ancestors" in text for text in refused) is not (known and on_spaces)
    if known and on_spaces:
        expect(page.frame_locator("iframe").locator("gradio-app")).to_be_attached()
    page.unroute_all(behavior="ignoreErrors")
    page.close()


def test_what_is_looked_at_is_told_to_the_page_around_that_of_a_space_and_to_no_other(chromium, served):
    """There the address bar is that page's."""
    url, on_spaces = served
    listen = "addEventListener('message', (event) => (window.told = event.data.queryString ?? window.told))"
    framing = f"""<script>{listen}</script>
        <iframe src="{url}/?run=focal-s0" width="1300" height="800" allow="local-network-access"></iframe>"""
    # a browser asks before another site's page may frame one of this machine
    context = chromium.new_context(permissions=["local-network-access"])
    outer, site = context.new_page(), "https://huggingface.co" if on_spaces else url
    outer.route(f"{site}/spaces/**", lambda route: route.fulfill(body=framing, content_type="text/html"))
    outer.goto(f"{site}/spaces/somebody/borderline")
    outer.frame_locator("iframe").get_by_role("tab", name="Watch").click()
    outer.frames[1].wait_for_function("location.search.includes('tab=watch')")
    if on_spaces:
        outer.wait_for_function("window.told?.includes('tab=watch')")
        assert parse_qs(outer.evaluate("window.told"))["run"] == ["focal-s0"]
    else:
        outer.wait_for_timeout(500)
        assert outer.evaluate("window.told ?? null") is None
    context.close()


def _moved(address: str, old: str, new: str) -> str:
    return new + address.removeprefix(old)


@pytest.mark.parametrize("kind", ["html", "svg", "xhtml", "xml"])
def test_a_page_that_somebody_uploads_is_saved_and_never_run(chromium, served, kind):
    url, _ = served
    script = "<script>document.title = 'run'</script>"
    content = {
        "html": script,
        "svg": f'<svg xmlns="http://www.w3.org/2000/svg">{script}</svg>',
        "xhtml": f'<html xmlns="http://www.w3.org/1999/xhtml"><head>{script}</head></html>',
        "xml": f'<a xmlns="http://www.w3.org/1999/xhtml">{script}</a>',
    }[kind]
    page = chromium.new_page()
    sent = {"files": {"name": f"a.{kind}", "mimeType": "text/plain", "buffer": content.encode()}}
    (path,) = page.request.post(f"{url}/gradio_api/upload", multipart=sent).json()
    address = f"{url}/gradio_api/file={path}"
    page.goto(f"{url}/robots.txt")
    with page.expect_download() as saved:
        page.evaluate("address => { location.href = address }", address)
    assert saved.value.suggested_filename == f"a.{kind}"
    page.evaluate(
        "address => { const f = document.createElement('iframe'); f.src = address; document.body.append(f) }", address
    )
    page.wait_for_timeout(300)
    assert page.title() != "run" and all(frame.title() != "run" for frame in page.frames)
    page.close()

"""What a reader of links finds in the page's first HTML, and that nothing else of the page is touched."""

import io
from html.parser import HTMLParser

import gradio as gr
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from demo.header.link_preview import DESCRIPTION, SIZE, TITLE
from demo.page import build_interface, page_settings


class Tags(HTMLParser):
    """The `content` of each `meta`, by name or property; all there are of one."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        said = dict(attributes)
        name = said.get("name") or said.get("property")
        if tag == "meta" and name:
            self.found.setdefault(name, []).append(said.get("content") or "")


@pytest.fixture(scope="module", params=["/", "/some/prefix"])
def served(request, tiny_runs, tmp_path_factory) -> tuple[TestClient, str]:
    """A client, and where in an app of another author the page lies."""
    page = build_interface([tiny_runs], tmp_path_factory.mktemp("no-dataset"))
    app = gr.mount_gradio_app(FastAPI(), page, request.param, **page_settings())
    return TestClient(app, base_url="http://testserver"), request.param.rstrip("/")


def test_the_first_html_speaks_of_the_page_once_and_of_nothing_else(served):
    client, prefix = served
    answer = client.get(f"{prefix}/")
    tags = Tags(answer.text).found
    assert tags["description"] == tags["og:description"] == tags["twitter:description"] == [DESCRIPTION]
    assert tags["og:title"] == tags["twitter:title"] == [TITLE]
    assert tags["og:url"] == [f"http://testserver{prefix}/"]
    assert tags["og:image"] == tags["twitter:image"] == [f"http://testserver{prefix}/link_picture.jpg"]
    assert tags["twitter:card"] == ["summary_large_image"]
    assert not [
        value for name in tags if name.startswith(("og:", "twitter:")) for value in tags[name] if "radio" in value
    ]
    assert tags["viewport"]
    # within the first kilobyte, as the standard has it
    assert b"charset" in answer.content[:1024].lower()
    assert "window.gradio_config" in answer.text and answer.text.rstrip().endswith("</html>")
    assert int(answer.headers["content-length"]) == len(answer.content) or "content-encoding" in answer.headers


def test_behind_a_proxy_addresses_are_those_that_the_reader_knows(served):
    client, prefix = served
    headers = {"x-forwarded-host": "pets.example", "x-forwarded-proto": "https"}
    tags = Tags(client.get(f"{prefix}/", headers=headers).text).found
    assert tags["og:image"][0].startswith("https://pets.example/")
    assert tags["og:image"][0].endswith("/link_picture.jpg")


def test_the_picture_is_as_large_as_is_said_and_light(served):
    client, prefix = served
    answer = client.get(f"{prefix}/link_picture.jpg")
    assert answer.headers["content-type"] == "image/jpeg"
    assert len(answer.content) < 200_000
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert picture.size == SIZE == (1200, 630)


def test_other_answers_pass_as_they_are(served):
    client, prefix = served
    assert client.head(f"{prefix}/").status_code == 200
    config = client.get(f"{prefix}/config")
    assert config.status_code == 200 and config.json()["title"] == "Borderline"
    assert client.get(f"{prefix}/nowhere").status_code == 404

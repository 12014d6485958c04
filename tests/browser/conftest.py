"""The real app in real Chromium."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

# what a person would wait for on a busy machine
expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def url(serve, tiny_runs, tmp_path_factory) -> str:
    """The app over two tiny runs, `ce-s0` of two epochs and `focal-s0` of three, and no dataset."""
    return serve("--runs", tiny_runs, "--data", tmp_path_factory.mktemp("no-dataset"))


@pytest.fixture(
    params=[pytest.param((1440, 900), id="desktop"), pytest.param((390, 844), id="phone", marks=pytest.mark.long)]
)
def size(request) -> tuple[int, int]:
    return request.param


@pytest.fixture
def page(chromium, url, size) -> Iterator[Page]:
    """The app, open; at the end no script failed and no other machine was asked for anything."""
    page = chromium.new_page(viewport={"width": size[0], "height": size[1]})
    page.set_default_timeout(30_000)
    errors, foreign = [], []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: foreign.append(request.url) if _is_foreign(request.url, url) else None)
    page.goto(url)
    expect(page.get_by_role("tab", name="Try")).to_be_visible()
    yield page
    page.close()
    assert errors == []
    assert foreign == []


@pytest.fixture
def open_at(chromium, url) -> Iterator[Callable[..., Page]]:
    """`open_at("?tab=watch", width=390)` opens the app there; no script may fail, nor ask another machine."""
    pages, errors, foreign = [], [], []

    def open_page(query: str = "", width: int = 1440, url: str = url, script: str = "") -> Page:
        page = chromium.new_page(viewport={"width": width, "height": 900})
        page.set_default_timeout(30_000)
        page.add_init_script(script)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: foreign.append(request.url) if _is_foreign(request.url, url) else None)
        page.goto(f"{url}/{query}")
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert errors == []
    assert foreign == []


def _is_foreign(address: str, url: str) -> bool:
    return not address.startswith((url, "data:", "blob:"))

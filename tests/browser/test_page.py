"""What holds for the whole page: its address, its accessibility, and that it asks no other machine for anything."""

from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlparse

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

TABS = {"segment": "Try", "compare": "Which loss?", "scrub": "Scrub", "spot": "Spot check"}


@pytest.fixture
def open_at(chromium, url) -> Iterator[Callable[..., Page]]:
    """`open_at("?tab=spot", width=390)` opens the page at that address."""
    pages = []

    def open_page(query: str = "", width: int = 1440) -> Page:
        page = chromium.new_page(viewport={"width": width, "height": 900})
        page.set_default_timeout(30_000)
        page.goto(f"{url}/{query}")
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()


def address(page: Page) -> dict[str, str]:
    return {key: values[-1] for key, values in parse_qs(urlparse(page.url).query).items()}


@pytest.mark.parametrize("tab", TABS)
def test_a_link_opens_its_tab_and_the_address_follows(open_at, tab):
    page = open_at(f"?tab={tab}")
    expect(page.get_by_role("tab", name=TABS[tab])).to_have_attribute("aria-selected", "true")
    page.wait_for_function(f"new URL(location).searchParams.get('tab') === '{tab}'")
    other = next(name for name in TABS if name != tab)
    page.get_by_role("tab", name=TABS[other]).click()
    page.wait_for_function(f"new URL(location).searchParams.get('tab') === '{other}'")


def test_a_link_keeps_runs_and_epoch(open_at):
    page = open_at("?tab=scrub&runs=focal-s0&epoch=1")
    expect(page.get_by_test_id("scrub-label")).to_contain_text("1")
    expect(page.get_by_test_id("scrub-epoch")).to_have_value("1")
    runs = page.locator("#scrub-runs")
    expect(runs.get_by_label("focal-s0")).to_be_checked()
    expect(runs.get_by_label("ce-s0")).not_to_be_checked()
    page.get_by_test_id("scrub-epoch").press("ArrowRight")
    page.wait_for_function("new URL(location).searchParams.get('epoch') === '2'")
    assert address(page)["runs"] == "focal-s0"


def test_a_link_keeps_the_score(open_at):
    page = open_at("?tab=compare&score=border_recall")
    expect(page.locator("#compare-metric input")).to_have_value("Border recall")


@pytest.mark.parametrize("query", ["?tab=nowhere&runs=dice-s7&score=luck&epoch=-1", "?epoch=99999999999&runs=,,"])
def test_a_link_that_asks_for_what_is_not_there_opens_the_page_as_it_is(open_at, query):
    page = open_at(query)
    expect(page.locator("#segment-result")).to_contain_text("Cross-entropy")
    page.get_by_role("tab", name="Scrub").click()
    expect(page.get_by_test_id("scrub-epoch")).to_have_value("3")


def test_a_point_of_a_figure_leads_to_its_run_and_epoch_in_the_scrubber(open_at):
    page = open_at("?tab=compare&runs=ce-s0")
    expect(page.locator("#curves")).to_be_visible()
    page.evaluate("document.dispatchEvent(new CustomEvent('borderline:scrub', {detail: {run: 'focal-s0', epoch: 2}}))")
    expect(page.get_by_role("tab", name="Scrub")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_test_id("scrub-epoch")).to_have_value("2")
    expect(page.locator("#scrub-runs").get_by_label("focal-s0")).to_be_checked()
    expect(page.locator("#scrub-runs").get_by_label("ce-s0")).to_be_checked()


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.long)])
def test_no_accessibility_fault_in_any_tab(open_at, theme):
    """axe-core's rules of WCAG 2 A and AA, contrast included."""
    page, faults = open_at(f"?__theme={theme}"), []
    expect(page.get_by_test_id("stage")).to_have_attribute("aria-busy", "false")
    for name in TABS.values():
        page.get_by_role("tab", name=name).click()
        page.wait_for_timeout(2_000)  # pictures and figures fade in, and axe takes colours as they are
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})
        for fault in found.response["violations"]:
            faults += [f"{name}, {fault['id']}: {node['target']} {node['html'][:120]}" for node in fault["nodes"]]
    assert not faults, "\n".join(faults)


def test_nothing_is_wider_than_the_screen_and_no_other_machine_is_asked(page, size):
    for name in TABS.values():
        page.get_by_role("tab", name=name).click()
        expect(page.get_by_role("tabpanel").filter(visible=True)).to_have_count(1)
        page.wait_for_timeout(700)  # what comes later must not be wider either
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], name


def test_empty_folder_shows_instructions_in_every_tab(chromium, serve, tmp_path):
    page = chromium.new_page()
    page.goto(serve("--runs", tmp_path))
    expect(page.locator("#segment-result")).to_contain_text("python -m experiments.run")
    page.get_by_role("tab", name="Which loss?").click()
    expect(page.locator("p:visible", has_text="No runs here yet")).to_have_count(1)
    expect(page.get_by_role("button", name="Details")).to_be_hidden()
    expect(page.locator("#operating")).to_be_hidden()
    page.get_by_role("tab", name="Scrub").click()
    expect(page.locator(".scrub-message")).to_contain_text("python -m experiments.run")
    page.close()

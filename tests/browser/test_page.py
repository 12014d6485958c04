"""What holds for the whole page: its tabs, its accessibility, and that it asks no other machine for anything."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

TABS = {"try": "Try", "which-loss": "Which loss?", "watch": "Watch", "failures": "Failures"}


def go_to(page: Page, tab: str) -> None:
    page.get_by_role("tab", name=TABS[tab]).click()


@pytest.mark.parametrize("tab", TABS)
def test_a_link_opens_its_tab_and_the_address_follows(open_at, tab):
    page = open_at(f"?tab={tab}")
    expect(page.get_by_role("tab", name=TABS[tab])).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("tabpanel").filter(visible=True)).to_have_count(1)
    other = next(name for name in TABS if name != tab)
    go_to(page, other)
    page.wait_for_function(f"new URL(location).searchParams.get('tab') === '{other}'")


@pytest.mark.parametrize(
    ("former", "now"), [("segment", "try"), ("compare", "which-loss"), ("scrub", "watch"), ("spot", "failures")]
)
def test_a_link_of_an_older_version_opens_what_took_its_place(open_at, former, now):
    page = open_at(f"?tab={former}&runs=focal-s0")
    expect(page.get_by_role("tab", name=TABS[now])).to_have_attribute("aria-selected", "true")
    expect(page.get_by_test_id("selection").locator(".chip")).to_have_count(1)
    expect(page.get_by_test_id("selection").locator(".chip")).to_contain_text("Focal")


def test_tabs_are_one_stop_and_arrow_keys_lead_through_them(open_at):
    page = open_at()
    expect(page.get_by_role("tab", name="Try")).to_be_enabled()
    page.get_by_role("tab", name="Try").focus()
    for name in ("Which loss?", "Watch", "Failures", "Failures"):
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", name=name)).to_be_focused()
        expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Home")
    expect(page.get_by_role("tab", name="Try")).to_have_attribute("aria-selected", "true")
    assert page.locator('.head-tabs [tabindex="0"]').count() == 1


@pytest.mark.parametrize("query", ["?tab=nowhere&run=dice-s7&score=luck&epoch=-1", "?epoch=99999999999&runs=,,"])
def test_a_link_that_asks_for_what_is_not_there_opens_the_page_as_it_is(open_at, query):
    page = open_at(query)
    expect(page.get_by_role("tab", name="Try")).to_have_attribute("aria-selected", "true")
    go_to(page, "watch")
    # nobody has chosen an epoch: the deepest that all have
    expect(page.get_by_test_id("watch-epoch")).to_have_value("2")


def test_a_point_of_a_figure_leads_to_its_run_and_epoch(open_at):
    page = open_at("?tab=which-loss&run=ce-s0")
    expect(page.locator("#curves")).to_be_visible()
    page.evaluate("document.dispatchEvent(new CustomEvent('borderline:watch', {detail: {run: 'focal-s0', epoch: 2}}))")
    expect(page.get_by_role("tab", name="Watch")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_test_id("watch-epoch")).to_have_value("2")
    expect(page.locator(".watch-heads > div").first.locator("[style]")).to_have_count(2)


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.long)])
def test_no_accessibility_fault_in_any_tab(open_at, theme):
    """axe-core's rules of WCAG 2 A and AA, contrast included; also of what opens over the page."""
    page, faults = open_at(f"?__theme={theme}"), []
    expect(page.get_by_test_id("stage")).to_have_attribute("aria-busy", "false")

    def look(where: str) -> None:
        page.wait_for_timeout(2_000)  # pictures and figures fade in, and axe takes colours as they are
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})
        for fault in found.response["violations"]:
            faults.extend(f"{where}, {fault['id']}: {node['target']} {node['html'][:120]}" for node in fault["nodes"])

    for name, title in TABS.items():
        go_to(page, name)
        look(title)
    page.get_by_test_id("selection").locator(".chip").first.click()
    look("a chip's menu")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Run", exact=True).click()
    look("all runs")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Keys").click()
    look("keys")
    assert not faults, "\n".join(faults)


def test_dark_colours_are_a_click_and_stay(open_at):
    page = open_at()
    button = page.get_by_role("button", name="Dark colours")
    body = page.locator("body")
    expect(body).to_have_css("background-color", "rgb(251, 251, 250)")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(body).to_have_css("background-color", "rgb(16, 18, 22)")
    page.reload()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(body).to_have_css("background-color", "rgb(16, 18, 22)")
    button.click()
    expect(body).to_have_css("background-color", "rgb(251, 251, 250)")


def test_the_keys_are_listed_and_none_acts_while_one_types(open_at):
    page = open_at()
    expect(page.get_by_test_id("stage")).to_have_attribute("aria-busy", "false")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Loupe")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_label("Search runs").press_sequentially("l?w")
    expect(page.get_by_label("Search runs")).to_have_value("l?w")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    expect(page.get_by_role("radio", name="Outlines")).to_have_attribute("aria-checked", "true")


def test_nothing_is_wider_than_the_screen_and_no_other_machine_is_asked(page, size):
    for name in TABS:
        go_to(page, name)
        expect(page.get_by_role("tabpanel").filter(visible=True)).to_have_count(1)
        page.wait_for_timeout(700)  # what comes later must not be wider either
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], name


def test_empty_folder_shows_instructions_in_every_tab(chromium, serve, tmp_path):
    page = chromium.new_page()
    page.goto(serve("--runs", tmp_path))
    expect(page.locator("#segment-result")).to_contain_text("python -m experiments.run")
    expect(page.get_by_test_id("selection").locator(".chip")).to_have_count(0)
    go_to(page, "which-loss")
    expect(page.locator("p:visible", has_text="No runs here yet")).to_have_count(1)
    expect(page.get_by_role("button", name="Details")).to_be_hidden()
    expect(page.locator("#operating")).to_be_hidden()
    go_to(page, "watch")
    expect(page.locator(".watch-message")).to_contain_text("python -m experiments.run")
    page.close()


def test_plotly_is_fetched_when_its_tab_is_opened_and_not_before(open_at):
    def fetched() -> int:
        return page.evaluate(
            "performance.getEntriesByType('resource').filter(({ name }) => name.includes('plotly')).length"
        )

    page = open_at()
    for tab, there in {"try": ".stage canvas", "watch": ".watch-grid canvas", "failures": ".gallery"}.items():
        go_to(page, tab)
        expect(page.locator(there).filter(visible=True).first).to_be_visible()
    assert fetched() == 0
    go_to(page, "which-loss")
    expect(page.locator("#curves .plot-container")).to_be_visible()
    assert fetched() == 1

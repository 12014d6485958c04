"""Browsers, languages and sites that take something away from the page: it does without, and no script fails."""

import re

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.choosing import set_state

NO_WORKERS = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data:; img-src 'self' data: blob:; "
    "worker-src 'none'; child-src 'none'"
)

# A browser that refuses what comes too often: 100 times in 30 seconds, as Safari does
SPARING = """(() => {
  const asked = [];
  self.refused = 0;
  for (const name of ["pushState", "replaceState"]) {
    const write = history[name];
    history[name] = function (...given) {
      const now = performance.now();
      while (asked.length && now - asked[0] > 30_000) asked.shift();
      if (asked.length >= LIMIT) {
        self.refused += 1;
        throw new DOMException("more than 100 times per 30 seconds", "SecurityError");
      }
      asked.push(now);
      return write.apply(this, given);
    };
  }
})();"""

# What a browser's translator does to a page: every text is wrapped, again and again
TRANSLATOR = """() => {
  const wrap = () => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (texts.nextNode()) found.push(texts.currentNode);
    for (const text of found) {
      const inside = text.parentElement;
      if (!text.data.trim() || inside.closest("script, style, textarea, svg, font")) continue;
      const [outer, inner] = [document.createElement("font"), document.createElement("font")];
      text.replaceWith(outer);
      outer.append(inner);
      inner.append(`«${text.data}»`);
    }
  };
  document.documentElement.lang = "fr";
  document.documentElement.classList.add("translated-ltr");
  wrap();
  self.translating = setInterval(wrap, 200);
}"""


def masks_are_seen(page: Page) -> None:
    expect(page.locator(".watch-grid .tile:not(.late) canvas").first).to_be_visible()


def test_masks_are_decoded_where_a_site_allows_no_worker(chromium: Browser, url):
    def forbid(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, headers={**answer.headers, "content-security-policy": NO_WORKERS})

    page = chromium.new_page()
    page.set_default_timeout(30_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.route(f"{url}/?*", forbid)
    page.goto(f"{url}/?tab=watch")
    masks_are_seen(page)
    assert page.workers == []
    page.get_by_test_id("watch-epoch").press("ArrowLeft")
    expect(page.locator(".watch-grid .tile.late")).to_have_count(0)
    expect(page.get_by_text("could not be loaded")).to_have_count(0)
    assert errors == []
    page.close()


def test_a_browser_that_refuses_to_write_the_address_for_now(open_at):
    page = open_at("?tab=watch", script=SPARING.replace("LIMIT", "3"))
    masks_are_seen(page)
    for number in range(6):
        page.get_by_test_id("watch-epoch").press("ArrowLeft" if number % 2 else "ArrowRight")
        page.wait_for_timeout(450)
    page.get_by_role("tab", name="Failures").click()
    page.wait_for_timeout(450)
    # nothing failed, and the page shows what was chosen; what could not be written is to be, later
    assert page.evaluate("self.refused") > 0
    expect(page.get_by_role("tab", name="Failures")).to_have_attribute("aria-selected", "true")


@pytest.mark.long
def test_arrow_keys_without_end_stay_below_what_a_browser_allows(open_at):
    page = open_at("?tab=watch", script=SPARING.replace("LIMIT", "100"))
    masks_are_seen(page)
    slider = page.get_by_test_id("watch-epoch")
    for number in range(120):
        slider.press("ArrowLeft" if number % 2 else "ArrowRight")
    set_state(page, tab="failures")
    page.wait_for_function("location.search.includes('tab=failures')")
    assert page.evaluate("self.refused") == 0


def test_a_choice_too_long_for_an_address_survives_a_reload_and_is_said_where_it_is_shared(open_at):
    page = open_at("?tab=watch")
    masks_are_seen(page)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    many = ["ce-s0", *(f"lr=0.001,bs=32,seed={number}" for number in range(400))]
    set_state(page, off=many)
    page.wait_for_function("history.state?.borderline?.off?.length === 401")
    assert len(page.url) < 6_100
    page.get_by_role("button", name="Share").click()
    expect(page.locator(".head-said")).to_contain_text("too long for a link")
    page.reload()
    masks_are_seen(page)
    assert page.evaluate("borderline.get('off')") == many


def test_a_page_that_the_browser_translates(open_at):
    page = open_at("?tab=watch")
    masks_are_seen(page)
    page.evaluate(TRANSLATOR)
    for tab, part in (("Which loss?", "verdict"), ("Failures", "gallery"), ("Try", "stage"), ("Watch", "watch-grid")):
        page.get_by_role("tab", name=re.compile(re.escape(tab))).click()
        place = page.locator(".watch-grid") if part == "watch-grid" else page.get_by_test_id(part)
        expect(place).to_be_visible()
    expect(page.locator('#segment-result .stage[aria-busy="false"]')).to_have_count(1)
    page.get_by_test_id("watch-epoch").press("ArrowLeft")
    expect(page.get_by_test_id("watch-epoch")).to_have_value("1")
    expect(page.locator(".watch-grid .tile.late")).to_have_count(0)
    set_state(page, runs=["focal-s0"])
    expect(page.get_by_test_id("selection").locator(".chip")).to_have_count(1)


@pytest.mark.long
@pytest.mark.parametrize("language", ["ar-EG", "he-IL"])
def test_browsers_of_languages_that_are_written_to_the_left(chromium: Browser, url, language):
    context = chromium.new_context(locale=language, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(30_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{url}/?tab=watch")
    masks_are_seen(page)
    # numbers are those of the address and of the API, whatever the language has
    expect(page.get_by_test_id("watch-epoch")).to_have_value(re.compile("^[0-9]$"))
    page.get_by_role("tab", name="Which loss?").click()
    expect(page.get_by_test_id("scores")).to_contain_text(re.compile("[0-9]"))
    page.get_by_role("tab", name="Try").click()
    expect(page.locator('#segment-result .stage[aria-busy="false"]')).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert errors == []
    context.close()


def test_who_asks_for_the_head_alone_gets_it(url):
    answer = httpx.head(f"{url}/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.content == b""

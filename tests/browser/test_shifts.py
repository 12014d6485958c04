"""A link to a tab, opened for the first time: what has been drawn stays where it is while the rest arrives."""

import pytest
from playwright.sync_api import expect

from experiments.cli.command_line import RESULTS

# What a tab has shown last, once all is there
LAST = {
    "try": ["[data-testid=stage][aria-busy=false]"],
    "which-loss": ["#verdict .facts b", "#scores .track", "#operating .trace", "#curves .trace"],
    "watch": ["[data-testid=watch-grid] li"],
    "failures": ["[data-testid=gallery] .card", ".fail-photo[aria-busy=false]"],
}
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
# How far what has been drawn has moved, from the first frame on
SHIFTS = """
window.shift = 0;
window.moved = [];
new PerformanceObserver((list) => {
  for (const { value, sources, hadRecentInput } of list.getEntries()) {
    if (hadRecentInput) continue;
    window.shift += value;
    const names = sources.map(({ node }) => (node?.closest ? node : node?.parentElement)?.closest("[id]")?.id);
    window.moved.push(`${value.toFixed(3)}: ${names.join(", ")}`);
  }
}).observe({ type: "layout-shift", buffered: true });
"""
PAINTED = "() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))"


@pytest.fixture(scope="module")
def url(serve, tmp_path_factory) -> str:
    """The app over the runs that ship with it, whose analysis takes a moment, and no dataset."""
    return serve("--runs", RESULTS, "--data", tmp_path_factory.mktemp("no-dataset"))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("tab", LAST)
def test_nothing_moves_far_while_a_tab_fills(chromium, url, tab, size):
    width, height = SIZES[size]
    page = chromium.new_page(viewport={"width": width, "height": height})
    page.add_init_script(SHIFTS)
    page.goto(f"{url}/?tab={tab}")
    for part in LAST[tab]:
        expect(page.locator(part).first).to_be_visible()
    page.evaluate(PAINTED)
    shift, moved = page.evaluate("[window.shift, window.moved]")
    page.close()
    assert shift < 0.05, moved

"""What tests choose on the page: through its state, as every part of it does."""

from playwright.sync_api import Page


def show_runs(page: Page, *names: str) -> None:
    page.evaluate("names => window.borderline.set({ runs: names })", list(names))


def set_state(page: Page, **state: object) -> None:
    page.evaluate("state => window.borderline.set(state)", state)

"""Compare and Scrub in real Chromium: what a person does, and what the person then sees."""

import pandas as pd
from playwright.sync_api import Page, expect


def _open(page: Page, tab: str) -> None:
    page.get_by_role("tab", name=tab).click()


def _pixels(page: Page) -> str:
    """What the canvas shows."""
    return page.get_by_test_id("scrub-canvas").evaluate("canvas => canvas.toDataURL()")


def test_compare_shows_lines_bars_and_the_numbers_of_the_csv(page, tiny_runs):
    _open(page, "Compare")
    figure = page.locator("#compare-figure")
    expect(figure.locator(".scatterlayer .trace")).to_have_count(2)
    expect(page.locator("#compare-bars .barlayer .trace")).to_have_count(2)
    last = pd.read_csv(tiny_runs / "focal-s0" / "epochs.csv").iloc[-1]
    expect(page.locator("#compare-table")).to_contain_text(
        f"{100 * last['pixel_accuracy']:.2f}".rstrip("0").rstrip(".")
    )


def test_another_score_changes_the_figure(page):
    _open(page, "Compare")
    figure = page.locator("#compare-figure")
    expect(figure).to_contain_text("Border F1")
    assert "article" not in figure.text_content()
    page.locator("#compare-metric input").click()
    page.get_by_role("option", name="Pixel accuracy").click()
    expect(figure).to_contain_text("Pixel accuracy")
    expect(figure).to_contain_text("article: 88.28 %")


def test_unticked_run_leaves_the_figure(page):
    _open(page, "Compare")
    lines = page.locator("#compare-figure .scatterlayer .trace")
    expect(lines).to_have_count(2)
    page.locator("#compare-runs").get_by_label("focal-s0").uncheck()
    expect(lines).to_have_count(1)
    page.locator("#compare-runs").get_by_label("ce-s0").uncheck()
    expect(page.get_by_text("Choose at least one run.")).to_be_visible()


def test_slider_changes_the_picture_without_asking_the_server(page):
    _open(page, "Scrub")
    slider, label = page.get_by_test_id("scrub-epoch"), page.get_by_test_id("scrub-label")
    expect(label).to_have_text("Epoch 3 of 3")
    last = _pixels(page)
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    slider.fill("0")
    expect(label).to_have_text("Epoch 0 of 3")
    first = _pixels(page)
    assert first != last
    slider.press("End")
    expect(label).to_have_text("Epoch 3 of 3")
    assert _pixels(page) == last
    expect(page.locator(".scrub-scores")).to_contain_text("ce-s0 (stopped after epoch 2)")
    assert requests == []


def test_play_runs_from_the_first_epoch_to_the_last(page):
    _open(page, "Scrub")
    label, play = page.get_by_test_id("scrub-label"), page.get_by_test_id("scrub-play")
    expect(label).to_have_text("Epoch 3 of 3")
    label.evaluate(
        """label => {
            window.seen = [];
            new MutationObserver(() => window.seen.push(label.textContent)).observe(label, {childList: true});
        }"""
    )
    play.click()
    page.wait_for_function("window.seen.at(-1) === 'Epoch 3 of 3'")
    seen = list(dict.fromkeys(page.evaluate("window.seen")))
    assert seen == [f"Epoch {epoch} of 3" for epoch in range(4)]
    expect(play).to_have_accessible_name("Play")


def test_without_the_dataset_the_scrubber_says_how_to_get_the_photos(page):
    _open(page, "Scrub")
    expect(page.locator(".scrub-message")).to_contain_text("experiments.fetch")


def test_nothing_is_wider_than_the_screen(page, size):
    for tab in ("Segment", "Compare", "Scrub"):
        _open(page, tab)
        page.wait_for_timeout(500)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_empty_folder_shows_instructions_in_every_tab(chromium, serve, tmp_path):
    page = chromium.new_page()
    page.goto(serve("--runs", tmp_path))
    expect(page.locator("#segment-result")).to_contain_text("python -m experiments.run")
    _open(page, "Compare")
    expect(page.get_by_text("No runs here yet").last).to_be_visible()
    _open(page, "Scrub")
    expect(page.locator(".scrub-message")).to_contain_text("python -m experiments.run")
    page.close()

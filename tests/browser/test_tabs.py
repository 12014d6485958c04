"""Compare and Scrub in real Chromium: what a person does, and what the person then sees."""

from playwright.sync_api import Page, expect


def _open(page: Page, tab: str) -> None:
    page.get_by_role("tab", name=tab).click()


def _pixels(page: Page) -> str:
    """What the canvas shows."""
    return page.get_by_test_id("scrub-canvas").evaluate("canvas => canvas.toDataURL()")


def test_slider_changes_the_picture_without_asking_the_server(page):
    _open(page, "Scrub")
    slider, label = page.get_by_test_id("scrub-epoch"), page.get_by_test_id("scrub-label")
    expect(label).to_have_text("Epoch 3 of 3")
    last = _pixels(page)
    expect(page.locator("#segment-slider img")).to_have_count(2)  # what the page opened with is done
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
    expect(page.locator("p:visible", has_text="No runs here yet")).to_have_count(1)
    expect(page.get_by_role("button", name="Where the errors are")).to_be_hidden()
    _open(page, "Scrub")
    expect(page.locator(".scrub-message")).to_contain_text("python -m experiments.run")
    page.close()

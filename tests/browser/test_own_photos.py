"""The app over runs that learnt from one's own photos: all four tabs show these."""

import pytest
from playwright.sync_api import expect

from experiments import run, synthetic
from seg.labelled.pairs import listed_photos


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """Photos of one's own, of which every fifth lies, in a folder beside runs that learnt from them."""
    root = tmp_path_factory.mktemp("own")
    assert synthetic.main([str(root / "data"), "--photos", "20", "--side", "96"]) == 0
    return root


@pytest.fixture(scope="module")
def url(own, serve, narrow_for_all) -> str:
    for loss in ("ce", "focal"):
        typed = ["--loss", loss, "--size", "32", "--epochs", "2", "--batch-size", "2", "--device", "cpu"]
        assert run.main([*typed, "--data", str(own / "data"), "--out", str(own / "runs")]) == 0
    return serve("--runs", own / "runs", "--data", own / "data")


@pytest.fixture
def names(own) -> list[str]:
    return listed_photos(own / "data", "test")


def test_try_begins_with_the_first_of_them_and_its_label(open_at, names):
    page = open_at()
    expect(page.locator(".stage-status")).to_contain_text(f"{names[0]}, ")
    expect(page.get_by_test_id("stage")).to_have_attribute("aria-busy", "false")
    expect(page.get_by_test_id("stage").get_by_role("radio", name="Errors")).to_be_enabled()
    expect(page.locator(".stage-row").first).to_contain_text("of the border found")


def test_watch_has_their_tiles_and_labels(open_at, names):
    page = open_at("?tab=watch")
    expect(page.locator(".watch-grid button")).to_have_count(len(names))
    assert page.locator(".watch-grid button").evaluate_all("all => all.map(({ dataset }) => dataset.name)") == names
    # a score by the label is on each run's tile
    expect(page.locator(f'.watch-grid button[data-name="{names[0]}"]')).to_contain_text("F1")


def test_failures_ranks_them_by_name(open_at, names):
    page = open_at("?tab=failures")
    cards = page.get_by_test_id("gallery").get_by_role("option")
    expect(cards).to_have_count(len(names))
    expect(cards.locator("img")).to_have_count(len(names))
    page.get_by_placeholder("Search names").fill(names[1])
    expect(cards).to_have_count(1)
    expect(cards).to_contain_text(names[1].capitalize())


def test_no_result_of_the_article_stands_beside_theirs(open_at):
    page = open_at("?tab=compare")
    expect(page.get_by_test_id("scores")).to_contain_text("Pixel accuracy")
    expect(page.locator(".article")).to_have_count(0)


def test_nothing_offers_to_get_the_dataset(open_at):
    page = open_at("?tab=failures")
    expect(page.get_by_test_id("gallery").get_by_role("option").first).to_be_visible()
    expect(page.get_by_role("button", name="Get the photos").locator("visible=true")).to_have_count(0)

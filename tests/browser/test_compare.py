"""The Compare tab in real Chromium: what a person sees of the runs, and what a click does."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from experiments.comparison.analysis import analyse
from experiments.comparison.answer.verdict import verdict
from experiments.store.runs import read_run

LINES = "#compare-figure .scatterlayer .trace"


@pytest.fixture(scope="module")
def runs(tmp_path_factory, tiny_runs) -> Path:
    """`ce-s0`, `focal-s0`, `ce-long-s0` of as many epochs as `focal-s0`, and `weighted-s0`, which is training."""
    folder = Path(shutil.copytree(tiny_runs, tmp_path_factory.mktemp("compared") / "runs"))
    long = shutil.copytree(folder / "focal-s0", folder / "ce-long-s0")
    info = json.loads((long / "run.json").read_text())
    info["options"]["loss"] = "ce"
    (long / "run.json").write_text(json.dumps(info))
    training = shutil.copytree(folder / "focal-s0", folder / "weighted-s0")
    info = json.loads((training / "run.json").read_text())
    info["status"] = "running"
    info["options"] |= {"loss": "weighted", "epochs": 20, "class_weights": "median"}
    (training / "run.json").write_text(json.dumps(info))
    for name in ("images.csv", "bands.csv", "calibration.csv"):
        (training / name).unlink()
    return folder


@pytest.fixture(scope="module")
def address(serve, runs, tmp_path_factory) -> str:
    return serve("--runs", runs, "--data", tmp_path_factory.mktemp("no-dataset"))


@pytest.fixture
def open_tab(chromium, address) -> Iterator:
    """`open_tab("&score=pixel_accuracy", width=390)` opens the tab; no script may fail, nor ask another machine."""
    pages, errors, foreign = [], [], []

    def open_page(query: str = "", width: int = 1440, url: str = address) -> Page:
        page = chromium.new_page(viewport={"width": width, "height": 900})
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        ours = (url, "data:", "blob:")
        page.on("request", lambda request: None if request.url.startswith(ours) else foreign.append(request.url))
        page.goto(f"{url}/?tab=compare{query}")
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert errors == []
    assert foreign == []


def test_opens_on_the_answer_with_the_numbers_of_the_csvs(open_tab, runs):
    page = open_tab("&runs=ce-s0,focal-s0")
    shown = page.locator("#compare-answer")
    for sentence in verdict(analyse([read_run(runs / name) for name in ("ce-s0", "focal-s0")])):
        expect(shown).to_contain_text(sentence.replace("`", ""))
    expect(page.locator("#compare-cards h3")).to_have_text(["ce-s0", "focal-s0"])
    expect(page.locator(LINES)).to_have_count(2)
    expect(page.locator("#compare-bars .barlayer .trace")).to_have_count(2)

    # after the deepest epoch that both have: `ce-s0` has no third
    shared = pd.read_csv(runs / "focal-s0" / "epochs.csv").set_index("epoch").loc[2]
    expect(page.locator("#compare-table")).to_contain_text("Scores after epoch 2, 8 photos, per cent")
    # by its role: the only `tr` there is a hidden one of each column's longest text, which Gradio measures widths by
    row = page.locator("#compare-table").get_by_role("row").filter(has_text="focal-s0")
    expect(row).to_contain_text("3 of 3")
    for score in ("pixel_accuracy", "border_recall", "border_f1", "boundary_iou"):
        expect(row).to_contain_text(f"{100 * shared[score]:.2f}")
    expect(page.locator("#compare-marks")).to_contain_text("options in which these runs differ")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download table").click()
    table = pd.read_csv(download.value.path())
    assert table["Run"].tolist() == ["ce-s0", "focal-s0"]
    assert table["Pixel accuracy"].iloc[1] == pytest.approx(100 * shared["pixel_accuracy"], abs=0.005)


def test_the_answer_is_bold_and_what_it_rests_on_opens_at_a_click(open_tab, runs):
    page = open_tab("&runs=ce-long-s0,focal-s0")
    lead, control, price, *rest = verdict(analyse([read_run(runs / name) for name in ("ce-long-s0", "focal-s0")]))
    shown = page.locator("#compare-answer")
    expect(shown.locator("strong")).to_have_text([lead])
    for sentence in (control, price):
        expect(shown.locator("p", has_text=sentence)).to_be_visible()
    items = shown.locator("details li")
    expect(items).to_have_text([sentence.replace("`", "") for sentence in rest])
    expect(items.first).to_be_hidden()
    shown.locator("summary").click()
    expect(items.first).to_be_visible()
    expect(items.last).to_be_visible()


def test_choices_change_the_figure_and_the_address(open_tab):
    page = open_tab("&runs=ce-s0,focal-s0")
    lines = page.locator(LINES)
    expect(lines).to_have_count(2)
    page.locator("#compare-metric input").click()
    page.get_by_role("option", name="Pixel accuracy").click()
    expect(page.locator("#compare-figure")).to_contain_text("Pixel accuracy by epoch")
    expect(page.locator("#compare-figure")).to_contain_text("article: 88.28 %")
    page.locator("#compare-runs").get_by_label("focal-s0").uncheck()
    expect(lines).to_have_count(1)
    page.wait_for_function("new URL(location).searchParams.get('runs') === 'ce-s0'")
    page.wait_for_function("new URL(location).searchParams.get('score') === 'pixel_accuracy'")
    expect(page.locator("#compare-cards h3")).to_have_text(["ce-s0"])
    page.locator("#compare-runs").get_by_label("ce-s0").uncheck()
    expect(page.get_by_text("Choose at least one run.")).to_be_visible()
    expect(page.locator("#compare-figure figure")).to_be_hidden()


def test_click_on_a_point_asks_for_its_run_and_epoch(open_tab):
    page = open_tab("&runs=focal-s0&score=pixel_accuracy")
    point = page.locator("#compare-figure .scatterlayer .points path").nth(2)
    expect(point).to_be_visible()
    page.evaluate("document.addEventListener('borderline:scrub', (event) => (window.asked = event.detail))")
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2 + 1, box["y"] + box["height"] / 2)
    expect(page.locator("#compare-figure .hoverlayer")).to_contain_text("focal-s0, epoch 2: ")
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_function("window.asked")
    assert page.evaluate("window.asked") == {"run": "focal-s0", "epoch": 2}
    expect(page.get_by_test_id("scrub-epoch")).to_have_value("2")


def test_running_run_grows_without_reload(open_tab, runs):
    page = open_tab("&runs=weighted-s0")
    points = page.locator("#compare-figure .scatterlayer .points path")
    expect(points.first).to_be_visible()
    expect(page.locator("#compare-answer")).to_contain_text("Scored after epoch 3 of 20")
    count, epochs = points.count(), runs / "weighted-s0" / "epochs.csv"
    page.evaluate("document.querySelector('#compare-figure .plot-area').dataset.same = 'yes'")
    last = pd.read_csv(epochs).iloc[-1:]
    last = last.assign(epoch=last["epoch"].astype(int) + 1, border_f1=0.5, pixel_accuracy=0.1234)
    last.to_csv(epochs, mode="a", header=False, index=False)
    expect(points).to_have_count(count + 1)
    expect(page.locator("#compare-table")).to_contain_text("12.34")
    expect(page.locator("#compare-runs")).to_contain_text("weighted-s0 · 4 of 20 epochs")
    expect(page.locator("#compare-answer")).to_contain_text("Scored after epoch 4 of 20")
    # drawn into the same figure, not built anew
    expect(page.locator("#compare-figure .plot-area")).to_have_attribute("data-same", "yes")


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), pytest.param(390, "dark", marks=pytest.mark.long)])
def test_all_figures_are_drawn_named_and_fit_the_screen(open_tab, width, theme):
    page = open_tab(f"&runs=ce-long-s0,focal-s0&__theme={theme}", width)
    expect(page.locator("#compare-cards h3")).to_have_count(2)
    page.get_by_role("button", name="Where the errors are").click()
    expect(page.locator("#compare-confusion table")).to_have_count(2)
    plots = page.locator(".plot-area")
    names = (
        "by epoch",
        "last epoch",
        "against precision",
        "The price",
        "near the border's inner edge",
        "Confidence, all pixels",
        "Probability of border",
    )
    for name in names:
        expect(page.locator(f'.plot-area[role="img"][aria-label*="{name}"] .main-svg').first).to_be_attached()
    assert plots.count() == len(names)
    for box in (plot.bounding_box() for plot in plots.all()):
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["width"] > 250
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    tick, title = page.evaluate(
        """[document.querySelector("#compare-figure .xtick text"), document.querySelector("#compare-figure h3")]
            .map((element, index) => getComputedStyle(element)[index ? "color" : "fill"])"""
    )
    assert tick == title

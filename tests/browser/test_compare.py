"""Which loss? The tab in real Chromium: what a person sees of the runs, and what a click does."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from experiments.comparison.analysis import analyse
from experiments.comparison.answer.verdict import verdict
from experiments.store.folder import hold
from experiments.store.runs import read_run
from tests.browser.choosing import show_runs

LINES = "#curves .scatterlayer .trace"


@pytest.fixture(scope="module")
def runs(tmp_path_factory, tiny_runs) -> Iterator[Path]:
    """`ce-s0`, `focal-s0`, `ce-long-s0` of as many epochs as `focal-s0`, and `weighted-s0`, which is training.

    Of `weighted-s0` no boundary IoU is known.
    """
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
    epochs = training / "epochs.csv"
    pd.read_csv(epochs).assign(boundary_iou=None).to_csv(epochs, index=False)
    with hold(training):
        yield folder


@pytest.fixture(scope="module")
def url(serve, runs, tmp_path_factory) -> str:
    return serve("--runs", runs, "--data", tmp_path_factory.mktemp("no-dataset"))


@pytest.fixture
def open_tab(open_at) -> Callable[..., Page]:
    """`open_tab("&score=pixel_accuracy", width=390)` opens the tab."""
    return lambda query="", *size, **more: open_at(f"?tab=which-loss{query}", *size, **more)


def test_opens_on_the_verdict_with_the_numbers_of_the_csvs(open_tab, runs):
    page = open_tab("&run=ce-long-s0&run=focal-s0")
    analysis = analyse([read_run(runs / name) for name in ("ce-long-s0", "focal-s0")])
    shown = page.get_by_test_id("verdict")
    recall = [100 * analysis.score(name, "border_recall")["mean"] for name in ("focal", "ce-long")]
    expect(shown.locator(".said")).to_contain_text("The network trained with focal loss finds")
    expect(shown.locator(".said")).to_contain_text(" against ".join(f"{share:.0f} %" for share in recall))
    expect(shown.locator(".facts h3")).to_have_text(["Loss or threshold?", "The price", "How sure"])
    items = shown.locator("details li")
    expect(items).to_have_count(len(verdict(analysis)))
    expect(items.first).to_be_hidden()
    shown.locator("summary").click()
    expect(items.first).to_be_visible()
    expect(items.last).to_be_visible()


def test_verdict_recall_precision_and_price_are_in_the_tabs_first_600_pixels(open_tab):
    page = open_tab("&run=ce-long-s0&run=focal-s0")
    said = page.get_by_test_id("verdict").locator(".said")
    expect(said).to_contain_text(re.compile(r"\d+ % against \d+ %.*% .*of what it paints|about as much"))
    price = page.get_by_test_id("verdict").locator(".facts div", has_text="The price")
    expect(price).to_contain_text("with cross-entropy")
    top = page.get_by_role("tabpanel").filter(has=said).bounding_box()["y"]
    for part in (said, price):
        box = part.bounding_box()
        assert top <= box["y"]
        assert box["y"] + box["height"] <= top + 600
        assert box["y"] + box["height"] <= 900
    assert page.evaluate("element => getComputedStyle(element).fontSize", said.element_handle()) == "24px"


def test_scores_are_marks_whose_numbers_do_not_overlap(open_tab, runs):
    for width in (1440, 700, 390):
        page = open_tab("&run=ce-long-s0&run=focal-s0", width)
        tracks = page.get_by_test_id("scores").locator(".track")
        expect(tracks).to_have_count(5)
        for track in tracks.all():
            expect(track.locator(".mark svg")).to_have_count(2)
            boxes = [number.bounding_box() for number in track.locator(".number").all()]
            assert len(boxes) == 2
            (one, other), line = sorted(boxes, key=lambda box: box["x"]), track.bounding_box()
            apart = one["x"] + one["width"] <= other["x"]
            assert apart or abs(one["y"] - other["y"]) >= one["height"] - 1
            assert all(box["x"] >= line["x"] - 1 for box in boxes)
            assert all(box["x"] + box["width"] <= line["x"] + line["width"] + 1 for box in boxes)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_threshold_moves_a_point_along_each_curve_without_a_request(open_tab, runs):
    page = open_tab("&run=ce-long-s0&run=focal-s0")
    curves = analyse([read_run(runs / name) for name in ("ce-long-s0", "focal-s0")]).operating.curves
    expect(page.locator("#operating .scatterlayer .trace").first).to_be_attached()
    expect(page.locator("#operating .threshold li")).to_have_count(2)
    requests = []
    # the page asks how far the run is that trains, which is none of the slider's
    page.on("request", lambda request: '"event_data":{' in (request.post_data or "") and requests.append(request.url))
    slider = page.get_by_test_id("operating-threshold")
    slider.focus()
    for _ in range(8):
        slider.press("ArrowRight")
    expect(page.locator("#operating output")).to_have_text("+0.8")
    there = curves[(curves["shift"] - 0.8).abs() < 0.01].set_index("configuration").loc["focal"]
    told = f"F1 {100 * there['border_f1']:.1f}, pixel accuracy {100 * there['pixel_accuracy']:.1f} (as trained "
    expect(page.locator("#operating .threshold li", has_text="Focal loss")).to_contain_text(told)
    knob = """document.querySelector("#operating .plot-area").data
        .findLast((trace) => trace.meta?.along !== undefined)"""
    page.wait_for_function(f"Math.abs(({knob}).x[0] - {100 * there['border_recall']}) < 1e-6")
    assert page.evaluate(f"({knob}).y[0]") == pytest.approx(100 * there["border_precision"])
    assert requests == []


def test_a_figure_is_saved_as_a_picture_and_as_its_rows(open_tab, runs):
    page = open_tab("&run=ce-long-s0&run=focal-s0&score=pixel_accuracy")
    figure = page.get_by_test_id("curves")
    expect(page.locator(LINES)).to_have_count(2)
    with page.expect_download() as download:
        figure.get_by_role("button", name="Save as CSV: Pixel accuracy by epoch").click()
    table = pd.read_csv(download.value.path())
    assert download.value.suggested_filename == "borderline-pixel-accuracy-by-epoch.csv"
    epochs = pd.read_csv(runs / "focal-s0" / "epochs.csv")
    rows = table[table.iloc[:, 0] == "focal loss"]
    assert rows["Epoch"].tolist() == epochs["epoch"].tolist()
    assert rows.iloc[:, 2].tolist() == pytest.approx((100 * epochs["pixel_accuracy"]).tolist())
    with page.expect_download() as download:
        figure.get_by_role("button", name="Save as SVG").click()
    picture = Path(download.value.path()).read_text()
    assert picture.startswith("<svg")
    assert "Cross-entropy" in picture


def test_what_is_drawn_as_html_is_saved_like_a_figure(open_tab, runs):
    page = open_tab("&run=ce-long-s0&run=focal-s0&__theme=dark", 390)
    analysis = analyse([read_run(runs / name) for name in ("ce-long-s0", "focal-s0")])
    focal, counts = analysis.score("focal", "border_recall"), pd.read_csv(runs / "focal-s0" / "images.csv")
    scores, confusion = page.get_by_test_id("scores"), page.locator("#compare-confusion")
    expect(scores.locator(".track")).to_have_count(5)
    page.get_by_role("button", name="Details").click()

    def saved(panel, kind: str) -> Path:
        with page.expect_download() as download:
            panel.get_by_role("button", name=f"Save as {kind}: ").click()
        assert download.value.suggested_filename.endswith(f".{kind.lower()}")
        return download.value.path()

    table = pd.read_csv(saved(scores, "CSV")).set_index(["Loss", "Score"])
    row = table.loc[("Focal loss, seed 0", "Recall")]
    told = [focal[name] for name in ("mean", "low", "high", "difference", "difference_low", "difference_high")]
    assert row.tolist() == pytest.approx([100 * value for value in told], abs=1e-4)
    assert table.loc[("Cross-entropy, seed 0", "Recall")].isna().tolist() == [False] * 3 + [True] * 3
    texts = _texts(saved(scores, "SVG"))
    assert {"Recall", "Focal loss", f"{100 * focal['mean']:.1f}", "article: 88.28 %"} <= texts

    table = pd.read_csv(saved(confusion, "CSV")).set_index(["Loss", "True class", "Taken for"])
    border = counts[[f"border_as_{name}" for name in ("pet", "background", "border")]].to_numpy().sum()
    share = 100 * counts["border_as_border"].sum() / border
    assert table.loc[("Focal loss, seed 0", "border", "border")].item() == pytest.approx(share, abs=1e-4)
    assert {"What became of each class", f"{share:.1f} %"} <= _texts(saved(confusion, "SVG"))


def _texts(picture: Path) -> set[str]:
    """What is written in an SVG file, which is white and needs no other."""
    svg = ElementTree.parse(picture).getroot()
    background, *_ = svg.findall("{*}rect")
    assert background.get("fill") == "#ffffff"
    assert "href" not in Path(picture).read_text()
    return {text.text for text in svg.iterfind(".//{*}text")}


def test_the_table_is_under_details_and_can_be_saved(open_tab, runs):
    page = open_tab("&run=ce-s0&run=focal-s0")
    expect(page.locator(LINES)).to_have_count(2)
    page.get_by_role("button", name="Details").click()
    # after the deepest epoch that both have: `ce-s0` has no third
    shared = pd.read_csv(runs / "focal-s0" / "epochs.csv").set_index("epoch").loc[2]
    expect(page.locator("#compare-table")).to_contain_text("Scores after epoch 2, 8 photos, per cent")
    # by its role: the only `tr` there is a hidden one of each column's longest text, which Gradio measures widths by
    row = page.locator("#compare-table").get_by_role("row").filter(has_text="Focal loss, seed 0")
    expect(row).to_contain_text("3 of 3")
    for score in ("pixel_accuracy", "border_recall", "border_f1", "boundary_iou"):
        expect(row).to_contain_text(f"{100 * shared[score]:.2f}")
    expect(page.locator("#compare-marks")).to_contain_text("options in which these runs differ")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download table").click()
    table = pd.read_csv(download.value.path())
    assert table["Run"].tolist() == ["Cross-entropy, seed 0", "Focal loss, seed 0"]
    assert table["Pixel accuracy"].iloc[1] == pytest.approx(100 * shared["pixel_accuracy"], abs=0.005)


def test_the_table_is_copied_for_other_programs_where_a_page_may_and_where_not(open_tab):
    page = open_tab("&run=ce-s0&run=focal-s0")
    expect(page.locator(LINES)).to_have_count(2)
    page.get_by_role("button", name="Details").click()
    files = page.locator("#compare-files")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    files.get_by_role("button", name="Copy as Markdown").click()
    expect(files.get_by_role("status")).to_have_text("Copied as Markdown.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("| Run ")
    assert "Focal loss, seed 0" in copied
    # a page from another machine has no clipboard, and copies what is selected
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true })")
    page.evaluate("document.addEventListener('copy', () => (window.copied = String(document.activeElement.value)))")
    files.get_by_role("button", name="Copy as LaTeX").click()
    expect(files.get_by_role("status")).to_have_text("Copied as LaTeX.")
    assert "\\toprule" in page.evaluate("window.copied")
    expect(files.get_by_role("textbox")).to_be_hidden()
    # and where even that is refused, the text is there to be copied by hand
    page.evaluate("document.execCommand = () => false")
    files.get_by_role("button", name="Copy as LaTeX").click()
    expect(files.get_by_role("status")).to_contain_text("copy the text below")
    expect(files.get_by_role("textbox")).to_have_value(re.compile("bottomrule"))


def test_a_cell_without_a_value_is_empty(open_tab):
    page = open_tab("&run=ce-s0&run=weighted-s0")
    expect(page.locator(LINES)).to_have_count(2)
    page.get_by_role("button", name="Details").click()
    cells = page.locator("#compare-table").get_by_role("row").filter(has_text="Class weights").get_by_role("gridcell")
    expect(cells.first).to_be_visible()
    *_, f1, _, boundary = [told.strip(" \n⋮") for told in cells.all_inner_texts()]
    assert float(f1) > 0
    assert boundary == ""


def test_choices_change_the_figure_and_the_address(open_tab):
    page = open_tab("&run=ce-s0&run=focal-s0")
    lines = page.locator(LINES)
    expect(lines).to_have_count(2)
    page.locator("#compare-metric input").click()
    page.get_by_role("option", name="Pixel accuracy").click()
    expect(page.locator("#curves")).to_contain_text("Pixel accuracy by epoch")
    expect(page.locator("#curves")).to_contain_text("article: 88.28 %")
    show_runs(page, "ce-s0")
    expect(lines).to_have_count(1)
    page.wait_for_function("new URL(location).searchParams.getAll('run').join() === 'ce-s0'")
    page.wait_for_function("new URL(location).searchParams.get('score') === 'pixel_accuracy'")
    expect(page.get_by_test_id("verdict")).to_contain_text("One loss alone cannot answer which is better")
    show_runs(page)
    expect(page.get_by_text("Choose at least one run above.")).to_be_visible()
    expect(page.locator("#curves figure")).to_be_hidden()


def test_click_on_a_point_asks_for_its_run_and_epoch(open_tab):
    page = open_tab("&run=focal-s0&score=pixel_accuracy")
    point = page.locator("#curves .scatterlayer .points path").nth(2)
    expect(point).to_be_visible()
    page.evaluate("document.addEventListener('borderline:watch', (event) => (window.asked = event.detail))")
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2 + 1, box["y"] + box["height"] / 2)
    expect(page.locator("#curves .epoch-values")).to_contain_text(re.compile(r"Epoch 2\s*Focal loss \d+\.\d %"))
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_function("window.asked")
    assert page.evaluate("window.asked") == {"run": "focal-s0", "epoch": 2}
    expect(page.get_by_test_id("watch-epoch")).to_have_value("2")


HEARD = """
window.heard = [];
for (const name of ["borderline:epoch", "borderline:watch"])
  document.addEventListener(name, ({ type, detail }) => {
    if (detail.from || type === "borderline:watch") window.heard.push([type, detail]); // the page answers without
  });
"""


def test_keys_move_a_cursor_over_the_epochs_and_the_page_may_too(open_tab, runs):
    page = open_tab("&run=ce-long-s0&run=focal-s0&score=pixel_accuracy", script=HEARD)
    cursor, values = page.locator("#curves").get_by_role("slider"), page.locator("#curves .epoch-values li")
    expect(cursor).to_have_attribute("aria-valuenow", "3")
    scores = [100 * pd.read_csv(runs / name / "epochs.csv")["pixel_accuracy"] for name in ("ce-long-s0", "focal-s0")]

    def expect_epoch(epoch: int) -> None:
        expect(values.first).to_have_text(f"Epoch {epoch}")
        expect(values).to_have_count(1 + len(scores))
        for line, score in zip(values.all()[1:], scores, strict=True):
            expect(line).to_contain_text(f"{score[epoch]:.1f} %")

    expect_epoch(3)
    cursor.focus()
    cursor.press("ArrowLeft")
    expect_epoch(2)
    cursor.press("Home")
    cursor.press("ArrowLeft")
    expect_epoch(0)
    assert page.evaluate("window.heard") == [["borderline:epoch", {"epoch": e, "from": "curves"}] for e in (2, 0)]
    page.evaluate("document.dispatchEvent(new CustomEvent('borderline:epoch', { detail: { epoch: 1 } }))")
    expect_epoch(1)
    expect(page.locator(LINES)).to_have_count(2)
    # the line stands where Plotly has that epoch
    line, axis = page.evaluate(
        """() => {
            const { xaxis } = document.querySelector("#curves .plot-area")._fullLayout;
            const line = document.querySelector("#curves .epoch-cursor");
            return [getComputedStyle(line).getPropertyValue("--at"), xaxis.d2p(1)];
        }"""
    )
    assert float(line.removesuffix("px")) == pytest.approx(axis, abs=0.1)
    # the pointer shows another epoch while it is there
    box = page.locator("#curves .plot-area").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] / 2)
    expect(values.first).not_to_have_text("Epoch 1")
    page.mouse.move(1, 1)
    expect_epoch(1)
    cursor.press("Enter")
    expect(page.get_by_test_id("watch-epoch")).to_have_value("1")
    asked = page.evaluate("window.heard.filter(([name]) => name === 'borderline:watch')")
    assert asked == [["borderline:watch", {"run": "ce-long-s0", "epoch": 1}]]


def test_running_run_grows_without_reload(open_tab, runs):
    page = open_tab("&run=weighted-s0")
    points = page.locator("#curves .scatterlayer .points path")
    expect(points.first).to_be_visible()
    expect(page.get_by_test_id("verdict")).to_contain_text("After epoch 3 the network trained with class weights")
    count, epochs = points.count(), runs / "weighted-s0" / "epochs.csv"
    page.evaluate("document.querySelector('#curves .plot-area').dataset.same = 'yes'")
    last = pd.read_csv(epochs).iloc[-1:]
    last = last.assign(epoch=last["epoch"].astype(int) + 1, border_f1=0.5, pixel_accuracy=0.1234)
    last.to_csv(epochs, mode="a", header=False, index=False)
    expect(points).to_have_count(count + 1)
    expect(page.get_by_test_id("verdict")).to_contain_text("12.3 % with class weights")
    expect(page.get_by_test_id("selection")).to_contain_text("Weighted4/20 · training")
    expect(page.get_by_test_id("verdict")).to_contain_text("is training: 4 of 20")
    # drawn into the same figure, not built anew
    expect(page.locator("#curves .plot-area")).to_have_attribute("data-same", "yes")


SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift" });
"""


def test_what_comes_later_moves_hardly_anything(open_tab):
    """From when the tab is open: what the page shows before is not this tab's."""
    page = open_tab("&run=ce-long-s0&run=focal-s0")
    expect(page.get_by_role("tab", name="Which loss?")).to_have_attribute("aria-selected", "true")
    page.evaluate(SHIFTS)
    expect(page.locator("#operating .scatterlayer .trace").first).to_be_attached()
    expect(page.locator(LINES)).to_have_count(2)
    expect(page.get_by_test_id("scores").locator(".track")).to_have_count(5)
    assert page.evaluate("window.shifted") < 0.05


TOLD = """
window.told = { verdict: [], awaited: [] };
new MutationObserver(() => {
  for (const [name, told] of Object.entries(window.told)) {
    const place = name === "verdict" ? "#verdict .said" : "#compare-awaited .awaited";
    const text = document.querySelector(place)?.textContent;
    if (text !== undefined && told.at(-1) !== text) told.push(text);
  }
}).observe(document, { subtree: true, childList: true, characterData: true });
"""


def test_a_wait_says_what_is_compared_and_the_last_verdict_stays_meanwhile(open_tab):
    page = open_tab("&run=ce-long-s0&run=focal-s0", script=TOLD)
    expect(page.get_by_test_id("scores").locator(".track")).to_have_count(5)
    first, *waiting, verdict = page.evaluate("window.told.verdict")
    assert first == "Comparing the losses …"
    assert waiting == ["Comparing cross-entropy and focal loss on 8 photos …"]
    assert "finds" in verdict
    show_runs(page, "ce-long-s0")
    expect(page.locator("#verdict .notice")).to_contain_text("One loss alone")
    assert page.evaluate("window.told.awaited") == ["Reading the scores of cross-entropy on 8 photos …"]
    assert all("finds" in told for told in page.evaluate("window.told.verdict")[2:])
    expect(page.locator("#compare-awaited .awaited")).to_have_count(0)


def test_a_person_reads_no_names_of_folders_and_no_jargon(open_tab):
    page = open_tab("&run=ce-long-s0&run=focal-s0")
    expect(page.locator("#operating .scatterlayer .trace").first).to_be_attached()
    page.get_by_role("button", name="Details").click()
    expect(page.locator("#compare-confusion table")).to_have_count(2)
    page.get_by_test_id("verdict").locator("summary").click()
    read = page.get_by_role("tabpanel").filter(has=page.get_by_test_id("verdict")).inner_text()
    assert "Focal loss" in read
    found = re.search(r"configuration|trimap|checkpoint|\b(ce|weighted|focal)(-\w+)?-s\d", read, re.IGNORECASE)
    assert found is None, found


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_takes_focus_is_large_enough_and_shows_it(open_tab, theme):
    page = open_tab(f"&run=ce-long-s0&run=focal-s0&__theme={theme}", 390)
    expect(page.locator("#operating .scatterlayer .trace").first).to_be_attached()
    targets = page.locator("#verdict summary, #operating input, #operating button, #curves button")
    assert targets.count() == 6
    for target in targets.all():
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        assert min(box["width"], box["height"]) >= 24
        target.focus()
        page.keyboard.press("Shift")  # as one does who has no mouse
        assert target.evaluate("element => getComputedStyle(element).boxShadow") != "none"


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), pytest.param(390, "dark", marks=pytest.mark.long)])
def test_all_figures_are_drawn_named_and_fit_the_screen(open_tab, width, theme):
    page = open_tab(f"&run=ce-long-s0&run=focal-s0&__theme={theme}", width)
    expect(page.get_by_test_id("scores").locator(".track")).to_have_count(5)
    page.get_by_role("button", name="Details").click()
    expect(page.locator("#compare-confusion table")).to_have_count(2)
    plots = page.locator(".plot-area")
    names = (
        "by epoch",
        "Same network, other threshold",
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
        """[document.querySelector("#curves .xtick text"), document.querySelector("#curves p")]
            .map((element, index) => getComputedStyle(element)[index ? "color" : "fill"])"""
    )
    assert tick == title

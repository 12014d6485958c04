"""The Failures tab in real Chromium: what is found, what is seen of it, and what a person marks."""

from collections.abc import Callable

import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Route, expect

from demo.catalogue import Catalogue
from demo.failures.photo import small_pictures
from demo.failures.ranking import failures_value
from demo.labelled import Labelled
from experiments.run import main as run_command
from seg.options import parse_exclusion
from tests.browser.choosing import set_state, show_runs
from tests.conftest import TEST_NAMES

QUERY = "?tab=failures&run=ce-s0&run=focal-s0"
LOSSES = ("ce-s0", "focal-s0")
REFUSED = """
Object.defineProperty(window, "localStorage", { get() { throw new DOMException("denied", "SecurityError"); } });
"""
# a window of its own, as far as the browser's storage goes
MARKED_ELSEWHERE = """(name) => document.body.appendChild(document.createElement("iframe")).contentWindow.localStorage
  .setItem("borderline-wrong-labels", JSON.stringify([name]))"""


@pytest.fixture(scope="module")
def with_photos(serve, tiny_runs, tiny_pets) -> str:
    return serve("--runs", tiny_runs, "--data", tiny_pets)


@pytest.fixture
def failures(open_at, with_photos) -> Callable[..., Page]:
    """`failures("&breed=pug")` opens the tab over the drawn photos and two runs, and waits until it is whole."""

    def open_tab(more: str = "", **how: object) -> Page:
        page = open_at(f"{QUERY}{more}", url=with_photos, **how)
        settled(page)
        return page

    return open_tab


@pytest.fixture
def border_f1(tiny_runs) -> pd.DataFrame:
    """Of each photo, by its title; a column for each run."""
    found = {}
    for name in LOSSES:
        images = pd.read_csv(tiny_runs / name / "images.csv", index_col="name")
        sums = images.filter(like="border_as_").sum(axis=1) + images.filter(like="_as_border").sum(axis=1)
        found[name] = 2 * images["border_as_border"] / sums
    return pd.DataFrame(found).rename(titled)


@pytest.fixture
def means(border_f1) -> pd.Series:
    """Border F1 of each photo, the mean of both runs, the hardest first; by its title."""
    return border_f1.mean(axis=1).sort_values(kind="stable")


def titled(name: str) -> str:
    words = name.replace("_", " ")
    return words[0].upper() + words[1:]


def named(title: str) -> str:
    """The photo of the drawn dataset that is called so."""
    return next(name for name in TEST_NAMES if titled(name) == title)


def silent(route: Route) -> None:
    """The app does not answer what this tab asks."""
    asked = route.request.post_data_json["fn_name"]
    route.abort() if asked in ("look", "answer", "thumbs") else route.continue_()


def settled(page: Page) -> None:
    expect(page.get_by_test_id("failures-photo")).to_have_attribute("aria-busy", "false")


def cards(page: Page) -> Locator:
    return page.get_by_test_id("gallery").get_by_role("option")


def names(page: Page) -> list[str]:
    return [label.split(",")[0] for label in cards(page).evaluate_all("all => all.map((card) => card.ariaLabel)")]


def chosen(page: Page) -> Locator:
    return page.get_by_test_id("failures-photo").get_by_role("heading")


def seen_of(page: Page, run: str) -> str:
    """A network's pane, once it is painted."""
    settled(page)
    page.evaluate("() => new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(then)))")
    return page.locator(f".fail-panes canvas[data-run={run}]").evaluate("canvas => canvas.toDataURL()")


def painted(canvas: Locator) -> int:
    """How many colours there are in a pane."""
    return canvas.evaluate(
        """(canvas) => new Set(new Uint32Array(canvas.getContext("2d")
          .getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size"""
    )


def test_the_hardest_come_first_and_the_first_is_open_without_a_click(failures, border_f1, means, tiny_pets):
    page = failures()
    assert names(page) == means.index.tolist()
    expect(cards(page).first).to_have_attribute("aria-selected", "true")
    expect(chosen(page)).to_have_text(means.index[0])
    stage = page.get_by_test_id("failures-photo")
    expect(stage).to_contain_text("1 of 8")
    expect(page.get_by_test_id("count")).to_have_text("8 of 8 photos")
    expect(stage.locator("figcaption b")).to_have_text(["Photo and label", "Cross-entropy", "Focal"])
    for canvas in stage.locator("canvas").all():
        assert painted(canvas) > 10
    ticks = cards(page).first.locator(".tick").evaluate_all("all => all.map((tick) => parseFloat(tick.style.left))")
    assert ticks == pytest.approx([100 * border_f1.at[means.index[0], name] for name in LOSSES], abs=0.06)
    pictures = small_pictures(Labelled(tiny_pets), TEST_NAMES)
    expect(cards(page).locator("img")).to_have_count(8)
    shown = cards(page).locator("img").evaluate_all("all => all.map((image) => image.src)")
    assert shown == [pictures[named(title)] for title in means.index]
    both = [seen_of(page, name) for name in LOSSES]
    assert both[0] != both[1]
    show_runs(page, "focal-s0")
    expect(stage.locator("figcaption b")).to_have_text(["Photo and label", "Focal"])
    assert seen_of(page, "focal-s0") == both[1]


def test_the_figures_and_the_shares_are_those_of_the_files(failures, tiny_runs):
    page = failures("&photo=pug_2")
    expect(chosen(page)).to_have_text("Pug 2")
    expect(page.locator(".fail-shares thead i")).to_have_text(["Cross-entropy", "Focal"])
    said, shares = [], []
    for name in LOSSES:
        row = pd.read_csv(tiny_runs / name / "images.csv", index_col="name").loc["pug_2"]
        hits, true, predicted = row["border_as_border"], row.filter(like="border_as_"), row.filter(like="_as_border")
        of_border = [2 * hits / (true.sum() + predicted.sum()), hits / true.sum(), hits / predicted.sum()]
        said.append("F1 {:.0f} · found {:.0f} · right {:.0f}".format(*(100 * figure for figure in of_border)))
        wrong = (true.sum() - hits, predicted.sum() - hits, row["pet_as_background"] + row["background_as_pet"])
        shares.append([f"{100 * count / row.filter(like='_as_').sum():.1f} %" for count in wrong])
    expect(page.locator(".fail-panes figcaption span")).to_have_text(["drawn by hand", *said])
    by_kind = [share for kind in zip(*shares, strict=True) for share in kind]
    expect(page.locator(".fail-shares td")).to_have_text(by_kind)


def test_a_search_finds_a_breed_and_can_be_taken_back(failures, means):
    page = failures()
    page.get_by_test_id("breed").press_sequentially("PUG")
    expect(cards(page)).to_have_count(3)
    expect(page.get_by_test_id("count")).to_have_text("3 of 8 photos")
    assert names(page) == [name for name in means.index if name.startswith("Pug")]
    expect(chosen(page)).to_have_text(names(page)[0])
    page.wait_for_function("new URL(location).searchParams.get('breed') === 'PUG'")
    page.reload()
    expect(cards(page)).to_have_count(3)
    page.get_by_role("button", name="Clear the search").click()
    expect(cards(page)).to_have_count(8)
    page.wait_for_function("!location.search.includes('breed')")
    page.go_back()
    expect(page.get_by_test_id("breed")).to_have_value("PUG")
    expect(cards(page)).to_have_count(3)


def test_what_nothing_is_called_is_said_with_a_way_back(failures):
    page = failures("&breed=unicorn&by=cross_entropy&within=20-30")
    none = page.get_by_test_id("no-match")
    expect(none).to_contain_text("No photo is called “unicorn” with a score from 0.20 to 0.30.")
    expect(page.get_by_test_id("failures-photo")).to_be_hidden()
    none.get_by_role("button", name="Show all photos").click()
    expect(cards(page)).to_have_count(8)


def test_two_menus_say_which_losses_disagree(failures, border_f1):
    page = failures("&rank=disagreement")
    first, second = page.get_by_label("First loss"), page.get_by_label("Second loss")
    expect(first).to_have_value("ce-s0")
    expect(second).to_have_value("focal-s0")
    second_less_first = (border_f1["focal-s0"] - border_f1["ce-s0"]).sort_values(key=abs, ascending=False)
    assert names(page) == second_less_first.index.tolist()
    numbers = cards(page).locator(".name b").all_inner_texts()
    values = [int(text.replace("−", "-")) for text in numbers]
    assert values == pytest.approx(100 * second_less_first.to_numpy(), abs=0.51)
    first.select_option("focal-s0")
    expect(first).to_have_value("ce-s0")  # not against itself
    set_state(page, pair=["focal-s0", "ce-s0"])
    expect(second).to_have_value("ce-s0")
    expect(cards(page).locator(".name b").first).not_to_have_text(numbers[0])
    page.wait_for_function("new URL(location).searchParams.getAll('against').join() === 'focal-s0,ce-s0'")
    show_runs(page, "ce-s0")
    expect(page.get_by_test_id("no-match")).to_contain_text("Two losses disagree only where two are shown.")
    page.get_by_test_id("no-match").get_by_role("button", name="Add a run").click()
    expect(page.get_by_role("dialog", name="All runs")).to_be_visible()


def test_suspicious_labels_have_their_reason_in_words(failures, tiny_runs, tiny_pets):
    reasons = failures_value(Catalogue((tiny_runs,)), Labelled(tiny_pets), LOSSES)["suspects"]["reasons"]
    reasons = [reason[0].upper() + reason[1:] for reason in reasons]
    second = next(number for number, reason in enumerate(reasons) if reason != reasons[0])
    page = failures()
    page.get_by_role("radio", name="Suspicious label").click()
    expect(cards(page).locator(".tick")).to_have_count(0)
    expect(cards(page).locator(".ticks p")).to_have_text(reasons)
    expect(page.locator(".fail-reason")).to_have_text(f"{reasons[0]}.")
    cards(page).nth(second).click()
    expect(page.locator(".fail-reason")).to_have_text(f"{reasons[second]}.")
    assert "trimap" not in page.get_by_role("tabpanel").filter(visible=True).inner_text()


def test_a_range_is_drawn_by_hand_and_taken_away(failures, means):
    page = failures()
    plot = page.locator(".spread-plot").bounding_box()
    across = [round(100 * share) for share in (means.iloc[2] - 0.005, means.iloc[5] + 0.005)]
    page.mouse.move(plot["x"] + plot["width"] * across[0] / 100, plot["y"] + 30)
    page.mouse.down()
    page.mouse.move(plot["x"] + plot["width"] * across[1] / 100, plot["y"] + 30, steps=5)
    page.mouse.up()
    low, high = (
        int(end.get_attribute("aria-valuenow")) for end in page.get_by_role("slider", name="score shown").all()
    )
    expected = [name for name, mean in means.items() if low / 100 <= mean <= high / 100]
    assert 0 < len(expected) < 8
    expect(cards(page)).to_have_count(len(expected))
    assert names(page) == expected
    page.wait_for_function(f"new URL(location).searchParams.get('within') === '{low}-{high}'")
    page.reload()
    expect(cards(page)).to_have_count(len(expected))
    page.locator(".spread-plot").dblclick()
    expect(cards(page)).to_have_count(8)


def test_a_range_is_set_by_keys(failures, means):
    page = failures()
    low = page.get_by_role("slider", name="Lowest score shown")
    low.focus()
    above = int(100 * means.iloc[3]) + 1
    for _ in range(above // 10):
        page.keyboard.press("PageUp")
    for _ in range(above % 10):
        page.keyboard.press("ArrowRight")
    expect(low).to_have_attribute("aria-valuenow", str(above))
    expect(cards(page)).to_have_count(sum(means * 100 >= above))
    page.keyboard.press("Escape")
    expect(cards(page)).to_have_count(8)
    high = page.get_by_role("slider", name="Highest score shown")
    high.focus()
    page.keyboard.press("Home")
    expect(high).to_have_attribute("aria-valuenow", "1")
    page.get_by_role("button", name="Show all", exact=True).click()
    expect(cards(page)).to_have_count(8)


def test_another_score_is_another_order(failures):
    page = failures()
    page.get_by_test_id("photo-score").select_option("cross_entropy")
    expect(page.locator(".fail-legend")).to_contain_text("cross-entropy")
    page.wait_for_function("new URL(location).searchParams.get('by') === 'cross_entropy'")
    expect(cards(page)).to_have_count(8)
    numbers = [float(text) for text in cards(page).locator(".name b").all_inner_texts()]
    assert numbers == sorted(numbers, reverse=True)


def test_arrows_lead_through_the_photos_but_not_while_one_types(failures, means):
    page = failures()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(chosen(page)).to_have_text(means.index[2])
    page.keyboard.press("ArrowLeft")
    expect(chosen(page)).to_have_text(means.index[1])
    page.keyboard.press("End")
    expect(chosen(page)).to_have_text(means.index[7])
    page.get_by_test_id("breed").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Home")
    expect(chosen(page)).to_have_text(means.index[7])
    page.keyboard.press("m")
    expect(page.get_by_test_id("breed")).to_have_value("m")
    expect(page.get_by_test_id("marked")).to_be_hidden()
    page.get_by_test_id("breed").fill("")
    page.get_by_test_id("gallery").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    expect(chosen(page)).to_have_text(means.index[5])
    expect(page.get_by_test_id("gallery")).to_be_focused()
    page.get_by_role("button", name="Photo before").click()
    expect(chosen(page)).to_have_text(means.index[4])


def test_the_gallery_is_one_stop(failures):
    page = failures()
    page.get_by_role("slider", name="Highest score shown").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_test_id("gallery")).to_be_focused()
    assert page.get_by_test_id("gallery").get_attribute("aria-activedescendant") == cards(page).first.get_attribute(
        "id"
    )
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Wrong label")).to_be_focused()


def test_views_change_what_the_panes_show(failures):
    page = failures()
    canvas = page.get_by_test_id("failures-photo").locator("canvas[data-run=ce-s0]")
    seen = set()
    for key in "1234":
        page.keyboard.press(key)
        page.wait_for_timeout(200)
        seen.add(canvas.evaluate("canvas => canvas.toDataURL()"))
    assert len(seen) == 4
    expect(page.get_by_role("radio", name="Outlines").filter(visible=True)).to_have_attribute("aria-checked", "true")
    page.wait_for_function("new URL(location).searchParams.get('panes') === 'outlines'")


def test_a_mark_survives_a_reload_and_the_list_is_read_by_exclude(failures, tmp_path, tiny_pets, capsys, narrow):
    page = failures("&breed=pug")
    page.keyboard.press("m")
    expect(page.get_by_role("button", name="Wrong label")).to_have_attribute("aria-pressed", "true")
    expect(cards(page).first.locator(".badge")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Wrong label").click()
    expect(page.get_by_test_id("marked")).to_contain_text("2 marked")
    marked = sorted(name.replace("Pug ", "pug_") for name in names(page)[:2])
    page.reload()
    expect(page.get_by_test_id("marked")).to_contain_text("2 marked")
    expect(cards(page).locator(".badge").filter(visible=True)).to_have_count(2)
    page.get_by_test_id("breed").fill("sphynx")  # what is marked is exported, whatever is searched for
    expect(cards(page)).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export list").click()
    listed = tmp_path / "wrong-labels.txt"
    download.value.save_as(listed)
    assert parse_exclusion(str(listed)) == tuple(marked)
    small = ["--epochs", "1", "--size", "32", "--batch-size", "4", "--device", "cpu"]
    where = ["--data", str(tiny_pets), "--out", str(tmp_path / "runs")]
    assert run_command(["--loss", "ce", "--exclude", str(listed), *small, *where]) == 0
    scored = pd.read_csv(tmp_path / "runs" / "ce-s0" / "images.csv")["name"]
    assert len(scored) == 6
    assert not {*marked} & {*scored}
    page.get_by_test_id("breed").fill("pug")
    page.get_by_role("button", name="Wrong label").click()
    expect(page.get_by_test_id("marked")).to_contain_text("1 marked")
    page.evaluate(MARKED_ELSEWHERE, "pug_3")
    expect(page.get_by_test_id("marked")).to_contain_text("1 marked")
    expect(cards(page).locator(".badge").filter(visible=True)).to_have_count(1)
    expect(cards(page).nth(names(page).index("Pug 3")).locator(".badge")).to_be_visible()


def test_in_a_frame_that_keeps_nothing_one_marks_all_the_same(failures):
    page = failures(script=REFUSED)
    page.keyboard.press("m")
    expect(page.get_by_test_id("marked")).to_contain_text("1 marked")


def test_another_tabs_photo_asks_nothing_of_this_one(failures):
    page = failures()
    page.get_by_role("tab", name="Try").click()
    expect(page.get_by_test_id("stage")).to_have_attribute("aria-busy", "false")
    asked = []
    page.on("request", lambda request: "component_server" in request.url and asked.append(request.post_data))
    set_state(page, photo="pug_2")
    expect(page.locator(".stage-status")).to_contain_text("pug 2, ")
    assert not [sent for sent in asked if "look" in sent or "answer" in sent]
    page.get_by_role("tab", name="Failures").click()
    expect(chosen(page)).to_have_text("Pug 2")


def test_a_photo_is_opened_in_try_with_its_label(failures, means):
    page = failures()
    title = means.index[1]
    page.keyboard.press("ArrowRight")
    page.wait_for_function("location.search.includes('photo=')")  # the address is written when the hand rests
    settled(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="Try")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".stage-status")).to_contain_text(f"{title}, ", ignore_case=True)
    expect(page.get_by_test_id("stage").get_by_role("radio", name="Errors")).to_be_enabled()  # its label is known
    expect(page.get_by_role("radio", name=f"Photo: {title}")).to_have_attribute("aria-checked", "true")
    page.wait_for_function("location.search.includes('tab=try')")
    page.go_back()
    expect(chosen(page)).to_have_text(title)
    page.get_by_role("button", name="Open in Try").click()
    expect(page.locator(".stage-status")).to_contain_text(f"{title}, ", ignore_case=True)


@pytest.mark.parametrize("width", [1440, 390])
def test_without_the_dataset_there_are_names_and_scores_and_no_dead_pictures(open_at, means, width):
    page = open_at(QUERY, width=width)
    settled(page)
    seen = names(page)  # on a phone the rest is below the screen
    assert seen == means.index[: len(seen)].tolist()
    assert len(seen) >= 3
    expect(cards(page).first.locator(".tick")).to_have_count(2)
    expect(page.get_by_test_id("gallery").locator("img, .ph")).to_have_count(0)
    expect(page.locator(".fail-said")).to_have_text("The photos are not on this machine; their scores are.")
    expect(page.get_by_role("button", name="Open in Try")).to_be_disabled()
    expect(page.locator(".fail-panes")).to_be_hidden()
    expect(page.locator(".fail-shares td").first).to_contain_text("%")
    expect(page.locator(".spread rect")).to_have_count(50)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_where_the_app_does_not_answer_nothing_old_stands_there_and_choosing_again_helps(failures, means):
    page = failures()
    said, panes, shares = page.locator(".fail-said"), page.locator(".fail-panes"), page.locator(".fail-shares td")
    for number, choose in ((1, cards(page).nth(1).click), (7, lambda: page.keyboard.press("End"))):
        page.route("**/component_server/**", silent)
        choose()
        expect(said).to_have_text("The app does not answer: choose the photo again.")
        settled(page)
        expect(chosen(page)).to_have_text(means.index[number])
        expect(panes).to_be_hidden()
        expect(shares).to_have_text(["–"] * 6)
        expect(page.get_by_role("button", name="Open in Try")).to_be_disabled()
        page.unroute("**/component_server/**")
        choose()
        expect(said).to_be_hidden()
        expect(panes).to_be_visible()
        expect(shares).to_contain_text(["%"] * 6)
        expect(page.get_by_role("button", name="Open in Try")).to_be_enabled()


def test_without_runs_it_says_so_with_one_thing_to_do(chromium, serve, tmp_path):
    page = chromium.new_page()
    page.goto(f"{serve('--runs', tmp_path)}/?tab=failures")
    state = page.get_by_test_id("failures-state")
    expect(state).to_contain_text("No runs are here yet")
    expect(state.get_by_role("button")).to_have_text("Copy the command")
    expect(page.get_by_test_id("gallery")).to_be_hidden()
    page.close()


def test_where_no_run_is_chosen_no_key_acts_and_the_list_of_runs_is_a_click_away(failures):
    page = failures()
    show_runs(page)
    choose = page.get_by_test_id("failures-state").get_by_role("button", name="Choose a run")
    expect(choose).to_be_visible()
    for key in ("m", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("tab", name="Failures")).to_have_attribute("aria-selected", "true")
    assert page.evaluate("localStorage.getItem('borderline-wrong-labels')") is None
    assert page.evaluate("window.borderline.get('photo')") is None
    page.wait_for_function("new URL(location).searchParams.get('run') === ''")
    page.reload()
    choose.click()
    expect(page.get_by_role("dialog", name="All runs")).to_be_visible()


@pytest.mark.parametrize("rank", ["hardest", "disagreement", "suspicion"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_accessibility_fault_and_no_target_too_small(failures, rank, theme):
    page = failures(f"&rank={rank}&__theme={theme}&within=0-99")
    page.keyboard.press("m")
    page.wait_for_timeout(500)
    found = Axe().run(
        page, context=".fail", options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    )
    told = [
        f"{fault['id']}: {node['target']} {node['html'][:120]}"
        for fault in found.response["violations"]
        for node in fault["nodes"]
    ]
    assert not told, "\n".join(told)
    for control in page.locator(".fail").locator("button, select, [role=slider], [role=option]").all():
        if control.is_visible():
            box = control.bounding_box()
            assert min(box["width"], box["height"]) >= 24, control.evaluate("each => each.outerHTML.slice(0, 200)")

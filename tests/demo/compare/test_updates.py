"""The tab shows the chosen runs' answer and numbers, grows with a run, and says what it cannot show."""

import json
import re
import shutil
from pathlib import Path

import gradio as gr
import pandas as pd
import pytest

from demo import analysis as cached
from demo.catalogue import Catalogue
from demo.compare import updates
from demo.compare.layout import Parts
from demo.selection.followed import Selected
from demo.tabs import Updates
from experiments.comparison.analysis import analyse
from experiments.comparison.answer.verdict import verdict
from experiments.store.folder import hold

BOTH = ["ce-s0", "focal-s0"]
NAMES = ["cross-entropy", "focal loss"]


def refresh_epochs(
    parts: Parts, catalogue: Catalogue, names: list[str], score: str, drawn: tuple | None, epoch: int | None = None
) -> Updates:
    return updates.refresh_epochs(parts, catalogue, Selected(names, epoch, {"score": score}), drawn)


def refresh_answer(
    parts: Parts, catalogue: Catalogue, names: list[str], explained: tuple | None, epoch: int | None = None
) -> Updates:
    return updates.refresh_answer(parts, catalogue, Selected(names, epoch), explained)


def await_answer(parts: Parts, catalogue: Catalogue, names: list[str], explained: tuple | None) -> Updates:
    return updates.await_answer(parts, catalogue, Selected(names), explained)


def set_running(folder: Path) -> None:
    info = json.loads((folder / "run.json").read_text())
    info["status"] = "running"
    info["options"]["epochs"] = 20
    (folder / "run.json").write_text(json.dumps(info))
    for name in ("images.csv", "bands.csv", "calibration.csv"):
        (folder / name).unlink()


def grow(folder: Path, **scores) -> None:
    """One more row in `epochs.csv`, like the last but for these scores."""
    last = pd.read_csv(folder / "epochs.csv").iloc[-1:]
    last = last.assign(epoch=last["epoch"].astype(int) + 1, **scores)
    last.to_csv(folder / "epochs.csv", mode="a", header=False, index=False)


def only_answered(parts: Parts, shown: Updates) -> bool:
    """Whether all but the answer is empty or hidden."""
    rest = {part: value for part, value in shown.items() if part not in (parts.verdict, parts.explained)}
    assert shown.keys() == {*parts.by_photo()}
    return not any(value for value in rest.values() if value != gr.update(visible=False))


def line_names(value: dict) -> list[str]:
    return [trace["name"] for trace in value["data"]]


def test_runs_that_are_gone_are_said_not_raised(parts, tiny_runs):
    shown = refresh_epochs(parts, Catalogue((tiny_runs,)), ["ce-s0", "gone-s0"], "border_f1", None)
    assert "gone-s0 is not here any more: reload the page" in shown[parts.message]
    assert line_names(shown[parts.lines]) == ["cross-entropy"]


def test_without_runs_or_a_choice_the_tab_says_what_to_do(parts, tiny_runs, tmp_path):
    shown = refresh_epochs(parts, Catalogue((tmp_path,)), [], "border_f1", None)
    assert "python -m experiments.run" in shown[parts.message]
    assert shown[parts.lines] is None
    assert shown[parts.table]["visible"] is False
    assert (
        refresh_epochs(parts, Catalogue((tiny_runs,)), [], "border_f1", None)[parts.message]
        == "Choose at least one run above."
    )
    shown = refresh_answer(parts, Catalogue((tiny_runs,)), [], None)
    assert shown[parts.verdict] == ""
    assert only_answered(parts, shown)


@pytest.fixture
def catalogue(even_runs) -> Catalogue:
    """Of runs that end alike."""
    return Catalogue((even_runs,))


def test_runs_that_share_no_footing_have_no_scores_in_the_table_and_say_why(parts, own_runs, change_options):
    change_options(own_runs / "focal-s0", size=64)
    shown = refresh_epochs(parts, Catalogue((own_runs,)), BOTH, "border_f1", None)
    sides = "were scored at another side (64 x 64, and 32 x 32): compare them apart"
    why = f"focal loss, seed 0 and cross-entropy, seed 0 {sides}"
    assert shown[parts.note] == f"The table has no scores: {why}."
    assert shown[parts.table]["label"] == "Runs, without scores that could be compared"
    assert line_names(shown[parts.lines]) == NAMES
    shown = refresh_answer(parts, Catalogue((own_runs,)), BOTH, None)
    assert f"{why[0].upper()}{why[1:]}." in shown[parts.verdict]
    assert only_answered(parts, shown)


def test_running_run_grows_and_what_has_not_changed_is_not_drawn_again(parts, own_runs):
    folder, catalogue = own_runs / "focal-s0", Catalogue((own_runs,))
    set_running(folder)
    shown = refresh_epochs(parts, catalogue, BOTH, "border_recall", None)
    assert shown.keys() == {*parts.by_epoch()}
    before = next(trace for trace in shown[parts.lines]["data"] if trace["name"] == "focal loss")

    assert refresh_epochs(parts, catalogue, BOTH, "border_recall", shown[parts.drawn]) == {}

    grow(folder, border_recall=0.75)
    shown = refresh_epochs(parts, catalogue, BOTH, "border_recall", shown[parts.drawn])
    after = next(trace for trace in shown[parts.lines]["data"] if trace["name"] == "focal loss")
    assert after["x"] == [*before["x"], 4]
    assert after["y"][-1] == pytest.approx(75)

    # another run grows: nothing is drawn
    drawn = refresh_epochs(parts, catalogue, ["ce-s0"], "border_recall", shown[parts.drawn])[parts.drawn]
    grow(folder)
    assert refresh_epochs(parts, catalogue, ["ce-s0"], "border_recall", drawn) == {}
    # another score is drawn, and the table stays; so do the lines where the epoch is another one
    shown = refresh_epochs(parts, catalogue, ["ce-s0"], "border_f1", drawn)
    assert shown.keys() == {parts.lines, parts.score, parts.drawn}
    shown = refresh_epochs(parts, catalogue, ["ce-s0"], "border_f1", shown[parts.drawn], epoch=1)
    assert parts.lines not in shown
    assert "after epoch 1" in shown[parts.table]["label"]


def test_the_answer_is_that_of_the_page_s_epoch(parts, own_runs):
    catalogue = Catalogue((own_runs,))
    shown = refresh_answer(parts, catalogue, BOTH, None, epoch=1)
    assert "after epoch 1" in shown[parts.verdict].lower()
    rows = pd.read_csv(own_runs / "focal-s0" / "epochs.csv").set_index("epoch")
    assert f"{100 * rows.loc[1, 'border_recall']:.1f}</span>" in shown[parts.scores]
    # the untrained networks, which Watch shows, are not compared
    assert refresh_answer(parts, catalogue, BOTH, None, epoch=0)[parts.scores] == shown[parts.scores]
    # past the deepest that they share it stays there
    assert (
        refresh_answer(parts, catalogue, BOTH, None, epoch=9)[parts.scores]
        == (refresh_answer(parts, catalogue, BOTH, None)[parts.scores])
    )


def test_with_a_run_that_trains_the_answer_goes_to_the_deepest_epoch_they_share(parts, own_runs):
    catalogue = Catalogue((own_runs,))
    set_running(own_runs / "focal-s0")
    with hold(own_runs / "focal-s0"):
        shown = refresh_answer(parts, catalogue, BOTH, None)
    assert shown.keys() == {*parts.by_photo()}
    assert "After epoch 2 the network" in shown[parts.verdict]
    assert "The same 8 photos, after epoch 2, without intervals." in shown[parts.verdict]
    assert "Focal loss, seed 0 is training: 3 of 20." in shown[parts.verdict]
    assert "rises" not in shown[parts.verdict]
    last = pd.read_csv(own_runs / "ce-s0" / "epochs.csv").iloc[-1]
    assert f"{100 * last['border_recall']:.1f}</span>" in shown[parts.scores]
    assert "Scores after epoch 2" in shown[parts.scores]
    assert (shown[parts.outline], shown[parts.sure], shown[parts.confusion]) == (None, None, "")
    # past that epoch it grows without a change
    grow(own_runs / "focal-s0")
    assert refresh_answer(parts, catalogue, BOTH, shown[parts.explained]) == {}


def test_an_answer_grows_with_the_run_that_is_behind(parts, own_runs):
    catalogue = Catalogue((own_runs,))
    set_running(own_runs / "ce-s0")
    explained = refresh_answer(parts, catalogue, BOTH, None)[parts.explained]
    grow(own_runs / "ce-s0")
    assert "after epoch 3" in refresh_answer(parts, catalogue, BOTH, explained)[parts.verdict]


def test_a_run_that_has_not_finished_an_epoch_is_named_and_drags_nobody_with_it(parts, own_runs):
    new = shutil.copytree(own_runs / "focal-s0", own_runs / "weighted-s0")
    set_running(new)
    pd.read_csv(new / "epochs.csv").head(1).to_csv(new / "epochs.csv", index=False)
    shown = refresh_answer(parts, Catalogue((own_runs,)), ["focal-s0", "weighted-s0"], None)
    assert "Focal loss (0 epochs), seed 0: no epoch is finished yet." in shown[parts.verdict]
    assert "Scores after epoch 3" in shown[parts.scores]
    alone = refresh_answer(parts, Catalogue((own_runs,)), ["weighted-s0"], None)
    assert "No verdict yet." in alone[parts.verdict]
    assert only_answered(parts, alone)


def test_the_answer_is_that_of_the_analysis_and_is_computed_once(parts, catalogue, monkeypatch):
    calls = []
    monkeypatch.setattr(cached, "analyse", lambda *asked: calls.append(1) or analyse(*asked))
    cached._analysis.cache_clear()
    text = refresh_answer(parts, catalogue, BOTH, None)[parts.verdict]
    analysis = analyse(catalogue.chosen(BOTH))
    assert f"{100 * analysis.score('focal', 'pixel_accuracy')['mean']:.1f}" in text
    assert len(re.findall("<li>", text)) == len(verdict(analysis))
    assert refresh_answer(parts, catalogue, BOTH, None)[parts.verdict] == text
    assert len(calls) == 1


def test_what_is_being_compared_stands_where_the_verdict_comes_and_then_beside_the_last_one(parts, catalogue):
    words = "Comparing cross-entropy and focal loss on 8 photos …"
    first = await_answer(parts, catalogue, BOTH, None)
    assert first.keys() == {parts.verdict}
    assert words in first[parts.verdict]
    explained = refresh_answer(parts, catalogue, ["ce-s0"], None)[parts.explained]
    later = await_answer(parts, catalogue, BOTH, explained)
    assert later.keys() == {parts.awaited}
    assert words in later[parts.awaited]
    shown = refresh_answer(parts, catalogue, BOTH, explained)
    assert shown[parts.awaited] == ""
    assert await_answer(parts, catalogue, BOTH, shown[parts.explained]) == {}
    alone = await_answer(parts, catalogue, ["ce-s0"], None)
    assert "Reading the scores of cross-entropy on 8 photos …" in alone[parts.verdict]


def test_nothing_is_said_to_be_compared_where_nothing_is(parts, catalogue, tmp_path):
    assert await_answer(parts, Catalogue((tmp_path,)), BOTH, None) == {}
    assert await_answer(parts, catalogue, [], None) == {}


def test_one_configuration_or_one_without_details_is_told(parts, own_runs):
    shown = refresh_answer(parts, Catalogue((own_runs,)), ["ce-s0"], None)
    assert "choose another" in shown[parts.verdict]
    assert "Cross-entropy" in shown[parts.scores]
    assert all(value for part, value in shown.items() if part is not parts.awaited)
    (own_runs / "ce-s0" / "images.csv").unlink()
    shown = refresh_answer(parts, Catalogue((own_runs,)), ["ce-s0"], None)
    assert "8 photos, after epoch 2, without intervals." in shown[parts.verdict]
    command = "<code>python -m experiments.evaluate RUN --details</code>"
    assert f"from {command}, of cross-entropy, seed 0." in shown[parts.verdict]
    assert "Cross-entropy" in shown[parts.scores]


def test_runs_that_cannot_be_compared_are_told(parts, even_runs, tmp_path):
    folder = Path(shutil.copytree(even_runs, tmp_path / "other-photos"))
    images = pd.read_csv(folder / "focal-s0" / "images.csv")
    images.assign(name="other_" + images["name"]).to_csv(folder / "focal-s0" / "images.csv", index=False)
    shown = refresh_answer(parts, Catalogue((folder,)), BOTH, None)
    assert "different photos" in shown[parts.verdict]
    assert only_answered(parts, shown)
    shown = refresh_epochs(parts, Catalogue((folder,)), BOTH, "border_f1", None)
    assert "different photos" in shown[parts.note]


# ---- files that are damaged, or vanish


@pytest.mark.parametrize("file", ["images.csv", "bands.csv", "calibration.csv", "margins.npz"])
def test_a_run_whose_scores_of_photos_are_damaged_is_left_out_and_told(parts, even_runs, tmp_path, file):
    folder = Path(shutil.copytree(even_runs, tmp_path / "damaged"))
    path = folder / "focal-s0" / file
    path.write_bytes(path.read_bytes()[:-7])
    damaged = "Focal loss, seed 0 is left out until it is scored again: its scores of single photos are damaged."
    catalogue = Catalogue((folder,))
    shown = refresh_answer(parts, catalogue, BOTH, None)
    assert damaged in shown[parts.verdict]
    assert shown[parts.scores] == refresh_answer(parts, catalogue, ["ce-s0"], None)[parts.scores]
    assert str(folder) not in json.dumps(shown[parts.verdict])
    alone = refresh_answer(parts, catalogue, ["focal-s0"], None)
    assert damaged in alone[parts.verdict]
    if file == "images.csv":
        table = refresh_epochs(parts, catalogue, BOTH, "border_f1", None)
        assert table[parts.note] == damaged
        assert table[parts.table]["visible"]


@pytest.mark.parametrize("path", ["focal-s0/images.csv", "focal-s0"])
def test_scores_of_photos_that_vanish_once_listed_leave_those_of_the_epochs(parts, vanishing, path):
    shown = refresh_answer(parts, vanishing("scored", path), ["focal-s0"], None)
    assert "8 photos, after epoch 3, without intervals." in shown[parts.verdict]


def test_a_run_that_is_gone_is_told(parts, own_runs):
    catalogue = Catalogue((own_runs,))
    drawn = refresh_epochs(parts, catalogue, BOTH, "border_f1", None)[parts.drawn]
    shutil.rmtree(own_runs / "focal-s0")
    shown = refresh_epochs(parts, catalogue, BOTH, "border_f1", drawn)
    assert shown[parts.message].startswith("focal-s0 is not here any more: reload the page")
    assert line_names(shown[parts.lines]) == ["cross-entropy"]
    only = refresh_epochs(parts, catalogue, ["focal-s0"], "border_f1", None)
    assert only[parts.message].startswith("focal-s0 is not here any more")

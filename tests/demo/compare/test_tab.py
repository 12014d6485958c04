"""The Compare tab shows the chosen runs' answer and numbers, grows with a run, and says what it cannot show."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import gradio as gr
import pandas as pd
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from demo import analysis as cached
from demo.analysis import cached_analysis
from demo.api import compare_api
from demo.catalogue import Catalogue
from demo.compare.answer import cards, confusion_tables
from demo.compare.tab import COMPARED, EXPLAINED, compare, explain, photos_note, redraw, reexplain, run_choices
from demo.compare.table import HIGHLIGHT, column_types, styled_table, table, table_note
from demo.figures.styles import styles
from experiments.comparison.analysis import analyse
from experiments.comparison.configurations import configurations
from experiments.comparison.verdict import answer
from experiments.scores import SCORES, Place
from experiments.store.runs import read_run

BOTH = ["ce-s0", "focal-s0"]


@pytest.fixture
def runs(tiny_runs):
    return [read_run(tiny_runs / name) for name in BOTH]


@pytest.fixture
def own_runs(tiny_runs, tmp_path) -> Path:
    """A folder of `ce-s0` and `focal-s0` that a test may change."""
    return Path(shutil.copytree(tiny_runs, tmp_path / "runs"))


def change_options(folder: Path, **options) -> None:
    info = json.loads((folder / "run.json").read_text())
    info["options"] |= options
    (folder / "run.json").write_text(json.dumps(info))


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


def is_skip(value: object) -> bool:
    return value == gr.skip()


def nothing_in(shown: list) -> bool:
    return not any(value for value in shown if value != gr.update(visible=False))


def line_names(value: dict) -> list[str]:
    return [trace["name"] for trace in value["data"]]


# ---- the choice


def test_seeds_of_one_configuration_are_one_choice(own_runs):
    second = shutil.copytree(own_runs / "ce-s0", own_runs / "ce-s1")
    change_options(second, seed=1)
    chosen = run_choices(Catalogue((own_runs,)), None)
    assert chosen["choices"] == [("ce · seeds 0, 1 · 2 epochs", "ce-s0"), ("focal-s0 · 3 epochs", "focal-s0")]
    assert chosen["value"] == BOTH
    # a link that names any of its seeds chooses the configuration
    assert run_choices(Catalogue((own_runs,)), ["ce-s1"])["value"] == ["ce-s0"]
    _, lines, *_ = compare(Catalogue((own_runs,)), ["ce-s0"], "pixel_accuracy")
    assert line_names(lines) == ["ce, lowest to highest seed", "ce"]


def test_page_opens_on_the_best_trained_of_each_loss(own_runs):
    other = shutil.copytree(own_runs / "ce-s0", own_runs / "ce-b-s0")
    change_options(other, epochs=9)
    assert run_choices(Catalogue((own_runs,)), ["gone-s0"])["value"] == BOTH


# ---- by epoch


SCORE_COLUMNS = {
    "Pixel accuracy": "pixel_accuracy",
    "Border recall": "border_recall",
    "Border precision": "border_precision",
    "Border F1": "border_f1",
    "Border IoU": "border_iou",
    "Boundary IoU": "boundary_iou",
}


def test_table_holds_the_last_epoch_in_per_cent_with_two_decimals(runs):
    rows = table(runs).set_index("Run")
    shown = gr.Dataframe().postprocess(styled_table(runs))
    for index, run in enumerate(runs):
        epochs = pd.read_csv(run.folder / "epochs.csv")
        last = epochs.iloc[-1]
        assert rows.loc[run.name, "Epochs"] == f"{len(epochs) - 1} of {len(epochs) - 1}"
        cells = dict(zip(shown.headers, shown.metadata["display_value"][index], strict=True))
        assert (cells["Run"], cells["Loss"], cells["Seed"]) == (run.name, run.name.removesuffix("-s0"), "0")
        for column, score in SCORE_COLUMNS.items():
            assert rows.loc[run.name, column] == pytest.approx(100 * last[score])
            assert cells[column] == f"{100 * last[score]:.2f}"
        assert last[list(SCORE_COLUMNS.values())].nunique() == len(SCORE_COLUMNS)


def highlighted(runs: list) -> set[str]:
    """The columns whose cells are all coloured."""
    shown = gr.Dataframe().postprocess(styled_table(runs))
    coloured = [[HIGHLIGHT in style for style in row] for row in shown.metadata["styling"]]
    assert all(row == coloured[0] for row in coloured)
    return {header for header, marked in zip(shown.headers, coloured[0], strict=True) if marked}


def test_options_in_which_the_runs_differ_are_coloured_columns(runs, own_runs):
    assert highlighted(runs) == {"Loss"}
    assert highlighted(runs[:1]) == set()
    second = shutil.copytree(own_runs / "ce-s0", own_runs / "ce-s1")
    change_options(second, seed=1, class_weights="inverse", crop=0.5)
    pair = [runs[0], read_run(second)]
    assert highlighted(pair) == {"Seed", "Crop", "Class weights"}
    assert table(pair)["Crop"].tolist() == ["1.0", "0.5"]
    assert table(pair)["Class weights"].tolist() == ["none", "inverse"]
    assert "options in which these runs differ" in table_note(pair)
    assert "the same options" in table_note([runs[0], runs[0]])
    assert table_note(runs[:1]) == ""


def test_the_best_of_a_score_is_bold_the_lowest_of_a_loss(runs, monkeypatch):
    loss = replace(SCORES["val_loss"], places=SCORES["val_loss"].places | {Place.TABLES})
    monkeypatch.setattr("experiments.scores.SCORES", {**SCORES, "val_loss": loss})
    for run, (accuracy, val_loss) in zip(runs, ((0.9, 0.3), (0.8, 0.2)), strict=True):
        run.epochs.loc[run.epochs.index[-1], ["pixel_accuracy", "val_loss"]] = accuracy, val_loss
    shown = gr.Dataframe().postprocess(styled_table(runs))
    bold = {
        shown.headers[column]: row
        for row, styles in enumerate(shown.metadata["styling"])
        for column, style in enumerate(styles)
        if "bold" in style and shown.headers[column] in ("Pixel accuracy", "Validation loss")
    }
    assert bold == {"Pixel accuracy": 0, "Validation loss": 1}
    assert shown.metadata["display_value"][1][shown.headers.index("Validation loss")] == "0.2000"


def test_numbers_are_sorted_as_numbers(runs):
    shown = table(runs)
    types = dict(zip(shown.columns, column_types(shown), strict=True))
    assert types["Run"] == types["Epochs"] == "str"
    assert types["Seed"] == types["Pixel accuracy"] == types["Boundary IoU"] == "number"


def test_runs_that_are_gone_or_broken_are_said_not_raised(tiny_runs, tmp_path):
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "run.json").write_text("{")
    message, lines, *_ = compare(Catalogue((tiny_runs, tmp_path)), ["ce-s0", "gone-s0"], "border_f1")
    assert str(damaged / "run.json") in message
    assert line_names(lines) == ["ce-s0"]


def test_without_runs_or_a_choice_the_tab_says_what_to_do(tiny_runs, tmp_path):
    message, lines, shown, *_ = compare(Catalogue((tmp_path,)), [], "border_f1")
    assert "python -m experiments.run" in message
    assert lines is None
    assert shown["visible"] is False
    assert compare(Catalogue((tiny_runs,)), None, "border_f1")[0] == "Choose at least one run."
    text, *rest = explain(Catalogue((tiny_runs,)), [])
    assert text == ""
    assert nothing_in(rest)


def test_note_tells_when_scores_come_from_a_sample(runs):
    assert photos_note(runs) == ""
    runs[0].info.update(validation_sample_photos=3, validation_photos=8)
    assert "ce-s0 scored a fixed sample of 3 validation photos" in photos_note(runs)


# ---- a run that trains


def test_running_run_grows_and_what_has_not_changed_is_not_drawn_again(own_runs):
    folder, catalogue = own_runs / "focal-s0", Catalogue((own_runs,))
    set_running(folder)
    _, _, lines, *_, timer, drawn = redraw(catalogue, BOTH, "border_recall", None)
    assert timer.active is True
    before = next(trace for trace in lines["data"] if trace["name"] == "focal-s0")

    assert all(map(is_skip, redraw(catalogue, BOTH, "border_recall", drawn)))

    grow(folder, border_recall=0.75)
    choices, _, lines, *_, drawn = redraw(catalogue, BOTH, "border_recall", drawn)
    after = next(trace for trace in lines["data"] if trace["name"] == "focal-s0")
    assert after["x"] == [*before["x"], 4]
    assert after["y"][-1] == pytest.approx(75)
    assert ("focal-s0 · 4 of 20 epochs", "focal-s0") in choices["choices"]

    grow(folder)
    offered, *shown = redraw(catalogue, ["ce-s0"], "border_recall", drawn)
    assert shown[-2].active is False
    choices, *shown, _ = redraw(catalogue, ["ce-s0"], "border_recall", shown[-1])
    assert all(map(is_skip, [choices, *shown]))
    assert len(shown) == COMPARED


def test_growth_of_a_run_without_details_leaves_the_answer(own_runs):
    catalogue = Catalogue((own_runs,))
    set_running(own_runs / "focal-s0")
    *shown, explained = reexplain(catalogue, BOTH, None)
    assert len(shown) == EXPLAINED
    assert "By epoch only: `focal-s0`." in shown[0]
    grow(own_runs / "focal-s0")
    assert all(map(is_skip, reexplain(catalogue, BOTH, explained)))


# ---- the answer, and what agents and scripts get of it


def test_the_answer_is_that_of_the_analysis_and_is_computed_once(tiny_runs, monkeypatch):
    catalogue, calls = Catalogue((tiny_runs,)), []
    monkeypatch.setattr(cached, "analyse", lambda runs: calls.append(1) or analyse(runs))
    cached._analysis.cache_clear()
    text = explain(catalogue, BOTH)[0]
    for sentence in answer(analyse(catalogue.chosen(BOTH))):
        assert sentence in text
    assert explain(catalogue, BOTH)[0] == text
    assert len(calls) == 1


def test_analysis_is_computed_anew_when_a_file_changes(own_runs):
    runs = [read_run(own_runs / name) for name in BOTH]
    before = cached_analysis(runs)
    images = pd.read_csv(own_runs / "focal-s0" / "images.csv")
    images["border_as_border"], images["border_as_pet"] = images["border_as_pet"], images["border_as_border"]
    images.to_csv(own_runs / "focal-s0" / "images.csv", index=False)
    assert cached_analysis(runs) is not before


def test_one_configuration_or_none_with_details_is_told(own_runs):
    text, shown, *figures = explain(Catalogue((own_runs,)), ["ce-s0"])
    assert "choose another" in text
    assert "ce-s0" in shown
    assert all(figures)
    for name in ("images.csv", "bands.csv", "calibration.csv"):
        (own_runs / "ce-s0" / name).unlink()
    text, *rest = explain(Catalogue((own_runs,)), ["ce-s0"])
    assert "experiments.evaluate" in text
    assert "`ce-s0`" in text
    assert nothing_in(rest)


def test_cards_and_confusion_matrices_follow_from_the_photos(runs):
    analysis, counts = analyse(runs), pd.read_csv(runs[1].folder / "images.csv").drop(columns="name").sum()
    true = sum(counts[f"border_as_{name}"] for name in ("pet", "background", "border"))
    recall = f"{100 * counts['border_as_border'] / true:.1f} %"
    assert f"<dt>Border recall</dt><dd><b>{recall}</b>" in cards(analysis, styles(configurations(runs)))
    tables = confusion_tables(analysis)
    for name in ("pet", "background", "border"):
        assert f"{100 * counts[f'border_as_{name}'] / true:.1f} %" in tables
    assert tables.count("<caption>") == 2


def test_a_folders_name_is_no_markup(own_runs):
    folder = own_runs / "<img src=x>"
    shutil.copytree(own_runs / "ce-s0", folder)
    change_options(folder, lr=0.5)
    analysis = analyse([read_run(folder)])
    styled = styles(analysis.configurations)
    assert "<img" not in cards(analysis, styled) + confusion_tables(analysis)


def test_runs_that_cannot_be_compared_are_told(own_runs):
    images = pd.read_csv(own_runs / "focal-s0" / "images.csv")
    images.assign(name="other_" + images["name"]).to_csv(own_runs / "focal-s0" / "images.csv", index=False)
    text, *rest = explain(Catalogue((own_runs,)), BOTH)
    assert "different photos" in text
    assert nothing_in(rest)
    with pytest.raises(gr.Error, match="different photos"):
        compare_api(Catalogue((own_runs,)), [])


def test_the_api_gives_the_analysis_without_nan(tiny_runs):
    catalogue = Catalogue((tiny_runs,))
    content = compare_api(catalogue, None)
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    analysis = analyse(catalogue.scored())
    assert content["answer"] == answer(analysis)
    assert content["runs"] == BOTH
    assert content["compared_with"] == "ce"
    assert len(content["scores"]) == len(analysis.scores)
    assert content["scores"][0]["mean"] == pytest.approx(analysis.scores["mean"][0])
    assert {row["configuration"] for row in compare_api(catalogue, ["focal-s0"])["scores"]} == {"focal"}
    with pytest.raises(gr.Error, match=r"dice-s0: choose from ce-s0, focal-s0"):
        compare_api(catalogue, ["dice-s0"])


def test_the_endpoint_compares_and_names_what_it_does_not_know(serve, tiny_runs):
    client = Client(serve("--runs", tiny_runs), verbose=False)
    content = client.predict("ce-s0, focal-s0", api_name="/compare")
    photos = pd.read_csv(tiny_runs / "ce-s0" / "images.csv")
    assert content["photos"] == len(photos)
    correct = photos[["pet_as_pet", "background_as_background", "border_as_border"]].to_numpy().sum()
    pixels = photos.filter(like="_as_").to_numpy().sum()
    row = next(r for r in content["scores"] if (r["configuration"], r["score"]) == ("ce", "pixel_accuracy"))
    assert row["mean"] == pytest.approx(correct / pixels)
    with pytest.raises(AppError, match="dice-s0: choose from ce-s0, focal-s0"):
        client.predict("dice-s0", api_name="/compare")

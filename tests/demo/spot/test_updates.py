"""The tab lists photos as their files rank them, and says what is missing."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from demo.catalogue import Catalogue
from demo.selection.followed import Selected
from demo.spot.ranking import ALL_BREEDS, DISAGREEMENT, HARDEST, SUSPICION
from demo.spot.updates import show_all
from demo.tabs import Updates


def show_ranking(parts, catalogue, names, rank_by, score, breed, **more) -> Updates:
    said = {"rank": rank_by, "photoScore": score, "breed": breed}
    return show_all(parts, catalogue, Path("no-dataset"), Selected(names, None, said | more), None, {})


def test_the_table_shows_the_ranking_with_ranks_from_one(parts, catalogue, tiny_runs, border_f1):
    scores = pd.DataFrame({name: border_f1(tiny_runs / name) for name in ("ce-s0", "focal-s0")})
    scores["mean"] = (scores["ce-s0"] + scores["focal-s0"]) / 2
    updates = show_ranking(parts, catalogue, ["ce-s0", "focal-s0"], HARDEST, "border_f1", ALL_BREEDS)
    shown = updates[parts.table]["value"].data
    assert shown.columns.tolist() == ["rank", "photo", "mean", "ce-s0", "focal-s0"]
    assert shown["rank"].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert shown["photo"].tolist() == scores.sort_values("mean").index.tolist()
    for column in ("mean", "ce-s0", "focal-s0"):
        np.testing.assert_allclose(shown[column], scores.loc[shown["photo"], column])

    scores["difference"] = scores["focal-s0"] - scores["ce-s0"]
    updates = show_ranking(parts, catalogue, ["ce-s0", "focal-s0"], DISAGREEMENT, "border_f1", ALL_BREEDS)
    apart = updates[parts.table]["value"].data
    assert apart.columns.tolist() == ["rank", "photo", "ce-s0", "focal-s0", "difference"]
    assert apart["rank"].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert apart["photo"].tolist() == scores.index[(-scores["difference"].abs()).argsort(kind="stable")].tolist()
    for column in ("ce-s0", "focal-s0", "difference"):
        np.testing.assert_allclose(apart[column], scores.loc[apart["photo"], column])


@pytest.mark.parametrize(
    ("names", "rank_by", "said"),
    [
        ([], HARDEST, "Choose at least one run above."),
        (["ce-s0"], DISAGREEMENT, "Choose two runs: their disagreement ranks the photos."),
    ],
)
def test_what_is_missing_is_told(parts, catalogue, names, rank_by, said):
    shown = show_ranking(parts, catalogue, names, rank_by, "border_f1", ALL_BREEDS)
    assert shown[parts.explanation] == said
    assert (shown[parts.table]["visible"], shown[parts.figure]) == (False, None)


def test_without_details_it_says_how_to_get_them(parts, tiny_runs, tmp_path):
    shutil.copytree(tiny_runs / "ce-s0", tmp_path / "ce-s0", ignore=shutil.ignore_patterns("images.csv"))
    shown = show_ranking(parts, Catalogue((tmp_path,)), ["ce-s0"], HARDEST, "border_f1", ALL_BREEDS)
    assert "experiments.evaluate FOLDER --details" in shown[parts.explanation]


def test_a_run_of_a_version_without_a_score_of_photos_is_told_and_otherwise_ranked(parts, tiny_runs, tmp_path):
    run = shutil.copytree(tiny_runs / "ce-s0", tmp_path / "ce-s0")
    images = pd.read_csv(run / "images.csv")
    images.drop(columns="custom_iou").to_csv(run / "images.csv", index=False)
    catalogue = Catalogue((tmp_path,))
    shown = show_ranking(parts, catalogue, ["ce-s0"], HARDEST, "custom_iou", ALL_BREEDS)
    assert shown[parts.explanation].startswith("ce-s0 has no custom_iou of single photos: ")
    assert (shown[parts.table]["visible"], shown[parts.figure]) == (False, None)
    for rank_by, score in ((HARDEST, "border_f1"), (SUSPICION, "custom_iou")):
        shown = show_ranking(parts, catalogue, ["ce-s0"], rank_by, score, ALL_BREEDS)
        assert shown[parts.table]["visible"]
        assert shown[parts.figure] is not None


def test_damaged_scores_are_told_in_the_tab_when_it_is_opened(parts, tiny_runs, tmp_path):
    folder = shutil.copytree(tiny_runs, tmp_path / "runs")
    lines = (folder / "ce-s0" / "images.csv").read_text().splitlines(keepends=True)
    lines[4] = lines[4].replace(",", ",x", 1)
    (folder / "ce-s0" / "images.csv").write_text("".join(lines))
    shown = show_ranking(parts, Catalogue((folder,)), ["ce-s0", "focal-s0"], HARDEST, "border_f1", ALL_BREEDS)
    assert shown[parts.breed]["choices"] == [ALL_BREEDS]
    assert "images.csv, line 5" in shown[parts.explanation]


@pytest.mark.parametrize("path", ["focal-s0/images.csv", "focal-s0"])
def test_scores_that_vanish_once_listed_are_told(parts, vanishing, monkeypatch, path):
    # the last look says that they are there
    monkeypatch.setattr("demo.spot.updates.has_details", lambda run: True)
    shown = show_ranking(parts, vanishing("chosen", path), ["ce-s0", "focal-s0"], HARDEST, "border_f1", ALL_BREEDS)
    assert shown[parts.explanation].startswith("focal-s0 has no images.csv")
    assert "experiments.evaluate" in shown[parts.explanation]
    assert (shown[parts.table]["visible"], shown[parts.figure]) == (False, None)


def test_a_chosen_run_that_is_gone_is_told_beside_the_others(parts, own_runs):
    shutil.rmtree(own_runs / "focal-s0")
    said = "focal-s0 is not here any more: reload the page"
    catalogue = Catalogue((own_runs,))
    shown = show_ranking(parts, catalogue, ["ce-s0", "focal-s0"], HARDEST, "border_f1", ALL_BREEDS)
    assert said in shown[parts.explanation]
    assert shown[parts.table]["value"].data.columns.tolist() == ["rank", "photo", "mean", "ce-s0"]
    shown = show_ranking(parts, catalogue, ["focal-s0"], HARDEST, "border_f1", ALL_BREEDS)
    assert shown[parts.explanation].startswith(said)


def test_a_run_without_scores_of_photos_is_named_beside_the_others(parts, own_runs):
    (own_runs / "focal-s0" / "images.csv").unlink()
    shown = show_ranking(parts, Catalogue((own_runs,)), ["ce-s0", "focal-s0"], HARDEST, "border_f1", ALL_BREEDS)
    assert "Without scores of single photos: Focal. Finish its training" in shown[parts.explanation]
    assert shown[parts.table]["value"].data.columns.tolist() == ["rank", "photo", "mean", "ce-s0"]


def test_what_a_link_cannot_choose_is_as_if_it_said_nothing(parts, catalogue):
    shown = show_ranking(parts, catalogue, ["ce-s0"], "luck", "beauty", "unicorn")
    assert [shown[part]["value"] for part in (parts.rank_by, parts.score, parts.breed)] == [
        HARDEST,
        "border_f1",
        ALL_BREEDS,
    ]


def test_another_photo_leaves_the_table_alone_and_knows_why_its_label_is_suspected(parts, catalogue):
    said = {"rank": SUSPICION}
    shown = show_all(parts, catalogue, Path("no-dataset"), Selected(["ce-s0"], None, said), None, {})
    table = shown[parts.table]["value"].data
    photo, reason = table.loc[0, ["photo", "reason"]]
    assert shown[parts.reasons][photo] == reason
    chosen = Selected(["ce-s0"], None, said | {"photo": photo})
    again = show_all(parts, catalogue, Path("no-dataset"), chosen, shown[parts.ranked], shown[parts.reasons])
    assert again.keys() == {parts.detail}
    assert reason.capitalize() in again[parts.detail]

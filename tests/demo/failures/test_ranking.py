"""The gallery is given what the runs' files say of every photo, and one true sentence where nothing can be shown."""

import json
import shutil

import pandas as pd
import pytest

from demo.catalogue import Catalogue
from demo.failures.ranking import failures_value
from demo.labelled import Labelled

BOTH = ["ce-s0", "focal-s0"]


def test_every_photo_has_the_scores_that_the_files_say(catalogue, tiny_runs, tiny_pets, border_f1):
    value = failures_value(catalogue, Labelled(tiny_pets), BOTH)
    assert "missing" not in value
    assert value["dataset"]
    assert [loss["title"] for loss in value["losses"]] == ["Cross-entropy", "Focal"]
    for name in BOTH:
        expected = border_f1(tiny_runs / name)
        assert value["values"][name] == pytest.approx(expected.loc[value["photos"]].tolist(), abs=5e-5)
    assert sorted(value["photos"]) == sorted(border_f1(tiny_runs / "ce-s0").index)
    assert (value["score"]["name"], value["score"]["top"], value["score"]["better"]) == ("border_f1", 1.0, True)
    json.dumps(value, allow_nan=False)  # as the page reads it


def test_another_score_is_given_where_it_is_asked_for(catalogue, tiny_runs, tiny_pets):
    value = failures_value(catalogue, Labelled(tiny_pets), ["ce-s0"], "cross_entropy")
    images = pd.read_csv(tiny_runs / "ce-s0" / "images.csv", index_col="name")["cross_entropy"]
    assert value["values"]["ce-s0"] == pytest.approx(images.loc[value["photos"]].tolist(), abs=5e-5)
    assert not value["score"]["better"]
    assert not value["score"]["percent"]
    assert value["score"]["top"] == pytest.approx(images.quantile(0.995))
    assert failures_value(catalogue, Labelled(tiny_pets), ["ce-s0"], "luck")["score"]["name"] == "border_f1"


def test_suspects_are_in_the_order_of_label_quality_with_a_reason_in_plain_words(catalogue, tiny_runs, tiny_pets):
    value = failures_value(catalogue, Labelled(tiny_pets), BOTH)
    quality = [pd.read_csv(tiny_runs / name / "images.csv", index_col="name")["label_quality"] for name in BOTH]
    expected = ((quality[0] + quality[1]) / 2).sort_values(kind="stable").index.tolist()
    assert [value["photos"][place] for place in value["suspects"]["order"]] == expected
    assert len(value["suspects"]["reasons"]) == len(expected)
    assert "trimap" not in json.dumps(value)


def test_a_broken_label_is_told_apart_and_keeps_its_reason(own_runs, tiny_pets):
    """Here the label of a pug has no pet, and a beagle's is swapped."""
    for name in BOTH:
        images = pd.read_csv(own_runs / name / "images.csv", index_col="name")
        pet, background = (
            images.columns[images.columns.str.startswith(f"{true}_as_")] for true in ("pet", "background")
        )
        images.loc["pug_2", pet] = 0
        images.loc["beagle_47", [*pet, *background]] = [10, 100, 0, 100, 10, 0]
        images.to_csv(own_runs / name / "images.csv")
    value = failures_value(Catalogue((own_runs,)), Labelled(tiny_pets), BOTH)
    assert {value["photos"][place] for place in value["broken"]} == {"pug_2", "beagle_47"}
    suspects = value["suspects"]
    reasons = {value["photos"][place]: why for place, why in zip(suspects["order"], suspects["reasons"], strict=True)}
    assert reasons["pug_2"].startswith("the label has no pet")
    assert reasons["beagle_47"] == "pet and background look swapped to every loss"


def test_without_runs_it_says_how_one_comes(tmp_path):
    missing = failures_value(Catalogue((tmp_path,)), Labelled(tmp_path), [])["missing"]
    assert (missing["text"], missing["act"]) == ("No runs are here yet: train one, and it appears.", "copy")


def test_without_scores_of_single_photos_it_says_when_they_come(own_runs, tmp_path):
    for name in BOTH:
        (own_runs / name / "images.csv").unlink()
    missing = failures_value(Catalogue((own_runs,)), Labelled(tmp_path), BOTH)["missing"]
    assert missing["text"] == "No run has scores of single photos yet: they come when training ends."
    assert missing["act"] == "curves"


@pytest.mark.parametrize("names", [[], ["gone-s7"]])
def test_where_no_run_is_chosen_one_is_asked_for(catalogue, tmp_path, names):
    missing = failures_value(catalogue, Labelled(tmp_path), names)["missing"]
    assert (missing["text"], missing["act"]) == ("No run is chosen.", "add")


def test_a_run_without_scores_of_photos_is_named_beside_the_others_and_alone(own_runs, tmp_path):
    (own_runs / "focal-s0" / "images.csv").unlink()
    value = failures_value(Catalogue((own_runs,)), Labelled(tmp_path), BOTH)
    assert value["lacking"] == "Focal has no scores of single photos."
    assert [loss["run"] for loss in value["losses"]] == ["ce-s0"]
    alone = failures_value(Catalogue((own_runs,)), Labelled(tmp_path), ["focal-s0"])["missing"]
    assert (alone["text"], alone["act"]) == ("Focal has no scores of single photos.", "add")


def test_a_run_of_a_version_without_a_score_is_told_and_otherwise_ranked(own_runs, tmp_path):
    path = own_runs / "ce-s0" / "images.csv"
    pd.read_csv(path).drop(columns=["custom_iou", "label_quality"]).to_csv(path, index=False)
    catalogue = Catalogue((own_runs,))
    missing = failures_value(catalogue, Labelled(tmp_path), BOTH, "custom_iou")["missing"]
    assert missing["text"] == "Cross-entropy has no article's soft IoU of single photos."
    assert (missing["act"], missing["button"]) == ("first-score", "Show border F1")
    value = failures_value(catalogue, Labelled(tmp_path), BOTH)
    assert len(value["photos"]) == 8
    assert value["suspects"] == {"text": "Cross-entropy has no label quality of single photos."}


def test_damaged_scores_are_told(tiny_runs, tmp_path):
    folder = shutil.copytree(tiny_runs, tmp_path / "runs")
    lines = (folder / "ce-s0" / "images.csv").read_text().splitlines(keepends=True)
    lines[4] = lines[4].replace(",", ",x", 1)
    (folder / "ce-s0" / "images.csv").write_text("".join(lines))
    said = "Cross-entropy is left out until it is scored again: its scores of single photos are damaged."
    missing = failures_value(Catalogue((folder,)), Labelled(tmp_path), ["ce-s0"])["missing"]
    assert (missing["text"], missing["act"]) == (said, "add")
    # the others are ranked without it, as if it were not chosen
    value = failures_value(Catalogue((folder,)), Labelled(tmp_path), BOTH)
    assert value == failures_value(Catalogue((folder,)), Labelled(tmp_path), ["focal-s0"]) | {"lacking": said}


@pytest.mark.parametrize("path", ["focal-s0/images.csv", "focal-s0"])
def test_scores_that_vanish_once_listed_are_told(vanishing, monkeypatch, tmp_path, path):
    monkeypatch.setattr("demo.failures.ranking.has_details", lambda run: True)
    value = failures_value(vanishing("runs", path), Labelled(tmp_path), BOTH)
    if path == "focal-s0":
        assert value["missing"]["text"].startswith("focal-s0 has no images.csv")
    else:  # what is left of its scores is no whole
        assert value["lacking"].startswith("Focal is left out until it is scored again")


def test_runs_that_share_no_photo_are_not_ranked(own_runs, tmp_path):
    path = own_runs / "focal-s0" / "images.csv"
    images = pd.read_csv(path)
    images.assign(name="other_" + images["name"]).to_csv(path, index=False)
    missing = failures_value(Catalogue((own_runs,)), Labelled(tmp_path), BOTH, "cross_entropy")["missing"]
    assert (missing["text"], missing["act"]) == ("These runs were not scored on the same photos.", "add")


def test_changed_scores_are_read_anew(own_runs, tmp_path):
    catalogue = Catalogue((own_runs,))
    before = failures_value(catalogue, Labelled(tmp_path), ["ce-s0"])["values"]["ce-s0"]
    path = own_runs / "ce-s0" / "images.csv"
    images = pd.read_csv(path)
    images["pet_as_border"] += 50
    images["pet_as_pet"] -= 50
    images.to_csv(path, index=False)
    assert failures_value(catalogue, Labelled(tmp_path), ["ce-s0"])["values"]["ce-s0"] != before

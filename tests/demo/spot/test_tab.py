"""The Spot check tab lists photos as their files rank them, and shows one with its label and its masks."""

import base64
import io
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from demo.catalogue import Catalogue
from demo.spot import tab as spot
from demo.spot.tab import ALL_BREEDS, DISAGREEMENT, HARDEST, SUSPICION, distribution, look, ranking, spot_check
from experiments.scores import Place, appearing
from experiments.store.runs import BadRun
from seg.inference import Segmenter
from seg.pets import photo_path, trimap_path


@pytest.fixture
def catalogue(tiny_runs) -> Catalogue:
    return Catalogue((tiny_runs,))


def f1(folder: Path) -> pd.Series:
    images = pd.read_csv(folder / "images.csv", index_col="name")
    hits = images["border_as_border"]
    return 2 * hits / (images.filter(like="border_as_").sum(axis=1) + images.filter(like="_as_border").sum(axis=1))


def test_photos_are_ranked_as_the_csv_files_say(catalogue, tiny_runs):
    runs = spot.detailed(catalogue)
    scores = pd.DataFrame({name: f1(tiny_runs / name) for name in ("ce-s0", "focal-s0")})
    table = ranking(runs, HARDEST, "border_f1", ALL_BREEDS).set_index("photo")
    assert table["mean"].is_monotonic_increasing
    pd.testing.assert_frame_equal(table[["ce-s0", "focal-s0"]], scores.loc[table.index], check_names=False)

    apart = ranking(runs, DISAGREEMENT, "border_f1", ALL_BREEDS).set_index("photo")["difference"]
    assert apart.abs().is_monotonic_decreasing
    expected = (scores["focal-s0"] - scores["ce-s0"]).loc[apart.index]
    np.testing.assert_allclose(apart, expected)

    assert ranking(runs, SUSPICION, "border_f1", ALL_BREEDS).columns.tolist() == ["photo", "score", "reason"]


def test_the_table_shows_the_ranking_with_ranks_from_one(catalogue, tiny_runs):
    scores = pd.DataFrame({name: f1(tiny_runs / name) for name in ("ce-s0", "focal-s0")})
    scores["mean"] = (scores["ce-s0"] + scores["focal-s0"]) / 2
    shown = spot_check(catalogue, ["ce-s0", "focal-s0"], HARDEST, "border_f1", ALL_BREEDS)[1]["value"].data
    assert shown.columns.tolist() == ["rank", "photo", "mean", "ce-s0", "focal-s0"]
    assert shown["rank"].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert shown["photo"].tolist() == scores.sort_values("mean").index.tolist()
    for column in ("mean", "ce-s0", "focal-s0"):
        np.testing.assert_allclose(shown[column], scores.loc[shown["photo"], column])

    scores["difference"] = scores["focal-s0"] - scores["ce-s0"]
    apart = spot_check(catalogue, ["ce-s0", "focal-s0"], DISAGREEMENT, "border_f1", ALL_BREEDS)[1]["value"].data
    assert apart.columns.tolist() == ["rank", "photo", "ce-s0", "focal-s0", "difference"]
    assert apart["rank"].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert apart["photo"].tolist() == scores.index[(-scores["difference"].abs()).argsort(kind="stable")].tolist()
    for column in ("ce-s0", "focal-s0", "difference"):
        np.testing.assert_allclose(apart[column], scores.loc[apart["photo"], column])


def test_of_three_runs_the_first_two_disagree(catalogue, tiny_runs, tmp_path):
    between = shutil.copytree(tiny_runs / "ce-s0", tmp_path / "weighted-s0")
    info = json.loads((between / "run.json").read_text())
    info["options"] |= {"loss": "weighted", "class_weights": "median"}
    (between / "run.json").write_text(json.dumps(info))
    images = pd.read_csv(between / "images.csv")
    # the first photos' borders are missed, the more the earlier
    for row, share in enumerate((1.0, 0.75, 0.5, 0.25)):
        moved = int(share * images.loc[row, "border_as_border"])
        images.loc[row, ["border_as_border", "border_as_pet"]] += [-moved, moved]
    images.to_csv(between / "images.csv", index=False)
    runs = spot.detailed(Catalogue((tiny_runs, tmp_path)))
    assert [run.name for run in runs] == ["ce-s0", "weighted-s0", "focal-s0"]
    table = ranking(runs, DISAGREEMENT, "border_f1", ALL_BREEDS).set_index("photo")
    assert table.columns.tolist() == ["ce-s0", "weighted-s0", "difference"]
    assert table.index[:4].tolist() == images["name"][:4].tolist()
    np.testing.assert_allclose(table["difference"], (f1(between) - f1(tiny_runs / "ce-s0")).loc[table.index])


def test_a_breed_leaves_its_photos_in_their_order(catalogue):
    runs = spot.detailed(catalogue)
    assert spot.breeds(runs) == [ALL_BREEDS, "beagle", "Bengal", "pug", "Sphynx"]
    everything = ranking(runs, HARDEST, "pixel_accuracy", ALL_BREEDS)["photo"].tolist()
    pugs = ranking(runs, HARDEST, "pixel_accuracy", "pug")["photo"].tolist()
    assert pugs == [photo for photo in everything if photo.startswith("pug_")]
    assert len(pugs) == 3


def test_the_figure_counts_every_photo_once(catalogue, tiny_runs):
    figure = distribution(spot.detailed(catalogue), "pixel_accuracy").figure
    assert [trace.name for trace in figure.data] == ["ce-s0", "focal-s0"]
    assert [sum(trace.y) for trace in figure.data] == [8, 8]
    for score in appearing(Place.PHOTOS):
        assert len(distribution(spot.detailed(catalogue), score.name).figure.data) == 2


@pytest.mark.parametrize(
    ("names", "rank_by", "said"),
    [
        ([], HARDEST, "Choose at least one run."),
        (None, HARDEST, "Choose at least one run."),
        (["ce-s0"], DISAGREEMENT, "Choose two runs: their disagreement ranks the photos."),
    ],
)
def test_what_is_missing_is_told(catalogue, names, rank_by, said):
    message, table, figure = spot_check(catalogue, names, rank_by, "border_f1", ALL_BREEDS)
    assert message == said
    assert (table["visible"], figure) == (False, None)


def test_without_details_it_says_how_to_get_them(tiny_runs, tmp_path):
    shutil.copytree(tiny_runs / "ce-s0", tmp_path / "ce-s0", ignore=shutil.ignore_patterns("images.csv"))
    message = spot_check(Catalogue((tmp_path,)), ["ce-s0"], HARDEST, "border_f1", ALL_BREEDS)[0]
    assert "experiments.evaluate FOLDER --details" in message


def test_a_damaged_file_is_told(tiny_runs, tmp_path):
    run = shutil.copytree(tiny_runs / "ce-s0", tmp_path / "ce-s0")
    (run / "images.csv").write_text("name\nx\n")
    catalogue = Catalogue((tmp_path,))
    with pytest.raises(BadRun):
        ranking(spot.detailed(catalogue), HARDEST, "border_f1", ALL_BREEDS)
    assert "images.csv" in spot_check(catalogue, ["ce-s0"], HARDEST, "border_f1", ALL_BREEDS)[0]


def test_a_run_of_a_version_without_a_score_of_photos_is_told_and_otherwise_ranked(tiny_runs, tmp_path):
    run = shutil.copytree(tiny_runs / "ce-s0", tmp_path / "ce-s0")
    images = pd.read_csv(run / "images.csv")
    images.drop(columns="custom_iou").to_csv(run / "images.csv", index=False)
    catalogue = Catalogue((tmp_path,))
    message, table, figure = spot_check(catalogue, ["ce-s0"], HARDEST, "custom_iou", ALL_BREEDS)
    assert message.startswith("ce-s0 has no custom_iou of single photos: ")
    assert (table["visible"], figure) == (False, None)
    for rank_by, score in ((HARDEST, "border_f1"), (SUSPICION, "custom_iou")):
        _, table, figure = spot_check(catalogue, ["ce-s0"], rank_by, score, ALL_BREEDS)
        assert table["visible"]
        assert figure is not None


def pictures(page: str) -> list[Image.Image]:
    """The PNG masks of a piece of HTML, in order."""
    found = re.findall(r"data:image/png;base64,([\w+/=]+)", page)
    return [Image.open(io.BytesIO(base64.b64decode(text))) for text in found]


def test_a_photo_is_shown_with_its_label_and_the_chosen_runs_masks(catalogue, tiny_runs, tiny_pets):
    page = look(catalogue, tiny_pets, "pug_2", ["focal-s0"], "looks odd")
    assert "Looks odd." in page
    assert "ce-s0" not in page
    label, mask = (np.asarray(picture) for picture in pictures(page))
    np.testing.assert_array_equal(label + 1, np.asarray(Image.open(trimap_path(tiny_pets, "pug_2"))))
    predicted = Segmenter.load(tiny_runs / "focal-s0" / "model.safetensors").predict(
        Image.open(photo_path(tiny_pets, "pug_2"))
    )
    np.testing.assert_array_equal(mask, predicted.mask)


def test_a_photo_that_claims_to_be_turned_lies_under_its_trimap_as_it_did_in_training(catalogue, own_pets):
    path = photo_path(own_pets, "Bengal_35")
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(path) as photo:
        photo.save(path, exif=exif)
    label, mask = pictures(look(catalogue, own_pets, "Bengal_35", ["ce-s0"]))
    assert label.size == mask.size == photo.size


def test_without_the_dataset_it_says_how_to_get_it(catalogue, tmp_path):
    page = look(catalogue, tmp_path, "pug_2", ["ce-s0"])
    assert "experiments.fetch" in page
    assert "PETS_DATA" in page
    assert look(catalogue, tmp_path, None, ["ce-s0"]) == spot.NOTHING_CHOSEN


def test_a_photo_s_name_is_no_way_out_of_the_dataset(catalogue, tiny_pets):
    assert pictures(look(catalogue, tiny_pets, "../images/pug_2", ["ce-s0"]))
    page = look(catalogue, tiny_pets, "<b>x</b>", ["ce-s0"])
    assert "<b>" not in page
    assert "is not shipped" in page


def test_a_damaged_photo_is_told(catalogue, own_pets):
    photo_path(own_pets, "Bengal_35").write_bytes(b"no photo")
    assert "Bengal_35 cannot be read" in look(catalogue, own_pets, "Bengal_35", ["ce-s0"])


def test_damaged_scores_are_told_in_the_tab_when_it_is_opened(tiny_runs, tmp_path):
    folder = shutil.copytree(tiny_runs, tmp_path / "runs")
    lines = (folder / "ce-s0" / "images.csv").read_text().splitlines(keepends=True)
    lines[4] = lines[4].replace(",", ",x", 1)
    (folder / "ce-s0" / "images.csv").write_text("".join(lines))
    offered, breeds, words, *_ = spot.open_spot_tab(Catalogue((folder,)), None, HARDEST, "border_f1", ALL_BREEDS)
    assert offered["value"] == ["ce-s0", "focal-s0"]
    assert breeds["choices"] == [ALL_BREEDS]
    assert "images.csv, line 5" in words

"""What the scrubber's page is given."""

import json
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from demo.catalogue import Catalogue
from demo.labelled import Labelled
from demo.watch.probe_photos import ProbePhotos
from demo.watch.value import watch_value
from experiments.store.probe import sample_photos
from seg.pets import photo_path, trimap_path


@pytest.fixture
def without_dataset(tmp_path) -> ProbePhotos:
    return ProbePhotos(Labelled(tmp_path / "no-dataset"), served=tmp_path)


def mosaic_of(url: str, photos: ProbePhotos) -> Path:
    folder, name = urlsplit(url).path.split("/")
    assert folder == "mosaics"
    return photos.served / name


def test_every_epoch_of_every_chosen_run_has_its_mosaic(tiny_runs, without_dataset):
    value = watch_value(Catalogue((tiny_runs,)), without_dataset, ["focal-s0", "ce-s0"])
    assert [run["name"] for run in value["runs"]] == ["ce-s0", "focal-s0"]
    for run, epochs in zip(value["runs"], (3, 4), strict=True):
        assert list(run["mosaics"]) == list(run["scores"]) == [str(epoch) for epoch in range(epochs)]
        for epoch, url in run["mosaics"].items():
            assert urlsplit(url).path == f"predictions/{run['name']}/{epoch}.png"
    json.dumps(value)  # it travels to the page as JSON
    assert str(tiny_runs) not in json.dumps(value)


def test_without_the_dataset_only_samples_have_photos(tiny_runs, without_dataset):
    value = watch_value(Catalogue((tiny_runs,)), without_dataset, ["ce-s0"])
    tiles = value["runs"][0]["tiles"]
    assert {tile["name"]: tile["photo"] for tile in tiles} == {
        "Bengal_35": False,
        "beagle_47": False,
        **dict.fromkeys(sample_photos(), True),
    }
    assert not any(tile["truth"] for tile in tiles)


def test_with_the_dataset_validation_tiles_show_their_photo(tiny_runs, tiny_pets, tmp_path):
    photos = ProbePhotos(Labelled(tiny_pets), served=tmp_path)
    value = watch_value(Catalogue((tiny_runs,)), photos, ["ce-s0"])
    run = value["runs"][0]
    assert all(tile["photo"] for tile in run["tiles"])
    assert value["message"] == ""
    index = [tile["name"] for tile in run["tiles"]].index("beagle_47")
    with Image.open(mosaic_of(run["photos"], photos)) as mosaic:
        left, top = index % run["columns"] * 32, index // run["columns"] * 32
        tile = np.asarray(mosaic.crop((left, top, left + 32, top + 32)), dtype=float)
    with Image.open(photo_path(tiny_pets, "beagle_47")) as photo:
        expected = np.asarray(photo.resize((32, 32), Image.Resampling.BILINEAR), dtype=float)
    assert np.abs(tile - expected).mean() < 10  # JPEG


def test_truth_of_validation_tiles_is_their_trimap(tiny_runs, tiny_pets, tmp_path):
    photos = ProbePhotos(Labelled(tiny_pets), served=tmp_path)
    run = watch_value(Catalogue((tiny_runs,)), photos, ["ce-s0"])["runs"][0]
    assert {tile["name"] for tile in run["tiles"] if tile["truth"]} == {"Bengal_35", "beagle_47"}
    index = [tile["name"] for tile in run["tiles"]].index("beagle_47")
    with Image.open(mosaic_of(run["truth"], photos)) as mosaic:
        left, top = index % run["columns"] * 32, index // run["columns"] * 32
        classes = np.asarray(mosaic)[top : top + 32, left : left + 32]
    with Image.open(trimap_path(tiny_pets, "beagle_47")) as trimap:
        np.testing.assert_array_equal(classes, np.asarray(trimap.resize((32, 32), Image.Resampling.NEAREST)) - 1)


def test_runs_of_one_layout_share_the_photos_and_the_truth(tiny_runs, tiny_pets, tmp_path):
    one, other = watch_value(
        Catalogue((tiny_runs,)), ProbePhotos(Labelled(tiny_pets), served=tmp_path), ["ce-s0", "focal-s0"]
    )["runs"]
    assert (one["photos"], one["truth"]) == (other["photos"], other["truth"])


def test_damaged_photo_is_shown_as_a_missing_one(tiny_runs, own_pets, tmp_path):
    shutil.copy(photo_path(own_pets, "Bengal_36"), photo_path(own_pets, "beagle_47"))
    photo_path(own_pets, "Bengal_35").write_bytes(b"no photo")
    tiles = watch_value(Catalogue((tiny_runs,)), ProbePhotos(Labelled(own_pets), served=tmp_path), ["ce-s0"])["runs"][
        0
    ]["tiles"]
    shown = {tile["name"]: tile["photo"] for tile in tiles}
    assert (shown["Bengal_35"], shown["beagle_47"]) == (False, True)


def test_scores_are_those_of_the_csv(tiny_runs, without_dataset):
    run = watch_value(Catalogue((tiny_runs,)), without_dataset, ["focal-s0"])["runs"][0]
    for row in pd.read_csv(tiny_runs / "focal-s0" / "epochs.csv").to_dict("records"):
        for score, value in run["scores"][str(row["epoch"])].items():
            assert value == (None if pd.isna(row[score]) else pytest.approx(row[score], abs=1e-5))


def test_rewritten_mosaic_gets_a_new_address(tiny_runs, tmp_path, without_dataset):
    runs = tmp_path / "runs"
    shutil.copytree(tiny_runs / "ce-s0", runs / "ce-s0", ignore=shutil.ignore_patterns("*.safetensors"))
    before = watch_value(Catalogue((runs,)), without_dataset, ["ce-s0"])["runs"][0]["mosaics"]["1"]
    mosaic = runs / "ce-s0" / "predictions" / "epoch-001.png"
    mosaic.write_bytes((runs / "ce-s0" / "predictions" / "epoch-002.png").read_bytes())
    after = watch_value(Catalogue((runs,)), without_dataset, ["ce-s0"])["runs"][0]["mosaics"]["1"]
    assert before != after


def test_run_without_predictions_is_named(tiny_runs, tmp_path, without_dataset):
    runs = tmp_path / "runs"
    shutil.copytree(tiny_runs / "ce-s0", runs / "ce-s0", ignore=shutil.ignore_patterns("*.safetensors", "predictions"))
    value = watch_value(Catalogue((runs,)), without_dataset, ["ce-s0"])
    assert value["runs"] == []
    assert value["message"] == "Cross-entropy: no predictions were kept; choose another run above."


def test_empty_folder_says_how_to_make_a_run(tmp_path, without_dataset):
    assert "python -m experiments.run" in watch_value(Catalogue((tmp_path,)), without_dataset, [])["message"]


def test_a_mosaic_that_vanishes_is_an_epoch_less(own_runs, without_dataset, monkeypatch):
    (own_runs / "focal-s0" / "predictions" / "epoch-002.png").unlink()
    run = watch_value(Catalogue((own_runs,)), without_dataset, ["focal-s0"])["runs"][0]
    assert list(run["mosaics"]) == list(run["scores"]) == ["0", "1", "3"]


@pytest.mark.parametrize("path", ["focal-s0", "focal-s0/predictions"])
def test_predictions_that_vanish_once_listed_are_told(vanishing, without_dataset, path):
    value = watch_value(vanishing("chosen", path), without_dataset, ["ce-s0", "focal-s0"])
    assert [run["name"] for run in value["runs"]] == ["ce-s0"]
    assert "Focal: no predictions were kept; choose another run above." in value["message"]


def test_a_chosen_run_that_is_gone_is_told(own_runs, without_dataset):
    shutil.rmtree(own_runs / "focal-s0")
    said = "focal-s0 is not here any more: reload the page to choose others, or train it again."
    value = watch_value(Catalogue((own_runs,)), without_dataset, ["ce-s0", "focal-s0"])
    assert [run["name"] for run in value["runs"]] == ["ce-s0"]
    assert value["message"].startswith(said)
    assert watch_value(Catalogue((own_runs,)), without_dataset, ["focal-s0"])["message"] == said

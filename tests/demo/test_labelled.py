"""What the app shows of one's own photos: which, which way up, and with the borders that the runs have learnt."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from demo.catalogue import Catalogue
from demo.failures.photo import photo_value, small_pictures
from demo.failures.ranking import failures_value
from demo.labelled import Labelled
from demo.segment.tab import strip_value
from demo.stage.photos import chosen_photo, offered_photos, picture_of, shown_photo
from demo.watch.probe_photos import ProbePhotos, tile_function
from demo.watch.value import watch_value
from experiments import run
from experiments.store.probe import sample_photos
from seg.labelled.pairs import listed_photos, pairs_of

BORDER = 2


@pytest.fixture
def own_runs(own_photos, tmp_path, narrow):
    """A run on one's own photos with broad borders."""
    typed = ["--loss", "ce", "--size", "32", "--epochs", "1", "--border-width", "0.2", "--device", "cpu"]
    assert run.main([*typed, "--data", str(own_photos), "--out", str(tmp_path / "runs")]) == 0
    return tmp_path / "runs"


def test_ones_own_validation_photos_come_first_and_samples_after(own_photos):
    names = list(offered_photos(Labelled(own_photos)))
    validating = listed_photos(own_photos, "test")
    assert names[: len(validating)] == validating
    assert set(names[len(validating) :]) == set(sample_photos())
    assert chosen_photo(None, Labelled(own_photos)).pair == pairs_of(own_photos, [validating[0]])[0]


def test_any_photo_of_ones_own_is_found_by_its_name_and_no_other_file(own_photos, tmp_path):
    labelled = Labelled(own_photos)
    assert labelled.pair("blob-001") == pairs_of(own_photos, ["blob-001"])[0]
    Image.new("RGB", (5, 5)).save(tmp_path / "secret.png")
    for name in ("../masks/blob-001", "../../secret", "/etc/hostname", "blob-001.jpg", "", ".", "blob-999"):
        assert labelled.pair(name) is None
    assert Labelled(tmp_path / "nothing").pair("blob-001") is None


def test_a_photo_that_lies_is_shown_as_it_is_seen(own_photos):
    lying = chosen_photo("blob-005", Labelled(own_photos))
    with Image.open(lying.path) as stored:
        seen = ImageOps.exif_transpose(stored)
        assert seen.size == stored.size[::-1]
    assert picture_of(lying).size == seen.size
    shown, label = shown_photo(lying)
    assert tuple(shown.size) == seen.size and label.shape == seen.size[::-1]
    # brighter where it is brighter, not turned
    thumb = np.asarray(_picture(small_pictures(Labelled(own_photos), ["blob-005"])["blob-005"]).convert("L"), float)
    expected = np.asarray(ImageOps.fit(seen.convert("L"), thumb.shape[::-1]), float)
    assert np.corrcoef(thumb.ravel(), expected.ravel())[0, 1] > 0.97
    turned = np.asarray(ImageOps.fit(Image.open(lying.path).convert("L"), thumb.shape[::-1]), float)
    assert np.corrcoef(thumb.ravel(), turned.ravel())[0, 1] < 0.97


def _picture(uri: str) -> Image.Image:
    import base64
    import io

    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def test_labels_have_the_borders_that_the_runs_have_learnt(own_runs, own_photos, tmp_path):
    catalogue = Catalogue((own_runs,))
    assert catalogue.border_width() == 0.2
    assert Catalogue((tmp_path / "nothing",)).border_width() == 0.045
    labelled = Labelled(own_photos, catalogue.border_width)
    name = listed_photos(own_photos, "test")[0]
    _, label = shown_photo(chosen_photo(name, labelled))
    assert np.array_equal(label, pairs_of(own_photos, [name], 0.2)[0].read_label())
    assert (label == BORDER).sum() > 2 * (pairs_of(own_photos, [name])[0].read_label() == BORDER).sum()


def test_watch_and_failures_show_ones_own_photos(own_runs, own_photos, tmp_path):
    catalogue = Catalogue((own_runs,))
    labelled = Labelled(own_photos, catalogue.border_width)
    validating = listed_photos(own_photos, "test")
    (watched,) = watch_value(catalogue, ProbePhotos(labelled, served=tmp_path / "served"), ["ce-s0"])["runs"]
    assert [tile["name"] for tile in watched["tiles"]] == validating
    assert all(tile["photo"] and tile["truth"] and not tile["sample"] for tile in watched["tiles"])

    failures = failures_value(catalogue, labelled, ["ce-s0"])
    assert failures["photos"] == validating and failures["dataset"] and failures["search"] == "Search names"
    looked = photo_value(catalogue, labelled, validating[0], ["ce-s0"])
    assert looked["said"] == "" and looked["photo"]["truth"] is not None


def test_a_mask_that_is_wrong_is_told_and_the_photo_shown(own_runs, own_photos):
    name = listed_photos(own_photos, "test")[0]
    pair = pairs_of(own_photos, [name])[0]
    Image.fromarray(np.full((96, 96), 9, np.uint8)).save(pair.label)
    looked = photo_value(Catalogue((own_runs,)), Labelled(own_photos), name, ["ce-s0"])
    assert looked["photo"]["truth"] is None and name in looked["said"]


def test_a_photo_that_is_damaged_is_left_out_of_the_strip_alone(own_photos):
    first, second = listed_photos(own_photos, "test")
    (own_photos / "photos" / f"{first}.jpg").write_bytes(b"no photo")
    tiles = [tile["id"] for tile in strip_value(Labelled(own_photos))["photos"]]
    assert tiles == [second, *(name for name in offered_photos(Labelled(own_photos)) if name in sample_photos())]


def test_a_photo_of_ones_own_that_is_called_as_a_sample_is_is_ones_own(own_photos, tmp_path):
    for folder, suffix in (("photos", "jpg"), ("masks", "png")):
        path = own_photos / folder / f"blob-001.{suffix}"
        path.rename(path.with_stem("lion"))
    enlarged = tile_function(ProbePhotos(Labelled(own_photos), served=tmp_path))("lion")["picture"]
    expected = pairs_of(own_photos, ["lion"])[0].read_square(512).astype(float)
    assert np.abs(np.asarray(_picture(enlarged), float) - expected).mean() < 8

"""The photos that the page offers, and those that a person brings."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.labelled import Labelled
from demo.stage.pane import shrink
from demo.stage.photos import Offered, chosen_photo, offered_photos, picture_of, shown_photo
from experiments.store.probe import VALIDATION_NAMES, sample_photos
from seg import InputError
from seg.pets import photo_path, trimap_path
from tests.demo.stage.test_pane import decoded


@pytest.fixture
def dataset(tmp_path) -> Path:
    """A dataset with one of the probe's photos, 90 x 60, and its label."""
    name = VALIDATION_NAMES[0]
    for path, image in (
        (photo_path(tmp_path, name), Image.linear_gradient("L").resize((90, 60)).convert("RGB")),
        (trimap_path(tmp_path, name), Image.fromarray(np.tile(np.uint8([1, 2, 3]), (60, 30)))),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path)
    return tmp_path


def test_samples_come_first_and_the_datasets_photos_where_they_are(dataset, tmp_path_factory):
    names = list(offered_photos(Labelled(dataset)))
    assert names[0] == "cheetah2"
    assert set(names) == {*sample_photos(), VALIDATION_NAMES[0]}
    assert names[-1] == VALIDATION_NAMES[0]
    assert set(offered_photos(Labelled(tmp_path_factory.mktemp("nothing")))) == set(sample_photos())


def test_a_photo_of_the_dataset_is_shown_with_its_label(dataset):
    shown, label = shown_photo(chosen_photo(VALIDATION_NAMES[0], Labelled(dataset)))
    assert (shown.size, shown.shown) == ((90, 60), (90, 60))
    np.testing.assert_array_equal(label, np.tile(np.uint8([0, 1, 2]), (60, 30)))
    np.testing.assert_array_equal(decoded(shown.truth, (60, 90)), label)


def test_a_photo_whose_label_cannot_be_used_is_shown_without_one(dataset):
    trimap_path(dataset, VALIDATION_NAMES[0]).write_bytes(b"damaged")
    shown, label = shown_photo(chosen_photo(VALIDATION_NAMES[0], Labelled(dataset)))
    assert (shown.truth, label) == (None, None)


def test_a_turned_photo_lies_under_its_label_as_it_did_in_training(dataset):
    path, exif = photo_path(dataset, VALIDATION_NAMES[0]), Image.Exif()
    exif[0x0112] = 6
    with Image.open(path) as photo:
        photo.save(path, exif=exif)
    trimap = trimap_path(dataset, VALIDATION_NAMES[0])
    with Image.open(trimap) as lying:
        lying.transpose(Image.Transpose.ROTATE_270).save(trimap)
    chosen = chosen_photo(VALIDATION_NAMES[0], Labelled(dataset))
    shown, label = shown_photo(chosen)
    assert shown.size == picture_of(chosen).size == label.shape[::-1] == (60, 90)
    [pair] = Labelled(dataset).pairs([VALIDATION_NAMES[0]])
    small = picture_of(chosen).resize((20, 20), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(pair.read_square(20), np.asarray(small))


@pytest.mark.parametrize(("size", "plane"), [((3000, 1500), (768, 384)), ((10, 4000), (2, 768)), ((50, 30), (50, 30))])
def test_a_photo_is_shown_in_its_own_proportions(tmp_path, size, plane):
    path = tmp_path / "photo.png"
    Image.new("RGB", size).save(path)
    shown, _ = shown_photo(Offered("photo.png", path))
    assert (shown.size, shown.shown) == (size, plane)
    with Image.open(io.BytesIO(base64.b64decode(shown.uri.partition(",")[2]))) as picture:
        assert max(picture.size) == min(1200, max(size))
    assert shrink(np.zeros(size[::-1], np.uint8), plane).shape == plane[::-1]


def test_where_nobody_chose_the_first_is_shown(dataset):
    assert chosen_photo(None, Labelled(dataset)).path == sample_photos()["cheetah2"]


def test_any_photo_of_the_dataset_can_be_called_by_its_name(dataset):
    other = photo_path(dataset, "pug_7")
    other.write_bytes(photo_path(dataset, VALIDATION_NAMES[0]).read_bytes())
    called = chosen_photo("pug_7", Labelled(dataset))
    assert (called.title, called.path, called.pair) == ("pug 7", other, None)
    assert "pug_7" not in offered_photos(Labelled(dataset))


@pytest.mark.parametrize("choice", ["no such", "../images/Bengal_35", "", {}, {"path": "/etc/passwd"}, {"path": None}])
def test_only_what_is_there_or_was_uploaded_here_can_be_chosen(dataset, choice):
    with pytest.raises(InputError, match=r"There is no photo|was not uploaded here"):
        chosen_photo(choice, Labelled(dataset))

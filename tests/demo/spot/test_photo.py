"""A photo is shown with its label and masks, or it says why not."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from demo.catalogue import Catalogue
from demo.spot.photo import NOTHING_CHOSEN, photo_html
from experiments.store.runs import Run
from seg.inference import Segmenter
from seg.pets import photo_path, trimap_path


def runs(catalogue: Catalogue, *names: str) -> list[Run]:
    return catalogue.chosen(names)


def pictures(page: str) -> list[Image.Image]:
    """The PNG masks of a piece of HTML, in order."""
    found = re.findall(r"data:image/png;base64,([\w+/=]+)", page)
    return [Image.open(io.BytesIO(base64.b64decode(text))) for text in found]


def test_a_photo_is_shown_with_its_label_and_the_chosen_runs_masks(catalogue, tiny_runs, tiny_pets):
    page = photo_html(tiny_pets, "pug_2", runs(catalogue, "focal-s0"), "looks odd")
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
    label, mask = pictures(photo_html(own_pets, "Bengal_35", runs(catalogue, "ce-s0")))
    assert label.size == mask.size == photo.size


def test_without_the_dataset_it_says_how_to_get_it(catalogue, tmp_path):
    page = photo_html(tmp_path, "pug_2", runs(catalogue, "ce-s0"))
    assert "experiments.fetch" in page
    assert "PETS_DATA" in page
    assert photo_html(tmp_path, None, runs(catalogue, "ce-s0")) == NOTHING_CHOSEN


@pytest.mark.parametrize("name", ["../images/pug_2", "<b>x</b>", "own:1", "/etc/passwd", "cheetah2", ""])
def test_what_is_no_name_of_the_dataset_is_no_photo(catalogue, tiny_pets, name):
    assert photo_html(tiny_pets, name, runs(catalogue, "ce-s0")) == NOTHING_CHOSEN


def test_a_photo_that_is_not_in_the_dataset_is_told(catalogue, tiny_pets):
    assert "is not shipped" in photo_html(tiny_pets, "unicorn_7", runs(catalogue, "ce-s0"))


def test_a_damaged_photo_is_told(catalogue, own_pets):
    photo_path(own_pets, "Bengal_35").write_bytes(b"no photo")
    assert "Bengal_35 cannot be read" in photo_html(own_pets, "Bengal_35", runs(catalogue, "ce-s0"))


@pytest.mark.parametrize("path", ["focal-s0/model.safetensors", "focal-s0"])
def test_a_checkpoint_that_vanishes_once_listed_is_told_in_its_place(vanishing, tiny_pets, path):
    page = photo_html(tiny_pets, "pug_2", runs(vanishing("chosen", path), "ce-s0", "focal-s0"))
    assert len(pictures(page)) == 2  # the label and ce-s0's mask
    assert re.findall('class="error">(.*?)<', page) == ["Focal, 3 epochs: its weights are not here, only its scores"]

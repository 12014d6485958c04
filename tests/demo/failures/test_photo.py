"""What the page asks of single photos is what the files and the networks say; what is no photo is said."""

import base64
import io
import zlib

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from demo.catalogue import Catalogue
from demo.failures.photo import MOST_THUMBS, NOT_HERE, answer_value, photo_value, small_pictures
from demo.labelled import Labelled
from seg.inference import Segmenter
from seg.pets import BACKGROUND, BORDER, PET, photo_path
from tests.demo.stage.test_pane import classes_at, decoded

BOTH = ["ce-s0", "focal-s0"]


def opened(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def test_small_pictures_are_squares_of_the_photos_middle(tiny_pets):
    found = small_pictures(Labelled(tiny_pets), ["pug_1", "unicorn_7", "../images/pug_1"])
    assert (found["unicorn_7"], found["../images/pug_1"]) == (None, None)
    with Image.open(photo_path(tiny_pets, "pug_1")) as photo:
        side = min(photo.size)
        left, top = ((length - side) // 2 for length in photo.size)
        middle = np.asarray(photo.crop((left, top, left + side, top + side)).convert("RGB"), dtype=float)
    small = opened(found["pug_1"])
    assert small.size == (side, side)
    assert np.abs(np.asarray(small, dtype=float) - middle).mean() < 20  # another JPEG of a noisy photo


def test_only_so_many_pictures_are_given_at_once(tiny_pets):
    assert len(small_pictures(Labelled(tiny_pets), [f"no_{number}" for number in range(500)])) == MOST_THUMBS


def test_a_damaged_photo_has_no_picture_and_is_told(catalogue, own_pets):
    photo_path(own_pets, "Bengal_35").write_bytes(b"no photo")
    assert small_pictures(Labelled(own_pets), ["Bengal_35"]) == {"Bengal_35": None}
    looked = photo_value(catalogue, Labelled(own_pets), "Bengal_35", BOTH)
    assert looked["photo"] is None
    assert "Bengal_35.jpg cannot be read" in looked["said"]


def test_the_figures_are_those_of_the_counts(catalogue, tiny_runs, tiny_pets):
    looked = photo_value(catalogue, Labelled(tiny_pets), "pug_2", BOTH)
    assert looked["said"] == ""
    assert looked["photo"]["truth"]
    assert list(looked["figures"]) == BOTH
    for name in BOTH:
        row = pd.read_csv(tiny_runs / name / "images.csv", index_col="name").loc["pug_2"]
        pixels = row.filter(like="_as_").sum()
        hits = row["border_as_border"]
        assert looked["figures"][name] == pytest.approx(
            {
                "f1": 2 * hits / (row.filter(like="border_as_").sum() + row.filter(like="_as_border").sum()),
                "found": hits / row.filter(like="border_as_").sum(),
                "right": hits / row.filter(like="_as_border").sum(),
                "missed": (row["border_as_pet"] + row["border_as_background"]) / pixels,
                "false": (row["pet_as_border"] + row["background_as_border"]) / pixels,
                "swapped": (row["pet_as_background"] + row["background_as_pet"]) / pixels,
            }
        )


def test_without_the_dataset_the_figures_are_there_and_one_sentence(catalogue, tmp_path):
    looked = photo_value(catalogue, Labelled(tmp_path), "pug_2", BOTH)
    assert (looked["photo"], looked["said"]) == (None, NOT_HERE)
    assert "`" not in NOT_HERE
    assert set(looked["figures"]) == set(BOTH)


@pytest.mark.parametrize("name", ["../images/pug_2", "<b>x</b>", "own:1", "/etc/passwd", ""])
def test_what_is_no_name_is_no_photo(catalogue, tiny_pets, name):
    looked = photo_value(catalogue, Labelled(tiny_pets), name, BOTH)
    assert (looked["photo"], looked["figures"]) == (None, {})
    assert looked["said"].startswith("There is no photo")
    assert "There is no photo" in answer_value(catalogue, Labelled(tiny_pets), name, "ce-s0")["error"]


@pytest.mark.parametrize("run", BOTH)
def test_an_answer_is_the_networks_own_mask(catalogue, tiny_runs, tiny_pets, run):
    answer = answer_value(catalogue, Labelled(tiny_pets), "pug_2", run)
    with Image.open(photo_path(tiny_pets, "pug_2")) as photo:
        mask = Segmenter.load(tiny_runs / run / "model.safetensors").predict(photo).mask
    levels = decoded(answer["levels"], mask.shape)
    packed = np.frombuffer(zlib.decompress(base64.b64decode(answer["background"])), np.uint8)
    background = np.unpackbits(packed)[: mask.size].reshape(mask.shape).astype(bool)
    np.testing.assert_array_equal(classes_at(levels, background, 0), mask)
    assert {PET, BACKGROUND, BORDER} == set(np.unique(mask))


def test_why_there_is_no_answer_is_told(own_runs, tiny_pets):
    (own_runs / "ce-s0" / "model.safetensors").unlink()
    (own_runs / "focal-s0" / "model.safetensors").write_bytes(b"damaged")
    catalogue = Catalogue((own_runs,))
    assert answer_value(catalogue, Labelled(tiny_pets), "pug_2", "ce-s0")["error"].startswith(
        "Its weights are not here"
    )
    assert "model.safetensors" in answer_value(catalogue, Labelled(tiny_pets), "pug_2", "focal-s0")["error"]
    assert answer_value(catalogue, Labelled(tiny_pets), "pug_2", "gone-s7")["error"] == "This run is not here any more."

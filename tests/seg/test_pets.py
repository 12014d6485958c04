"""Where the dataset's files lie, as torchvision finds them, and what a trimap says of a photo's pixels."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torchvision.datasets import OxfordIIITPet

from seg.labelled.pairs import check_listed
from seg.pets import (
    SPLITS,
    BadPair,
    DatasetMissing,
    UnknownPhoto,
    breed,
    has_photos,
    list_path,
    listed_photos,
    photo_path,
    read_trimap,
    trimap_path,
)

ROOT = Path("data")


def test_files_lie_where_the_archives_unpack_them():
    assert photo_path(ROOT, "pug_1") == Path("data/oxford-iiit-pet/images/pug_1.jpg")
    assert trimap_path(ROOT, "pug_1") == Path("data/oxford-iiit-pet/annotations/trimaps/pug_1.png")
    assert list_path(ROOT, "test") == Path("data/oxford-iiit-pet/annotations/test.txt")


def test_photos_are_here_where_their_own_folder_is(own_pets, tmp_path):
    assert has_photos(own_pets)
    photo_path(own_pets, "").parent.rename(own_pets / "elsewhere")  # lists and trimaps are left
    assert not has_photos(own_pets)
    assert not has_photos(tmp_path / "nothing")


@pytest.mark.parametrize("split", ["trainval", "test"])
def test_torchvision_finds_the_same_pairs(tiny_pets, split):
    known = OxfordIIITPet(tiny_pets, split=split, target_types="segmentation")
    names = listed_photos(tiny_pets, split)
    assert [photo_path(tiny_pets, name) for name in names] == known._images
    assert [trimap_path(tiny_pets, name) for name in names] == known._segs


def test_the_real_lists_have_the_published_lengths(real_pets):
    assert [len(listed_photos(real_pets, split)) for split in SPLITS] == [3680, 3669]


def test_a_photo_that_no_list_names_is_told(own_pets):
    check_listed(own_pets, [])
    check_listed(own_pets, ["Sphynx_1", "Abyssinian_4"])
    with pytest.raises(UnknownPhoto, match=f"Sphynx_2 is in no split of {own_pets}"):
        check_listed(own_pets, ["Sphynx_1", "Sphynx_2"])
    list_path(own_pets, "test").unlink()
    check_listed(own_pets, ["Abyssinian_4"])  # a dataset of one split will do
    with pytest.raises(DatasetMissing):
        check_listed(own_pets, ["Sphynx_1"])


def test_blank_lines_of_a_list_are_no_photos(own_pets):
    path = list_path(own_pets, "test")
    path.write_text(f"\n{path.read_text()}\n\n")
    assert listed_photos(own_pets, "test") == ["Bengal_35", "Bengal_36", "Sphynx_1"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"pug_1 1 1 1\n\npug_2\n", "has a line that is not `NAME CLASS SPECIES BREED` (line 3)"),
        (b"pug_1 1 1 1\npug_2 1 1 1 1\n", "(line 2)"),
        (b"pug_1 dog 1 1\n", "(line 1)"),
        (b"pug 1 1 1 1\n", "(line 1)"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b" \n", "lists no photo"),
        (None, "is missing"),
    ],
)
def test_a_list_that_is_none_is_told_in_one_line(own_pets, content, said):
    path = list_path(own_pets, "test")
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(DatasetMissing) as caught:
        listed_photos(own_pets, "test")
    assert str(caught.value).startswith(f"{path} ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("photo", "name"), [("great_pyrenees_12", "great pyrenees"), ("Egyptian_Mau_1", "Egyptian Mau"), ("pug_3", "pug")]
)
def test_a_photos_name_says_its_breed(photo, name):
    assert breed(photo) == name


# --- trimaps; that training and the app take and refuse the same ones is in tests/demo/test_trimaps.py --------


@given(
    width=st.integers(1, 12), height=st.integers(1, 12), side=st.sampled_from([1, 3, 8, 17]), seed=st.integers(0, 99)
)
def test_classes_are_one_less_than_the_trimap_at_the_nearest_pixel(tmp_path_factory, width, height, side, seed):
    folder = tmp_path_factory.mktemp("pair")
    stored = np.random.default_rng(seed).integers(1, 4, (height, width)).astype(np.uint8)
    Image.fromarray(stored).save(folder / "trimap.png")
    Image.new("RGB", (width, height)).save(folder / "photo.jpg")
    whole = read_trimap(folder / "trimap.png", folder / "photo.jpg")
    resized = read_trimap(folder / "trimap.png", folder / "photo.jpg", side)
    assert whole.dtype == resized.dtype == np.uint8
    assert (whole.shape, resized.shape) == ((height, width), (side, side))
    for y in range(height):
        for x in range(width):
            assert whole[y, x] == stored[y, x] - 1
    for y in range(side):
        for x in range(side):  # the pixel in which the centre of the resized one lies
            assert resized[y, x] == stored[(2 * y + 1) * height // (2 * side), (2 * x + 1) * width // (2 * side)] - 1


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text("no photo")])
def test_a_trimap_needs_its_photo(own_pets, damage):
    photo = photo_path(own_pets, "Bengal_35")
    damage(photo)
    with pytest.raises(BadPair, match=f"^{photo} "):
        read_trimap(trimap_path(own_pets, "Bengal_35"), photo)


def test_of_many_wrong_values_the_first_are_told(own_pets):
    photo, trimap = photo_path(own_pets, "Bengal_35"), trimap_path(own_pets, "Bengal_35")
    with Image.open(trimap) as image:
        width, height = image.size
    values = np.arange(width * height).reshape(height, width) % 100
    Image.fromarray(values.astype(np.uint8)).save(trimap)
    with pytest.raises(BadPair, match=r"has the values 0, 1, 2, 3, 4, 5, 6, 7 and 92 more: a trimap holds 1 \(pet\)"):
        read_trimap(trimap, photo)


def test_what_the_dataset_is_can_be_asked_without_the_heavy_libraries():
    asked = "import sys, seg.pets; print({'torch', 'torchvision', 'pandas'} & sys.modules.keys())"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True).stdout == "set()\n"

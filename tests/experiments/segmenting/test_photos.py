"""What a person means by files, folders and patterns, beside a walk of the test's own."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from experiments.segmenting.photos import ENDINGS, find_photos
from experiments.segmenting.pictures import save
from seg import InputError


@pytest.fixture
def pets(tmp_path, monkeypatch) -> Path:
    """Files in folders, and the test among them."""
    for name in (
        "pets/cat.jpg", "pets/DOG.JPEG", "pets/notes.txt", "pets/.hidden.jpg", "pets/.trash/old.jpg",
        "pets/far/cat.jpg", "pets/far/off/a b.webp", "pets/[1].png", "other/cat.jpg", "empty/notes.txt",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(*given_photos: str) -> dict[str, str]:
    return {photo.path.as_posix(): photo.folder.as_posix() for photo in find_photos(given_photos)}


def test_a_folder_is_all_photos_in_it_and_below(pets):
    assert told("pets") == {
        "pets/DOG.JPEG": ".",
        "pets/[1].png": ".",
        "pets/cat.jpg": ".",
        "pets/far/cat.jpg": "far",
        "pets/far/off/a b.webp": "far/off",
    }


def test_a_file_is_taken_at_its_word_whatever_it_is_called(pets):
    assert told("pets/notes.txt", "pets/.hidden.jpg", "pets/[1].png") == {
        "pets/notes.txt": ".",
        "pets/.hidden.jpg": ".",
        "pets/[1].png": ".",
    }


def test_a_pattern_is_the_photos_that_it_matches(pets):
    assert told("pets/*.jpg") == {"pets/cat.jpg": "."}
    assert set(told("pets/**/*")) == set(told("pets"))
    assert told("*/cat.jpg") == {"other/cat.jpg": "other", "pets/cat.jpg": "pets"}
    assert set(told(f"{pets}/pets/f?r/*.jpg")) == {(pets / "pets/far/cat.jpg").as_posix()}


def test_folders_are_kept_below_the_deepest_that_holds_all(pets):
    assert told("pets/far/cat.jpg", "pets/far/off/a b.webp") == {
        "pets/far/cat.jpg": ".",
        "pets/far/off/a b.webp": "off",
    }
    assert told("pets/far", "other/cat.jpg")["pets/far/cat.jpg"] == "pets/far"
    # not out of the folder, however it was written
    os.chdir(pets / "other")
    assert told("../pets/../pets/far/cat.jpg", "cat.jpg") == {
        "../pets/../pets/far/cat.jpg": "pets/far",
        "cat.jpg": "other",
    }


def test_a_photo_that_is_given_twice_is_one(pets):
    assert list(told("pets/far/cat.jpg", "pets", "./pets/../pets/cat.jpg", str(pets / "pets" / "cat.jpg"))) == [
        "pets/far/cat.jpg",
        "pets/DOG.JPEG",
        "pets/[1].png",
        "pets/cat.jpg",
        "pets/far/off/a b.webp",
    ]


def test_what_was_written_here_is_no_photo_unless_it_is_given_as_one(pets):
    save(Image.new("L", (3, 3)), pets / "pets" / "cat-mask.png")
    save(Image.new("L", (3, 3)), pets / "empty" / "cat-mask.png")
    assert "pets/cat-mask.png" not in told("pets", "pets/*.png")
    assert told("pets/cat-mask.png") == {"pets/cat-mask.png": "."}
    with pytest.raises(InputError, match=r"^empty has no photos: they end in \.avif, "):
        told("empty")


def test_links_to_photos_are_photos_and_circles_of_folders_end(pets):
    (pets / "pets" / "round").symlink_to(pets / "pets")
    (pets / "other" / "linked.jpg").symlink_to(pets / "pets" / "cat.jpg")
    assert len(told("pets")) == 5
    assert told("other") == {"other/cat.jpg": ".", "other/linked.jpg": "."}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nowhere.jpg", "nowhere.jpg is not there"),
        ("x" * 5000, "xxx is not there"),
        ("pets/*.tiff", r"pets/\*.tiff matches no photos"),
        ("pets/*.txt", "matches no photos"),
        ("empty", "empty has no photos"),
        ("empt?", "has no photos"),
    ],
)
def test_what_is_no_photo_is_told(pets, text, said):
    with pytest.raises(InputError, match=said):
        find_photos(["pets/cat.jpg", text])


def test_a_folder_that_cannot_be_looked_into_is_told(pets, monkeypatch):
    real = os.scandir

    def scandir(path):
        if Path(path).name == "far":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(InputError, match=r"^pets/far cannot be read \(Permission denied\)"):
        find_photos(["pets"])


@given(st.lists(st.sampled_from(["a", "b", "a/b", "a/b/c", "d/a"]), min_size=1, unique=True), st.data())
def test_every_photo_of_any_tree_is_found_once_with_its_own_place(tmp_path_factory, folders, data):
    root, wanted = tmp_path_factory.mktemp("tree"), {}
    for folder in folders:
        (root / folder).mkdir(parents=True, exist_ok=True)
        for ending in data.draw(st.lists(st.sampled_from([*ENDINGS, ".txt", ".JPG"]), max_size=3, unique=True)):
            (root / folder / f"p{ending}").touch()
            if ending != ".txt":
                wanted[root / folder / f"p{ending}"] = Path(folder)
    if not wanted:
        with pytest.raises(InputError):
            find_photos([str(root)])
        return
    found = find_photos([str(root)])
    assert {photo.path: photo.folder for photo in found} == wanted
    assert len(found) == len(wanted)

"""One's own photos as a dataset: names, splits, the way up, and all that is wrong with them at once."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from seg.cache import load_split
from seg.labelled.checking import listed_pairs, wrong_pairs
from seg.labelled.masks import with_border
from seg.labelled.own import fixed_split
from seg.labelled.pairs import are_here, are_own, check_listed, listed_photos, pairs_of
from seg.pets import BadPair, DatasetMissing, UnknownPhoto, dataset_folder
from seg.photo import BadPhoto, open_photo, seen_size

TRAINVAL, TEST = "trainval", "test"
ORIENTATION = 0x0112


def write_split(root: Path, rows: list[tuple[str, str]], columns: tuple[str, str] = ("name", "split")) -> None:
    with open(root / "split.csv", "w", newline="") as file:
        csv.writer(file).writerows([columns, *rows])


def problems(root: Path) -> list[str]:
    pairs, wrong = listed_pairs(root)
    return [*wrong, *wrong_pairs(pairs)]


def test_a_folder_of_photos_is_ones_own_where_the_dataset_is_not(own_photos, tiny_pets, tmp_path):
    assert are_own(own_photos) and are_here(own_photos)
    assert not are_own(tiny_pets) and are_here(tiny_pets)
    assert not are_own(tmp_path / "nothing") and not are_here(tmp_path / "nothing")
    dataset_folder(own_photos).mkdir()
    assert not are_own(own_photos)


@given(st.sets(st.text(min_size=1, max_size=8), min_size=2, max_size=60), st.randoms())
def test_a_fifth_validates_whatever_the_order(names, random):
    names = sorted(names)
    splits = fixed_split(names)
    validating = {name for name in names if splits[name] == TEST}
    assert len(validating) == max(1, round(len(names) / 5))
    assert splits.keys() == set(names) and set(splits.values()) == {TRAINVAL, TEST}
    random.shuffle(names)
    assert fixed_split(names) == splits


def test_a_photo_that_is_added_moves_few_others():
    names = [f"photo {number}" for number in range(200)]
    before, after = fixed_split(names), fixed_split([*names, "another"])
    assert sum(before[name] != after[name] for name in names) <= 1


def test_without_a_list_the_two_splits_share_no_photo(own_photos):
    training, validating = (listed_photos(own_photos, split) for split in (TRAINVAL, TEST))
    assert (len(training), len(validating)) == (10, 2)
    assert sorted(training + validating) == sorted(path.stem for path in (own_photos / "photos").iterdir())


def test_a_list_says_the_splits(own_photos):
    names = sorted(path.stem for path in (own_photos / "photos").iterdir())
    words = ["train", "validation", "trainval", "test"]
    write_split(
        own_photos, [(f"{name}.jpg" if place % 2 else name, words[place % 4]) for place, name in enumerate(names)]
    )
    assert set(listed_photos(own_photos, TRAINVAL)) == {*names[0::4], *names[2::4]}
    assert set(listed_photos(own_photos, TEST)) == {*names[1::4], *names[3::4]}
    assert problems(own_photos) == []


@pytest.mark.parametrize("separator", [",", ";", "\t", ", "])
@pytest.mark.parametrize("head", ["name,split", "Name,SPLIT", "split,name,note"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_list_is_read_as_spreadsheets_write_it(own_photos, separator, head, end):
    names = sorted(path.stem for path in (own_photos / "photos").iterdir())
    columns = head.lower().split(",")
    rows = [{"name": name, "split": "Val" if name < "blob-005" else "train", "note": "x"} for name in names]
    lines = [head.split(","), *([row[column] for column in columns] for row in rows), ["", ""]]
    text = end.join(separator.join(line) for line in lines)
    (own_photos / "split.csv").write_text(text, encoding="utf-8-sig", newline="")
    assert problems(own_photos) == []
    assert listed_photos(own_photos, TEST) == names[:4]


def test_all_that_is_wrong_with_a_list_is_named(own_photos):
    rows = [("blob-001", "train"), ("blob-001", "train"), ("blob-002", "holdout"), ("nobody", "train"), ("", "train")]
    write_split(own_photos, rows)
    said = problems(own_photos)
    assert [line.removeprefix(str(own_photos / "split.csv")) for line in said] == [
        ", line 3: names blob-001 twice",
        ", line 4: holdout is no split: it is train or validation",
        ", line 5: there is no photo nobody",
        ", line 6: has no name or no split",
    ]
    with pytest.raises(DatasetMissing, match=r"line 3: names blob-001 twice \(and 3 more\)"):
        listed_photos(own_photos, TRAINVAL)
    write_split(own_photos, [("blob-001", "train")])
    assert len(problems(own_photos)) == 11
    assert problems(own_photos)[0].endswith("split.csv does not say which split blob-002 is of")
    (own_photos / "split.csv").write_bytes(b"\xff\xfe\x00")
    assert problems(own_photos) == [f"{own_photos / 'split.csv'} is not UTF-8: save it as that"]
    (own_photos / "split.csv").write_text("blob-001,train\nblob-002,train\n")
    said = f"{own_photos / 'split.csv'} begins with blob-001,train: its first line is to be name,split"
    assert problems(own_photos) == [said]


def test_a_split_without_photos_is_told(own_photos):
    names = sorted(path.stem for path in (own_photos / "photos").iterdir())
    write_split(own_photos, [(name, "train") for name in names])
    assert problems(own_photos) == [f"{own_photos / 'split.csv'} has no photo for validation"]
    with pytest.raises(DatasetMissing, match="has no photo for validation"):
        listed_photos(own_photos, TEST)


def test_a_folder_that_lacks_a_part_is_told(own_photos):
    (own_photos / "masks").rename(own_photos / "labels")
    with pytest.raises(DatasetMissing, match=r"own-photos/masks is missing"):
        listed_photos(own_photos, TRAINVAL)
    with pytest.raises(DatasetMissing, match=r"own-photos/masks is missing"):
        listed_pairs(own_photos)


def test_all_that_is_wrong_with_the_files_is_named_at_once(own_photos):
    photos, masks = own_photos / "photos", own_photos / "masks"
    (photos / "blob-001.jpg").unlink()
    (masks / "blob-002.png").unlink()
    (photos / "blob-003.jpg").write_bytes(b"no photo")
    for name in ("blob-003", "blob-004"):
        Image.fromarray(np.full((96, 96), 9, np.uint8)).save(masks / f"{name}.png")
    Image.new("RGB", (5, 5)).save(photos / "blob-006.png")
    (photos / "notes.txt").write_text("not a photo")
    (photos / ".DS_Store").write_bytes(b"")
    said = problems(own_photos)
    assert [line.removeprefix(f"{own_photos}/").split(":")[0] for line in said[:4]] == [
        "photos/notes.txt is no image",
        "photos has no picture called blob-001",
        "masks has no picture called blob-002",
        f"photos/blob-003.jpg cannot be read as an image (cannot identify image file '{photos / 'blob-003.jpg'}')",
    ]
    assert len(said) == 7
    assert "blob-003.png has the values 9" in said[4] and "blob-004.png" in said[5]
    assert said[6] == f"{photos} has blob-006.jpg and blob-006.png: which of them is blob-006's?"
    with pytest.raises(BadPair):
        load_split(own_photos, TRAINVAL, 16)
    rest = [load_split(own_photos, split, 16, skip_bad=True) for split in (TRAINVAL, TEST)]
    assert sum(map(len, rest)) == 12 - 5 and sum(len(split.skipped) for split in rest) == 5


def test_the_datasets_faults_are_named_too(own_pets):
    names = listed_photos(own_pets, TRAINVAL)
    for name in names[:2]:
        (dataset_folder(own_pets) / "images" / f"{name}.jpg").write_bytes(b"no photo")
    said = problems(own_pets)
    assert [name in line for name, line in zip(names[:2], said, strict=True)] == [True, True]


def test_a_name_that_is_in_no_split_is_told(own_photos):
    check_listed(own_photos, ["blob-001", "blob-012"])
    with pytest.raises(UnknownPhoto, match="blob-013 is in no split"):
        check_listed(own_photos, ["blob-001", "blob-013"])


# ---- the way up


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photo_and_mask_lie_as_the_photo_is_seen(tmp_path, orientation):
    """The photo is stored as a camera that was held otherwise stores it; its mask was drawn over what is seen."""
    seen = np.zeros((48, 64, 3), np.uint8)
    seen[4:20, 6:30] = 200
    inside = seen[..., 0] > 0
    undone = {1: (), 2: (0,), 3: (1,), 4: (2,), 5: (5,), 6: (4,), 7: (6,), 8: (3,)}
    names = ["FLIP_LEFT_RIGHT", "ROTATE_180", "FLIP_TOP_BOTTOM", "ROTATE_270", "ROTATE_90", "TRANSPOSE", "TRANSVERSE"]
    stored = Image.fromarray(seen)
    for place in undone[orientation]:
        stored = stored.transpose(Image.Transpose[names[place]])
    exif = stored.getexif()
    exif[ORIENTATION] = orientation
    for folder in ("photos", "masks"):
        (tmp_path / folder).mkdir()
    stored.save(tmp_path / "photos" / "one.png", exif=exif)
    Image.fromarray(inside).save(tmp_path / "masks" / "one.png")
    pair = pairs_of(tmp_path, ["one"])[0]
    assert np.array_equal(np.asarray(pair.read_photo()), seen)
    assert np.array_equal(pair.read_label(), with_border(inside))
    square, label = pair.read_square(32), pair.read_label(32)
    assert square.shape == (32, 32, 3) and label.shape == (32, 32)
    # most of what is bright is the object, at any size
    assert square[..., 0][label == 0].min() > 150 and square[..., 0][label == 1].max() < 50


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photos_size_is_known_before_its_pixels(tmp_path, kind, orientation):
    image = Image.new("RGB", (40, 20))
    exif = image.getexif()
    exif[ORIENTATION] = orientation
    image.save(tmp_path / "photo", kind, exif=exif)
    assert seen_size(tmp_path / "photo") == open_photo(tmp_path / "photo").size


def test_a_mask_as_the_photo_is_stored_is_refused(own_photos):
    lying = pairs_of(own_photos, ["blob-005"])[0]
    mask = Image.open(lying.label)
    assert Image.open(lying.photo).size == mask.size[::-1]
    mask.transpose(Image.Transpose.ROTATE_90).save(lying.label)
    with pytest.raises(BadPair, match="as it is seen"):
        lying.read_label()


def test_a_photo_that_is_too_large_is_told(own_photos):
    pair = pairs_of(own_photos, ["blob-001"])[0]
    with pytest.raises(BadPhoto, match="megapixels"):
        pair.read_photo(most_pixels=1000)


# ---- the cache


def test_another_border_is_another_cache(own_photos, tmp_path):
    usual = load_split(own_photos, TRAINVAL, 32, cache=tmp_path)
    wide = load_split(own_photos, TRAINVAL, 32, border_width=0.2, cache=tmp_path)
    assert (wide.masks == 2).sum() > 2 * (usual.masks == 2).sum()
    again = load_split(own_photos, TRAINVAL, 32, cache=tmp_path)
    assert np.array_equal(again.masks, usual.masks)


def test_a_split_is_read_pair_by_pair(own_photos, tmp_path):
    split = load_split(own_photos, TEST, 32, cache=tmp_path)
    assert split.names == listed_photos(own_photos, TEST)
    for name, photo, mask in zip(split.names, split.photos, split.masks, strict=True):
        pair = pairs_of(own_photos, [name])[0]
        assert np.array_equal(photo, pair.read_square(32).transpose(2, 0, 1))
        assert np.array_equal(mask, pair.read_label(32))

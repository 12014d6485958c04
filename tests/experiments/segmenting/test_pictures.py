"""Pictures of a mask, beside loops over single pixels; none says where or when its photo was taken."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from experiments.segmenting.pictures import (
    OPACITY,
    PICTURES,
    class_shares,
    cut_out,
    mask_picture,
    overlay,
    save,
    written_here,
)

PROJECT = Path(__file__).parents[3]
COLOURS = {0: (155, 123, 255), 1: (0, 0, 0), 2: (255, 214, 10)}


def drawn(seed: int, height: int, width: int) -> tuple[Image.Image, np.ndarray]:
    rng = np.random.default_rng(seed)
    photo = Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
    return photo, rng.integers(0, 3, (height, width)).astype(np.uint8)


sizes = given(seed=st.integers(0, 1000), height=st.integers(1, 9), width=st.integers(1, 9))


@sizes
def test_a_mask_is_the_classes_in_the_projects_colours(seed, height, width):
    photo, mask = drawn(seed, height, width)
    picture = mask_picture(photo, mask)
    np.testing.assert_array_equal(np.asarray(picture), mask)
    for x, y in np.ndindex(width, height):
        assert picture.convert("RGB").getpixel((x, y)) == COLOURS[mask[y, x]]


@sizes
def test_an_overlay_colours_pet_and_border_and_leaves_the_background(seed, height, width):
    photo, mask = drawn(seed, height, width)
    picture = overlay(photo, mask)
    assert (picture.mode, picture.size) == ("RGB", photo.size)
    for x, y in np.ndindex(width, height):
        was, now = photo.getpixel((x, y)), picture.getpixel((x, y))
        share = 0 if mask[y, x] == 1 else OPACITY
        wanted = [(1 - share) * a + share * b for a, b in zip(was, COLOURS[mask[y, x]], strict=True)]
        assert now == pytest.approx(wanted, abs=1 if share else 0)


@sizes
def test_a_cut_out_is_opaque_where_the_pet_is_and_has_nothing_of_the_photo_elsewhere(seed, height, width):
    photo, mask = drawn(seed, height, width)
    picture = cut_out(photo, mask)
    for x, y in np.ndindex(width, height):
        seen = (*photo.getpixel((x, y)), 255) if mask[y, x] == 0 else (0, 0, 0, 0)
        assert picture.getpixel((x, y)) == seen


@sizes
def test_shares_are_of_all_pixels(seed, height, width):
    _, mask = drawn(seed, height, width)
    pixels = mask.ravel().tolist()
    wanted = {name: pixels.count(value) / len(pixels) for value, name in enumerate(("pet", "background", "border"))}
    assert class_shares(mask) == pytest.approx(wanted)


def test_an_overlay_is_as_strong_as_the_page_has_it_at_first():
    script = (PROJECT / "demo" / "stage" / "js" / "kept.js").read_text()
    assert float(re.search(r"FIRST = \{.*opacity: ([\d.]+)", script)[1]) == OPACITY


@pytest.mark.parametrize("kind", PICTURES)
@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tiff"])
def test_no_picture_says_where_when_or_with_what_the_photo_was_taken(tmp_path, kind, ending):
    photo, mask = drawn(0, 40, 60)
    exif = Image.Exif()
    exif[0x010F], exif[0x0132] = "Telephone", "2026:01:02 03:04:05"
    exif.get_ifd(0x8825)[2] = (48.0, 51.0, 29.0)
    exif[0x8825] = dict(exif.get_ifd(0x8825))
    photo.save(tmp_path / f"photo.{ending}", exif=exif, icc_profile=b"a profile of this camera", dpi=(300, 300))
    # as whoever does without our reader, which hands on none of it
    with Image.open(tmp_path / f"photo.{ending}") as opened:
        opened.load()
        assert opened.info  # what the picture must not inherit
        save(PICTURES[kind](opened, mask), tmp_path / "picture.png")
    with Image.open(tmp_path / "picture.png") as picture:
        picture.load()
        assert set(picture.info) <= {"Software", "transparency"}
        assert len(picture.getexif()) == 0
    content = (tmp_path / "picture.png").read_bytes()
    for told in (b"Telephone", b"2026:01", b"this camera", b"eXIf", b"iCCP", b"pHYs", b"tIME"):
        assert told not in content


def test_what_was_written_here_is_told_from_all_else(tmp_path):
    photo, mask = drawn(0, 5, 5)
    save(mask_picture(photo, mask), tmp_path / "mask.png")
    photo.save(tmp_path / "photo.png")
    (tmp_path / "words.png").write_text("Software Borderline")
    assert written_here(tmp_path / "mask.png")
    assert not any(written_here(tmp_path / name) for name in ("photo.png", "words.png", "nothing.png", "."))
    assert not written_here(tmp_path / ("x" * 300))


def test_a_picture_is_saved_to_an_open_file_as_well():
    file = io.BytesIO()
    save(Image.new("L", (3, 2)), file)
    assert Image.open(file).size == (3, 2)

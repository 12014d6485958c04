"""What is downloaded has the photo's own size."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image, ImageOps

from demo.segment.answers import Session
from demo.segment.download import cut_out, write_download

BOTH = ["ce-s0", "focal-s0"]


@pytest.fixture
def written(catalogue, segmented) -> Callable[..., Path]:
    """`written("mask", "ce-s0")`: the file that is downloaded."""

    def write(what: str, run: str = "", session: Session | None = None) -> Path:
        return Path(write_download(catalogue, session or segmented, BOTH, what, run))

    return write


def test_downloaded_mask_is_an_indexed_png_of_the_photos_size(written, expected_mask):
    path = written("mask", "focal-s0")
    assert path.name == "upright-focal-s0-mask.png"
    with Image.open(path) as mask:
        assert (mask.format, mask.mode, mask.size) == ("PNG", "P", (30, 50))
        np.testing.assert_array_equal(np.asarray(mask), expected_mask("focal-s0"))
        assert mask.getpalette()[:9] == [155, 123, 255, 0, 0, 0, 255, 214, 10]


def test_downloaded_cut_out_is_opaque_exactly_where_the_pet_is(written, photo, expected_mask):
    path = written("cutout", "ce-s0")
    assert path.name == "upright-ce-s0-cutout.png"
    with Image.open(path) as image, Image.open(photo) as original:
        assert (image.format, image.mode, image.size) == ("PNG", "RGBA", (30, 50))
        pixels, seen = np.asarray(image), np.asarray(ImageOps.exif_transpose(original).convert("RGB"))
    pet = expected_mask("ce-s0") == 0
    np.testing.assert_array_equal(pixels[..., 3], np.where(pet, 255, 0))
    np.testing.assert_array_equal(pixels[..., :3], np.where(pet[..., None], seen, 0))


def test_zip_holds_mask_and_cut_out_of_each_chosen_run(written):
    path = written("all")
    assert path.name == "upright-masks.zip"
    with zipfile.ZipFile(path) as archive:
        assert sorted(archive.namelist()) == [
            f"upright-{run}-{what}.png" for run in BOTH for what in ("cutout", "mask")
        ]
        for name in archive.namelist():
            one = written(name.rsplit("-", 1)[1].removesuffix(".png"), name[8:].rsplit("-", 1)[0])
            assert archive.read(name) == one.read_bytes()


@pytest.mark.parametrize(("what", "run"), [("mask", "dice-s0"), ("all", "")])
def test_download_of_what_is_gone_says_so(written, segmented, what, run):
    with pytest.raises(gr.Error, match="choose the photo again"):
        written(what, run, segmented if run else Session())


def test_a_photo_that_is_gone_since_is_told(written, photo):
    photo.unlink()
    with pytest.raises(gr.Error, match=r"upright\.jpg is gone"):
        written("cutout", "ce-s0")


def test_a_cut_out_has_nothing_of_the_photo_where_no_pet_is():
    photo = Image.new("RGB", (2, 1), (10, 20, 30))
    assert np.asarray(cut_out(photo, np.array([[0, 1]]))).tolist() == [[[10, 20, 30, 255], [0, 0, 0, 0]]]

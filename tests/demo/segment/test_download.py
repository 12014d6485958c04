"""What is downloaded has the photo's own size."""

import zipfile
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image, ImageOps

from demo.segment.download import write_download
from demo.segment.session import Session


def test_downloaded_mask_is_an_indexed_png_of_the_photos_size(segmented, expected_mask):
    path = Path(write_download(segmented, "mask", "focal-s0"))
    assert path.name == "upright-focal-s0-mask.png"
    with Image.open(path) as mask:
        assert (mask.format, mask.mode, mask.size) == ("PNG", "P", (30, 50))
        np.testing.assert_array_equal(np.asarray(mask), expected_mask("focal-s0"))
        assert mask.getpalette()[:9] == [86, 180, 233, 0, 0, 0, 230, 159, 0]


def test_downloaded_cut_out_is_opaque_exactly_where_the_pet_is(segmented, photo, expected_mask):
    path = Path(write_download(segmented, "cutout", "ce-s0"))
    assert path.name == "upright-ce-s0-cutout.png"
    with Image.open(path) as image, Image.open(photo) as original:
        assert (image.format, image.mode, image.size) == ("PNG", "RGBA", (30, 50))
        pixels, seen = np.asarray(image), np.asarray(ImageOps.exif_transpose(original).convert("RGB"))
    pet = expected_mask("ce-s0") == 0
    np.testing.assert_array_equal(pixels[..., 3], np.where(pet, 255, 0))
    np.testing.assert_array_equal(pixels[..., :3], np.where(pet[..., None], seen, 0))


def test_zip_holds_mask_and_cut_out_of_each_checkpoint(segmented):
    path = Path(write_download(segmented, "all", ""))
    assert path.name == "upright-masks.zip"
    with zipfile.ZipFile(path) as archive:
        assert sorted(archive.namelist()) == [
            f"upright-{run}-{what}.png" for run in ("ce-s0", "focal-s0") for what in ("cutout", "mask")
        ]
        for name in archive.namelist():
            one = write_download(segmented, name.rsplit("-", 1)[1].removesuffix(".png"), name[8:].rsplit("-", 1)[0])
            assert archive.read(name) == Path(one).read_bytes()


@pytest.mark.parametrize(("what", "checkpoint"), [("mask", "dice-s0"), ("all", "")])
def test_download_of_what_is_gone_says_so(segmented, what, checkpoint):
    session = segmented if checkpoint else Session()
    with pytest.raises(gr.Error, match="choose the photo again"):
        write_download(session, what, checkpoint)

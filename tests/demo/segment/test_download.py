"""What is downloaded has the photo's own size."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from demo.segment.answers import Session
from demo.segment.download import pack, write_download
from demo.stage.photos import Offered
from experiments import segment
from seg import InputError
from seg.inference import Segmenter
from seg.pets import BORDER, photo_path

BOTH = ["ce-s0", "focal-s0"]


@pytest.fixture
def written(catalogue, segmented) -> Callable[..., Path]:
    """`written("mask", "ce-s0")`: the file that is downloaded."""

    def write(what: str, run: str = "", session: Session | None = None, shift: object = 0) -> Path:
        return Path(write_download(catalogue, session or segmented, BOTH, what, run, shift))

    return write


def test_downloaded_mask_is_an_indexed_png_of_the_photos_size(written, expected_mask):
    path = written("mask", "focal-s0")
    assert path.name == "upright-focal-s0-mask.png"
    with Image.open(path) as mask:
        assert (mask.format, mask.mode, mask.size) == ("PNG", "P", (30, 50))
        np.testing.assert_array_equal(np.asarray(mask), expected_mask("focal-s0"))
        assert mask.getpalette()[:9] == [155, 123, 255, 0, 0, 0, 255, 214, 10]


@pytest.mark.parametrize("shift", [0.5, -1.3])
def test_a_moved_threshold_is_in_the_file_as_it_is_on_the_page(written, catalogue, photo, shift):
    path = written("mask", "ce-s0", shift=shift)
    assert path.name == f"upright-ce-s0-border{shift:+.1f}-mask.png"
    [run] = catalogue.chosen(["ce-s0"])
    with Image.open(photo) as original:
        probabilities = Segmenter.load(run.checkpoint).predict(original).probabilities
    # border wins where its logit, shifted, is the largest
    logits = np.log(probabilities.astype(np.float64))
    logits[BORDER] += shift
    with Image.open(path) as mask:
        assert (np.asarray(mask) == logits.argmax(axis=0)).mean() >= 0.999


@pytest.mark.parametrize("shift", [0, 0.1, -0.3, 2.0, -2.0])
@pytest.mark.parametrize("what", ["mask", "cutout"])
def test_a_file_from_the_shell_is_the_same_at_every_place_of_the_slider(
    written, photo, tiny_runs, tmp_path, what, shift
):
    path = written(what, "ce-s0", shift=shift)
    kind = {"cutout": "cut-out"}.get(what, what)
    options = [
        photo,
        "--run",
        tiny_runs / "ce-s0",
        "--as",
        kind,
        f"--shift={shift}",
        "--out",
        tmp_path,
        "--device",
        "cpu",
    ]
    assert segment.main([str(option) for option in options]) == 0
    assert (tmp_path / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("shift", [3, "0.5", None, float("nan")])
def test_a_threshold_that_no_page_sends_is_refused(written, shift):
    with pytest.raises(InputError, match="threshold"):
        written("mask", "ce-s0", shift=shift)


def test_downloaded_cut_out_is_opaque_exactly_where_the_pet_is(written, photo, expected_mask):
    path = written("cutout", "ce-s0")
    assert path.name == "upright-ce-s0-cutout.png"
    with Image.open(path) as image, Image.open(photo) as original:
        assert (image.format, image.mode, image.size) == ("PNG", "RGBA", (30, 50))
        pixels, seen = np.asarray(image), np.asarray(ImageOps.exif_transpose(original).convert("RGB"))
    pet = expected_mask("ce-s0") == 0
    np.testing.assert_array_equal(pixels[..., 3], np.where(pet, 255, 0))
    np.testing.assert_array_equal(pixels[..., :3], np.where(pet[..., None], seen, 0))


def test_zip_holds_mask_and_cut_out_of_each_chosen_run_and_what_they_are(written):
    path = written("all")
    assert path.name == "upright-masks.zip"
    with zipfile.ZipFile(path) as archive:
        assert sorted(archive.namelist()) == [
            "README.txt",
            "scores.csv",
            *(f"upright-{run}-{what}.png" for run in BOTH for what in ("cutout", "mask")),
        ]
        for name in archive.namelist()[:4]:
            one = written(name.rsplit("-", 1)[1].removesuffix(".png"), name[8:].rsplit("-", 1)[0])
            assert archive.read(name) == one.read_bytes()


@pytest.mark.parametrize(("what", "run"), [("mask", "dice-s0"), ("all", "")])
def test_download_of_what_is_gone_says_so(written, segmented, what, run):
    with pytest.raises(InputError, match="choose the photo again"):
        written(what, run, segmented if run else Session())


def test_a_photo_that_is_gone_since_is_told(written, photo):
    photo.unlink()
    with pytest.raises(InputError, match=r"upright\.jpg is gone"):
        written("cutout", "ce-s0")


def test_every_photo_is_packed_and_each_is_told(catalogue, photo, tiny_pets, expected_mask):
    photos = [Offered(photo.name, photo), Offered("pug 2", photo_path(tiny_pets, "pug_2"))]
    told = list(pack(catalogue, BOTH, photos))
    assert [packed.said for packed in told] == [
        "Packing: 0 of 2 photos",
        "Packing: 1 of 2 photos",
        "Packing: 2 of 2 photos",
        "4 masks are packed.",
    ]
    assert [packed.path for packed in told[:-1]] == [None] * 3
    with zipfile.ZipFile(told[-1].path) as archive:
        assert {"upright/ce-s0-mask.png", "pug 2/focal-s0-cutout.png"} <= set(archive.namelist())
        with archive.open("upright/ce-s0-mask.png") as file:
            np.testing.assert_array_equal(np.asarray(Image.open(file)), expected_mask("ce-s0"))


def test_masks_that_are_left_out_are_counted(catalogue, photo, tmp_path):
    photos = [Offered("gone.png", tmp_path / "gone.png"), Offered(photo.name, photo)]
    *_, last = pack(catalogue, ["ce-s0"], photos)
    assert last.said == "1 mask is packed. 1 mask is left out, README.txt says why."


@pytest.mark.parametrize(
    ("count", "names", "said"),
    [
        (0, BOTH, "nothing to pack"),
        (1, [], "nothing to pack"),
        (1, ["dice-s0"], "nothing to pack"),
        (1, BOTH, r"gone\.png is gone"),
        (101, BOTH, "101 photos are too many for one archive: choose at most 100"),
    ],
)
def test_what_cannot_be_packed_is_told(catalogue, tmp_path, count, names, said):
    with pytest.raises(InputError, match=said):
        list(pack(catalogue, names, [Offered("gone.png", tmp_path / "gone.png")] * count))

"""Segmenting a photo as the app does it."""

import base64
import io
import re

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from demo.catalogue import Catalogue
from demo.segment import open_photo, segment_api, show_masks
from seg import InputError
from seg.inference import Segmenter


@pytest.fixture
def catalogue(tiny_runs) -> Catalogue:
    return Catalogue((tiny_runs,))


@pytest.fixture
def photo(tmp_path, tiny_pets):
    """A photo that a camera held upright stored on its side: 30 x 50 as seen."""
    path = tmp_path / "upright.jpg"
    with Image.open(tiny_pets / "oxford-iiit-pet" / "images" / "pug_1.jpg") as image:
        sideways = image.resize((50, 30))
    exif = Image.Exif()
    exif[0x0112] = 6
    sideways.save(path, exif=exif)
    return path


def progress() -> gr.Progress:
    return gr.Progress()


def pictures(html: str) -> list[Image.Image]:
    return [
        Image.open(io.BytesIO(base64.b64decode(data))) for data in re.findall(r"data:image/\w+;base64,([^\"]+)", html)
    ]


def test_api_mask_is_an_indexed_png_of_the_photo_as_seen(catalogue, tiny_runs, photo):
    path, report = segment_api(catalogue, str(photo), "focal-s0")
    with Image.open(path) as mask, Image.open(photo) as original:
        assert (mask.format, mask.mode, mask.size) == ("PNG", "P", (30, 50))
        expected = Segmenter.load(tiny_runs / "focal-s0" / "model.safetensors").predict(original).mask
        np.testing.assert_array_equal(np.asarray(mask), expected)
    assert report["checkpoint"] == "focal-s0"
    assert report["size"] == [30, 50]
    assert report["milliseconds"] > 0
    assert report["share"] == pytest.approx(
        {name: float((expected == value).mean()) for value, name in enumerate(("pet", "background", "border"))}
    )


@pytest.mark.parametrize(
    ("checkpoint", "said"), [("nothing-s0", "choose from ce-s0, focal-s0"), ("../ce-s0", "no checkpoint")]
)
def test_api_names_the_checkpoints_it_has(catalogue, photo, checkpoint, said):
    with pytest.raises(gr.Error, match=said):
        segment_api(catalogue, str(photo), checkpoint)


def test_api_says_what_to_do_with_a_file_that_is_no_image(catalogue, tmp_path):
    path = tmp_path / "notes.jpg"
    path.write_text("not a photo")
    with pytest.raises(gr.Error, match=r"notes\.jpg cannot be read as an image: save it as JPEG or PNG"):
        segment_api(catalogue, str(path), "ce-s0")


def test_truncated_photo_is_refused_in_one_line(tmp_path, photo):
    path = tmp_path / "half.jpg"
    path.write_bytes(photo.read_bytes()[:-400])
    with pytest.raises(InputError, match=r"^half\.jpg cannot be read[^\n]*$"):
        open_photo(path)


@pytest.mark.parametrize("side", [8000, 20000])  # above the app's limit, and above Pillow's own
def test_enormous_photo_is_refused_before_it_is_decoded(tmp_path, side):
    path = tmp_path / "huge.png"
    Image.new("1", (side, side)).save(path)
    with pytest.raises(InputError, match="at most 50"):
        open_photo(path)


def test_every_chosen_checkpoint_gets_a_card_with_its_mask_and_shares(catalogue, photo):
    html = show_masks(catalogue, str(photo), ["ce-s0", "focal-s0"], progress())
    assert html.count("<figure") == 2
    assert "ce-s0 · 2 epochs" in html
    assert "focal-s0 · 3 epochs" in html
    assert 'download="upright-ce-s0.png"' in html
    for card in html.split("<figure")[1:]:
        shown, overlay, download = pictures(card)
        assert shown.size == overlay.size == download.size == (30, 50)
        assert overlay.info["transparency"] == 1  # the photo shows through background
        mask = np.asarray(download)
        for value, name in enumerate(("pet", "background", "border")):
            assert f"{name} <b>{(mask == value).mean():.1%}</b>" in card


def test_what_is_missing_is_said_instead_of_a_mask(catalogue, photo, tmp_path):
    assert "click a sample" in show_masks(catalogue, None, ["ce-s0"], progress())
    assert "Choose a checkpoint" in show_masks(catalogue, str(photo), [], progress())
    assert "python -m experiments.run" in show_masks(Catalogue((tmp_path,)), str(photo), [], progress())


def test_damaged_checkpoint_is_named_and_the_others_still_answer(tiny_runs, tmp_path, photo):
    for name in ("ce-s0", "focal-s0"):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        for file in ("run.json", "epochs.csv", "model.safetensors"):
            (folder / file).write_bytes((tiny_runs / name / file).read_bytes())
    broken = tmp_path / "runs" / "ce-s0" / "model.safetensors"
    broken.write_bytes(broken.read_bytes()[:1000])
    html = show_masks(Catalogue((tmp_path / "runs",)), str(photo), ["ce-s0", "focal-s0"], progress())
    assert str(broken) in html
    assert html.count("Download mask") == 1

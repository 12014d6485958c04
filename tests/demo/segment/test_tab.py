"""Segmenting a photo as the app does it."""

import base64
import io
import json
import re
import shutil
import zipfile
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image, ImageOps

from demo.catalogue import Catalogue
from demo.photo import segment_photo
from demo.segment.download import write_download
from demo.segment.masks import show_masks
from demo.segment.pair import pair_choices, pair_pictures
from demo.segment.session import Session
from seg.inference import Segmenter
from seg.pets import photo_path


@pytest.fixture
def catalogue(tiny_runs) -> Catalogue:
    return Catalogue((tiny_runs,))


def last(catalogue: Catalogue, path: Path | None, names: list[str], session: Session | None = None) -> str:
    """The result that stays."""
    return list(show_masks(catalogue, session or Session(), path and str(path), names))[-1]


def expected_mask(folder: Path, checkpoint: str, photo: Path) -> np.ndarray:
    with Image.open(photo) as image:
        return Segmenter.load(folder / checkpoint / "model.safetensors").predict(image).mask


def layers(card: str) -> dict[str, Image.Image]:
    """The layers of a card by view, as a browser reads them."""
    found = re.findall(r'class="layer (\w+)"[^>]*?data:image/png;base64,([\w+/=]+)', card)
    return {view: Image.open(io.BytesIO(base64.b64decode(data))) for view, data in found}


def test_every_chosen_checkpoint_gets_a_card_with_a_layer_for_each_view(catalogue, tiny_runs, photo):
    html = last(catalogue, photo, ["ce-s0", "focal-s0"])
    assert html.count("<figure") == 2
    assert "ce-s0 · 2 epochs" in html
    assert "focal-s0 · 3 epochs" in html
    masks = {name: expected_mask(tiny_runs, name, photo) for name in ("ce-s0", "focal-s0")}
    differ = masks["ce-s0"] != masks["focal-s0"]
    assert differ.mean() > 0.05
    assert all(np.unique(mask).tolist() == [0, 1, 2] for mask in masks.values())
    assert "30 × 50 pixels" in html
    assert f"agree on <b>{1 - differ.mean():.1%}</b> of the pixels" in html
    for card, (name, mask) in zip(html.split("<figure")[1:], masks.items(), strict=True):
        alpha = {view: np.asarray(image.convert("RGBA"))[..., 3] for view, image in layers(card).items()}
        assert set(alpha) == {"mask", "border", "confidence", "disagreement", "cutout"}
        np.testing.assert_array_equal(alpha["mask"] > 0, mask != 1)
        np.testing.assert_array_equal(alpha["border"] > 0, mask == 2)
        np.testing.assert_array_equal(alpha["cutout"] > 0, mask == 0)
        np.testing.assert_array_equal(alpha["disagreement"] > 0, differ)
        assert alpha["confidence"].min() == 255
        for value, class_name in enumerate(("pet", "background", "border")):
            assert re.search(rf"</i>{class_name}</dt><dd>{(mask == value).mean():.1%}</dd>", card), (name, class_name)


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        ("ce", "unweighted cross-entropy"),
        ("weighted", "weighted cross-entropy"),
        ("focal", "focal loss"),
        ("dice", "Dice loss"),
        ("lovasz", "lovasz"),  # known to another version alone
    ],
)
def test_a_card_says_in_words_which_loss_its_run_was_trained_with(tiny_runs, tmp_path, loss, words):
    folder = shutil.copytree(tiny_runs / "ce-s0", tmp_path / "any-s0")
    info = json.loads((folder / "run.json").read_text())
    info["options"]["loss"] = loss
    (folder / "run.json").write_text(json.dumps(info))
    card = last(Catalogue((tmp_path,)), None, ["any-s0"])
    assert re.findall("<figcaption><b>(.*?)</b><span>(.*?)</span>", card) == [("any-s0 · 2 epochs", words)]


def test_one_checkpoint_alone_says_that_disagreement_needs_another(catalogue, photo):
    html = last(catalogue, photo, ["ce-s0"])
    assert "Choose a second checkpoint" in html
    assert "agree on" not in html
    assert "disagreement" not in layers(html)


def test_masks_arrive_one_by_one_in_room_that_is_kept_for_them(catalogue, photo):
    steps = list(show_masks(catalogue, Session(), str(photo), ["ce-s0", "focal-s0"]))
    assert [step.count("<figure") for step in steps] == [0, 1, 2]
    assert [len(re.findall(r'class="card( pending)?"', step)) for step in steps] == [2, 2, 2]
    assert ["0 of 2" in steps[0], "1 of 2" in steps[1], "of 2" in steps[2]] == [True, True, False]


def test_second_photo_ends_the_first_ones_work(catalogue, photo, tiny_pets, monkeypatch):
    asked = []
    real = segment_photo

    def counted(image, run):
        asked.append((image.size, run.name))
        return real(image, run)

    monkeypatch.setattr("demo.segment.masks.segment_photo", counted)
    session = Session()
    first = show_masks(catalogue, session, str(photo), ["ce-s0", "focal-s0"])
    assert next(first).count("<figure") == 0
    assert next(first).count("<figure") == 1
    other = photo_path(tiny_pets, "pug_2")
    assert last(catalogue, other, ["ce-s0"], session).count("<figure") == 1
    asked_before = list(asked)
    assert list(first) == []  # says no more, and asks no other checkpoint
    assert asked == asked_before
    assert (session.path, list(session.answers)) == (str(other), ["ce-s0"])


def test_photo_that_arrives_during_a_pass_is_not_overwritten_by_it(catalogue, photo, tiny_pets, monkeypatch):
    session, other = Session(), photo_path(tiny_pets, "pug_2")
    real, newer = segment_photo, []

    def interrupted(image, run):
        monkeypatch.setattr("demo.segment.masks.segment_photo", real)
        newer.append(last(catalogue, other, ["ce-s0", "focal-s0"], session))
        return real(image, run)

    monkeypatch.setattr("demo.segment.masks.segment_photo", interrupted)
    shown = list(show_masks(catalogue, session, str(photo), ["ce-s0"]))
    assert [step.count("<figure") for step in shown] == [0]
    assert newer[0].count("<figure") == 2
    assert session.path == str(other)
    assert set(session.answers) == {"ce-s0", "focal-s0"}


def test_an_older_request_says_nothing_over_a_newer_one_even_where_all_is_known(catalogue, photo, monkeypatch):
    session, both = Session(), ["ce-s0", "focal-s0"]
    assert last(catalogue, photo, both, session).count("<figure") == 2
    real, newer = Catalogue.with_checkpoint, []

    def overtaken(self: Catalogue) -> list:
        if not newer:  # the newer request is answered while the older one looks for its runs
            newer.append(None)
            newer[0] = last(catalogue, photo, ["ce-s0"], session)
        return real(self)

    monkeypatch.setattr(Catalogue, "with_checkpoint", overtaken)
    assert list(show_masks(catalogue, session, str(photo), both)) == []
    assert newer[0].count("<figure") == 1
    assert list(session.answers) == ["ce-s0"]


def test_checkpoint_chosen_again_needs_no_second_pass(catalogue, photo, monkeypatch):
    session = Session()
    before = last(catalogue, photo, ["ce-s0", "focal-s0"], session)
    monkeypatch.setattr("demo.segment.masks.segment_photo", None)
    last(catalogue, photo, ["ce-s0"], session)
    assert last(catalogue, photo, ["ce-s0", "focal-s0"], session) == before


def test_what_is_missing_is_said_instead_of_a_mask(catalogue, photo, tmp_path):
    assert "click a sample" in last(catalogue, None, ["ce-s0"])
    assert "Choose a checkpoint" in last(catalogue, photo, [])
    assert "python -m experiments.run" in last(Catalogue((tmp_path,)), photo, [])
    broken = tmp_path / "notes.jpg"
    broken.write_text("not a photo")
    session = Session()
    last(catalogue, photo, ["ce-s0"], session)
    assert "notes.jpg cannot be read" in last(catalogue, broken, ["ce-s0"], session)
    assert session.found() == {}


def test_damaged_checkpoint_is_named_and_the_others_still_answer(tiny_runs, tmp_path, photo):
    for name in ("ce-s0", "focal-s0"):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        for file in ("run.json", "epochs.csv", "model.safetensors"):
            (folder / file).write_bytes((tiny_runs / name / file).read_bytes())
    broken = tmp_path / "runs" / "ce-s0" / "model.safetensors"
    broken.write_bytes(broken.read_bytes()[:1000])
    html = last(Catalogue((tmp_path / "runs",)), photo, ["ce-s0", "focal-s0"])
    assert str(broken) in html
    assert html.count('data-download="mask"') == 1


@pytest.fixture
def segmented(catalogue, photo) -> Session:
    session = Session()
    last(catalogue, photo, ["ce-s0", "focal-s0"], session)
    return session


def test_downloaded_mask_is_an_indexed_png_of_the_photos_size(segmented, tiny_runs, photo):
    path = Path(write_download(segmented, "mask", "focal-s0"))
    assert path.name == "upright-focal-s0-mask.png"
    with Image.open(path) as mask:
        assert (mask.format, mask.mode, mask.size) == ("PNG", "P", (30, 50))
        np.testing.assert_array_equal(np.asarray(mask), expected_mask(tiny_runs, "focal-s0", photo))
        assert mask.getpalette()[:9] == [86, 180, 233, 0, 0, 0, 230, 159, 0]


def test_downloaded_cut_out_is_opaque_exactly_where_the_pet_is(segmented, tiny_runs, photo):
    path = Path(write_download(segmented, "cutout", "ce-s0"))
    assert path.name == "upright-ce-s0-cutout.png"
    with Image.open(path) as image, Image.open(photo) as original:
        assert (image.format, image.mode, image.size) == ("PNG", "RGBA", (30, 50))
        pixels, seen = np.asarray(image), np.asarray(ImageOps.exif_transpose(original).convert("RGB"))
    pet = expected_mask(tiny_runs, "ce-s0", photo) == 0
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


def test_first_two_checkpoints_are_compared_until_others_are_chosen(segmented, catalogue, photo):
    everything = ["Photo", "ce-s0", "focal-s0"]
    assert pair_choices(segmented, None, None) == (everything, "ce-s0", "focal-s0")
    assert pair_choices(segmented, "Photo", "ce-s0") == (everything, "Photo", "ce-s0")
    last(catalogue, photo, ["focal-s0"], segmented)
    assert pair_choices(segmented, "ce-s0", "focal-s0") == (["Photo", "focal-s0"], "Photo", "focal-s0")
    assert pair_choices(segmented, "ce-s0", None) == (["Photo", "focal-s0"], "focal-s0", "Photo")
    assert pair_choices(Session(), "ce-s0", "focal-s0") == ([], None, None)


def test_compared_pictures_are_the_photo_and_a_view_of_it(segmented, tiny_runs, photo):
    left, right = pair_pictures(segmented, "cutout", "Photo", "ce-s0")
    assert left == segmented.shown
    np.testing.assert_array_equal(np.asarray(right)[..., 3] == 255, expected_mask(tiny_runs, "ce-s0", photo) == 0)
    masks = [expected_mask(tiny_runs, name, photo) for name in ("ce-s0", "focal-s0")]
    # nothing of a photo made pale is as colourful as a class
    for view, where in (("disagreement", [masks[0] != masks[1]] * 2), ("border", [mask == 2 for mask in masks])):
        for side, mask, coloured in zip(pair_pictures(segmented, view, "ce-s0", "focal-s0"), masks, where, strict=True):
            pixels = np.asarray(side.convert("RGB"))
            for value, colour in ((0, (86, 180, 233)), (2, (230, 159, 0))):
                np.testing.assert_array_equal((pixels == colour).all(axis=-1), coloured & (mask == value), view)
    assert pair_pictures(segmented, "mask", "ce-s0", "dice-s0") is None
    assert pair_pictures(Session(), "mask", None, None) is None

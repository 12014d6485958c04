"""Each chosen checkpoint answers in turn, for the newest photo alone."""

import base64
import io
import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from demo.catalogue import Catalogue
from demo.checkpoints import segment_photo
from demo.segment.masks import show_masks
from demo.segment.session import Session
from seg.pets import photo_path


def layers(card: str) -> dict[str, Image.Image]:
    """The layers of a card by view, as a browser reads them."""
    found = re.findall(r'class="layer (\w+)"[^>]*?data:image/png;base64,([\w+/=]+)', card)
    return {view: Image.open(io.BytesIO(base64.b64decode(data))) for view, data in found}


def test_every_chosen_checkpoint_gets_a_card_with_a_layer_for_each_view(catalogue, photo, last, expected_mask):
    html = last(catalogue, photo, ["ce-s0", "focal-s0"])
    assert html.count("<figure") == 2
    assert "ce-s0 · 2 epochs" in html
    assert "focal-s0 · 3 epochs" in html
    masks = {name: expected_mask(name) for name in ("ce-s0", "focal-s0")}
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
def test_a_card_says_in_words_which_loss_its_run_was_trained_with(tiny_runs, tmp_path, loss, words, last):
    folder = shutil.copytree(tiny_runs / "ce-s0", tmp_path / "any-s0")
    info = json.loads((folder / "run.json").read_text())
    info["options"]["loss"] = loss
    (folder / "run.json").write_text(json.dumps(info))
    card = last(Catalogue((tmp_path,)), None, ["any-s0"])
    assert re.findall("<figcaption><b>(.*?)</b><span>(.*?)</span>", card) == [("any-s0 · 2 epochs", words)]


def test_one_checkpoint_alone_says_that_disagreement_needs_another(catalogue, photo, last):
    html = last(catalogue, photo, ["ce-s0"])
    assert "Choose a second checkpoint" in html
    assert "agree on" not in html
    assert "disagreement" not in layers(html)


def test_masks_arrive_one_by_one_in_room_that_is_kept_for_them(catalogue, photo):
    steps = list(show_masks(catalogue, Session(), str(photo), ["ce-s0", "focal-s0"]))
    assert [step.count("<figure") for step in steps] == [0, 1, 2]
    assert [len(re.findall(r'class="card( pending)?"', step)) for step in steps] == [2, 2, 2]
    assert ["0 of 2" in steps[0], "1 of 2" in steps[1], "of 2" in steps[2]] == [True, True, False]


def test_second_photo_ends_the_first_ones_work(catalogue, photo, tiny_pets, monkeypatch, last):
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


def test_photo_that_arrives_during_a_pass_is_not_overwritten_by_it(catalogue, photo, tiny_pets, monkeypatch, last):
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


def test_an_older_request_says_nothing_over_a_newer_one_even_where_all_is_known(catalogue, photo, monkeypatch, last):
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


def test_checkpoint_chosen_again_needs_no_second_pass(catalogue, photo, monkeypatch, last):
    session = Session()
    before = last(catalogue, photo, ["ce-s0", "focal-s0"], session)
    monkeypatch.setattr("demo.segment.masks.segment_photo", None)
    last(catalogue, photo, ["ce-s0"], session)
    assert last(catalogue, photo, ["ce-s0", "focal-s0"], session) == before


def test_what_is_missing_is_said_instead_of_a_mask(catalogue, photo, tmp_path, last):
    assert "click a sample" in last(catalogue, None, ["ce-s0"])
    assert "Choose a checkpoint" in last(catalogue, photo, [])
    assert "python -m experiments.run" in last(Catalogue((tmp_path,)), photo, [])
    broken = tmp_path / "notes.jpg"
    broken.write_text("not a photo")
    session = Session()
    last(catalogue, photo, ["ce-s0"], session)
    assert "notes.jpg cannot be read" in last(catalogue, broken, ["ce-s0"], session)
    assert session.found() == {}


def test_damaged_checkpoint_is_named_and_the_others_still_answer(tiny_runs, tmp_path, photo, last):
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


GONE = ["focal-s0/model.safetensors", "focal-s0"]


@pytest.mark.parametrize("path", GONE)
def test_a_checkpoint_that_vanishes_once_listed_is_named_on_its_card(vanishing, photo, path, last):
    session = Session()
    html = last(vanishing("with_checkpoint", path), photo, ["ce-s0", "focal-s0"], session)
    assert html.count('data-download="mask"') == 1
    assert re.findall('<p class="error">(.*?)</p>', html) == [
        "focal-s0 has no checkpoint any more: choose another run, or train it again"
    ]
    assert list(session.found()) == ["ce-s0"]


@pytest.mark.parametrize("path", GONE)
def test_a_checkpoint_that_vanishes_during_a_pass_is_named_on_its_card(own_runs, delete, photo, path):
    steps = show_masks(Catalogue((own_runs,)), Session(), str(photo), ["ce-s0", "focal-s0"])
    next(steps)
    assert next(steps).count("<figure") == 1  # ce-s0's, and focal-s0 is next
    delete(own_runs / path)
    html = list(steps)[-1]
    assert "focal-s0 has no checkpoint any more" in html
    assert html.count('data-download="mask"') == 1


def test_a_checkpoint_that_has_answered_and_is_gone_is_not_answered_from_memory(own_runs, photo, last):
    catalogue, session = Catalogue((own_runs,)), Session()
    last(catalogue, photo, ["ce-s0", "focal-s0"], session)
    (own_runs / "focal-s0" / "model.safetensors").unlink()
    said = "focal-s0 has no checkpoint any more: reload the page to choose others, or train it again."
    html = last(catalogue, photo, ["ce-s0", "focal-s0"], session)
    assert (html.count("<figure"), said in html) == (1, True)
    assert last(catalogue, photo, ["focal-s0"], session) == f'<p class="empty error">{said}</p>'
    assert said in last(catalogue, None, ["ce-s0", "focal-s0"], session)


def test_a_photo_that_is_gone_is_to_be_chosen_again(catalogue, photo, last):
    photo.unlink()
    assert "upright.jpg is gone: choose the photo again" in last(catalogue, photo, ["ce-s0"])


def test_a_checkpoint_replaced_by_another_network_answers_anew(own_runs, photo, last, expected_mask):
    catalogue, session = Catalogue((own_runs,)), Session()
    last(catalogue, photo, ["ce-s0"], session)
    shutil.rmtree(own_runs / "ce-s0")
    (own_runs / "focal-s0").rename(own_runs / "ce-s0")
    last(catalogue, photo, ["ce-s0"], session)
    np.testing.assert_array_equal(session.found()["ce-s0"].mask, expected_mask("focal-s0"))
    assert (expected_mask("focal-s0") != expected_mask("ce-s0")).any()

"""Each chosen network answers in turn, for the newest photo alone."""

import json
import shutil

import numpy as np
import pytest

from demo.catalogue import Catalogue
from demo.segment.answers import Session, agreeing_share, show_answers
from demo.stage.answer import answer
from demo.stage.photos import Offered
from experiments.store.folder import hold
from seg.inference import Segmenter
from seg.pets import photo_path
from tests.demo.stage.test_pane import classes_at, decoded

BOTH = ["ce-s0", "focal-s0"]


def answered(value: dict) -> list[str]:
    return [pane["run"] for pane in value["panes"] if pane["levels"]]


def errors(value: dict) -> list[str]:
    return [pane["error"] for pane in value["panes"] if pane["error"]]


@pytest.fixture
def passes(monkeypatch) -> list[str]:
    """The size of the photo of each pass of a network, as they are made."""
    made, real = [], Segmenter.predict_small

    def counted(self: Segmenter, small, size):
        made.append(size)
        return real(self, small, size)

    monkeypatch.setattr(Segmenter, "predict_small", counted)
    return made


def test_every_chosen_network_has_a_pane_that_gives_its_mask(catalogue, photo, last, expected_mask):
    value = last(catalogue, photo, BOTH)
    assert answered(value) == BOTH
    assert [pane["title"] for pane in value["panes"]] == ["Cross-entropy", "Focal"]
    assert (value["busy"], value["photo"]["size"]) == (False, (30, 50))
    masks = [expected_mask(name) for name in BOTH]
    for pane, mask in zip(value["panes"], masks, strict=True):
        counts = np.array(pane["counts"])
        levels = decoded(pane["levels"], (50, 30))
        assert ((classes_at(levels, np.zeros_like(levels), 0) == 2) == (mask == 2)).all()
        assert counts.sum() == mask.size
        assert counts[:, 128:].sum() == (mask == 2).sum()
        assert counts[1, :128].sum() == (mask == 1).sum()
    share = (masks[0] == masks[1]).mean()
    assert (
        value["status"] == f"upright.jpg, 30 × 50 pixels. As trained, both networks agree on {100 * share:.1f} % of it."
    )


def test_runs_are_called_by_their_loss_and_by_what_else_tells_them_apart(tiny_runs, tmp_path, photo, last):
    for name, loss, seed in (
        ("a", "weighted", 0),
        ("b", "weighted", 1),
        ("c", "dice", 0),
        ("d", "dice", 0),
        ("e", "x", 3),
    ):
        folder = shutil.copytree(tiny_runs / "ce-s0", tmp_path / name)
        info = json.loads((folder / "run.json").read_text())
        info["options"] |= {"loss": loss, "seed": seed}
        (folder / "run.json").write_text(json.dumps(info))
    panes = last(Catalogue((tmp_path,)), photo, list("abcde"))["panes"]
    assert {pane["run"]: pane["title"] for pane in panes} == {
        "a": "Weighted, seed 0",
        "b": "Weighted, seed 1",
        "c": "Dice, seed 0 (c)",
        "d": "Dice, seed 0 (d)",
        "e": "x",
    }


def test_answers_arrive_one_by_one_on_a_stage_that_has_their_places(catalogue, photo):
    steps = list(show_answers(catalogue, Session(), Offered(photo.name, photo), BOTH))
    assert [len(step["panes"]) for step in steps] == [2, 2, 2]
    assert [answered(step) for step in steps] == [[], BOTH[:1], BOTH]
    assert [step["busy"] for step in steps] == [True, True, False]
    assert [step["status"] for step in steps[:2]] == ["Segmenting: 0 of 2", "Segmenting: 1 of 2"]


def test_second_photo_ends_the_first_ones_work(catalogue, photo, tiny_pets, passes, last):
    session = Session()
    first = show_answers(catalogue, session, Offered(photo.name, photo), BOTH)
    assert answered(next(first)) == []
    assert answered(next(first)) == ["ce-s0"]
    other = photo_path(tiny_pets, "pug_2")
    assert answered(last(catalogue, other, ["ce-s0"], session)) == ["ce-s0"]
    assert list(first) == []  # says no more
    assert passes[0] == (30, 50)
    assert session.photo.path == other


def test_photo_that_arrives_during_a_pass_is_not_overwritten_by_it(catalogue, photo, tiny_pets, monkeypatch, last):
    session, other, newer, real = Session(), photo_path(tiny_pets, "pug_3"), [], Segmenter.predict_small

    def interrupted(self: Segmenter, *photo):
        monkeypatch.setattr(Segmenter, "predict_small", real)
        newer.append(last(catalogue, other, BOTH, session))
        return real(self, *photo)

    monkeypatch.setattr(Segmenter, "predict_small", interrupted)
    shown = list(show_answers(catalogue, session, Offered(photo.name, photo), ["ce-s0"]))
    assert [answered(step) for step in shown] == [[]]
    assert answered(newer[0]) == BOTH
    assert session.photo.path == other


def test_an_older_request_says_nothing_over_a_newer_one(catalogue, photo, monkeypatch, last):
    session, real, newer = Session(), Catalogue.runs, []

    def overtaken(self: Catalogue) -> list:
        if not newer:  # the newer request is answered while the older one looks for its runs
            newer.append(None)
            newer[0] = last(catalogue, photo, ["ce-s0"], session)
        return real(self)

    monkeypatch.setattr(Catalogue, "runs", overtaken)
    assert list(show_answers(catalogue, session, Offered(photo.name, photo), BOTH)) == []
    assert answered(newer[0]) == ["ce-s0"]


def test_what_is_known_needs_no_second_pass(catalogue, photo, passes, last):
    session = Session()
    before = last(catalogue, photo, BOTH, session)
    made = len(passes)
    last(catalogue, photo, ["ce-s0"], session)
    assert last(catalogue, photo, BOTH, session) == before
    assert len(passes) == made


def test_what_is_missing_is_said_instead_of_a_mask(catalogue, photo, tmp_path, last):
    assert "Choose a run" in last(catalogue, photo, [])["status"]
    assert "python -m experiments.run" in last(Catalogue((tmp_path,)), photo, [])["status"]
    broken = tmp_path / "notes.jpg"
    broken.write_text("not a photo")
    value = last(catalogue, broken, ["ce-s0"])
    assert "notes.jpg cannot be read" in value["status"]
    assert (value["photo"], answered(value)) == (None, [])


def test_a_photo_that_is_gone_is_to_be_chosen_again(catalogue, photo, last):
    photo.unlink()
    assert "upright.jpg is gone: choose the photo again" in last(catalogue, photo, ["ce-s0"])["status"]


def test_a_damaged_checkpoint_is_named_and_the_others_still_answer(own_runs, photo, last):
    broken = own_runs / "ce-s0" / "model.safetensors"
    broken.write_bytes(broken.read_bytes()[:1000])
    value = last(Catalogue((own_runs,)), photo, BOTH)
    assert answered(value) == ["focal-s0"]
    assert errors(value)[0].startswith("ce-s0/model.safetensors")  # not where the runs lie


GONE = ["focal-s0/model.safetensors", "focal-s0"]


@pytest.mark.parametrize("path", GONE)
def test_a_checkpoint_that_vanishes_once_listed_is_named_in_its_row(vanishing, photo, path, last):
    value = last(vanishing("runs", path), photo, BOTH)
    assert answered(value) == ["ce-s0"]
    assert errors(value) == ["The weights of this run are not here, only its scores."]


@pytest.mark.parametrize("path", GONE)
def test_a_checkpoint_that_vanishes_during_a_pass_is_named_in_its_row(own_runs, delete, photo, path):
    steps = show_answers(Catalogue((own_runs,)), Session(), Offered(photo.name, photo), BOTH)
    next(steps)
    assert answered(next(steps)) == ["ce-s0"]  # focal-s0 is next
    delete(own_runs / path)
    value = list(steps)[-1]
    assert answered(value) == ["ce-s0"]
    assert "focal-s0 has no checkpoint any more" in errors(value)[0]


def test_a_checkpoint_that_has_answered_and_is_gone_is_not_answered_from_memory(own_runs, photo, last):
    catalogue = Catalogue((own_runs,))
    last(catalogue, photo, BOTH)
    (own_runs / "focal-s0" / "model.safetensors").unlink()
    value = last(catalogue, photo, BOTH)
    assert answered(value) == ["ce-s0"]
    assert errors(value) == ["The weights of this run are not here, only its scores."]
    shutil.rmtree(own_runs / "focal-s0")
    said = "focal-s0 is not here any more: reload the page to choose others, or train it again."
    assert last(catalogue, photo, BOTH)["status"] == said
    assert last(catalogue, photo, ["focal-s0"])["status"] == said


def test_a_run_that_trains_says_when_its_weights_come(own_runs, photo, last):
    (own_runs / "focal-s0" / "model.safetensors").unlink()
    info = json.loads((own_runs / "focal-s0" / "run.json").read_text())
    (own_runs / "focal-s0" / "run.json").write_text(json.dumps(info | {"status": "running"}))
    with hold(own_runs / "focal-s0"):
        value = last(Catalogue((own_runs,)), photo, ["focal-s0"])
    assert (value["busy"], errors(value)) == (False, ["No weights yet: they come when training ends."])


def test_a_checkpoint_replaced_by_another_network_answers_anew(own_runs, photo, last, expected_mask):
    catalogue = Catalogue((own_runs,))
    last(catalogue, photo, ["ce-s0"])
    shutil.rmtree(own_runs / "ce-s0")
    (own_runs / "focal-s0").rename(own_runs / "ce-s0")
    (run,) = catalogue.with_checkpoint()
    np.testing.assert_array_equal(answer(Offered(photo.name, photo), run).classes(), expected_mask("focal-s0"))
    assert (expected_mask("focal-s0") != expected_mask("ce-s0")).any()


def test_masks_agree_where_all_of_them_do():
    masks = [np.array([[0, 1, 2, 2]]), np.array([[0, 1, 1, 2]]), np.array([[0, 2, 2, 2]])]
    assert agreeing_share(masks[0], masks[1:]) == 0.5
    assert agreeing_share(masks[0], []) == 1


def test_runs_of_which_none_can_segment_say_so_once_and_nothing_is_at_work(own_runs, photo):
    for name in ("ce-s0", "focal-s0"):
        (own_runs / name / "model.safetensors").unlink()
    (value,) = show_answers(Catalogue((own_runs,)), Session(), Offered(photo.name, photo), BOTH)
    assert not value["busy"]
    said = "The weights of these runs are not here, only their scores. Choose a run with weights above."
    assert value["status"] == said

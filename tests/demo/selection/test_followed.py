"""What a page sends of what is chosen is read as it is meant, whatever it sends."""

import pytest

from demo.selection.followed import read_selected


@pytest.mark.parametrize(
    ("sent", "runs", "epoch"),
    [
        ({"runs": ["a", "b"], "epoch": 3}, ["a", "b"], 3),
        ({"runs": ["a,b", 7, None], "epoch": None}, ["a,b"], None),
        ({"runs": "ce-s0", "epoch": -1}, [], None),
        ({"epoch": "3"}, [], None),
        ({}, [], None),
        (None, [], None),
    ],
)
def test_names_and_an_epoch_or_nothing(sent, runs, epoch):
    selected = read_selected(sent, ("score",))
    assert (selected.runs, selected.epoch, selected.text("score")) == (runs, epoch, None)


@pytest.mark.parametrize(("sent", "said"), [("border_f1", "border_f1"), (None, None), (7, None), (["a"], None)])
def test_what_else_is_followed_is_a_word_or_nothing(sent, said):
    assert read_selected({"score": sent}, ("score",)).text("score") == said

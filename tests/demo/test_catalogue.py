"""Runs that were chosen in an open page and are not there any more are named, with what to do."""

import pytest

from demo.catalogue import Catalogue, lost_sentence


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], ""),
        (["ce-s0"], ""),
        (["ce-s0", "dice-s0"], "dice-s0 is not here any more: reload the page to choose others, or train it again."),
        (["a", "ce-s0", "b"], "a, b are not here any more: reload the page to choose others, or train them again."),
    ],
)
def test_lost_runs_are_named_with_the_remedy(tiny_runs, names, said):
    assert lost_sentence(names, Catalogue((tiny_runs,)).scored()) == said

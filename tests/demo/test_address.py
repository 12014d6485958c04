"""A link says which tab, runs, score and epoch; what cannot be is as if it were not said."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.address import read_address

TABS = ("segment", "compare", "scrub", "spot")


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_can_be_linked_to(tab):
    assert read_address(f"?tab={tab}", TABS).tab == tab


@given(
    st.text().filter(lambda text: text not in TABS) | st.sampled_from(["Spot", "segment ", "spot,scrub", "0", "tab"])
)
def test_a_word_that_names_no_tab_is_no_tab(word):
    assert read_address(f"?tab={quote(word)}", TABS).tab is None


def test_a_link_says_all_four():
    asked = read_address("?tab=scrub&runs=ce-s0,focal-s0&score=border_recall&epoch=3", TABS)
    assert (asked.tab, asked.runs, asked.score, asked.epoch) == ("scrub", ("ce-s0", "focal-s0"), "border_recall", 3)


@pytest.mark.parametrize("query", [None, "", "?", "?tab", "?score=beauty&epoch=-1", "?epoch=last", "?epoch=1.5"])
def test_a_link_that_says_nothing_asks_for_nothing(query):
    asked = read_address(query, TABS)
    assert (asked.tab, asked.runs, asked.score, asked.epoch) == (None, None, None, None)

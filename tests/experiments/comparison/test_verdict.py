"""What counts as fixing the border, at its edges: counts of pixels chosen by hand."""

from collections.abc import Callable

import numpy as np
import pytest

from experiments.comparison.analysis import analyse
from experiments.comparison.verdict import what_did_not_work

NONE_FIXES = "No configuration has 3 points more border F1 than `ce` for at most 0.5 points less pixel accuracy."


def photos(hits: int, painted: int) -> np.ndarray:
    """Four alike of 200,000 pixels, 10,000 of them border and 10,000 called border: border F1 is hits / 10,000.

    Args:
        hits: border pixels called border; pet takes the place of the others, both ways.
        painted: background pixels called pet.
    """
    missed = 10_000 - hits
    counts = [[90_000 - missed, 0, missed], [painted, 100_000 - painted, 0], [missed, 0, hits]]
    return np.tile(counts, (4, 1, 1))


@pytest.fixture
def judged(write_run) -> Callable[[int, int], list[str]]:
    """What did not work of focal loss, which hits and paints so many pixels, where `ce` hits half of the border."""

    def judge(hits: int, painted: int) -> list[str]:
        runs = [write_run("ce-s0", photos(5_000, 1_000)), write_run("focal-s0", photos(hits, painted), loss="focal")]
        return what_did_not_work(analyse(runs))

    return judge


# a border pixel hit is two pixels right, the pet's that took its place among them; half a point is 1,000 pixels
FREE = 1_000 + 2 * 300
HALF_A_POINT = FREE + 1_000


@pytest.mark.parametrize(("hits", "fixes"), [(5_299, False), (5_300, True), (5_301, True)])
def test_a_gain_of_three_points_counts_and_less_does_not(judged, hits, fixes):
    assert judged(hits, FREE) == ([] if fixes else [NONE_FIXES])


@pytest.mark.parametrize(
    ("painted", "fixes"), [(HALF_A_POINT - 1, True), (HALF_A_POINT, True), (HALF_A_POINT + 1, False)]
)
def test_a_price_of_half_a_point_is_paid_and_more_is_not(judged, painted, fixes):
    assert judged(5_300, painted) == ([] if fixes else [NONE_FIXES])

"""The border's width is that of bands whose width is known."""

import math

import numpy as np
import pytest

from experiments.measurements import MEASUREMENTS
from experiments.measurements import outline_width as outline_width_module
from experiments.measurements.outline_width import border_widths, measure

Y, X = np.mgrid[:128, :128]


@pytest.mark.parametrize("width", [3, 4, 5, 6, 7])
@pytest.mark.parametrize("radius", [25, 40, 52])
def test_a_ring_is_as_wide_as_it_was_drawn(width, radius):
    ring = np.abs(np.hypot(Y - 63.3, X - 63.7) - radius) <= width / 2
    widths = border_widths(ring)
    assert widths["steps"] == pytest.approx(width, rel=0.03)
    assert widths["pixels"] > widths["steps"]


def test_a_straight_band_is_its_pixels_over_its_length():
    band = np.zeros((128, 128), dtype=bool)
    band[40:45] = True
    assert border_widths(band)["pixels"] == pytest.approx(5, rel=0.05)


def test_no_border_has_no_width():
    assert all(math.isnan(width) for width in border_widths(np.zeros((9, 9), dtype=bool)).values())
    dot = np.zeros((9, 9), dtype=bool)
    dot[4, 4] = True
    assert all(math.isnan(width) for width in border_widths(dot).values())


def test_quartiles_are_over_the_photos_that_have_a_border(tiny_pets, monkeypatch):
    given = iter([4.0, 8.0, math.nan, 5.0, 6.0, 7.0, math.nan, 30.0])
    monkeypatch.setattr(
        outline_width_module, "border_widths", lambda border: {"steps": (width := next(given)), "pixels": 2 * width}
    )
    table = measure(tiny_pets)
    assert table.columns.tolist() == list(MEASUREMENTS["outline-width"].columns)
    assert table["length"].tolist() == ["steps", "pixels"]
    assert table["median"].tolist() == [6.5, 13]
    assert table["lower_quartile"].tolist() == [5.25, 10.5]
    assert table["upper_quartile"].tolist() == [7.75, 15.5]
    assert set(table["photos"]) == {6}

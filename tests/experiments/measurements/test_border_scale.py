"""The true border is moved, and scored as a slow loop scores it."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from experiments.measurements import MEASUREMENTS
from experiments.measurements import border_scale as border_scale_module
from experiments.measurements.border_scale import DIRECTIONS, measure, move
from seg.cache import load_split


@given(st.integers(-4, 4), st.integers(-6, 6), st.integers(0, 99))
def test_regions_are_moved_and_lost_beyond_the_photo_s_edge(down, right, seed):
    regions = np.random.default_rng(seed).random((2, 5, 7)) < 0.5
    expected = np.zeros_like(regions)
    for photo, y, x in np.argwhere(regions):
        if 0 <= y + down < 5 and 0 <= x + right < 7:
            expected[photo, y + down, x + right] = True
    np.testing.assert_array_equal(move(torch.from_numpy(regions), down, right).numpy(), expected)


def slow_f1(true: list[set[tuple[int, int]]], moved: list[set[tuple[int, int]]], tolerance: int) -> float:
    """Border F1 over photos, each a set of places, with a tolerance of so many pixels."""
    reach = range(-tolerance, tolerance + 1)
    near = [(y, x) for y in reach for x in reach if y**2 + x**2 <= tolerance**2]

    def matched(some: set[tuple[int, int]], others: set[tuple[int, int]]) -> int:
        return sum(any((y + dy, x + dx) in others for dy, dx in near) for y, x in some)

    recall = sum(map(matched, true, moved)) / sum(map(len, true))
    precision = sum(map(matched, moved, true)) / sum(map(len, moved))
    return 2 * recall * precision / (recall + precision)


def test_f1_is_that_of_a_slow_loop(tiny_pets, monkeypatch):
    side = 32
    monkeypatch.setattr(border_scale_module, "SIDE", side)
    monkeypatch.setattr(border_scale_module, "BATCH", 3)
    table = measure(tiny_pets)
    masks = load_split(tiny_pets, "test", side).masks
    true = [{(int(y), int(x)) for y, x in np.argwhere(mask == 2)} for mask in masks]
    assert table.columns.tolist() == list(MEASUREMENTS["border-scale"].columns)
    assert table["moved"].tolist() == [1, 2, 3]
    assert set(table["photos"]) == {8}
    for row in table.itertuples():
        for tolerance in (0, 1, 2):
            found = []
            for down, right in DIRECTIONS:
                places = [{(y + row.moved * down, x + row.moved * right) for y, x in photo} for photo in true]
                kept = [{(y, x) for y, x in photo if 0 <= y < side and 0 <= x < side} for photo in places]
                found.append(slow_f1(true, kept, tolerance))
            assert getattr(row, f"border_f1_{tolerance}px") == pytest.approx(np.mean(found))
    assert table["border_f1_1px"].iloc[0] == 1

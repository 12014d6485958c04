"""A mask at another threshold, beside a shift of logits that are kept in double precision."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seg.pets import BACKGROUND, BORDER, PET
from seg.thresholds.shift import border_margin, shifted_mask


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=0))
    return (powers / powers.sum(axis=0)).astype(np.float32)


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), spread=st.floats(0.01, 8), shift=st.floats(-6, 6))
def test_the_mask_is_the_argmax_of_the_shifted_logits(seed, spread, shift):
    probabilities = softmax(np.random.default_rng(seed).normal(0, spread, (3, 12, 9)))
    logits = np.log(np.maximum(probabilities.astype(np.float64), 1e-300))
    logits[BORDER] += shift
    best, second = np.sort(logits, axis=0)[[2, 1]]
    certain = best - second > 1e-6  # nearer than single precision tells, either will do
    mask = shifted_mask(probabilities, shift)
    assert (mask.shape, mask.dtype) == ((12, 9), np.uint8)
    np.testing.assert_array_equal(mask[certain], logits.argmax(axis=0)[certain])
    if shift == 0:
        np.testing.assert_array_equal(mask, probabilities.argmax(axis=0))


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), one=st.floats(-6, 6), other=st.floats(-6, 6))
def test_a_larger_shift_only_adds_border_and_moves_nothing_else(seed, one, other):
    probabilities = softmax(np.random.default_rng(seed).normal(0, 2, (3, 8, 7)))
    low, high = (shifted_mask(probabilities, shift) for shift in sorted((one, other)))
    assert (high[low == BORDER] == BORDER).all()
    same = (low != BORDER) & (high != BORDER)
    np.testing.assert_array_equal(low[same], high[same])


def test_ties_are_not_border_and_pet_before_background():
    probabilities = np.full((3, 1, 3), 1 / 3, np.float32)
    probabilities[:, 0, 1] = 0.2, 0.4, 0.4
    probabilities[:, 0, 2] = 0.4, 0.2, 0.4
    assert shifted_mask(probabilities, 0).tolist() == [[PET, BACKGROUND, PET]]
    assert shifted_mask(probabilities, 0.01).tolist() == [[BORDER] * 3]


@pytest.mark.parametrize("shift", [-6, 0, 6])
def test_a_class_without_any_probability_does_not_win_nor_lose_by_chance(shift):
    probabilities = np.zeros((3, 1, 3), np.float32)
    probabilities[[PET, BACKGROUND, BORDER], 0, [0, 1, 2]] = 1
    assert np.isfinite(border_margin(probabilities)).all()
    assert shifted_mask(probabilities, shift).tolist() == [[PET, BACKGROUND, BORDER]]

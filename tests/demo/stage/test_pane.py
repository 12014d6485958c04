"""What the page is sent gives back the server's own mask, at every threshold."""

import base64
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.stage.answer import pane_of
from demo.stage.pane import confidence_levels, level_counts, margin_levels, shrink
from seg.inference import SmallPrediction
from seg.pets import BACKGROUND, BORDER, PET

SHIFTS = np.arange(-20, 21) / 10


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=0))
    return (powers / powers.sum(axis=0)).astype(np.float32)


def decoded(text: str, shape: tuple[int, int]) -> np.ndarray:
    """A plane as the page reads it."""
    rows = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8).reshape(shape)
    return np.cumsum(rows, axis=1, dtype=np.uint8)


def classes_at(levels: np.ndarray, background: np.ndarray, shift: float) -> np.ndarray:
    """The rule that `margin_levels` states, as the page applies it."""
    return np.where(levels > 127 - round(60 * shift), BORDER, np.where(background, BACKGROUND, PET))


def shifted(probabilities: np.ndarray, shift: float) -> np.ndarray:
    """The classes of the argmax with the border's logit shifted, pet before background before border where they tie."""
    logits = np.log(np.maximum(probabilities.astype(np.float64), 1e-300))
    logits[BORDER] += shift
    return np.where(logits[BORDER] > np.maximum(logits[PET], logits[BACKGROUND]), BORDER, logits[:2].argmax(axis=0))


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), spread=st.floats(0.01, 8))
def test_the_levels_give_the_mask_of_every_threshold(seed, spread):
    probabilities = softmax(np.random.default_rng(seed).normal(0, spread, (3, 12, 9)))
    levels, background = margin_levels(probabilities), probabilities[BACKGROUND] > probabilities[PET]
    assert levels.min() >= 1
    assert levels.max() <= 253
    for shift in SHIFTS:
        wrong = classes_at(levels, background, shift) != shifted(probabilities, shift)
        assert wrong.mean() <= (0 if shift == 0 else 0.01)  # a margin within a rounding of a whole tenth


def test_ties_are_not_border():
    probabilities = np.full((3, 1, 2), 1 / 3, np.float32)
    probabilities[:, 0, 1] = 0.2, 0.4, 0.4
    levels = margin_levels(probabilities)
    background = probabilities[BACKGROUND] > probabilities[PET]
    assert classes_at(levels, background, 0).tolist() == [[PET, BACKGROUND]]
    assert (classes_at(levels, background, 0.1) == BORDER).all()


def test_a_class_without_any_probability_is_as_far_as_it_goes():
    probabilities = np.zeros((3, 1, 3), np.float32)
    probabilities[[PET, BACKGROUND, BORDER], 0, [0, 1, 2]] = 1
    assert margin_levels(probabilities).tolist() == [[1, 1, 253]]


def whole(probabilities: np.ndarray) -> SmallPrediction:
    """An answer that is as large as its photo."""
    return SmallPrediction(probabilities, probabilities.shape[:0:-1])


def test_a_pane_holds_the_whole_mask_and_planes_of_the_pages_size():
    probabilities = softmax(np.random.default_rng(0).normal(0, 2, (3, 40, 60)))
    mask = shifted(probabilities, 0).astype(np.uint8)
    label = np.random.default_rng(1).integers(0, 3, (40, 60)).astype(np.uint8)
    pane = pane_of(whole(probabilities), (30, 20), label)
    np.testing.assert_array_equal(pane.classes(), mask)
    value = pane.as_value()
    levels = decoded(value["levels"], (20, 30))
    bits = np.frombuffer(zlib.decompress(base64.b64decode(value["background"])), np.uint8)
    background = np.unpackbits(bits)[:600].reshape(20, 30)
    np.testing.assert_array_equal(classes_at(levels, background, 0), shrink(mask, (30, 20)))
    assert value["confidence_size"] == [15, 10]
    assert decoded(value["confidence"], (10, 15)).max() <= 63


def test_counts_are_of_every_pixel_of_the_photo_by_its_true_class():
    probabilities = softmax(np.random.default_rng(3).normal(0, 1, (3, 17, 23)))
    label = np.random.default_rng(4).integers(0, 3, (17, 23)).astype(np.uint8)
    counts = pane_of(whole(probabilities), (23, 17), label).counts
    assert counts.shape == (3, 2, 256)
    for kind in range(3):
        for place in np.ndindex(2, 256):
            pixels = (label == kind) & (margin_levels(probabilities) == place[1])
            pixels &= (probabilities[BACKGROUND] > probabilities[PET]) == place[0]
            assert counts[(kind, *place)] == pixels.sum()
    alone = pane_of(whole(probabilities), (23, 17), None).counts
    np.testing.assert_array_equal(alone, counts.sum(axis=0))
    np.testing.assert_array_equal(level_counts(np.uint8([[5]]), np.array([[True]]))[1, 5], 1)


def test_confidence_is_the_largest_probability_from_a_third_to_one():
    probabilities = np.zeros((3, 1, 2), np.float32)
    probabilities[:, 0, 0] = 1 / 3
    probabilities[0, 0, 1] = 1
    assert confidence_levels(probabilities, (2, 1)).tolist() == [[0, 63]]


@pytest.mark.parametrize("size", [(7, 5), (3, 2), (20, 30)])
def test_a_shrunken_plane_has_only_what_was_there(size):
    plane = np.random.default_rng(0).integers(0, 250, (5, 7)).astype(np.uint8)
    found = shrink(plane, size)
    assert found.shape == size[::-1]
    assert set(found.ravel()) <= set(plane.ravel())
    assert shrink(plane > 100, size).dtype == bool

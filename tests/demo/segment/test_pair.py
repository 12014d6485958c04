"""Two answers in one picture."""

import numpy as np

from demo.segment.pair import pair_choices, pair_pictures
from demo.segment.session import Session


def test_first_two_checkpoints_are_compared_until_others_are_chosen(segmented, catalogue, photo, last):
    everything = ["Photo", "ce-s0", "focal-s0"]
    assert pair_choices(segmented, None, None) == (everything, "ce-s0", "focal-s0")
    assert pair_choices(segmented, "Photo", "ce-s0") == (everything, "Photo", "ce-s0")
    last(catalogue, photo, ["focal-s0"], segmented)
    assert pair_choices(segmented, "ce-s0", "focal-s0") == (["Photo", "focal-s0"], "Photo", "focal-s0")
    assert pair_choices(segmented, "ce-s0", None) == (["Photo", "focal-s0"], "focal-s0", "Photo")
    assert pair_choices(Session(), "ce-s0", "focal-s0") == ([], None, None)


def test_compared_pictures_are_the_photo_and_a_view_of_it(segmented, photo, expected_mask):
    left, right = pair_pictures(segmented, "cutout", "Photo", "ce-s0")
    assert left == segmented.shown
    np.testing.assert_array_equal(np.asarray(right)[..., 3] == 255, expected_mask("ce-s0") == 0)
    masks = [expected_mask(name) for name in ("ce-s0", "focal-s0")]
    # nothing of a photo made pale is as colourful as a class
    for view, where in (("disagreement", [masks[0] != masks[1]] * 2), ("border", [mask == 2 for mask in masks])):
        for side, mask, coloured in zip(pair_pictures(segmented, view, "ce-s0", "focal-s0"), masks, where, strict=True):
            pixels = np.asarray(side.convert("RGB"))
            for value, colour in ((0, (86, 180, 233)), (2, (230, 159, 0))):
                np.testing.assert_array_equal((pixels == colour).all(axis=-1), coloured & (mask == value), view)
    assert pair_pictures(segmented, "mask", "ce-s0", "dice-s0") is None
    assert pair_pictures(Session(), "mask", None, None) is None

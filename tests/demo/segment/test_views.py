"""The views of a mask and its numbers, on masks small enough to check by hand."""

import numpy as np
import pytest
from PIL import Image

from demo.segment.views import (
    VIEWS,
    agreeing_share,
    confidence_levels,
    cut_out,
    disagreement,
    layer,
    outline_length,
    picture,
)

PET, BACKGROUND, BORDER = 0, 1, 2
SKY_BLUE, ORANGE = (86, 180, 233), (230, 159, 0)
# one row: pet, border, background
ROW = np.array([[0, 2, 1]], dtype=np.uint8)
NOWHERE = np.zeros(ROW.shape, bool)
UNSURE = np.zeros(ROW.shape, np.uint8)


def rgba(image: Image.Image) -> list[tuple[int, ...]]:
    """The first row of an image, as a browser reads the file."""
    return [image.convert("RGBA").getpixel((x, 0)) for x in range(image.width)]


def test_agreement_counts_pixels_that_all_masks_give_one_class():
    first, second, third = np.array([[0, 1, 2, 2]]), np.array([[0, 1, 1, 2]]), np.array([[0, 0, 1, 2]])
    assert agreeing_share([first, second]) == 0.75
    assert agreeing_share([first, second, third]) == 0.5
    assert disagreement([first, second, third]).tolist() == [[False, True, True, False]]
    assert agreeing_share([first]) == 1


def test_outline_of_a_square_is_its_sides_with_the_corners_cut():
    mask = np.full((20, 20), BACKGROUND, np.uint8)
    mask[5:15, 5:15] = PET
    # nine steps along each side, and half a diagonal at each corner
    assert outline_length(mask) == pytest.approx(4 * 9 + 4 * np.sqrt(0.5))


def test_outline_is_in_pixels_of_the_photo():
    mask = np.full((20, 20), BACKGROUND, np.uint8)
    mask[:, 10:] = PET  # one upright line from the first row's middle to the last one's
    assert outline_length(mask) == pytest.approx(19)
    assert outline_length(mask, size=(20, 100)) == pytest.approx(95)
    assert outline_length(mask, size=(100, 20)) == pytest.approx(19)


def test_the_edge_of_the_photo_is_no_outline():
    assert outline_length(np.full((9, 9), PET, np.uint8)) == 0
    assert outline_length(np.full((1, 9), PET, np.uint8)) == 0


def test_outline_of_a_disc_is_near_its_circumference():
    y, x = np.mgrid[:200, :200]
    mask = np.where(np.hypot(x - 100, y - 100) < 80, PET, BORDER).astype(np.uint8)
    assert outline_length(mask) == pytest.approx(2 * np.pi * 80, rel=0.08)


def test_confidence_goes_from_a_third_to_one():
    probabilities = np.array([[[1 / 3, 1.0, 0.1]], [[1 / 3, 0.0, 0.2]], [[1 / 3, 0.0, 0.7]]], dtype=np.float32)
    levels = confidence_levels(probabilities, (3, 1))
    # (0.7 - 1/3) / (2/3) of 63
    assert levels.tolist() == [[0, 63, 35]]
    colours = rgba(layer("confidence", ROW, levels, NOWHERE))
    assert colours[0] == (0, 32, 77, 255)
    assert colours[1] == (255, 234, 70, 255)


def test_mask_leaves_the_background_clear_and_border_everything_else():
    assert [pixel[3] for pixel in rgba(layer("mask", ROW, UNSURE, NOWHERE))] == [255, 255, 0]
    assert [pixel[3] for pixel in rgba(layer("border", ROW, UNSURE, NOWHERE))] == [0, 255, 0]
    assert rgba(layer("border", ROW, UNSURE, NOWHERE))[1][:3] == ORANGE
    assert [pixel[3] for pixel in rgba(layer("cutout", ROW, UNSURE, NOWHERE))] == [255, 0, 0]


def test_disagreement_paints_what_the_checkpoint_says_only_where_they_differ(tmp_path):
    differs = np.array([[True, False, True]])
    file = tmp_path / "layer.png"
    layer("disagreement", ROW, UNSURE, differs).save(file)
    with Image.open(file) as image:
        assert rgba(image)[0] == (*SKY_BLUE, 255)
        assert rgba(image)[1][3] == 0
        assert rgba(image)[2] == (0, 0, 0, 255)


def test_cut_out_is_the_photo_where_the_mask_says_pet_and_empty_elsewhere():
    photo = Image.new("RGB", (3, 1), (10, 20, 30))
    assert rgba(cut_out(photo, ROW)) == [(10, 20, 30, 255), (0, 0, 0, 0), (0, 0, 0, 0)]


@pytest.mark.parametrize("view", VIEWS)
def test_picture_of_a_view_lets_the_photo_through_where_its_layer_is_clear(view):
    photo = Image.new("RGB", (3, 1), (120, 60, 180))
    seen = rgba(picture(view, photo, layer(view, ROW, UNSURE, NOWHERE)))
    blended = tuple(round(0.65 * over + 0.35 * under) for over, under in zip(SKY_BLUE, (120, 60, 180), strict=True))
    if view == "mask":
        assert seen[0][:3] == pytest.approx(blended, abs=1)
        assert seen[2] == (120, 60, 180, 255)
    elif view == "border":
        assert seen[1] == (*ORANGE, 255)
        assert len(set(seen[0][:3])) == 1  # grey
    elif view == "cutout":
        assert seen[0] == (120, 60, 180, 255)
        assert [pixel[3] for pixel in seen] == [255, 0, 0]
    elif view == "disagreement":
        assert all(len(set(pixel[:3])) == 1 and pixel[3] == 255 for pixel in seen)
    else:
        assert seen[0][2] > seen[0][0]  # dark blue over the photo

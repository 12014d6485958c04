"""What the values of a person's mask mean, and where the border is drawn that it lacks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from seg.labelled.masks import BORDER_WIDTH, read_mask, with_border
from seg.pets import BadPair, indexed_image

PET, BACKGROUND, BORDER = 0, 1, 2


def disc(side: int, radius: float, height: int | None = None) -> np.ndarray:
    """Boolean: a disc of that radius, a share of the side, stretched with the photo."""
    down, across = np.mgrid[: height or side, :side]
    return np.hypot((down + 0.5) / (height or side) - 0.5, (across + 0.5) / side - 0.5) < radius


def near_by_slow_loop(inside: np.ndarray, border_width: float) -> np.ndarray:
    """Pixels whose nearest pixel on the other side is at most half a width, and half a step, away, in shares."""
    height, width = inside.shape
    border = np.zeros_like(inside)
    for row, column in np.ndindex(*inside.shape):
        others = np.argwhere(inside != inside[row, column])
        if len(others):
            nearest = np.hypot((others[:, 0] - row) / height, (others[:, 1] - column) / width).min()
            border[row, column] = nearest <= border_width / 2 + (1 / height + 1 / width) / 4
    return border


@given(
    inside=st.lists(st.lists(st.booleans(), min_size=9, max_size=9), min_size=7, max_size=7),
    border_width=st.floats(0.01, 0.6),
)
def test_a_derived_border_is_what_lies_near_the_outline(inside, border_width):
    inside = np.array(inside)
    # at a tie a last digit decides
    if any(
        abs(np.hypot(down / 7, across / 9) - border_width / 2 - (1 / 7 + 1 / 9) / 4) < 1e-9
        for down in range(8)
        for across in range(10)
    ):
        return
    classes = with_border(inside, border_width)
    border = near_by_slow_loop(inside, border_width)
    assert np.array_equal(classes == BORDER, border)
    assert np.array_equal(classes[~border] == PET, inside[~border])


@pytest.mark.parametrize("side", [128, 500, 1024, 3000])
@pytest.mark.parametrize("border_width", [BORDER_WIDTH, 0.02, 0.2])
def test_a_border_is_as_wide_as_it_is_told_half_on_each_side(side, border_width):
    classes = with_border(disc(side, 0.3), border_width)
    middle = classes[side // 2] == BORDER
    # the row through the middle crosses the outline twice
    assert middle.sum() / side == pytest.approx(2 * border_width, abs=4 / min(side, 1024))
    inside = (classes[side // 2] == BORDER) & disc(side, 0.3)[side // 2]
    assert inside.sum() == pytest.approx(middle.sum() / 2, abs=2 * side / min(side, 1024))


def test_a_photo_that_is_no_square_has_the_border_of_the_square_it_is_resized_to():
    flat = with_border(disc(400, 0.3, height=200))
    assert (flat[100] == BORDER).sum() / 400 == pytest.approx(2 * BORDER_WIDTH, abs=0.011)
    assert (flat[:, 200] == BORDER).sum() / 200 == pytest.approx(2 * BORDER_WIDTH, abs=0.021)


@pytest.mark.parametrize("value", [False, True])
def test_a_silhouette_without_an_outline_has_no_border(value):
    assert (with_border(np.full((5, 8), value)) == (PET if value else BACKGROUND)).all()


# ---- files


@pytest.fixture
def save(tmp_path):
    def save_mask(values: np.ndarray, name: str = "mask.png") -> object:
        path = tmp_path / name
        Image.fromarray(values).save(path)
        return path

    return save_mask


OBJECT = disc(40, 0.3)


@pytest.mark.parametrize(
    "values",
    [
        OBJECT.astype(np.uint8),
        OBJECT.astype(np.uint8) * 255,
        OBJECT,  # one bit
        OBJECT.astype(np.uint16),
        OBJECT.astype(np.int32) * 255,
    ],
    ids=["0 and 1", "0 and 255", "one bit", "16 bits", "32 bits"],
)
def test_two_values_are_object_and_background(save, values):
    name = "mask.tiff" if values.dtype == np.int32 else "mask.png"
    assert np.array_equal(read_mask(save(values, name), (40, 40)), with_border(OBJECT))


def test_a_width_is_handed_on(save):
    path = save(OBJECT.astype(np.uint8) * 255)
    assert np.array_equal(read_mask(path, (40, 40), 0.3), with_border(OBJECT, 0.3))


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        ([1, 2, 3, 2], [0, 1, 2, 1]),
        ([2, 2, 3, 3], [1, 1, 2, 2]),
        ([2, 2, 2, 2], [1, 1, 1, 1]),
        ([1, 2, 2, 1], [0, 1, 1, 0]),
    ],
)
def test_the_datasets_values_are_what_they_are_there(save, values, classes):
    path = save(np.array([values], np.uint8))
    assert read_mask(path, (4, 1)).tolist() == [classes]


@pytest.mark.parametrize("classes", [[0, 1, 2], [0, 0, 0], [1, 1, 1], [0, 1, 1], [2, 2, 1]])
@pytest.mark.parametrize("optimise", [False, True])
def test_a_mask_that_the_app_made_is_known_by_its_palette(tmp_path, classes, optimise):
    path = tmp_path / "mask.png"
    indexed_image(np.array([classes], np.uint8)).save(path, optimize=optimise)
    assert read_mask(path, (3, 1)).tolist() == [classes]


def test_a_palette_of_another_is_none_of_ours(tmp_path):
    image = Image.fromarray(np.array([[0, 1, 1, 0]], np.uint8))
    image.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])  # as of Pascal VOC
    image.save(tmp_path / "mask.png")
    assert np.array_equal(read_mask(tmp_path / "mask.png", (4, 1)), with_border(np.array([[False, True, True, False]])))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.array([[0, 1, 2]], np.uint8), r"the values 0, 1, 2: a mask holds 0 \(background\) and 1 or 255 \(object\)"),
        (np.array([[0, 1, 255]], np.uint8), "the values 0, 1, 255"),
        (np.array([[0, 128, 255]], np.uint8), "the values 0, 128, 255"),
        (np.array([[7, 7, 7]], np.uint8), "the values 7:"),
        (np.array([[1, 2, 3, 4]], np.uint8)[:, 1:], "the values 2, 3, 4"),
        (np.arange(3 * 7, dtype=np.uint8).reshape(7, 3), "0, 1, 2, 3, 4, 5, 6, 7 and 13 more"),
        (np.zeros((1, 3, 3), np.uint8), "RGB pixels: a mask has one channel"),
        (np.zeros((2, 3), np.uint8), "is 3 x 2, its photo 3 x 1 as it is seen"),
    ],
)
def test_anything_else_is_refused_by_name(save, values, said):
    path = save(values)
    size = (3, 7) if values.shape[0] == 7 else (3, 1)
    with pytest.raises(BadPair, match=said) as refused:
        read_mask(path, size)
    assert str(refused.value).startswith(f"{path} ") and "\n" not in str(refused.value)


def test_what_is_missing_or_no_image_is_told(tmp_path):
    with pytest.raises(BadPair, match="mask.png is missing"):
        read_mask(tmp_path / "mask.png", (3, 1))
    (tmp_path / "mask.png").write_bytes(b"no image")
    with pytest.raises(BadPair, match="mask.png cannot be read"):
        read_mask(tmp_path / "mask.png", (3, 1))
    whole = Image.fromarray(np.zeros((50, 50), np.uint8))
    whole.save(tmp_path / "mask.png")
    (tmp_path / "mask.png").write_bytes((tmp_path / "mask.png").read_bytes()[:-30])
    with pytest.raises(BadPair, match="mask.png cannot be read"):
        read_mask(tmp_path / "mask.png", (50, 50))

"""The dataset's photos lie under their trimaps as a person sees them, whichever way a camera stored them."""

import numpy as np
import pytest
from PIL import Image

from seg.cache import load_split
from seg.labelled.pairs import pairs_of
from seg.pets import BadPair, photo_path, trimap_path

ORIENTATION = 0x0112
# how a camera stores what is seen, by the orientation that it writes beside: this undoes what a reader does
STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def bright_pet(size: tuple[int, int]) -> tuple[Image.Image, Image.Image]:
    """A photo whose pet, in one corner, is what is bright, and its trimap."""
    width, height = size
    values = np.zeros((height, width), np.uint8)
    values[: height // 3, : width // 4] = 1
    return Image.fromarray(values * 200 + 20).convert("RGB"), Image.fromarray(2 - values)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_training_learns_the_labels_where_they_lie(draw_pets, tmp_path, orientation):
    root = draw_pets(tmp_path / "data", trainval=("Own_1",), test=("Own_2",))
    photo, trimap = bright_pet((60, 60))
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored = photo if orientation == 1 else photo.transpose(STORED[orientation])
    stored.save(photo_path(root, "Own_1"), "PNG", exif=exif)
    trimap.save(trimap_path(root, "Own_1"))
    split = load_split(root, "trainval", 32)
    red, pet = split.photos[0, 0], split.masks[0] == 0
    assert pet.any()
    # a resized edge is in between
    assert np.median(red[pet]) > 190 and np.median(red[~pet]) < 30
    assert (red[pet] > 100).all()


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_trimap_over_a_lying_photo_is_refused_and_told_why(draw_pets, tmp_path, orientation):
    root = draw_pets(tmp_path / "data", trainval=("Own_1",), test=("Own_2",))
    photo, trimap = bright_pet((80, 60))
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    photo.save(photo_path(root, "Own_1"), "PNG", exif=exif)
    trimap.save(trimap_path(root, "Own_1"))
    [pair] = pairs_of(root, ["Own_1"])
    with pytest.raises(BadPair, match="is 80 x 60, its photo 60 x 80 as its EXIF orientation turns it"):
        pair.read_label()
    photo.save(photo_path(root, "Own_1"), "PNG")
    assert pair.read_label().shape == (60, 80)
    trimap.resize((10, 10)).save(trimap_path(root, "Own_1"))
    with pytest.raises(BadPair, match=r"is 10 x 10, its photo 80 x 60$"):
        pair.read_label()

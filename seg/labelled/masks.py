"""The mask of one's own photo: what its pixel values mean, and the border that is derived where it has none."""

from pathlib import Path

import numpy as np
from PIL import Image

from seg.pets import BACKGROUND, BORDER, CLASS_COLOURS, PET, TRIMAP_VALUES, BadPair, told_values
from seg.photo import with_image
from seg.pixels.rgb import UNREADABLE

# Of a border that is derived: the dataset's own median, 5.8 of 128 pixels (`experiments/measured/outline-width.csv`)
BORDER_WIDTH = 0.045
# Longest side at which a border is derived: one that is wider than 1 % needs no finer
DERIVED_SIDE = 1024
# What the object is in masks of two values, where 0 is the background
OBJECT_VALUES = (1, 255)


def read_mask(path: Path, size: tuple[int, int] | None, border_width: float = BORDER_WIDTH) -> np.ndarray:
    """The classes that a person's mask gives to the pixels of their photo.

    A mask has one channel and holds 0 for the background and 1 or 255 for the object; or 1, 2, 3 as the dataset's
    trimaps do (object, background, border); or it is one that the app has made, known by its palette. Where it holds
    two values, the border is all within half a width of the object's outline, on both sides.

    Args:
        path: the mask.
        size: width and height of the photo as a person sees it; None where that is not known.
        border_width: the width of a border that is derived, as a share of the photo's side: where the photo is no
            square, of its width across and of its height down, as if it were resized to one.

    Returns:
        (H, W) uint8, values PET (the object), BACKGROUND, BORDER.

    Raises:
        BadPair: it is missing or no image, damaged, of another size, or holds something else.
    """
    if not path.is_file():
        raise BadPair(f"{path} is missing")

    def read(mask: Image.Image) -> tuple[str, tuple[int, int], list[int] | None, np.ndarray | None]:
        fits = size is None or mask.size == tuple(size)
        return mask.mode, mask.size, mask.getpalette(), np.asarray(mask) if fits else None

    try:
        mode, its_size, palette, values = with_image(path, read)
    except UNREADABLE as error:
        raise BadPair(f"{path} cannot be read ({error})") from error
    if values is None:
        its, photos = ("{} x {}".format(*each) for each in (its_size, size or its_size))
        raise BadPair(f"{path} is {its}, its photo {photos} as it is seen")
    if values.ndim != 2:
        raise BadPair(f"{path} has {mode} pixels: a mask has one channel")
    held = set(np.unique(values).tolist())
    if palette is not None and palette[: len(_OURS)] == _OURS and held <= {PET, BACKGROUND, BORDER}:
        return values.astype(np.uint8)
    if held <= {0, OBJECT_VALUES[0]} or held <= {0, OBJECT_VALUES[1]}:
        return with_border(values > 0, border_width)
    if held <= set(TRIMAP_VALUES):
        return values.astype(np.uint8) - 1
    raise BadPair(
        f"{path} has the values {told_values(sorted(held))}: a mask holds 0 (background) and 1 or 255 (object), "
        "or 1 (object), 2 (background) and 3 (border)"
    )


def with_border(inside: np.ndarray, border_width: float = BORDER_WIDTH) -> np.ndarray:
    """The classes of a silhouette with a border drawn over its outline, half of its width on each side.

    Distances are those in the photo resized to a square of side 1. The photo's edge is no outline.

    Args:
        inside: (H, W) bool, the object.
        border_width: share of the side.

    Returns:
        (H, W) uint8, values PET, BACKGROUND, BORDER.
    """
    height, width = inside.shape
    scale = min(1.0, DERIVED_SIDE / max(height, width))
    coarse = (max(1, round(width * scale)), max(1, round(height * scale)))
    border = _near_outline(_resized(inside, coarse), border_width)
    classes = np.where(inside, PET, BACKGROUND).astype(np.uint8)
    classes[_resized(border, (width, height))] = BORDER
    return classes


def _near_outline(inside: np.ndarray, border_width: float) -> np.ndarray:
    """Boolean (H, W): pixels at most half the width from the line between the object and what is not."""
    if inside.all() or not inside.any():
        return np.zeros_like(inside)
    from scipy.ndimage import distance_transform_edt  # half a second: a command's help does without

    steps = tuple(1 / length for length in inside.shape)
    # of a pixel the nearest on the other side; the outline lies half a step before that
    distance = distance_transform_edt(inside, steps) + distance_transform_edt(~inside, steps)
    return distance - sum(steps) / 4 <= border_width / 2


def _resized(region: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A boolean region (H, W) at another width and height, each pixel the nearest one's."""
    return np.asarray(Image.fromarray(region).resize(size, Image.Resampling.NEAREST), dtype=bool)


_OURS = [int(colour[place : place + 2], 16) for colour in CLASS_COLOURS for place in (1, 3, 5)]

"""What the Segment tab shows of a photo's masks: layers over the photo, pictures to compare, and numbers."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageOps
from skimage.measure import find_contours

from seg.pets import BACKGROUND, BORDER, CLASS_NAMES, PET, indexed_image

VIEWS = {
    "mask": "Mask",
    "border": "Border",
    "confidence": "Confidence",
    "disagreement": "Disagreement",
    "cutout": "Cut-out",
}
# Views over a photo made pale, so that the few pixels they colour stand out
PALE_VIEWS = ("border", "disagreement")
# Views that let the photo through; the page's slider changes it
FADING_VIEWS = ("mask", "confidence")
OPACITY = 0.65

# Dark blue to yellow, told apart by lightness alone, so safe for colour-blind people
CONFIDENCE_COLOURS = ("#00204D", "#414D6B", "#7C7B78", "#BCAF6F", "#FFEA46")
CONFIDENCE_LEVELS = 64
# The surest of three classes has at least this share
LOWEST_CONFIDENCE = 1 / len(CLASS_NAMES)


def agreeing_share(masks: Sequence[np.ndarray]) -> float:
    """Share of pixels to which all masks (H, W) give the same class; in [0, 1]."""
    return float(1 - disagreement(masks).mean())


def disagreement(masks: Sequence[np.ndarray]) -> np.ndarray:
    """(H, W) bool: the pixels to which not all masks (H, W) give the same class."""
    return np.any([mask != masks[0] for mask in masks[1:]], axis=0) if len(masks) > 1 else np.zeros_like(masks[0], bool)


def outline_length(mask: np.ndarray, size: tuple[int, int] | None = None) -> float:
    """Length of the line around the PET region, holes included, in pixels of a photo of `size`.

    The line runs halfway between pet pixels and their neighbours (marching squares), so corners are
    cut. Where the pet leaves the photo there is no line: the photo's edge is not the pet's.

    Args:
        mask: (H, W) classes, possibly scaled down.
        size: width and height of the photo itself; None where the mask has that size.
    """
    height, width = mask.shape
    if min(height, width) < 2:
        return 0.0
    scale = np.array([size[1] / height, size[0] / width]) if size else np.ones(2)
    lines = find_contours((mask == PET).astype(np.float32), 0.5)
    return float(sum(np.linalg.norm(np.diff(line * scale, axis=0), axis=1).sum() for line in lines))


def shrink(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The mask (H, W) at another width and height; no class appears that was not there."""
    return np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.NEAREST))


def confidence_levels(probabilities: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The largest of the class probabilities (3, H, W), as levels 0 (1/3) to 63 (1), uint8, at a width and height."""
    largest = Image.fromarray(probabilities.max(axis=0)).resize(size, Image.Resampling.BILINEAR)
    share = (np.asarray(largest) - LOWEST_CONFIDENCE) / (1 - LOWEST_CONFIDENCE)
    return (share * (CONFIDENCE_LEVELS - 1)).round().clip(0, CONFIDENCE_LEVELS - 1).astype(np.uint8)


def layer(view: str, mask: np.ndarray, confidence: np.ndarray, differs: np.ndarray | None = None) -> Image.Image:
    """What a view puts over the photo: a palette image, transparent where the photo is to be seen.

    Args:
        view: a key of `VIEWS`; for "cutout" only the pet's pixels are opaque, whatever their colour.
        mask: (H, W) classes.
        confidence: levels of any height and width, as `confidence_levels` gives them.
        differs: (H, W) bool, where the checkpoints disagree, which "disagreement" needs: it shows the mask there alone.
    """
    if view == "confidence":
        image = Image.fromarray(confidence)
        image.putpalette(_ramp())
        return image
    if view == "disagreement" and differs is not None:
        image = indexed_image(np.where(differs, mask, len(CLASS_NAMES)).astype(np.uint8))
        colours = image.getpalette() or []
        image.putpalette(colours[: 3 * len(CLASS_NAMES)] + [255, 255, 255])
        clear: tuple[int, ...] = (len(CLASS_NAMES),)
    else:
        image = indexed_image(mask)
        clear = {"mask": (BACKGROUND,), "border": (PET, BACKGROUND), "cutout": (BACKGROUND, BORDER)}[view]
    image.info["transparency"] = bytes(0 if value in clear else 255 for value in range(max(clear) + 1))
    return image


def _ramp() -> bytes:
    corners = np.array([list(bytes.fromhex(colour[1:])) for colour in CONFIDENCE_COLOURS])
    at = np.linspace(0, len(corners) - 1, CONFIDENCE_LEVELS)
    levels = [np.interp(at, np.arange(len(corners)), channel) for channel in corners.T]
    return np.stack(levels, axis=1).round().astype(np.uint8).tobytes()


def picture(view: str, photo: Image.Image, over: Image.Image) -> Image.Image:
    """A view as one RGBA picture: the RGB photo with the view's layer over it."""
    over = over.convert("RGBA").resize(photo.size, Image.Resampling.BILINEAR)
    if view == "cutout":
        over.paste(photo, mask=over.getchannel("A"))
        return over
    if view in FADING_VIEWS:
        over.putalpha(over.getchannel("A").point(lambda alpha: round(alpha * OPACITY)))
    base = pale(photo) if view in PALE_VIEWS else photo
    return Image.alpha_composite(base.convert("RGBA"), over)


def pale(photo: Image.Image) -> Image.Image:
    """The photo in light greys; the stylesheet does the same with `filter`."""
    return ImageOps.grayscale(photo).point(lambda grey: round(((grey - 127.5) * 0.45 + 127.5) * 1.3)).convert("RGB")


def cut_out(photo: Image.Image, mask: np.ndarray) -> Image.Image:
    """The pet alone, RGBA: opaque where the mask (H, W) says PET, and nothing of the photo elsewhere."""
    pet = Image.fromarray(np.where(mask == PET, 255, 0).astype(np.uint8))
    image = Image.new("RGBA", photo.size)
    image.paste(photo, mask=pet)
    image.putalpha(pet)
    return image

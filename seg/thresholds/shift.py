"""The border's margin in the probabilities of a photo, and the mask where its logit is shifted."""

import numpy as np

from seg.pets import BACKGROUND, BORDER, PET


def border_margin(probabilities: np.ndarray) -> np.ndarray:
    """log p(border) - max(log p(pet), log p(background)), (H, W) float64, finite: border wins where it is above 0.

    Args:
        probabilities: (3, H, W) float32.
    """
    smallest = np.finfo(np.float32).tiny
    other = np.maximum(np.maximum(probabilities[PET], probabilities[BACKGROUND]), smallest)
    # of the quotient: its logarithm is above 0 where the one probability is above the other, to the last bit
    return np.log(np.maximum(probabilities[BORDER] / other, smallest)).astype(np.float64)


def shifted_mask(probabilities: np.ndarray, shift: float) -> np.ndarray:
    """The classes (H, W) uint8 where `shift` is added to the border's logit; at 0 those of the argmax.

    Args:
        probabilities: (3, H, W) float32.
    """
    border, background = border_margin(probabilities) > -shift, probabilities[BACKGROUND] > probabilities[PET]
    return np.where(border, BORDER, np.where(background, BACKGROUND, PET)).astype(np.uint8)

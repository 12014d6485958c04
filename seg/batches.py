"""Training batches made on the device: indexed, flipped, colour-jittered and resized, each photo on its own."""

import torch
import torch.nn.functional as F
from torch import Tensor

from seg.data import DeviceSplit

# Rec. 601 luma, the weights torchvision's colour operations use
LUMA = (0.2989, 0.587, 0.114)


def training_batch(
    split: DeviceSplit, indices: Tensor, size: int, generator: torch.Generator, jitter: float
) -> tuple[Tensor, Tensor]:
    """Augmented photos (B, 3, size, size) in [0, 1] and masks (B, size, size) int64.

    Args:
        indices: (B,) int64 on the split's device.
        generator: on the split's device; every random draw comes from it.
        jitter: brightness, contrast and saturation are scaled by factors in [1 - jitter, 1 + jitter].
    """
    count, device = len(indices), indices.device
    flip = torch.rand(count, generator=generator, device=device) < 0.5
    factors = 1 + jitter * (2 * torch.rand(3, count, generator=generator, device=device) - 1)
    photos, masks = split.photos[indices], split.masks[indices]
    photos = torch.where(flip.view(-1, 1, 1, 1), photos.flip(-1), photos)
    masks = torch.where(flip.view(-1, 1, 1), masks.flip(-1), masks)
    return colour_jitter(resize_photos(photos, size), *factors), resize_masks(masks, size)


def resize_photos(photos: Tensor, size: int) -> Tensor:
    """uint8 photos (B, 3, S, S) to float32 (B, 3, size, size) in [0, 1], antialiased bilinear."""
    photos = photos.float().div_(255)
    if photos.shape[-1] == size:
        return photos
    return F.interpolate(photos, (size, size), mode="bilinear", antialias=True)


def resize_masks(masks: Tensor, size: int) -> Tensor:
    """uint8 masks (B, S, S) to int64 (B, size, size), nearest neighbour."""
    if masks.shape[-1] != size:
        masks = F.interpolate(masks[:, None], (size, size), mode="nearest-exact")[:, 0]
    return masks.long()


def colour_jitter(photos: Tensor, brightness: Tensor, contrast: Tensor, saturation: Tensor) -> Tensor:
    """Scale each photo's brightness, contrast and saturation, in this order, then clip to [0, 1].

    Args:
        photos: (B, 3, H, W) in [0, 1].
        brightness, contrast, saturation: (B,) factors, 1 changes nothing.
    """
    luma = photos.new_tensor(LUMA).view(1, 3, 1, 1)
    brightness, contrast, saturation = (f.view(-1, 1, 1, 1) for f in (brightness, contrast, saturation))
    photos = photos * brightness
    mean = (photos * luma).sum(dim=1, keepdim=True).mean(dim=(2, 3), keepdim=True)
    photos = torch.lerp(mean, photos, contrast)
    grey = (photos * luma).sum(dim=1, keepdim=True)
    return torch.lerp(grey, photos, saturation).clamp_(0, 1)

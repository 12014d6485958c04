"""A split on the training device, and its batches: flipped, cropped, resized and colour-jittered, photo by photo."""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from seg.cache import Split
from seg.pets import CLASS_NAMES

# Rec. 601 luma, the weights torchvision's colour operations use
LUMA = (0.2989, 0.587, 0.114)
# width over height of a random crop, as torchvision's RandomResizedCrop has it
CROP_RATIO = 4 / 3


# Devices on which nothing is sampled with the border's pixels around: Apple's GPU
WITHOUT_BORDER_PADDING = frozenset({"mps"})


@dataclass(frozen=True)
class DeviceSplit:
    """A split's arrays on the training device, uploaded once: photos (N, 3, S, S) and masks (N, S, S), uint8."""

    photos: Tensor
    masks: Tensor

    @classmethod
    def upload(cls, split: Split, device: torch.device) -> "DeviceSplit":
        # np.array copies: a memory map of the cache is read-only, which torch does not accept
        return cls(
            torch.from_numpy(np.array(split.photos)).to(device),
            torch.from_numpy(np.array(split.masks)).to(device),
        )

    def __len__(self) -> int:
        return len(self.photos)

    def every(self, step: int) -> "DeviceSplit":
        """One photo in so many, in their order, the first among them."""
        return DeviceSplit(self.photos[::step], self.masks[::step])

    def class_counts(self) -> Tensor:
        """Pixels of each class in each photo: (N, 3) int64."""
        return torch.stack([(self.masks == c).sum(dim=(1, 2)) for c in range(len(CLASS_NAMES))], dim=1)


def training_batch(
    split: DeviceSplit,
    indices: Tensor,
    size: int,
    generator: torch.Generator,
    jitter: float,
    jitter_of: str,
    smallest_crop: float = 1.0,
    rows: slice = slice(None),
) -> tuple[Tensor, Tensor]:
    """Augmented photos (B, 3, size, size) in [0, 1] and masks (B, size, size) int64.

    Args:
        indices: (B,) int64 on the split's device.
        generator: on the split's device; every random draw comes from it: for each photo a flip, then factors of
            brightness, contrast and saturation, then a crop where there are crops. The three factors are drawn
            whatever is jittered, so that a seed has the same flips, contrasts and crops either way.
        jitter: factors lie in [1 - jitter, 1 + jitter].
        jitter_of: `contrast`, whose factor alone is obeyed, or `all`.
        smallest_crop: least share of its photo's area that a random crop has; 1 crops nothing.
        rows: of the batch, those that are made; what is drawn is drawn for all.
    """
    count, device = len(indices), indices.device
    flip = torch.rand(count, generator=generator, device=device) < 0.5
    factors = 1 + jitter * (2 * torch.rand(3, count, generator=generator, device=device) - 1)
    if jitter_of == "contrast":
        factors[[0, 2]] = 1  # of brightness and saturation
    flip, factors, chosen = flip[rows], factors[:, rows], indices[rows]
    photos, masks = split.photos[chosen], split.masks[chosen]
    photos = torch.where(flip.view(-1, 1, 1, 1), photos.flip(-1), photos)
    masks = torch.where(flip.view(-1, 1, 1), masks.flip(-1), masks)
    if smallest_crop < 1:
        boxes = random_boxes(count, smallest_crop, generator)
        photos, masks = crop(photos, masks, boxes[rows])
    return colour_jitter(resize_photos(photos, size), *factors), resize_masks(masks, size)


def random_boxes(count: int, smallest: float, generator: torch.Generator) -> Tensor:
    """Random boxes (count, 4) inside the unit square: left, top, width, height.

    Areas are uniform in [smallest, 1], the logarithm of width over height uniform between those of 3/4
    and 4/3; a side that would be longer than the square's is cut to it.
    """
    area, ratio, x, y = torch.rand(4, count, generator=generator, device=generator.device)
    area = smallest + (1 - smallest) * area
    ratio = torch.exp(math.log(CROP_RATIO) * (2 * ratio - 1))
    width, height = (area * ratio).sqrt().clamp_max(1), (area / ratio).sqrt().clamp_max(1)
    return torch.stack([x * (1 - width), y * (1 - height), width, height], dim=1)


def crop(photos: Tensor, masks: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Stretch a box of each photo and of its mask over the whole: photos bilinear, masks nearest neighbour.

    Args:
        photos: (B, 3, S, S) uint8.
        masks: (B, S, S) uint8.
        boxes: (B, 4), left, top, width, height as shares of the side.

    Returns:
        Photos (B, 3, S, S) float32 in [0, 255] and masks (B, S, S) uint8.
    """
    corners, extents = boxes[:, :2], boxes[:, 2:]
    # affine_grid's coordinates run from -1 to 1: a point p of the crop lies at corner + extent * (p + 1) / 2
    transform = torch.cat([torch.diag_embed(extents), (2 * corners + extents - 1)[:, :, None]], dim=2)
    grid, padding = F.affine_grid(transform, list(photos.shape), align_corners=False), "border"
    if photos.device.type in WITHOUT_BORDER_PADDING:  # the same: nothing is sampled past the outermost pixels' centres
        grid, padding = grid.clamp(1 / photos.shape[-1] - 1, 1 - 1 / photos.shape[-1]), "zeros"
    stretched = F.grid_sample(photos.float(), grid, mode="bilinear", padding_mode=padding, align_corners=False)
    labels = F.grid_sample(masks[:, None].float(), grid, mode="nearest", padding_mode=padding, align_corners=False)
    return stretched, labels[:, 0].to(torch.uint8)


def resize_photos(photos: Tensor, size: int) -> Tensor:
    """Photos (B, 3, S, S) with values up to 255 to float32 (B, 3, size, size) in [0, 1], antialiased bilinear."""
    photos = photos.float() / 255
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

"""Segment a photo of any size and mode with a checkpoint."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from seg.batches import resize_photos
from seg.checkpoint import load_checkpoint
from seg.evaluation import choose_precision
from seg.hub import find_weights
from seg.metrics import decided
from seg.networks.packed import pack, packing_is_there
from seg.pets import BORDER, CLASS_NAMES
from seg.pixels.rgb import as_rgb


@dataclass(frozen=True)
class Prediction:
    """A photo's segmentation at the photo's own size, after EXIF rotation.

    Attributes:
        mask: (H, W) uint8, values PET, BACKGROUND, BORDER.
        probabilities: (3, H, W) float32, summing to 1 over the classes.
    """

    mask: np.ndarray
    probabilities: np.ndarray


# Pixels of a photo that are enlarged at once: what is computed of them takes 15 MB
TILE = 2**18
# How much more probable a class is than another where no rounding of float32 hides it
CLEARLY = 1e-6


@dataclass(frozen=True)
class SmallPrediction:
    """A photo's segmentation as the network gave it, enlarged where somebody asks: whole, a large photo's takes 600 MB.

    Attributes:
        probabilities: (3, h, w) float32, at the network's size.
        size: the photo's own width and height, after EXIF rotation.
    """

    probabilities: np.ndarray
    size: tuple[int, int]

    def tiles(self) -> Iterator[tuple[slice, slice, np.ndarray]]:
        """The probabilities at the photo's own size, part by part: rows, columns, and (3, rows, columns) float32.

        They are those of `Segmenter.predict`, to the last bit on processors that multiply and add at once.
        """
        width, height = self.size
        columns = min(width, TILE)
        rows = max(1, TILE // columns)
        for top in range(0, height, rows):
            for left in range(0, width, columns):
                place = slice(top, min(top + rows, height)), slice(left, min(left + columns, width))
                yield *place, self._enlarged(*place)

    def _enlarged(self, rows: slice, columns: slice) -> np.ndarray:
        # by NumPy, in this thread alone: threads of PyTorch's would wait for each other once a step
        width, height = self.size
        above, below, share_below = _neighbours(rows, self.probabilities.shape[1], height)
        left, right, share_right = _neighbours(columns, self.probabilities.shape[2], width)
        used = self.probabilities[:, above[0] : below[-1] + 1]
        across = _between(used[..., left], used[..., right], share_right)
        first = above[0]
        return _between(across[:, above - first], across[:, below - first], share_below[:, None])

    def mask(self, classes: Callable[[np.ndarray], np.ndarray] | None = None) -> np.ndarray:
        """The classes (H, W) uint8 at the photo's own size, as `Segmenter.predict` gives them.

        Args:
            classes: another rule, from probabilities (3, H, W) to classes (H, W).
        """
        if classes is None and math.prod(self.size) > TILE >= self.size[0]:
            return self._likeliest_of_a_large_photo()
        mask = np.empty(self.size[::-1], np.uint8)
        for rows, columns, probabilities in self.tiles():
            mask[rows, columns] = (classes or likeliest)(probabilities)
        return mask

    def _likeliest_of_a_large_photo(self) -> np.ndarray:
        """`mask`, of which most is known: where four neighbours agree on the likeliest class, so does all between."""
        (width, height), small = self.size, likeliest(self.probabilities)
        above, below, share_below = _neighbours(slice(0, height), small.shape[0], height)
        left, right, share_right = _neighbours(slice(0, width), small.shape[1], width)
        heights, widths = (np.bincount(each, minlength=n) for each, n in zip((above, left), small.shape, strict=True))
        mask = small.repeat(widths, axis=1).repeat(heights, axis=0)
        open_cells = _disagreeing(self.probabilities, small)
        for row, (top, bottom) in enumerate(pairwise([0, *heights.cumsum()])):
            columns = np.flatnonzero(open_cells[row, left])
            if top == bottom or not len(columns):
                continue
            used = self.probabilities[:, [row, below[top]]]
            across = _between(used[..., left[columns]], used[..., right[columns]], share_right[columns])
            part = _between(across[:, :1], across[:, 1:], share_below[top:bottom, None])
            mask[top:bottom, columns] = likeliest(part)
        return mask


def _neighbours(places: slice, small: int, large: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Between which of `small` pixels these of `large` lie, and the share of the second, as bilinear upsampling has it.

    Rounded as PyTorch does, which multiplies and adds at once in float32.
    """
    scale = np.float64(np.float32(small) / np.float32(large))
    at = (scale * (np.arange(places.start, places.stop) + 0.5) - 0.5).astype(np.float32).clip(min=0)
    first = at.astype(np.int64).clip(max=small - 1)
    return first, (first + 1).clip(max=small - 1), at - first.astype(np.float32)


def _between(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    """first * (1 - share) + second * share, float32, where the sum takes the first product unrounded."""
    found = first * (1 - share).astype(np.float64)
    found += second * share
    return found.astype(np.float32)


def _disagreeing(probabilities: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Where a pixel (h, w) and those right of it, below and between are not all clearly of one class.

    What lies between can then be of another; where they are it cannot, however it is rounded.
    """
    unclear = len(CLASS_NAMES)
    second, first = np.sort(probabilities, axis=0)[1:]
    padded = np.pad(np.where(first - second < CLEARLY, unclear, classes), (0, 1), "edge")
    own = padded[:-1, :-1]
    others = (padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:])
    return (own == unclear) | np.any([own != other for other in others], axis=0)


def likeliest(probabilities: np.ndarray) -> np.ndarray:
    """The classes (H, W) uint8 that are the most probable of (3, H, W); of equals the first."""
    pet, background, border = probabilities
    mask = (background > pet).astype(np.uint8)
    mask[border > np.maximum(pet, background)] = BORDER
    return mask


@dataclass(frozen=True)
class Segmenter:
    """A checkpoint ready to segment photos. Safe to share between threads.

    Attributes:
        model: the network with every BatchNorm that follows a convolution folded into it, made ready for its device.
            For inference alone: on a processor its convolutions are laid out anew, without parameters, gradients or
            copies.
        device: where the network runs.
        network_size: side in pixels at which the network runs; it was trained at this size.
        metadata: the checkpoint's `network`, `loss`, `epoch`, `input_size` and validation `scores`.
    """

    model: nn.Module
    device: torch.device
    network_size: int
    metadata: dict

    @classmethod
    def load(
        cls, path: Path | str, device: torch.device | str = "cpu", precision: Literal["auto", "bf16", "fp32"] = "auto"
    ) -> "Segmenter":
        """Read a checkpoint.

        Args:
            path: of a .safetensors file, or of a run's folder; or where either is on the Hugging Face Hub, as text:
                `hf://USER/NAME[@REVISION][/PATH]`.
            precision: what convolutions multiply; `auto` is bf16 where the device does that in hardware, as training
                and scoring do. `docs/speed.md` says what that changes.

        Raises:
            BadCheckpoint: the file cannot be read or holds no network that is known.
            InputError: it does not arrive from the Hub.
        """
        model, metadata = load_checkpoint(find_weights(path))
        device = torch.device(device)
        model = fold_batch_norms(model).to(device).to(memory_format=torch.channels_last)
        chosen = choose_precision(device) if precision == "auto" else precision
        if chosen == "bf16":
            multiply_in_bf16(model)
        if device.type == "cpu" and packing_is_there(chosen):
            pack(model)
        return cls(model, device, metadata["input_size"], metadata)

    def predict(self, photo: Image.Image) -> Prediction:
        """Segment a photo of any PIL mode and size; probabilities are upsampled bilinearly before the argmax."""
        photo = as_rgb(photo)
        side = (self.network_size, self.network_size)
        small = photo.resize(side, Image.Resampling.BILINEAR)
        with torch.inference_mode():
            # upsampling channels-last takes several times as long
            probabilities = self._probabilities(small).contiguous()
            probabilities = F.interpolate(probabilities, (photo.height, photo.width), mode="bilinear")
            mask = decided(probabilities)
        return Prediction(mask[0].cpu().numpy(), probabilities[0].cpu().numpy())

    def predict_small(self, small: Image.Image, size: tuple[int, int]) -> SmallPrediction:
        """What `predict` gives of a photo, not enlarged.

        Args:
            small: the photo, RGB, resized bilinearly to the network's size.
            size: the photo's own width and height.
        """
        with torch.inference_mode():
            return SmallPrediction(self._probabilities(small)[0].cpu().numpy(), size)

    def _probabilities(self, small: Image.Image) -> Tensor:
        """(1, 3, side, side) of a photo, RGB, of the network's size."""
        pixels = np.asarray(small).transpose(2, 0, 1).copy()
        inputs = resize_photos(torch.from_numpy(pixels)[None].to(self.device), self.network_size)
        return self.model(inputs.contiguous(memory_format=torch.channels_last)).softmax(dim=1)


def multiply_in_bf16(model: nn.Module) -> nn.Module:
    """Have every convolution of a folded model but the last multiply bfloat16, in place.

    The last one's logits would be rounded to 8 bits, and ties decided by the order of classes.
    """
    *convolutions, _ = (module for module in model.modules() if isinstance(module, nn.Conv2d))
    for convolution in convolutions:
        convolution.to(torch.bfloat16)
    for module in model.modules():
        weight = next(module.parameters(recurse=False), None)
        if weight is not None and not isinstance(module, nn.BatchNorm2d):  # which takes bfloat16 as it is
            module.register_forward_pre_hook(_in_its_own_type)
    return model


def _in_its_own_type(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    dtype = next(module.parameters(recurse=False)).dtype
    return tuple(each.to(dtype) for each in inputs)


def fold_batch_norms(model: nn.Module) -> nn.Module:
    """Fold every BatchNorm that directly follows a convolution into it, in place; the model must be in evaluation mode.

    SegNet's BatchNorm before the first convolution stays: that convolution pads with zeros, which
    stand for the mean only after normalisation.
    """
    for module in list(model.modules()):
        if not isinstance(module, nn.Sequential):
            continue
        for index, (before, after) in enumerate(pairwise(list(module))):
            if isinstance(before, nn.Conv2d) and isinstance(after, nn.BatchNorm2d):
                module[index], module[index + 1] = fuse_conv_bn_eval(before, after), nn.Identity()
    return model

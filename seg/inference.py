"""Segment a photo of any size and mode with a checkpoint."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from seg.batches import resize_photos
from seg.checkpoint import load_checkpoint
from seg.hub import find_weights
from seg.pets import BORDER
from seg.photo import as_rgb


@dataclass(frozen=True)
class Prediction:
    """A photo's segmentation at the photo's own size, after EXIF rotation.

    Attributes:
        mask: (H, W) uint8, values PET, BACKGROUND, BORDER.
        probabilities: (3, H, W) float32, summing to 1 over the classes.
    """

    mask: np.ndarray
    probabilities: np.ndarray


@dataclass(frozen=True)
class Segmenter:
    """A checkpoint ready to segment photos. Safe to share between threads.

    Attributes:
        model: the network with every BatchNorm that follows a convolution folded into it.
        device: where the network runs.
        network_size: side in pixels at which the network runs; it was trained at this size.
        metadata: the checkpoint's `network`, `loss`, `epoch`, `input_size` and validation `scores`.
    """

    model: nn.Module
    device: torch.device
    network_size: int
    metadata: dict

    @classmethod
    def load(cls, path: Path | str, device: torch.device | str = "cpu") -> "Segmenter":
        """Read a checkpoint.

        Args:
            path: of a .safetensors file, or of a run's folder; or where either is on the Hugging Face Hub, as text:
                `hf://USER/NAME[@REVISION][/PATH]`.

        Raises:
            BadCheckpoint: the file cannot be read or holds no network that is known.
            InputError: it does not arrive from the Hub.
        """
        model, metadata = load_checkpoint(find_weights(path))
        device = torch.device(device)
        model = fold_batch_norms(model).to(device).to(memory_format=torch.channels_last)
        return cls(model, device, metadata["input_size"], metadata)

    def predict(self, photo: Image.Image) -> Prediction:
        """Segment a photo of any PIL mode and size; probabilities are upsampled bilinearly before the argmax."""
        photo = as_rgb(photo)
        side = (self.network_size, self.network_size)
        pixels = np.asarray(photo.resize(side, Image.Resampling.BILINEAR)).transpose(2, 0, 1).copy()
        with torch.inference_mode():
            inputs = resize_photos(torch.from_numpy(pixels)[None].to(self.device), self.network_size)
            probabilities = self.model(inputs.contiguous(memory_format=torch.channels_last)).softmax(dim=1)
            # class by class: upsampling channels-last, and argmax over three, take several times as long
            probabilities = F.interpolate(probabilities.contiguous(), (photo.height, photo.width), mode="bilinear")[0]
            pet, background, border = probabilities
            mask = (background > pet).to(torch.uint8)
            mask[border > torch.maximum(pet, background)] = BORDER
        return Prediction(mask.cpu().numpy(), probabilities.cpu().numpy())


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

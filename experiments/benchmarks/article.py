"""The article's way, which benchmarks measure ours against: plain PyTorch, as its own documentation sets it up."""

from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from seg.networks.segnet import SegNet


class EagerSegNet(nn.Module):
    """The article's network with int64 indices of the maxima; it takes the state of `seg.networks.segnet.SegNet`.

    Args:
        like: whose stages and weights it has; it ends in a ReLU, as the article's does.
    """

    def __init__(self, like: SegNet) -> None:
        super().__init__()
        stages = like.config["stages"]
        widths = [3, *(channels for _, channels in stages)]
        self.normalise = nn.BatchNorm2d(3)
        self.encoder, self.decoder = nn.ModuleList(), nn.ModuleList()
        for (before, after), (blocks, _) in zip(pairwise(widths), stages, strict=True):
            self.encoder.append(self._blocks([before] + [after] * blocks))
            self.decoder.insert(0, self._blocks([after] * blocks + [before]))
        self.pool, self.unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)
        self.load_state_dict(like.state_dict())

    @staticmethod
    def _blocks(widths: list[int]) -> nn.Sequential:
        return nn.Sequential(
            *(
                nn.Sequential(nn.Conv2d(*sides, 3, padding=1, bias=False), nn.BatchNorm2d(sides[1]), nn.ReLU())
                for sides in pairwise(widths)
            )
        )

    def forward(self, photos: Tensor) -> Tensor:
        """Photos (N, 3, H, W) in [0, 1] to logits (N, 3, H, W)."""
        x = self.normalise(photos)
        kept = []
        for stage in self.encoder:
            x, indices = self.pool(stage(x))
            kept.append(indices)
        for stage in self.decoder:
            x = stage(self.unpool(x, kept.pop()))
        return x


def predict_eagerly(
    model: nn.Module, photo: Image.Image, side: int, device: torch.device
) -> tuple[np.ndarray, np.ndarray]:
    """The classes (H, W) uint8 of a photo, RGB, at its own size, and their probabilities (3, H, W) float32."""
    small = np.asarray(photo.resize((side, side), Image.Resampling.BILINEAR)).transpose(2, 0, 1)
    with torch.inference_mode():
        inputs = torch.from_numpy(small.copy()).to(device)[None].float() / 255
        probabilities = F.interpolate(model(inputs).softmax(dim=1), photo.size[::-1], mode="bilinear")[0]
        return probabilities.argmax(dim=0).to(torch.uint8).cpu().numpy(), probabilities.cpu().numpy()

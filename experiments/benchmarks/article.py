"""The article's way, which ours is measured against: plain PyTorch, set up as its own documentation says."""

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision import tv_tensors
from torchvision.transforms import v2

from seg.labelled.workers import usable_cores
from seg.networks.segnet import SegNet
from seg.pets import CLASS_NAMES


class EagerSegNet(nn.Module):
    """The article's network with int64 indices of the maxima; it takes the state of `seg.networks.segnet.SegNet`.

    Args:
        like: whose stages and weights it has; it ends in a ReLU, as the article's does.
    """

    def __init__(self, like: SegNet) -> None:
        super().__init__()
        stages: Any = like.config["stages"]
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


class DecodedAnew(Dataset):
    """Photos and trimaps that are read each time they are asked for: (3, side, side) float32 and (side, side) int64.

    Args:
        augment: flip and jitter contrast, as the article's authors do.
    """

    def __init__(self, files: list[tuple[Path, Path]], side: int, *, augment: bool) -> None:
        self.files = files
        augmented = [v2.RandomHorizontalFlip(), v2.ColorJitter(contrast=0.3)] if augment else []
        kinds = {tv_tensors.Image: torch.float32, tv_tensors.Mask: torch.int64, "others": None}
        self.transform = v2.Compose(
            [v2.Resize((side, side), antialias=True), *augmented, v2.ToDtype(kinds, scale=True), v2.ToPureTensor()]
        )

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        photo, trimap = self.files[index]
        with Image.open(photo) as image, Image.open(trimap) as label:
            pixels = tv_tensors.Image(image.convert("RGB"))
            mask = tv_tensors.Mask(torch.from_numpy(np.array(label)))
        pixels, mask = self.transform(pixels, mask)
        return pixels, mask - 1


def loader(photos: DecodedAnew, batch: int, device: torch.device, *, shuffle: bool) -> DataLoader:
    """Batches of them, by a process a core that this one may use, each as long as this lives."""
    workers = usable_cores()
    pinned = device.type == "cuda"
    return DataLoader(photos, batch, shuffle=shuffle, num_workers=workers, persistent_workers=True, pin_memory=pinned)


def train_epoch(
    model: nn.Module, optimiser: torch.optim.Optimizer, batches: Iterable[list[Tensor]], device: torch.device
) -> float:
    """An epoch of cross-entropy in fp32; the loss of its last batch."""
    model.train()
    loss = torch.zeros(())
    for photos, masks in batches:
        photos, masks = photos.to(device, non_blocking=True), masks.to(device, non_blocking=True)
        loss = F.cross_entropy(model(photos), masks)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return loss.item()


def confusion(model: nn.Module, batches: Iterable[list[Tensor]], device: torch.device) -> Tensor:
    """The confusion matrix (3, 3) int64 of all photos, rows true classes, on the CPU."""
    model.eval()
    classes = len(CLASS_NAMES)
    counts = torch.zeros(classes**2, dtype=torch.int64, device=device)
    with torch.inference_mode():
        for photos, masks in batches:
            predicted = model(photos.to(device, non_blocking=True)).argmax(dim=1)
            cells = masks.to(device, non_blocking=True) * classes + predicted
            counts += torch.bincount(cells.flatten(), minlength=classes**2)
    return counts.view(classes, classes).cpu()

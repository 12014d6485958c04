"""SegNet: an encoder that remembers where its maxima were, and a decoder that puts them back."""

from torch import Tensor, nn

from seg.pets import CLASS_NAMES
from seg.pooling import max_pool, max_unpool

# (blocks, channels) of each encoder stage; the decoder mirrors them
STAGES = ((2, 64), (2, 128), (3, 256), (3, 512))


def _block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def _stage(widths: list[int]) -> nn.Sequential:
    return nn.Sequential(*(_block(a, b) for a, b in zip(widths, widths[1:], strict=False)))


class SegNet(nn.Module):
    """SegNet as the article builds it, 15,274,892 parameters (Badrinarayanan et al. 2017, section 3).

    Args:
        final_relu: end the last block in BatchNorm and ReLU like every other, as the article does, so
            that logits are never negative; otherwise it ends in BatchNorm. No parameter depends on it.
    """

    def __init__(self, *, final_relu: bool = True) -> None:
        super().__init__()
        self.final_relu = final_relu
        self.normalise = nn.BatchNorm2d(3)
        self.encoder, self.decoder = nn.ModuleList(), nn.ModuleList()
        before = 3
        for blocks, channels in STAGES:
            self.encoder.append(_stage([before] + [channels] * blocks))
            outputs = len(CLASS_NAMES) if before == 3 else before
            self.decoder.insert(0, _stage([channels] * blocks + [outputs]))
            before = channels
        if not final_relu:
            self.decoder[-1][-1][-1] = nn.Identity()

    def forward(self, photos: Tensor) -> Tensor:
        """Photos (N, 3, H, W) in [0, 1] to logits (N, 3, H, W) of PET, BACKGROUND, BORDER.

        Raises:
            ValueError: H or W does not divide by 16, the product of the four poolings.
        """
        height, width = photos.shape[-2:]
        if height % 16 or width % 16:
            raise ValueError(f"SegNet takes photos whose sides divide by 16, not {height} x {width}")
        x = self.normalise(photos)
        offsets = []
        for stage in self.encoder:
            x, kept = max_pool(stage(x))
            offsets.append(kept)
        for stage in self.decoder:
            x = stage(max_unpool(x, offsets.pop()))
        return x

"""SegNet: an encoder that remembers where its maxima were, and a decoder that puts them back."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NoReturn

from torch import Tensor, nn

from seg.networks.pooling import max_pool, max_unpool, refuse_torchscript
from seg.pets import CLASS_NAMES

# (blocks, channels) of each encoder stage; the decoder mirrors them
STAGES = ((2, 64), (2, 128), (3, 256), (3, 512))
# more in a stage's configuration is no SegNet, but a file that would fill the memory
MOST_BLOCKS, MOST_CHANNELS = 16, 4096


def _block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def _stage(widths: list[int]) -> nn.Sequential:
    return nn.Sequential(*(_block(*sides) for sides in pairwise(widths)))


class SegNet(nn.Module):
    """SegNet as the article builds it, 15,274,892 parameters (Badrinarayanan et al. 2017, section 3).

    Args:
        final_relu: end the last block in BatchNorm and ReLU like every other, as the article does, so
            that logits are never negative; otherwise it ends in BatchNorm. No parameter depends on it.
        stages: blocks and channels of each of the four encoder stages; `STAGES` where not given.

    Raises:
        ValueError: the stages are not four pairs of reasonable numbers.
    """

    def __init__(self, *, final_relu: bool = True, stages: Sequence[Sequence[int]] | None = None) -> None:
        super().__init__()
        stages = STAGES if stages is None else stages
        numbers = [number for stage in stages for number in stage]
        whole = len(stages) == len(STAGES) and all(len(stage) == 2 for stage in stages)
        if not whole or not all(isinstance(number, int) and number > 0 for number in numbers):
            raise ValueError(f"SegNet has four stages of (blocks, channels), not {stages}")
        if max(numbers[::2]) > MOST_BLOCKS or max(numbers[1::2]) > MOST_CHANNELS:
            raise ValueError(f"SegNet has at most {MOST_BLOCKS} blocks of {MOST_CHANNELS} channels, not {stages}")
        self.config = {"final_relu": final_relu, "stages": [list(stage) for stage in stages]}
        self.normalise = nn.BatchNorm2d(3)
        self.encoder, self.decoder = nn.ModuleList(), nn.ModuleList()
        before = 3
        for blocks, channels in stages:
            self.encoder.append(_stage([before] + [channels] * blocks))
            outputs = len(CLASS_NAMES) if before == 3 else before
            self.decoder.insert(0, _stage([channels] * blocks + [outputs]))
            before = channels
        if not final_relu:
            self.last_stage[-1][-1] = nn.Identity()

    @property
    def last_stage(self) -> Any:
        """The decoder's last stage, blocks of convolution, BatchNorm and ReLU."""
        return self.decoder[-1]

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

    def __prepare_scriptable__(self) -> NoReturn:
        """What `torch.jit.script` asks of a module before it begins.

        Raises:
            InputError: always.
        """
        refuse_torchscript()


class SegNetLinear(SegNet):
    """SegNet whose last block is a plain 3x3 convolution with bias, so that logits are free: 15,274,889 parameters.

    Args:
        stages: as `SegNet`'s.
    """

    def __init__(self, *, stages: Sequence[Sequence[int]] | None = None) -> None:
        super().__init__(stages=stages)
        del self.config["final_relu"]
        convolution = self.last_stage[-1][0]
        self.last_stage[-1] = nn.Conv2d(convolution.in_channels, convolution.out_channels, kernel_size=3, padding=1)

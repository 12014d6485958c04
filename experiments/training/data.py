"""The photos of a run: those that it trains on, and those that it is scored on."""

import hashlib
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import features

from seg.batches import DeviceSplit
from seg.cache import Split, load_split
from seg.labelled.pairs import are_own, check_listed, check_lists
from seg.options import Options
from seg.pets import SPLITS, TEST, TRAINVAL


@dataclass(frozen=True)
class RunData:
    """The photos of a run; `validation_sample` is scored after each epoch, `validation` after the last.

    Attributes:
        scored: what the validation photos are: the `test` split, or the `holdout` of the training split.
        excluded: how many of the photos that were to be left out the training photos, by `trainval`, and those scored
            had, before any limit.
        own: whether they are one's own photos, not the dataset's.
    """

    training: Split
    validation: Split
    validation_sample: Split
    scored: str
    excluded: dict[str, int]
    own: bool = False


@dataclass(frozen=True)
class DeviceData:
    """The same on the training device. A sample that is the whole is there once."""

    training: DeviceSplit
    validation: DeviceSplit
    validation_sample: DeviceSplit


def load_run_data(root: Path, options: Options) -> RunData:
    """The photos that a run of these options needs, from the dataset, or one's own photos, in root.

    A limit draws the photos that it always draws, of which the excluded ones are then left out; so does the holdout.

    Raises:
        InputError: as `seg.cache.load_split`, `seg.cache.Split.without` and `seg.labelled.pairs.check_listed` and
            `check_lists`.
    """
    check_listed(root, options.exclude)
    check_lists(root, [TRAINVAL] if options.holdout else SPLITS, options.exclude)

    def load(split: str) -> Split:
        return load_split(root, split, options.size, skip_bad=options.skip_bad, border_width=options.border_width)

    training = load(TRAINVAL)
    if options.holdout:
        training, validation = training.holdout()
    else:
        validation = load(TEST)
    scored = "holdout" if options.holdout else TEST
    excluded = {
        name: len(set(options.exclude).intersection(split.names))
        for name, split in ((TRAINVAL, training), (scored, validation))
    }
    skipped = sum(len(split.skipped) for split in (training, *([] if options.holdout else [validation])))
    if skipped:
        print(f"left out: {skipped:,} pairs that cannot be used", file=sys.stderr)
    whole, sample = validation.without(options.exclude), validation.sample(options.val_limit)
    return RunData(
        training.sample(options.limit).without(options.exclude),
        whole,
        whole if sample is validation else sample.without(options.exclude),
        scored,
        excluded,
        are_own(root),
    )


def fingerprints(data: RunData) -> dict[str, dict[str, str]]:
    """What changes when a training or a validation photo does: of `names`, `pixels` and `labels`, twelve hex digits.

    Of the decoded arrays, so that the same photos in another folder, or in files of another kind, are the same; and the
    `decoder` that made them.
    """
    parts = {"training": data.training, "validation": data.validation}
    return {
        part: {
            "names": _digest("\n".join(split.names).encode()),
            "pixels": _digest(np.ascontiguousarray(split.photos).data),
            "labels": _digest(np.ascontiguousarray(split.masks).data),
            "decoder": decoder(),
        }
        for part, split in parts.items()
    }


def decoder() -> str:
    """What decodes photos here: another version, or processor, may round a pixel otherwise."""
    versions = (f"{name} {features.version(name)}" for name in ("pil", "jpg", "libjpeg_turbo", "littlecms2"))
    return ", ".join([*versions, platform.machine()])


def _digest(content: bytes | memoryview) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def upload(data: RunData, device: torch.device) -> DeviceData:
    """The photos, copied to the device."""
    validation = DeviceSplit.upload(data.validation, device)
    whole = data.validation_sample is data.validation
    sample = validation if whole else DeviceSplit.upload(data.validation_sample, device)
    return DeviceData(DeviceSplit.upload(data.training, device), validation, sample)

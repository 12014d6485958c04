"""The photos of a run: those that it trains on, and those that it is scored on."""

from dataclasses import dataclass
from pathlib import Path

import torch

from seg.batches import DeviceSplit
from seg.cache import Split, load_split
from seg.options import Options
from seg.pets import TEST, TRAINVAL


@dataclass(frozen=True)
class RunData:
    """The photos of a run; `validation_sample` is scored after each epoch, `validation` after the last.

    Attributes:
        scored: what the validation photos are: the `test` split, or the `holdout` of the training split.
    """

    training: Split
    validation: Split
    validation_sample: Split
    scored: str


@dataclass(frozen=True)
class DeviceData:
    """The same on the training device. A sample that is the whole is there once."""

    training: DeviceSplit
    validation: DeviceSplit
    validation_sample: DeviceSplit


def load_run_data(root: Path, options: Options) -> RunData:
    """The photos that a run of these options needs, from the dataset in root.

    Raises:
        InputError: as `seg.cache.load_split`.
    """

    def load(split: str) -> Split:
        return load_split(root, split, options.size, skip_bad=options.skip_bad)

    training = load(TRAINVAL)
    if options.holdout:
        training, validation = training.holdout()
    else:
        validation = load(TEST)
    scored = "holdout" if options.holdout else TEST
    return RunData(training.sample(options.limit), validation, validation.sample(options.val_limit), scored)


def upload(data: RunData, device: torch.device) -> DeviceData:
    """The photos, copied to the device."""
    validation = DeviceSplit.upload(data.validation, device)
    whole = data.validation_sample is data.validation
    sample = validation if whole else DeviceSplit.upload(data.validation_sample, device)
    return DeviceData(DeviceSplit.upload(data.training, device), validation, sample)

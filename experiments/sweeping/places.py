"""Where a sweep trains its runs: each on a GPU that its process sees alone, or with its share of the cores."""

import os
from dataclasses import dataclass, field

from experiments.cli.command_line import choose_device
from seg.labelled.workers import usable_cores

VISIBLE_GPUS = "CUDA_VISIBLE_DEVICES"
THREADS = "OMP_NUM_THREADS"


@dataclass(frozen=True)
class Place:
    """Where one run at a time is trained.

    Attributes:
        device: what its process is told to train on.
        environment: variables of its process, over those of this one.
    """

    device: str
    environment: dict[str, str] = field(default_factory=dict)


def find_places(device: str, jobs: int) -> list[Place]:
    """`jobs` places on each GPU that this process sees, or `jobs` on what else it is to train on.

    Cores are shared out evenly, the rest of an uneven share left alone: runs that are to be compared round alike.
    Where there is one place it has all, as a run has that is begun by hand.

    Args:
        device: a name that `choose_device` takes; one with a number is that GPU alone.
        jobs: runs side by side on each, 1 or more.

    Returns:
        The places in the order in which they are to be filled: every GPU once before any has two runs.

    Raises:
        InputError: this machine has no such device.
    """
    chosen = choose_device(device)
    if chosen.type == "cuda":
        gpus = visible_gpus() if chosen.index is None else [visible_gpus()[chosen.index]]
        each = [(chosen.type, {VISIBLE_GPUS: gpu}) for gpu in gpus]
    else:
        each = [(device, {})]
    # as many threads as cores for each of several runs would make them wait for each other
    share = str(max(1, usable_cores() // (len(each) * jobs)))
    threads = {} if len(each) * jobs == 1 or THREADS in os.environ else {THREADS: share}
    return [Place(name, gpu | threads) for _ in range(jobs) for name, gpu in each]


def visible_gpus() -> list[str]:
    """What each GPU that this process sees is called in `CUDA_VISIBLE_DEVICES`: its number, or its UUID."""
    import torch  # takes seconds

    count = torch.cuda.device_count()
    named = os.environ.get(VISIBLE_GPUS)
    if named is None:
        return [str(number) for number in range(count)]
    # CUDA goes by the list up to the first that it does not know
    return [name.strip() for name in named.split(",")][:count]

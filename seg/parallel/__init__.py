"""One run trained by several processes, as `torchrun` starts them: what they share out, and what they agree on.

Each process is a rank: the first writes the run, the others only compute. They are kept alike by drawing the same
random numbers and by PyTorch's `DistributedDataParallel` (Li et al. 2020), so that what the first one keeps is the
state of all, and any number of ranks goes on with it.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from seg import InputError

T = TypeVar("T")

# What whoever starts the ranks tells each of them, and its place on its machine
_TOLD, _PLACE = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"), "LOCAL_RANK"


class OthersFailed(Exception):
    """Another rank cannot go on, and has said why."""


@dataclass(frozen=True)
class Share:
    """What a rank has of a batch.

    Attributes:
        rows: of the batch.
        weight: of the mean loss over these rows, so that the mean over ranks is that over the batch's photos. A loss
            that is no mean over photos, such as one with class weights or a ratio over the batch, is one of each part.
    """

    rows: slice
    weight: float


@dataclass(frozen=True)
class Ranks:
    """The ranks that train a run, and which of them this process is; a process alone is the first of one."""

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the one that writes."""
        return self.rank == 0

    def share(self, photos: int) -> Share:
        """This rank's part of a batch of so many photos; every photo is in one part.

        Of fewer photos than ranks some have none: they compute the first one, which then counts for nothing there.
        """
        start, stop = (rank * photos // self.count for rank in (self.rank, self.rank + 1))
        if start == stop:
            return Share(slice(0, 1), 0.0)
        return Share(slice(start, stop), (stop - start) * self.count / photos)

    def engine(self, model: nn.Module) -> nn.Module:
        """What a batch's photos are given to: the model, or what averages its gradients over the ranks.

        On GPUs BatchNorm's statistics are those of the whole batch; on processors each rank has its own part's.
        """
        if self.count == 1:
            return model
        device = next(model.parameters()).device
        if device.type == "cuda":
            nn.SyncBatchNorm.convert_sync_batchnorm(model)  # in place, the parameters stay
            # the statistics are the same already
            return nn.parallel.DistributedDataParallel(model, device_ids=[device.index], broadcast_buffers=False)
        return nn.parallel.DistributedDataParallel(model)

    def total(self, value: Tensor) -> Tensor:
        """The sum over ranks of a value that has no gradient."""
        if self.count > 1:
            value = value.clone()
            dist.all_reduce(value)
        return value

    def copy_first(self, *models: nn.Module | None) -> None:
        """Give every rank the first one's buffers, BatchNorm's statistics among them, in place."""
        if self.count > 1:
            for model in filter(None, models):
                for buffer in model.buffers():
                    dist.broadcast(buffer, 0)

    def turns(self, batches: Sequence[T]) -> Iterator[tuple[Sequence[T], list[T]]]:
        """The batches by turns of one a rank: all of a turn, and this rank's, which the last turn may not have.

        A batch stays whole, so that what is computed of it is what one process computes, to the last bit.
        """
        for start in range(0, len(batches), self.count):
            turn = batches[start : start + self.count]
            yield turn, list(turn[self.rank : self.rank + 1])

    def in_order(self, own: list[dict[str, Tensor]]) -> list[dict[str, Tensor]]:
        """What all ranks found of their batches, in the batches' order; on the CPU where there are several."""
        if self.count == 1:
            return own
        all_found = self._gather([{name: value.cpu() for name, value in batch.items()} for batch in own])
        count = sum(map(len, all_found))
        return [all_found[batch % self.count][batch // self.count] for batch in range(count)]

    def any(self, here: bool) -> bool:
        """Whether it is so on any rank, which then ends all; asked by all of them at the same place."""
        if self.count == 1:
            return here
        said = torch.tensor(int(here))
        dist.all_reduce(said)
        if said:
            self.part()
        return bool(said)

    def of_first(self, value: T) -> T:
        """What the first rank says."""
        if self.count > 1:
            said = [value]
            dist.broadcast_object_list(said, 0)
            [value] = said
        return value

    def assert_alike(self, value: object, refusal: str) -> None:
        """Go on where all ranks say the same.

        Raises:
            InputError: they do not, with this refusal; OthersFailed on all but the first.
        """
        if self.count == 1:
            return
        alike = len(set(map(repr, self._gather(value)))) == 1

        def refuse() -> None:
            if not alike:
                raise InputError(refusal)

        self.together(refuse)

    def together(self, work: Callable[[], T]) -> T:
        """Do what may fail on one rank alone; where it does, none goes on.

        Raises:
            Exception: what `work` raises here.
            OthersFailed: it went well here, or an earlier rank has failed in the same words.
        """
        if self.count == 1:
            return work()
        failure, done = None, None
        try:
            done = work()
        except Exception as error:
            failure = error
        said = self._gather(None if failure is None else repr(failure))
        if any(said):
            self.part()
        if failure is not None and repr(failure) not in said[: self.rank]:
            raise failure
        if any(said):
            raise OthersFailed
        return done  # type: ignore[return-value]

    def if_first(self, work: Callable[[], T]) -> T | None:
        """Have the first rank do it, the others waiting, as `together`."""
        return self.together(lambda: work() if self.first else None)

    def by_machine(self, work: Callable[[], T]) -> T:
        """Have one rank of each machine do it first: the others find what it keeps there. As `together`."""
        early = local_rank() == 0
        done = self.together(lambda: work() if early else None)
        return self.together(lambda: work() if done is None else done)

    def part(self) -> None:
        """What ends all ranks is read by all before any goes: a connection that is closed loses what is unread."""
        if self.count > 1:
            with suppress(RuntimeError):  # the others have read it and are gone
                dist.all_reduce(torch.zeros(1))

    def _gather(self, value: T) -> list[T]:
        gathered: list = [None] * self.count
        dist.all_gather_object(gathered, value)
        return gathered


ALONE = Ranks()


def local_rank() -> int:
    """Which of the ranks on this machine this is: the place of its GPU."""
    return int(os.environ.get(_PLACE, 0))


@contextmanager
def joined() -> Iterator[Ranks]:
    """The ranks that `torchrun`, or another that tells a process the same, has started; ALONE without it.

    Raises:
        InputError: they do not find each other.
    """
    if not all(os.environ.get(name) for name in _TOLD) or os.environ["WORLD_SIZE"] == "1":
        yield ALONE
        return
    if _PLACE not in os.environ:
        raise InputError(f"{_TOLD[0]} and {_TOLD[1]} are set, {_PLACE} is not: start the processes by torchrun")
    try:
        # what is said is said on the CPU, where nobody waits for a GPU
        dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")
    except (RuntimeError, ValueError) as error:
        told = ", ".join(f"{name} {os.environ[name]}" for name in _TOLD)
        raise InputError(
            f"the processes of this run do not find each other ({told}): start them by torchrun"
        ) from error
    ranks = Ranks(dist.get_rank(), dist.get_world_size())
    yield ranks
    # not after an error: a rank that is gone would be waited for
    ranks.part()
    dist.destroy_process_group()


def is_lost(error: BaseException) -> bool:
    """Whether it says that another rank has ended in the middle of what all do together."""
    return isinstance(error, dist.DistError) or (isinstance(error, RuntimeError) and "/gloo/" in str(error))

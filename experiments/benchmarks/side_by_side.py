"""Ours beside a peer's: the same work on the same inputs in turns, so that a machine that slows down slows both."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from seg.evaluation import Precision

# What a call's seconds are counted in; of rates more is better, and of what else a work counts and returns, such as
# MB, less is
TIMES = {"s": 1, "ms": 1000}
RATES = ("photos/s",)


@dataclass(frozen=True)
class Setting:
    """Where a benchmark runs, and on what.

    Attributes:
        precision: `bf16` or `fp32`, of training and of the networks.
        data: folder that holds the dataset; None where there is none, and photos are drawn.
        folder: empty, for files that a benchmark writes; deleted at the end.
    """

    device: torch.device
    precision: Precision
    data: Path | None
    folder: Path


@dataclass(frozen=True)
class Peer:
    """Another way to do the same work.

    Attributes:
        work: one call does it.
        settings: how it is set up, told below the table.
    """

    name: str
    work: Callable[[], object]
    settings: str


@dataclass(frozen=True)
class Goal:
    """What a path aims at, in one step or in several, each harder than the one before.

    Attributes:
        said: in words.
        steps: whether what was measured is there.
    """

    said: str
    steps: tuple[Callable[["Measured"], bool], ...]

    def verdict(self, measured: "Measured") -> str:
        """`yes`, `no`, or `the first` where further steps are missed."""
        met = [step(measured) for step in self.steps]
        return "yes" if all(met) else "the first" if met[0] else "no"


def at_least(*ratios: float) -> Goal:
    """So many times as good as the peer."""
    return Goal(f">= {_then(ratios)} x", tuple(_ratio_of(ratio) for ratio in ratios))


def costs_at_most(share: float) -> Goal:
    """No more than this share of what the peer takes."""
    return Goal(f"<= {share:g} of the peer's", (_ratio_of(1 / share),))


def at_most(unit: str, *bounds: float) -> Goal:
    """No more than this, whatever a peer takes."""
    return Goal(f"<= {_then(bounds)} {unit}", tuple(_median_of(bound) for bound in bounds))


def _then(steps: tuple[float, ...]) -> str:
    return ", then ".join(f"{step:g}" for step in steps)


def _ratio_of(least: float) -> Callable[["Measured"], bool]:
    return lambda measured: measured.ratio >= least


def _median_of(most: float) -> Callable[["Measured"], bool]:
    return lambda measured: measured.median <= most


@dataclass(frozen=True)
class Row:
    """A path that is measured: what it is of, ours, and a peer's where there is one.

    Attributes:
        unit: of TIMES, of RATES, or of what each work counts and returns.
        ours: one call does the work.
        amount: of a rate, how much one call does.
        repeats: how often by default each is called.
        warm_up: whether each is called once before, which is not counted.
    """

    path: str
    unit: str
    ours: Callable[[], object]
    peer: Peer | None = None
    goal: Goal | None = None
    amount: int = 1
    repeats: int = 5
    warm_up: bool = True


@dataclass(frozen=True)
class NotMeasured:
    """A path that cannot be measured here, and why."""

    path: str
    why: str


@dataclass(frozen=True)
class Measured:
    """What came of a row: a value a call, `theirs` empty without a peer."""

    row: Row
    values: list[float]
    theirs: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @cached_property
    def ratios(self) -> list[float]:
        """How many times as good as the peer ours was, by pairs of calls that followed each other."""
        pairs = zip(self.values, self.theirs, strict=True) if self.theirs else ()
        return [ours / theirs if self.row.unit in RATES else theirs / ours for ours, theirs in pairs]

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    @property
    def verdict(self) -> str:
        return self.row.goal.verdict(self) if self.row.goal else ""

    def as_json(self) -> dict[str, Any]:
        """Path, unit, every value, the ratio with its spread, and the goal."""
        row = self.row
        told: dict[str, Any] = {"path": row.path, "unit": row.unit, "median": self.median, "values": self.values}
        if row.peer:
            spread = {"ratio": self.ratio, "least": min(self.ratios), "most": max(self.ratios)}
            median = statistics.median(self.theirs)
            told |= {"peer": row.peer.name, "settings": row.peer.settings}
            told |= {"peer_median": median, "peer_values": self.theirs, **spread}
        if row.goal:
            told |= {"goal": row.goal.said, "met": self.verdict}
        return told


def measure(row: Row, device: torch.device, repeats: int | None = None) -> Measured:
    """Call ours and the peer's in turns, the first of them now one, now the other; a bar shows how far it is.

    Args:
        repeats: calls of each that are counted; None for as many as the row says.
    """
    works = [row.ours, *([row.peer.work] if row.peer else [])]
    values: list[list[float]] = [[] for _ in works]
    repeats = repeats or row.repeats
    turns = range(-1 if row.warm_up else 0, repeats)
    with tqdm(total=len(works) * len(turns), desc=row.path, unit="call", leave=False) as progress:
        for turn in turns:
            order = list(range(len(works)))
            for number in order if turn % 2 == 0 else order[::-1]:
                value = _value(row, works[number], device)
                if turn >= 0:
                    values[number].append(value)
                progress.update()
    return Measured(row, values[0], values[1] if row.peer else [])


def _value(row: Row, work: Callable[[], Any], device: torch.device) -> float:
    _wait(device)
    started = time.perf_counter()
    returned = work()
    _wait(device)  # an accelerator works on after the call returns
    seconds = time.perf_counter() - started
    if row.unit in TIMES:
        return seconds * TIMES[row.unit]
    return row.amount / seconds if row.unit in RATES else float(returned)


def _wait(device: torch.device) -> None:
    if device.type != "cpu":
        torch.accelerator.synchronize(device)

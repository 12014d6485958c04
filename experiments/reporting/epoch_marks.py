"""What a figure by epoch marks: where the network's side changes, and which points are of a sample of the photos."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from experiments.comparison.configurations import Configuration
from experiments.comparison.footing import footing_at, of_a_sample


def sampled_epochs(configuration: Configuration) -> set[int]:
    """The epochs after which a run of it was scored on a sample."""
    return {epoch for run in configuration.runs for epoch in run.epochs["epoch"] if of_a_sample(run, epoch)}


def side_changes(found: Sequence[Configuration], called: Callable[[Configuration], str]) -> dict[int, str]:
    """By the first epoch of another side of the network, what its mark says: `96 px`, and whose if not of all."""
    changes: dict[tuple[int, int], list[Configuration]] = {}
    for configuration in found:
        sides = [configuration.runs[0].network_side(epoch) for epoch in range(1, configuration.epochs + 1)]
        for epoch, (before, side) in enumerate(pairwise(sides), start=2):
            if side != before:
                changes.setdefault((epoch, side), []).append(configuration)
    marks: dict[int, str] = {}
    for (epoch, side), changing in sorted(changes.items()):
        every = len(changing) == sum(configuration.epochs >= epoch for configuration in found)
        said = f"{side} px" + ("" if every else f" ({', '.join(map(called, changing))})")
        marks[epoch] = f"{marks[epoch]}, {said}" if epoch in marks else said
    return marks


def how_points_differ(found: Sequence[Configuration], called: Callable[[Configuration], str]) -> list[str]:
    """Sentences on what a figure by epoch marks: the network's side, and which points are of a sample."""
    said = []
    if side_changes(found, called):
        said.append(
            f"Upright lines: there the network's side changes, at first {_by_name(found, called, _first_side)}."
        )
    elif len(set(map(_first_side, found))) > 1:
        said.append(f"The network's side differs: {_by_name(found, called, _first_side)}.")
    if len(set(map(_trimap_side, found))) > 1:
        said.append(f"The trimaps' side differs: {_by_name(found, called, _trimap_side)}.")
    rows = [(run, epoch) for configuration in found for run in configuration.runs for epoch in run.epochs["epoch"]]
    samples = {run.photos_scored_at(epoch) for run, epoch in rows if of_a_sample(run, epoch)}
    if samples:
        counts = " or ".join(f"{count:,}" for count in sorted(filter(None, samples)))
        said.append(f"Open markers are of a fixed sample of {counts} photos, filled ones of all.")
    return said


def _first_side(configuration: Configuration) -> int:
    return configuration.runs[0].network_side(1)


def _trimap_side(configuration: Configuration) -> int:
    return footing_at(configuration.runs[0], 1).trimap_side


def _by_name(
    found: Sequence[Configuration], called: Callable[[Configuration], str], side: Callable[[Configuration], int]
) -> str:
    """`64 px`, or `ce-s0 64 px, ce-big-s0 128 px` where the sides differ."""
    if len(set(map(side, found))) == 1:
        return f"{side(found[0])} px"
    return ", ".join(f"{called(configuration)} {side(configuration)} px" for configuration in found)

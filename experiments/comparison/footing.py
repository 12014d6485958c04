"""On what scores stand: after which epoch, at which side, of how many photos; and the deepest that runs share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from experiments.store.runs import Run
from experiments.store.scored.photo_scores import has_details
from seg import InputError

if TYPE_CHECKING:
    from experiments.comparison.analysis import Analysis


class NoSharedFooting(InputError):
    """There is no epoch after which all these runs were scored alike."""


@dataclass(frozen=True)
class Footing:
    """What must be equal for scores to be compared.

    Attributes:
        epoch: after which they were measured.
        side: in pixels, that the network was run at.
        photos: how many were scored; None where the run does not say.
        detailed: whether scores of single photos are known there, so that intervals can be given.
        trimap_side: in pixels, of the trimaps that the predictions were held against.
        holdout: whether the photos were held out of the training split; they are of the test split else.
        own_border: of one's own photos, how wide borders are derived, as a share of the side; None of the dataset's.
    """

    epoch: int
    side: int
    photos: int | None
    detailed: bool
    trimap_side: int
    holdout: bool
    own_border: float | None = None

    @property
    def words(self) -> str:
        """`8 epochs at 64 x 64, 368 photos`."""
        epochs = "1 epoch" if self.epoch == 1 else f"{self.epoch} epochs"
        where = " held out of the training split" if self.holdout else ""
        whose = "" if self.own_border is None else f" of one's own, {_border(self.own_border)}"
        return f"{epochs} at {self.side} x {self.side}, {_photos(self.photos)}{whose}{where}"


def footing_at(run: Run, epoch: int) -> Footing:
    """What the run's row of scores after that epoch stands on."""
    options = run.used_options
    return Footing(
        epoch,
        run.network_side(epoch),
        run.photos_scored_at(epoch),
        detailed=False,
        trimap_side=options["size"],
        holdout=bool(options["holdout"]),
        own_border=float(options["border_width"]) if run.own_photos else None,
    )


def last_footing(run: Run) -> Footing:
    """What the run's last scores stand on: those of single photos, of all there are, where it has them."""
    last = footing_at(run, run.epochs_trained)
    if not has_details(run):
        return last
    return replace(last, photos=run.photos_scored_at(run.epochs_planned), detailed=True)


def shared_footing(runs: Sequence[Run], until: int | None = None) -> Footing:
    """The deepest that all these runs have scores on, of those up to an epoch where that is given.

    Where all ended after the same epoch at the same side, and their scores of single photos are known, those: of the
    photos that all of them scored. Otherwise the rows of the last epoch after which all were scored alike.

    Raises:
        NoSharedFooting: there is none; one line that says what differs.
    """
    ends = [last_footing(run) for run in runs]
    last = max(run.epochs_trained for run in runs) if until is None else until
    if all(end.detailed and end.epoch <= last for end in ends) and _end_alike(ends):
        known = [end.photos for end in ends if end.photos is not None]
        return replace(ends[0], photos=min(known, default=None))
    shared = _deepest_rows(runs, last)
    if shared is None:
        raise NoSharedFooting(_what_differs(runs, last))
    return shared


def footing_or_none(runs: Sequence[Run], until: int | None = None) -> Footing | None:
    """As `shared_footing`; None where there is none, or no run."""
    try:
        return shared_footing(runs, until) if runs else None
    except NoSharedFooting:
        return None


def trained(runs: Sequence[Run]) -> list[Run]:
    """Those that have finished an epoch: the others have no scores to compare."""
    return [run for run in runs if run.epochs_trained > 0]


def lacking_details(runs: Sequence[Run]) -> list[Run]:
    """Those whose scores of single photos alone are missing for intervals: all ended on one footing else."""
    return [run for run in runs if not has_details(run)] if _end_alike(map(last_footing, runs)) else []


def of_a_sample(run: Run, epoch: int) -> bool:
    """Whether that epoch's row counts fewer photos than the run scores in the end; False where it does not say."""
    scored, whole = run.photos_scored_at(epoch), run.photos_scored_at(run.epochs_planned)
    return scored is not None and whole is not None and scored < whole


# ---- in words


def footing_sentence(analysis: Analysis) -> str:
    """Says once what the scores of an analysis without intervals stand on; empty where photos are compared."""
    footing, runs = analysis.footing, _runs(analysis)
    if footing.detailed:
        return ""
    planned = {run.epochs_planned for run in runs}
    epoch = f"{footing.epoch} of {planned.pop()}" if len(planned) == 1 else str(footing.epoch)
    scores = f"scores of {photos_in_words(analysis)} at {footing.side} x {footing.side}, without intervals."
    if len(runs) == 1:
        return f"Scored after epoch {epoch}: {scores}"
    return f"Compared after epoch {epoch}, the deepest that all share: {scores}"


def photos_in_words(analysis: Analysis) -> str:
    """`3,669 photos`, or `a sample of 368 photos`."""
    footing = analysis.footing
    sample = not footing.detailed and any(of_a_sample(run, footing.epoch) for run in _runs(analysis))
    return f"a sample of {_photos(footing.photos)}" if sample else _photos(footing.photos)


def _runs(analysis: Analysis) -> list[Run]:
    return [run for configuration in analysis.configurations for run in configuration.runs]


def _photos(count: int | None) -> str:
    return "an unknown number of photos" if count is None else "1 photo" if count == 1 else f"{count:,} photos"


# ---- what is shared, and what differs


def _end_alike(ends: Iterable[Footing]) -> bool:
    """Whether they differ at most in which photos were scored: of those with details the common ones are compared."""
    return len({(end.epoch, end.side, end.trimap_side, end.holdout, end.own_border) for end in ends}) == 1


def _deepest_rows(runs: Sequence[Run], until: float = math.inf) -> Footing | None:
    common = set.intersection(*(set(run.epochs["epoch"].tolist()) for run in runs)) - {0}
    for epoch in sorted(common, reverse=True):
        if epoch <= until and len({footing_at(run, epoch) for run in runs}) == 1:
            return footing_at(runs[0], epoch)
    return None


def _what_differs(runs: Sequence[Run], until: int) -> str:
    """One line on the first two runs that share no footing, or on all where each two do."""
    for index, one in enumerate(runs):
        for other in runs[:index]:
            if _deepest_rows((other, one)) is None:  # not up to any epoch
                return f"{one.name} and {other.name} {_difference_of(one, other)}: compare them apart"
    names = ", ".join(run.name for run in runs)
    if _deepest_rows(runs) is not None:
        return f"{names} share no epoch up to {until} after which all were scored alike: choose a later one"
    return f"{names} share no epoch after which all were scored alike: compare fewer of them"


def _difference_of(one: Run, other: Run) -> str:
    """What keeps two runs apart, as the end of a sentence of which they are the subject."""
    untrained = [run.name for run in (one, other) if run.epochs_trained == 0]
    if untrained:
        return f"cannot be compared before {' and '.join(untrained)} has finished an epoch"
    ours, theirs = footing_at(one, 1), footing_at(other, 1)
    if ours.own_border != theirs.own_border:
        labels = [
            "trimaps of the dataset" if each.own_border is None else f"masks of one's own, {_border(each.own_border)}"
            for each in (ours, theirs)
        ]
        return f"were scored on different labels ({labels[0]}, and {labels[1]})"
    if ours.holdout != theirs.holdout:
        return "were scored on different photos (held out of the training split, and of the test split)"
    if ours.trimap_side != theirs.trimap_side:
        return f"were scored at another side ({_sides(ours.trimap_side, theirs.trimap_side)})"
    common = sorted(set(one.epochs["epoch"]) & set(other.epochs["epoch"]) - {0})
    pairs = [(footing_at(one, epoch), footing_at(other, epoch)) for epoch in common]
    if not pairs:
        return "have no row of the same epoch"
    same_side = [pair for pair in pairs if pair[0].side == pair[1].side]
    if not same_side:
        return f"were scored at another side after each epoch ({_sides(pairs[-1][0].side, pairs[-1][1].side)})"
    counts = [_photos(footing.photos) for footing in same_side[-1]]
    return f"were scored on other photos ({counts[0]}, and {counts[1]})"


def _border(width: float) -> str:
    return f"borders {100 * width:.3g} % of the side wide"


def _sides(one: int, other: int) -> str:
    return f"{one} x {one}, and {other} x {other}"

"""Which photos are hard, which divide two runs, and whose trimap is probably wrong."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from experiments.scores import SCORES, Place, appearing
from experiments.store.runs import Run
from experiments.store.scored.photo_scores import confusions, how_to_rescore, read_images, same_photos
from seg import InputError
from seg.metrics import scores_from_counts
from seg.pets import BACKGROUND, CLASS_NAMES, PET, breed

HOW_SUSPECTED = (
    "Photos by label quality, the worst first: a soft minimum over the photo's pixels of the probability that a "
    "network gives to the trimap's class (Lad and Mueller 2023), averaged over the runs."
)
# of the photos left out
NAMED = 10


def are_own(runs: Sequence[Run]) -> bool:
    """Whether these runs were scored on one's own photos: these have no breeds, and need not show an object."""
    return any(run.own_photos for run in runs)


def breeds(runs: Sequence[Run], photos: Iterable[str]) -> list[str]:
    """The breed that each of these photos of the runs shows; empty of one's own."""
    return ["" if are_own(runs) else breed(name) for name in photos]


def photo_scores(run: Run) -> pd.DataFrame:
    """The scores that photos are ranked by, a column each, by photo name; NaN where one has no meaning."""
    return _photo_scores(read_images(run))


def _photo_scores(images: pd.DataFrame) -> pd.DataFrame:
    ranked = appearing(Place.PHOTOS)
    counted = scores_from_counts(confusions(images), [score.name for score in ranked if score.counted])
    return pd.DataFrame({s.name: counted[s.name] if s.counted else images[s.name] for s in ranked}, images.index)


def _known(run: Run, scores: pd.DataFrame, by: str) -> pd.Series:
    """One score of every photo, of a table that has it as a column.

    Raises:
        InputError: the run's `images.csv` has no such column: it is of another version.
    """
    if not SCORES[by].counted and scores[by].isna().all():
        raise InputError(f"{run.name} has no {by} of single photos: {how_to_rescore(run)}")
    return scores[by]


def hardest(runs: list[Run], by: str) -> tuple[pd.DataFrame, list[str]]:
    """Photos by their mean score over runs, the worst first: of those whose trimap is not broken.

    Broken is a trimap that is wrong beyond doubt: one without a pet, for every photo of the dataset shows one, or one
    whose pet and background look swapped to every loss.

    Returns:
        By photo name: `breed, mean`, then a column a run. Photos without the score are left out.
        The photos that were left out because their trimap is broken.

    Raises:
        InputError: a run has the score of no photo.
    """
    images = [read_images(run) for run in runs]
    scores = {run.name: _known(run, _photo_scores(table), by) for run, table in zip(runs, images, strict=True)}
    table = pd.DataFrame(scores)
    table.insert(0, "mean", table.mean(axis=1, skipna=False))
    table.insert(0, "breed", breeds(runs, table.index))
    table = table.dropna(subset=["mean"])
    shares = _shares_by_loss(runs, [each.loc[table.index] for each in images])
    broken = _swapped(shares)
    if not are_own(runs):
        broken |= _without_pet(shares)
    ranked = table[~broken].sort_values("mean", ascending=SCORES[by].higher_is_better, kind="stable")
    return ranked, table.index[broken].tolist()


def disagreements(one: list[Run], other: list[Run], by: str) -> pd.DataFrame:
    """Photos by how far two sets of runs are apart in a score, the means over each taken.

    Returns:
        By photo name: `breed, first, second, difference` (second minus first), the farthest first.

    Raises:
        InputError: a run has the score of no photo.
    """
    sides = [
        pd.DataFrame({i: _known(run, photo_scores(run), by) for i, run in enumerate(runs)}) for runs in (one, other)
    ]
    first, second = (side.mean(axis=1, skipna=False) for side in sides)
    table = pd.DataFrame({"first": first, "second": second, "difference": second - first}).dropna()
    table.insert(0, "breed", breeds([*one, *other], table.index))
    return table.sort_values("difference", key=lambda column: -column.abs(), kind="stable")


def left_out(broken: list[str], ranked_by: str) -> str:
    """A sentence on what `hardest` left out; empty where that is nothing.

    Args:
        ranked_by: what ranks them, as a sentence begins.
    """
    if not broken:
        return ""
    photos, their = ("1 photo is", "it") if len(broken) == 1 else (f"{len(broken):,} photos are", "them")
    more = len(broken) - NAMED
    named = ", ".join(broken[:NAMED]) + (f" and {more:,} more" if more > 0 else "")
    return (
        f"{photos} left out because the trimap is broken (no pet, or pet and background look swapped to every loss): "
        f"{named}. {ranked_by} ranks {their}."
    )


def suspects(runs: list[Run]) -> pd.DataFrame:
    """Photos by how probably their trimap is wrong, the most probable first: see HOW_SUSPECTED.

    Returns:
        By photo name, of those that all runs scored: `breed, score, reason`. The score is the label quality in [0, 1],
        the mean over runs; the reason is what the networks take the photo for, whatever its score.

    Raises:
        InputError: the runs were scored on different photos, or one has no photo's label quality.
    """
    images = same_photos(runs)
    quality = [_known(run, table, "label_quality") for run, table in zip(runs, images, strict=True)]
    table = pd.DataFrame({"score": pd.concat(quality, axis=1).mean(axis=1, skipna=False)})
    table.insert(0, "breed", breeds(runs, table.index))
    table["reason"] = _reasons(_shares_by_loss(runs, images))
    return table.dropna(subset=["score"]).sort_values("score", kind="stable")


def _shares_by_loss(runs: list[Run], images: list[pd.DataFrame]) -> np.ndarray:
    """Confusion counts over the photo's pixels, a loss's runs averaged: (L, N, 3, 3).

    Args:
        images: each run's, of the same N photos.
    """
    by_loss: dict[str, list[np.ndarray]] = {}
    for run, table in zip(runs, images, strict=True):
        counts = confusions(table)
        by_loss.setdefault(run.loss, []).append(counts / counts.sum(axis=(1, 2), keepdims=True))
    return np.stack([np.mean(shares, axis=0) for shares in by_loss.values()])


def _without_pet(shares: np.ndarray) -> np.ndarray:
    """Whether the trimap has no pet, (N,), from shares by loss (L, N, 3, 3)."""
    return (shares[..., PET, :].sum(axis=-1) == 0).all(axis=0)


def _swapped(shares: np.ndarray) -> np.ndarray:
    """Whether every loss takes pet for background and background for pet rather than for what they are, (N,)."""
    pet, background = shares[..., PET, :], shares[..., BACKGROUND, :]
    taken_for_other = (pet[..., BACKGROUND] > pet[..., PET]) & (background[..., PET] > background[..., BACKGROUND])
    return np.atleast_1d(taken_for_other.all(axis=0))


def _reasons(shares: np.ndarray) -> list[str]:
    """What speaks against each trimap, from shares by loss (L, N, 3, 3).

    Where it is not broken, the confusion of two classes that is largest to the loss that makes it least.
    """
    classes = range(len(CLASS_NAMES))
    pairs = [(true, predicted) for true in classes for predicted in classes if true != predicted]
    confused = np.stack([shares[..., true, predicted] for true, predicted in pairs], axis=-1)
    largest = confused.min(axis=0).argmax(axis=-1)
    without_pet, swapped, seen = _without_pet(shares), _swapped(shares), shares[..., PET].sum(axis=-1)
    reasons = []
    for photo, pair in enumerate(largest):
        true, predicted = (CLASS_NAMES[number] for number in pairs[pair])
        if without_pet[photo]:
            reasons.append(f"the trimap has no pet; the models see one on {_range(seen[:, photo])} of the photo")
        elif swapped[photo]:
            reasons.append("pet and background look swapped to every loss")
        else:
            share = _range(confused[:, photo, pair])
            reasons.append(f"the models take {share} of the photo, labelled {true}, for {predicted}")
    return reasons


def _range(shares: np.ndarray) -> str:
    low, high = f"{100 * shares.min():.0f}", f"{100 * shares.max():.0f}"
    return f"{low} %" if low == high else f"{low}–{high} %"

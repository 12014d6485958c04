"""Which photos are hard, which divide two runs, and whose trimap is probably wrong."""

import numpy as np
import pandas as pd

from experiments.scores import SCORES, Place, appearing
from experiments.store.photo_scores import CONFUSION_COLUMNS, confusions, how_to_rescore, read_images, same_photos
from experiments.store.runs import Run
from seg import InputError
from seg.metrics import scores_from_counts
from seg.pets import breed


def photo_scores(run: Run) -> pd.DataFrame:
    """The scores that photos are ranked by, a column each, by photo name; NaN where one has no meaning."""
    images, ranked = read_images(run), appearing(Place.PHOTOS)
    counted = scores_from_counts(confusions(images), [score.name for score in ranked if score.counted])
    return pd.DataFrame({s.name: counted[s.name] if s.counted else images[s.name] for s in ranked}, images.index)


def _known(run: Run, scores: pd.DataFrame, by: str) -> pd.Series:
    """One score of every photo.

    Raises:
        InputError: the run's `images.csv` has no such column: it is of another version.
    """
    if not SCORES[by].counted and scores[by].isna().all():
        raise InputError(f"{run.name} has no {by} of single photos: {how_to_rescore(run)}")
    return scores[by]


def hardest(runs: list[Run], by: str) -> pd.DataFrame:
    """Photos by their mean score over runs, the worst first.

    Returns:
        By photo name: `breed, mean`, then a column a run. Photos without the score are left out.

    Raises:
        InputError: a run has the score of no photo.
    """
    table = pd.DataFrame({run.name: _known(run, photo_scores(run), by) for run in runs})
    table.insert(0, "mean", table.mean(axis=1, skipna=False))
    table.insert(0, "breed", table.index.map(breed))
    table = table.dropna(subset=["mean"])
    return table.sort_values("mean", ascending=SCORES[by].higher_is_better, kind="stable")


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
    table.insert(0, "breed", table.index.map(breed))
    return table.sort_values("difference", key=lambda column: -column.abs(), kind="stable")


def suspects(runs: list[Run]) -> pd.DataFrame:
    """Photos by how probably their trimap is wrong, the most probable first.

    A photo of this dataset shows one pet, so a trimap without a pet is wrong: these come first. Then
    those that surprise every loss: a photo's score is its cross-entropy's distance from the median
    photo's in robust standard deviations (1.4826 times the median absolute deviation), of the loss that
    is surprised least, a loss's runs averaged. A large cross-entropy is a model that is confident and
    wrong; that none of the losses escapes it points to the trimap, or to a photo that misleads them all.

    Returns:
        By photo name, of those that all runs scored: `breed, score, reason`.

    Raises:
        InputError: the runs were scored on different photos, or one has no photo's cross-entropy.
    """
    images = same_photos(runs)
    pixels = confusions(images[0]).sum(axis=(1, 2))

    def by_loss(columns: list[pd.Series]) -> pd.DataFrame:
        return pd.DataFrame(dict(enumerate(columns))).T.groupby([run.loss for run in runs]).mean().T

    surprise = by_loss(
        [_robust_deviations(_known(run, table, "cross_entropy")) for run, table in zip(runs, images, strict=True)]
    )
    pet = images[0][["pet_as_pet", "pet_as_background", "pet_as_border"]].sum(axis=1)
    table = pd.DataFrame({"score": surprise.min(axis=1), "no_pet": pet == 0}).dropna()
    table.insert(0, "breed", table.index.map(breed))
    table = table.sort_values(["no_pet", "score"], ascending=False, kind="stable")

    cells = {name: by_loss([table[name] for table in images]) for name in CONFUSION_COLUMNS}
    seen = by_loss([table.filter(like="_as_pet").sum(axis=1) / pixels for table in images])
    missed, painted = cells["pet_as_background"].div(pixels, axis=0), cells["background_as_pet"].div(pixels, axis=0)
    swapped = (cells["pet_as_background"] > cells["pet_as_pet"]) & (
        cells["background_as_pet"] > cells["background_as_background"]
    )

    def reason(photo: str) -> str:
        if table.at[photo, "no_pet"]:
            return f"the trimap has no pet; the models see one on {_range(seen.loc[photo])} of the photo"
        if swapped.loc[photo].all():
            return "pet and background look swapped to every loss"
        if missed.loc[photo].mean() > painted.loc[photo].mean():
            return f"the models take {_range(missed.loc[photo])} of the photo, labelled pet, for background"
        return f"the models take {_range(painted.loc[photo])} of the photo, labelled background, for pet"

    return table.drop(columns="no_pet").assign(reason=[reason(photo) for photo in table.index])


def _robust_deviations(values: pd.Series) -> pd.Series:
    distance = values - values.median()
    return distance / (1.4826 * np.abs(distance).median())


def _range(shares: pd.Series) -> str:
    low, high = f"{100 * shares.min():.0f}", f"{100 * shares.max():.0f}"
    return f"{low} %" if low == high else f"{low}–{high} %"

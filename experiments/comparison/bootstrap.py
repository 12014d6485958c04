"""How sure a score is: a paired bootstrap over photos, with the noise between seeds added.

Efron and Tibshirani 1993, chapter 13, for the percentile interval. Everything works on confusion
counts summed over photos, so that ratios such as recall are those of a resampled split, not means of photos' ratios.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from tqdm import tqdm

from experiments.scores import with_intervals
from seg.metrics import scores_from_counts

RESAMPLES = 10_000
# Resamples drawn at once: their weights, 128 x 3,669 numbers, stay in a processor's cache
CHUNK = 128


@dataclass(frozen=True)
class Intervals:
    """Scores of each configuration and their differences from the first, each with a 95 % interval.

    Attributes:
        scores: the names of the K scores.
        mean, low, high: (C, K).
        difference, difference_low, difference_high: (C, K); the first row is 0.
        seed_deviation: (K,), the standard deviation between seeds, pooled; NaN where no configuration
            has two seeds with that score: the intervals then know nothing of seeds.
    """

    # of `row`
    COLUMNS: ClassVar = ("low", "high", "difference", "difference_low", "difference_high")

    scores: tuple[str, ...]
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    difference: np.ndarray
    difference_low: np.ndarray
    difference_high: np.ndarray
    seed_deviation: np.ndarray

    def row(self, configuration: int, score: str) -> dict[str, float]:
        """`low, high, difference, difference_low, difference_high` of one score of the configuration at that place."""
        where = configuration, self.scores.index(score)
        return {name: float(getattr(self, name)[where]) for name in self.COLUMNS}


def interval_scores(confusions: np.ndarray) -> np.ndarray:
    """The K scores that have intervals, of confusion counts (..., 3, 3): (..., K); NaN where one has no meaning."""
    scores = scores_from_counts(confusions, [score.name for score in with_intervals()])
    return np.stack(list(scores.values()), axis=-1)


def resampled_scores(confusions: np.ndarray, resamples: int, generator: np.random.Generator) -> np.ndarray:
    """Scores of each run on photos drawn with replacement, the same draw for all runs: (resamples, R, K).

    Args:
        confusions: (R, N, 3, 3) counts of the same N photos for each of R runs.
    """
    runs, photos = confusions.shape[:2]
    by_photo = confusions.swapaxes(0, 1).reshape(photos, -1).astype(np.float64)
    scores = []
    with tqdm(total=resamples, desc="bootstrap", unit="draw", delay=1, leave=False) as progress:
        for start in range(0, resamples, CHUNK):
            rows = min(CHUNK, resamples - start)
            drawn = generator.integers(0, photos, (rows, photos), dtype=np.int32)
            drawn += np.arange(rows, dtype=np.int32)[:, None] * photos
            weights = np.bincount(drawn.ravel(), minlength=rows * photos).reshape(rows, photos)
            totals = weights.astype(np.float64) @ by_photo
            scores.append(interval_scores(totals.reshape(rows, runs, *confusions.shape[2:])))
            progress.update(rows)
    return np.concatenate(scores)


def paired_bootstrap(
    confusions: np.ndarray, members: Sequence[Sequence[int]], resamples: int = RESAMPLES, seed: int = 0
) -> Intervals:
    """Intervals of configurations, each the mean of its runs, and of their differences from the first.

    A resample answers "what if other photos had been scored, and other seeds trained": it draws the
    photos with replacement, the same for all runs, and adds to each mean what other seeds would change.
    That is Student-t noise whose scale is the standard deviation between seeds, pooled over the
    configurations that have several, over the root of the number of seeds. Pooling takes it that
    seeds move all configurations alike, and lends configurations of one seed the noise of the others.

    Args:
        confusions: (R, N, 3, 3) counts of the same N photos for each of R runs.
        members: for each configuration the indices of its runs; the first is what others are compared with.
    """
    generator = np.random.default_rng(seed)
    observed = interval_scores(confusions.sum(axis=1))
    resampled = resampled_scores(confusions, resamples, generator)
    mean = np.stack([observed[list(runs)].mean(axis=0) for runs in members])
    drawn = np.stack([resampled[:, list(runs)].mean(axis=1) for runs in members], axis=1)

    deviation, freedom = pooled_deviation([observed[list(runs)] for runs in members])
    inverse = 1 / np.array([len(runs) for runs in members])
    differing = np.where(np.arange(len(members)) == 0, 0.0, inverse + inverse[0])

    def interval(values: np.ndarray, variance: np.ndarray) -> np.ndarray:
        noise = generator.standard_t(np.maximum(freedom, 1), values.shape) * np.nan_to_num(deviation)
        return np.percentile(values + noise * np.sqrt(variance)[:, None], (2.5, 97.5), axis=0)

    low, high = interval(drawn, inverse)
    difference_low, difference_high = interval(drawn - drawn[:, :1], differing)
    names = tuple(score.name for score in with_intervals())
    return Intervals(names, mean, low, high, mean - mean[:1], difference_low, difference_high, deviation)


def pooled_deviation(groups: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Standard deviation within groups of (S, K) scores, pooled, and its degrees of freedom, each (K,).

    A group in which a score has no meaning says nothing of that score; NaN where none does.
    """
    squares = np.stack([((scores - scores.mean(axis=0)) ** 2).sum(axis=0) for scores in groups])
    others = np.array([[len(scores) - 1] for scores in groups])
    freedom = np.where(np.isnan(squares), 0, others).sum(axis=0)
    with np.errstate(invalid="ignore"):
        return np.sqrt(np.nansum(squares, axis=0) / freedom), freedom

"""How sure a score is: photos drawn again and again, with the noise between seeds added.

Efron and Tibshirani 1993, chapter 13, for the percentile interval. Everything works on counts summed over photos, so
that ratios such as recall are those of a resampled split, not means of photos' ratios.

A resample answers "what if other photos had been scored, and other seeds trained": it draws the photos with
replacement, the same for all runs, and adds to the mean over seeds what other seeds would change. That is Student-t
noise of the standard error between the configuration's own seeds, or, of a difference, between the seed-wise
differences: runs of one seed share their initialisation and the order of batches, so much of what a seed does is in
both. A spread pooled over configurations would be narrower, and too narrow for the one whose seeds differ most.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from tqdm import tqdm

from experiments.scores import with_intervals
from seg.metrics import scores_from_counts

RESAMPLES = 10_000
# What was drawn is remembered up to so many bytes: 37 MB are the test split's
MOST_REMEMBERED = 64_000_000
# Resamples drawn at once: their weights, 128 x 3,669 numbers, stay in a processor's cache
CHUNK = 128
PERCENTILES = (2.5, 97.5)


@dataclass(frozen=True)
class Resampled:
    """Scores of E entries (a run, scored one way) on the same N photos, and on B resamples of them.

    Attributes:
        scores: the names of the K scores.
        observed: (E, K); NaN where a score has no meaning.
        drawn: (B, E, K); NaN where a score has no meaning on the photos drawn.
    """

    scores: tuple[str, ...]
    observed: np.ndarray
    drawn: np.ndarray


@dataclass(frozen=True)
class Estimate:
    """Scores of a configuration, or their differences from another's, each with a 95 % interval.

    Attributes:
        mean: (K,), over seeds; of a difference over the seeds that both have, where there are any.
        low, high: (K,); NaN where the mean is.
        p: (K,), of a difference: two-sided, twice the smaller share of resamples on either side of 0; NaN of a score.
        seeds: how many the interval counts over; 1: it knows nothing of seeds.
        seeds_paired: how many seeds both sides of a difference have; 0 where they share none, and of a score.
    """

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray
    seeds: int
    seeds_paired: int = 0


def interval_scores(confusions: np.ndarray) -> np.ndarray:
    """The K scores that have intervals, of confusion counts (..., 3, 3): (..., K); NaN where one has no meaning."""
    scores = scores_from_counts(confusions, [score.name for score in with_intervals()])
    return np.stack(list(scores.values()), axis=-1)


def resample_sums(
    by_photo: np.ndarray,
    statistic: Callable[[np.ndarray], np.ndarray],
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> np.ndarray:
    """A statistic of counts summed over photos drawn with replacement: (resamples, ...).

    The same seed draws the same of N photos, whatever is counted of them: statistics drawn apart are paired.

    Args:
        by_photo: (N, M) counts.
        statistic: of totals (b, M), float64: (b, ...).
    """
    counts, found = by_photo.astype(np.float64, copy=False), []
    with tqdm(total=resamples, desc="bootstrap", unit="draw", delay=1, leave=False) as progress:
        for weights in _weights(len(by_photo), resamples, seed):
            found.append(statistic(weights.astype(np.float64) @ counts))
            progress.update(len(weights))
    return np.concatenate(found)


def _weights(photos: int, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """How often each photo is drawn: (resamples, photos) uint8, CHUNK resamples at once."""
    drawn = max(resamples, RESAMPLES)  # one that takes fewer takes the first of them
    if drawn * photos > MOST_REMEMBERED:
        yield from _draw(photos, resamples, seed)
        return
    remembered = _remembered(photos, drawn, seed)
    for start in range(0, resamples, CHUNK):
        yield remembered[start : min(start + CHUNK, resamples)]


@lru_cache(maxsize=2)  # of photos, and of their breeds
def _remembered(photos: int, resamples: int, seed: int) -> np.ndarray:
    return np.concatenate(list(_draw(photos, resamples, seed)))


forget_draws = _remembered.cache_clear


def _draw(photos: int, resamples: int, seed: int) -> Iterator[np.ndarray]:
    generator = np.random.default_rng(seed)
    for start in range(0, resamples, CHUNK):
        rows = min(CHUNK, resamples - start)
        places = generator.integers(0, photos, (rows, photos), dtype=np.int32)
        places += np.arange(rows, dtype=np.int32)[:, None] * photos
        times = np.bincount(places.ravel(), minlength=rows * photos).reshape(rows, photos)
        yield times.astype(np.uint8)  # of more than 255 photos none is drawn so often


def resample(
    confusions: np.ndarray, resamples: int = RESAMPLES, seed: int = 0, clusters: Sequence[str] | None = None
) -> Resampled:
    """Every entry's scores on photos drawn with replacement, the same photos for all entries.

    Args:
        confusions: (E, N, 3, 3) counts of the same N photos for each of E entries.
        clusters: one label a photo, such as its breed: photos of one label, which may be alike, are drawn together, as
            many labels as there are; intervals of 37 labels hold the truth about 93 times in 100. Photos drawn one by
            one take it that none is like another.
    """
    by_photo = confusions.swapaxes(0, 1).reshape(confusions.shape[1], -1)
    if clusters is not None:
        by_photo = summed_over(clusters, by_photo)

    def scores(totals: np.ndarray) -> np.ndarray:
        return interval_scores(totals.reshape(len(totals), -1, *confusions.shape[2:]))

    names = tuple(score.name for score in with_intervals())
    return Resampled(names, interval_scores(confusions.sum(axis=1)), resample_sums(by_photo, scores, resamples, seed))


def summed_over(clusters: Sequence[str], by_photo: np.ndarray) -> np.ndarray:
    """Counts (N, M) added up over the photos of each label: (labels, M)."""
    labels, members = np.unique(np.asarray(clusters), return_inverse=True)
    by_cluster = np.zeros((len(labels), by_photo.shape[1]), by_photo.dtype)
    np.add.at(by_cluster, members, by_photo)
    return by_cluster


def estimate(resampled: Resampled, entries: Mapping[int, int]) -> Estimate:
    """The scores of a configuration, the mean over its seeds; the intervals stay within [0, 1].

    Args:
        entries: its seeds, each with the place of its entry. Of one seed the interval is over photos alone.
    """
    where = list(entries.values())
    observed, drawn = resampled.observed[where], resampled.drawn[:, where].mean(axis=1)
    mean = observed.mean(axis=0)
    low, high = _interval(mean, drawn + _seed_noise([observed], len(drawn))).clip(0, 1)
    return Estimate(mean, low, high, p=np.full_like(mean, np.nan), seeds=len(where))


def estimate_difference(resampled: Resampled, entries: Mapping[int, int], against: Mapping[int, int]) -> Estimate:
    """How far the scores of a configuration are from those of another: the mean difference over the seeds both have.

    With one such seed the interval is over photos alone. With none it is the difference of the means, and the noise
    that of Welch's t-test, over photos alone where a side has one seed.

    Args:
        entries: the configuration's seeds, each with the place of its entry; `against`: the other's.
    """
    common = [seed for seed in entries if seed in against]
    ours = [entries[seed] for seed in common or entries]
    theirs = [against[seed] for seed in common or against]
    observed, drawn = resampled.observed, resampled.drawn
    if common:
        pairs = observed[ours] - observed[theirs]
        mean, samples = pairs.mean(axis=0), [pairs]
        values = (drawn[:, ours] - drawn[:, theirs]).mean(axis=1)
    else:
        samples = [observed[ours], observed[theirs]]
        mean = samples[0].mean(axis=0) - samples[1].mean(axis=0)
        values = drawn[:, ours].mean(axis=1) - drawn[:, theirs].mean(axis=1)
    values = values + _seed_noise(samples, len(values))
    low, high = _interval(mean, values)
    return Estimate(mean, low, high, _two_sided(mean, values), min(len(ours), len(theirs)), len(common))


def holm(p: Sequence[float]) -> list[float]:
    """The p-values corrected for their number, in their order (Holm 1979); NaN stays and is not counted."""
    order = sorted((place for place, value in enumerate(p) if not math.isnan(value)), key=lambda place: p[place])
    corrected, largest = [math.nan] * len(p), 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * p[place]))
        corrected[place] = largest
    return corrected


def _seed_noise(samples: Sequence[np.ndarray], resamples: int) -> np.ndarray:
    """What other seeds would change in a mean, or in the difference of two means: (resamples, K); 0 if unknown.

    Student-t noise. With two seeds it has one degree of freedom, and no variance: drawn freely, its extremes would move
    the ends of an interval. So it is stratified, a value from the middle of each of as many equally probable strata as
    there are resamples, and alone has the very percentiles of the distribution. It rises from resample to resample,
    which are in random order.

    Args:
        samples: one or two of (S, K), what was seen of each seed.
    """
    if min(len(seen) for seen in samples) < 2:
        return np.zeros((resamples, samples[0].shape[1]))
    from scipy.special import stdtrit  # takes long to import, and the app starts without

    variances = np.stack([seen.var(axis=0, ddof=1) / len(seen) for seen in samples])
    variance, others = variances.sum(axis=0), np.array([[len(seen) - 1] for seen in samples])
    # Welch 1947; of one sample, this is its number of seeds less one
    weights = np.divide(variances, variance, out=np.full_like(variances, 1 / len(samples)), where=variance != 0)
    freedom = 1 / (weights**2 / others).sum(axis=0)
    strata = (np.arange(resamples) + 0.5) / resamples
    return np.sqrt(variance) * stdtrit(freedom, strata[:, None])


def _interval(mean: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(2, K) percentiles of (B, K) values, of those that have a meaning; NaN where the (K,) mean is."""
    unknown = np.isnan(mean)
    known = np.where(unknown, 0, values)
    # column by column, as NaN needs it, takes many times as long
    percentile = np.nanpercentile if np.isnan(known).any() else np.percentile
    ends = percentile(known, PERCENTILES, axis=0)
    return np.where(unknown, np.nan, ends)


def _two_sided(mean: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(K,) p-values of (B, K) differences; the sample itself counts as one resample, so that none is 0."""
    tail = np.minimum((values <= 0).sum(axis=0), (values >= 0).sum(axis=0))
    share = (tail + 1) / (np.isfinite(values).sum(axis=0) + 1)
    return np.where(np.isnan(mean), np.nan, np.minimum(2 * share, 1))

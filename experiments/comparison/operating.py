"""Is it the loss, or only the threshold? Every configuration with its border threshold moved, and the controls.

Post-hoc logit adjustment (Menon et al. 2021, section 4): adding a constant to the border's logit before the argmax. All
of it follows from the margins that runs keep, by photo, and so do intervals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.comparison.bootstrap import (
    Resampled,
    estimate,
    estimate_difference,
    interval_scores,
    resample_sums,
    summed_over,
)
from experiments.comparison.configurations import Configuration, is_primary
from experiments.comparison.ranking import DIFFERENCE, cells_of, ranking
from experiments.scores import with_intervals
from experiments.store.scored.controls import CONTROL_KINDS, CONTROLS
from experiments.store.scored.margins import Margins, read_margins
from seg.metrics import CLASSES
from seg.pets import BACKGROUND, BORDER, PET
from seg.thresholds.margins import SHIFTS, STEPS, average_precision, confusions_at, curve, painted_share
from seg.thresholds.tuning import tuned_step

# `argmax`: as the network decides; `tuned`: at the shift that maximises border F1 on training photos; `best`: along the
# curve of the very photos scored, so an upper bound and no result
POINTS = ("argmax", "tuned", "best")
_INTERVAL = ("mean", "low", "high")
_FROM_ARGMAX = ("from_argmax", "from_argmax_low", "from_argmax_high")
_OVER_BREEDS = ("breeds_low", "breeds_high")
POINT_COLUMNS = (
    *("configuration", "control", "point", "shift", "seeds", "seeds_in_interval", "score"),
    *_INTERVAL,
    *DIFFERENCE,
    *_OVER_BREEDS,
    *_FROM_ARGMAX,
)
LIKE_COLUMNS = ("configuration", "share", "shift", "seeds", "score", "mean", *DIFFERENCE)


@dataclass(frozen=True)
class Operating:
    """What moving the threshold does.

    Attributes:
        points: one row a configuration, control (empty: as it is), point of POINTS and score with intervals: `shift`,
            the mean over seeds of what is added to the border's logit; `seeds`, with margins; `seeds_in_interval`;
            `mean, low, high`; `difference...` from the baseline at the same point, under the same control, and
            `breeds_low, breeds_high`, its interval with whole breeds drawn; `from_argmax...` from the baseline as it
            is, without any shift.
        acts_like: one row a configuration and score: the baseline, its threshold moved by `shift` so that it paints as
            large a `share` of the training photos as border as the configuration does at argmax, has `mean`, and the
            configuration at argmax differs from that by `difference...`.
        ranking: by configuration, the average precision of the border over all its seeds: `low, high, difference,
            difference_low, difference_high`, 95 % intervals.
        curves: one row a configuration and shift: `configuration, shift` and each score with intervals, of the photos
            scored, the mean over seeds.
        average_precision: by configuration, of the photos scored, the mean over `shared`.
        shared: by configuration, the seeds that all of this is of.
        sources: which passes the margins are of, where it is another than that of `images.csv`, by run.
    """

    points: pd.DataFrame
    acts_like: pd.DataFrame
    ranking: pd.DataFrame
    curves: pd.DataFrame
    average_precision: dict[str, float]
    shared: dict[str, list[int]]
    sources: dict[str, str]

    def row(self, configuration: str, score: str, *, point: str = "tuned", control: str = "") -> pd.Series | None:
        """The row of `points`; None where there is none."""
        wanted = {"configuration": configuration, "control": control, "point": point, "score": score}
        equal = np.all([self.points[name].to_numpy() == value for name, value in wanted.items()], axis=0)
        return self.points.iloc[int(equal.argmax())] if equal.any() else None


@dataclass(frozen=True)
class _Way:
    """A run scored one way: the margins of the photos compared, and those that its shift is chosen on."""

    scored: np.ndarray
    tuning: np.ndarray

    def step(self, point: str) -> int:
        if point == "tuned":
            return tuned_step(self.tuning)
        return 0 if point == "argmax" else tuned_step(self.scored)

    @property
    def painted(self) -> np.ndarray:
        """Share of the training photos' pixels that is painted border, at each of STEPS."""
        return painted_share(self.tuning.sum(axis=0, dtype=np.int64))


def operating(
    found: Sequence[Configuration],
    compared_with: str | None,
    photos: pd.Index,
    margins: Mapping[str, Margins | None],
    breeds: Sequence[str],
) -> Operating:
    """What the margins of these configurations' runs say of the photos compared; empty where no run has margins.

    Args:
        compared_with: the name of the baseline.
        photos: the names of the photos that all runs scored.
        margins: of each run as it is, by name; those of its controls are read here.
        breeds: of each photo; empty of one's own, which have none.

    Raises:
        BadRun: a file is damaged.
    """
    ways, sources = _ways(found, photos, margins)
    every = {n: {seed: way.scored for seed, way in of.items()} for (n, control), of in ways.items() if not control}
    ways = _of_shared_seeds(ways, found, compared_with)
    entries: dict[tuple[str, str, str], dict[int, int]] = {}
    counts: list[np.ndarray] = []
    shifts: dict[tuple[str, str, str], float] = {}

    def add(key: tuple[str, str, str], steps: Mapping[int, int], of: Mapping[int, _Way]) -> None:
        shifts[key] = float(np.mean(list(steps.values()))) / 10
        entries[key] = {}
        for seed, step in steps.items():
            entries[key][seed] = len(counts)
            counts.append(confusions_at(of[seed].scored, step))

    for (name, control), by_seed in ways.items():
        for point in POINTS:
            add((name, control, point), {seed: way.step(point) for seed, way in by_seed.items()}, by_seed)
    first = ways.get((compared_with or "", ""), {})
    likes = {name: _share(by_seed) for (name, control), by_seed in ways.items() if not control}
    likes = {name: share for name, share in likes.items() if first and name != compared_with}
    points = tuple(entries)
    for name, share in likes.items():
        steps = {seed: int(STEPS[np.abs(way.painted - share).argmin()]) for seed, way in first.items()}
        add((name, "", "like"), steps, first)
    if not counts:
        return no_operating()
    resampled, over_breeds = _resample(counts), _resample(counts, breeds) if any(breeds) else None
    as_they_are = {name: by_seed for (name, control), by_seed in ways.items() if not control}
    return Operating(
        _points(resampled, over_breeds, {key: entries[key] for key in points}, shifts, compared_with or ""),
        _acts_like(resampled, entries, shifts, likes),
        ranking(every, compared_with or ""),
        _curves(as_they_are),
        {name: _average_precision(by_seed) for name, by_seed in as_they_are.items()},
        {name: list(by_seed) for name, by_seed in as_they_are.items()},
        sources,
    )


def _ways(
    found: Sequence[Configuration], photos: pd.Index, margins: Mapping[str, Margins | None]
) -> tuple[dict[tuple[str, str], dict[int, _Way]], dict[str, str]]:
    """By configuration and control the runs that have margins of all these photos, by seed; and `Operating.sources`."""
    ways: dict[tuple[str, str], dict[int, _Way]] = {}
    sources: dict[str, str] = {}
    for configuration in found:
        for control in ("", *CONTROL_KINDS):
            for run in configuration.runs:
                kept = read_margins(run, f"{CONTROLS}/{control}") if control else margins[run.name]
                if kept is not None and kept.other_pass:
                    sources[run.name] = kept.source
                way = _of_photos(kept, photos)
                if way is not None:
                    ways.setdefault((configuration.name, control), {})[run.seed] = way
    return ways, sources


def _of_shared_seeds(
    ways: dict[tuple[str, str], dict[int, _Way]], found: Sequence[Configuration], compared_with: str | None
) -> dict[tuple[str, str], dict[int, _Way]]:
    """Without the seeds that only some of the baseline and of those that the question is of have margins of: else two
    numbers in one sentence would be of unlike seeds, and not differ by what their difference is."""
    asked = [c.name for c in found if c.name == compared_with or is_primary(c)]
    shared = _in_all([ways[name, ""] for name in asked if (name, "") in ways])
    if not shared:
        return ways
    kept = {}
    for (name, control), by_seed in ways.items():
        # a control may have been scored of fewer
        under = _in_all([ways[other, control] for other in asked if (other, control) in ways]) or shared
        kept[name, control] = {n: way for n, way in by_seed.items() if name not in asked or n in shared & under}
    return {key: by_seed for key, by_seed in kept.items() if by_seed}


def _in_all(by_seed: Sequence[Mapping[int, _Way]]) -> set[int]:
    return set.intersection(*map(set, by_seed)) if by_seed else set()


def no_operating() -> Operating:
    """Of runs that keep no margins, or that are compared before their last epoch."""
    points, like = (pd.DataFrame(columns=list(columns)) for columns in (POINT_COLUMNS, LIKE_COLUMNS))
    return Operating(points, like, ranking({}, ""), _curves({}), {}, {}, {})


def _of_photos(margins: Margins | None, photos: pd.Index) -> _Way | None:
    """The margins of these photos, in their order; None where there are none, or not of all."""
    if margins is None:
        return None
    places = margins.photos.get_indexer(photos)
    return None if (places < 0).any() else _Way(margins.scored[places], margins.tuning)


def _share(by_seed: Mapping[int, _Way]) -> float:
    """What share of the training photos is painted border at argmax, the mean over seeds."""
    return float(np.mean([way.painted[-STEPS[0]] for way in by_seed.values()]))


def _resample(counts: Sequence[np.ndarray], clusters: Sequence[str] | None = None) -> Resampled:
    """As `bootstrap.resample`, which counts nine cells an entry: here three do, and what all entries share is two."""
    cells = np.stack(counts, axis=1)
    painted, hits = cells[..., BORDER].sum(axis=-1), cells[..., BORDER, BORDER]
    right, true = cells[..., PET, PET], cells[:, 0, BORDER].sum(axis=-1)
    pixels = cells[:, 0].sum(axis=(-2, -1))
    by_photo = np.concatenate([painted, hits, right, true[:, None], pixels[:, None]], axis=1)
    if clusters is not None:
        by_photo = summed_over(clusters, by_photo)

    def scores(totals: np.ndarray) -> np.ndarray:
        parts = totals[:, :-2].reshape(len(totals), 3, -1).swapaxes(0, 1)
        return interval_scores(_as_confusions(*parts, true=totals[:, -2:-1], pixels=totals[:, -1:]))

    observed = scores(by_photo.sum(axis=0)[None])[0]
    names = tuple(score.name for score in with_intervals())
    return Resampled(names, observed, resample_sums(by_photo, scores))


def _as_confusions(
    painted: np.ndarray, hits: np.ndarray, right: np.ndarray, *, true: np.ndarray, pixels: np.ndarray
) -> np.ndarray:
    """What `seg.thresholds.margins.confusions_at` counts, from the numbers it follows from, each (b, E) or (b, 1)."""
    cells = np.zeros((*painted.shape, CLASSES, CLASSES))
    cells[..., BORDER, BORDER], cells[..., BORDER, PET] = hits, true - hits
    cells[..., PET, BORDER], cells[..., PET, PET] = painted - hits, right
    cells[..., PET, BACKGROUND] = pixels - true - (painted - hits) - right
    return cells


def _points(
    resampled: Resampled,
    over_breeds: Resampled | None,
    entries: Mapping[tuple[str, str, str], dict[int, int]],
    shifts: Mapping[tuple[str, str, str], float],
    compared_with: str,
) -> pd.DataFrame:
    rows = []
    for (name, control, point), places in entries.items():
        own = estimate(resampled, places)
        same, start = entries.get((compared_with, control, point)), entries.get((compared_with, "", POINTS[0]))
        from_same = estimate_difference(resampled, places, same) if same else None
        from_start = estimate_difference(resampled, places, start) if start else None
        wide = estimate_difference(over_breeds, places, same) if same and over_breeds else None
        for index, score in enumerate(resampled.scores):
            row = {"configuration": name, "control": control, "point": point, "shift": shifts[name, control, point]}
            row |= {"seeds": len(places), "seeds_in_interval": own.seeds, "score": score}
            row |= cells_of(_INTERVAL, own, index) | cells_of(DIFFERENCE, from_same, index)
            ends = (np.nan, np.nan) if wide is None else (float(wide.low[index]), float(wide.high[index]))
            row |= dict(zip(_OVER_BREEDS, ends, strict=True))
            rows.append(row | cells_of(_FROM_ARGMAX, from_start, index))
    return pd.DataFrame(rows, columns=list(POINT_COLUMNS))


def _acts_like(
    resampled: Resampled,
    entries: Mapping[tuple[str, str, str], dict[int, int]],
    shifts: Mapping[tuple[str, str, str], float],
    shares: Mapping[str, float],
) -> pd.DataFrame:
    rows = []
    for name, share in shares.items():
        like = entries[name, "", "like"]
        moved, differing = estimate(resampled, like), estimate_difference(resampled, entries[name, "", "argmax"], like)
        for index, score in enumerate(resampled.scores):
            row = {"configuration": name, "share": share, "shift": shifts[name, "", "like"], "seeds": len(like)}
            row |= {"score": score, "mean": moved.mean[index]}
            rows.append(row | cells_of(DIFFERENCE, differing, index))
    return pd.DataFrame(rows, columns=list(LIKE_COLUMNS))


def _average_precision(by_seed: Mapping[int, _Way]) -> float:
    return float(np.mean([average_precision(way.scored.sum(axis=0, dtype=np.int64)) for way in by_seed.values()]))


def _curves(ways: Mapping[str, Mapping[int, _Way]]) -> pd.DataFrame:
    names, tables = [score.name for score in with_intervals()], []
    for name, by_seed in ways.items():
        values = [interval_scores(curve(way.scored.sum(axis=0, dtype=np.int64))) for way in by_seed.values()]
        table = pd.DataFrame(np.mean(values, axis=0), columns=names)
        table.insert(0, "shift", SHIFTS)
        table.insert(0, "configuration", name)
        tables.append(table)
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["configuration", "shift", *names])

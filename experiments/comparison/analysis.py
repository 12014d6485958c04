"""The answer from finished runs: scores of each configuration with intervals, near the border, and calibration."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import ClassVar

import numpy as np
import pandas as pd

from experiments.comparison.bootstrap import Resampled, estimate, estimate_difference, resample
from experiments.comparison.calibration import pooled_reliability
from experiments.comparison.configurations import Configuration, baseline, configurations
from experiments.comparison.footing import Footing, shared_footing
from experiments.comparison.operating import Operating, no_operating, operating
from experiments.comparison.outline import accuracy_by_side
from experiments.comparison.photos import breeds
from experiments.comparison.run_scores import run_scores, scores_after
from experiments.store.runs import Run
from experiments.store.scored.margins import read_margins
from experiments.store.scored.photo_scores import confusions, read_images, same_photos
from seg.pets import breed

# of its SegNet after 20 epochs of unweighted cross-entropy at 128 x 128
ARTICLE_PIXEL_ACCURACY = 0.8828


@dataclass(frozen=True)
class Analysis:
    """What `experiments.compare` found out.

    Attributes:
        configurations: of all runs, the one that others are compared with first.
        compared_with: the name of that one; None where no run has unweighted cross-entropy.
        scores: one row a configuration and score: `configuration, loss, seeds, epochs, score, mean, std`
            (over seeds; NaN where one lacks the score, std also of one), and for scores with intervals
            `low, high, difference, difference_low, difference_high`, 95 % intervals, `seeds_in_interval` (how many
            seeds `low` and `high` count over), `difference_seeds` (the seeds that the configuration and the baseline
            both have, over which `difference` is the mean; 0: it is that of the two means) and `p` of the difference.
            An interval of one seed is over photos alone. All as they are stored, so most as fractions. Where the
            footing is not detailed no score has an interval, and each a difference.
        reliability: one row a configuration, kind (`all` pixels by confidence, or by `border_probability`) and bin:
            `configuration, pixels, bin, from, to, count, mean_confidence, accuracy`.
        outline: one row a configuration, edge of the border, side and distance:
            `configuration, edge, side, from, to, pixels, correct, accuracy`.
        photos: how many photos all runs share; None where the footing is not detailed and the runs do not say.
        seeds_counted: whether every interval knows how much seeds differ.
        footing: the one that all scores stand on; where it is not detailed, all tables but `scores` are empty.
        operating: what moving the threshold does.
    """

    INTERVALS: ClassVar = ("low", "high", "difference", "difference_low", "difference_high")
    RESTS_ON: ClassVar = ("seeds_in_interval", "difference_seeds", "p")
    COLUMNS: ClassVar = ("configuration", "loss", "seeds", "epochs", "score", "mean", "std", *INTERVALS, *RESTS_ON)

    configurations: list[Configuration]
    compared_with: str | None
    scores: pd.DataFrame
    reliability: pd.DataFrame
    outline: pd.DataFrame
    photos: int | None
    seeds_counted: bool
    footing: Footing
    operating: Operating

    @property
    def baseline(self) -> Configuration | None:
        """The configuration that others are compared with; None where no run has unweighted cross-entropy."""
        return next((each for each in self.configurations if each.name == self.compared_with), None)

    def score(self, configuration: str, score: str) -> pd.Series:
        """The row of `scores` of that configuration and score."""
        # as arrays: a page asks for a hundred rows
        table = self.scores
        found = (table["configuration"].to_numpy() == configuration) & (table["score"].to_numpy() == score)
        return table.iloc[np.flatnonzero(found)[0]]


def article_accuracy(found: Sequence[Configuration]) -> float | None:
    """The article's pixel accuracy, to be held beside these; None where they were scored on one's own photos."""
    return None if any(run.own_photos for each in found for run in each.runs) else ARTICLE_PIXEL_ACCURACY


def analyse(runs: list[Run], epoch: int | None = None) -> Analysis:
    """What these runs say of their configurations, on the deepest footing that they share.

    Args:
        epoch: the deepest up to there.

    Raises:
        InputError: they share none, or were scored on different photos.
        BadRun: a file is damaged.
    """
    footing = shared_footing(runs, epoch)
    return _by_photo(runs, footing) if footing.detailed else _after_epoch(runs, footing)


def _by_photo(runs: list[Run], footing: Footing) -> Analysis:
    """From scores of single photos, with intervals."""
    found, first = _baseline_first(runs)
    ordered = [run for configuration in found for run in configuration.runs]
    read = [read_images(run) for run in ordered]
    images = same_photos(ordered, read)
    counts = np.stack([confusions(table) for table in images])
    margins = {run.name: read_margins(run, images=table) for run, table in zip(ordered, read, strict=True)}
    entries = _entries(found)
    intervals, seeds_counted = _intervals(resample(counts), entries, compared=first is not None)

    rows, reliability = [], []
    for configuration, places, known in zip(found, entries, intervals, strict=True):
        single = pd.DataFrame([run_scores(ordered[i], images[i], margins[ordered[i].name]) for i in places.values()])
        for score in single:
            rows.append(
                {
                    "configuration": configuration.name,
                    "loss": configuration.loss,
                    "seeds": len(configuration.runs),
                    "epochs": configuration.epochs,
                    "score": score,
                    "mean": single[score].mean(skipna=False),
                    "std": single[score].std(skipna=False),
                    **known.get(str(score), {}),
                }
            )
        table = pooled_reliability(configuration.runs)
        table.insert(0, "configuration", configuration.name)
        reliability.append(table)
    compared_with = None if first is None else first.name
    moved = operating(found, compared_with, images[0].index, margins, breeds(ordered, images[0].index))
    for row in rows:
        if row["score"] == "average_precision" and row["configuration"] in moved.ranking.index:
            row |= moved.ranking.loc[row["configuration"]].to_dict()
    whole = {"seeds_in_interval": "Int64", "difference_seeds": "Int64"}
    return Analysis(
        configurations=found,
        compared_with=compared_with,
        scores=pd.DataFrame(rows, columns=list(Analysis.COLUMNS)).astype(whole),
        reliability=pd.concat(reliability, ignore_index=True),
        outline=accuracy_by_side(found),
        photos=counts.shape[1],
        seeds_counted=seeds_counted,
        footing=replace(footing, photos=counts.shape[1]),
        operating=moved,
    )


def breed_intervals(analysis: Analysis) -> pd.DataFrame:
    """The intervals again with whole breeds drawn instead of photos: wider where photos of a breed are alike.

    Returns:
        One row a configuration and score with intervals: `configuration, score`; `low, high, difference,
        difference_low, difference_high` as in `Analysis.scores`; `times, difference_times`, as how wide as there
        (NaN where that has no width, or counts seeds); `breeds`, how many were drawn.
    """
    images = same_photos([run for configuration in analysis.configurations for run in configuration.runs])
    clusters = [breed(name) for name in images[0].index]
    resampled = resample(np.stack([confusions(table) for table in images]), clusters=clusters)
    compared = analysis.compared_with is not None
    intervals, _ = _intervals(resampled, _entries(analysis.configurations), compared=compared)
    rows = [
        {"configuration": configuration.name, "score": score, **row}
        for configuration, known in zip(analysis.configurations, intervals, strict=True)
        for score, row in known.items()
    ]
    key = ["configuration", "score"]
    wide = pd.DataFrame(rows, columns=[*key, *Analysis.INTERVALS])
    narrow = wide[key].merge(analysis.scores, on=key, how="left")
    for kind, seeds in (("", "seeds_in_interval"), ("difference_", "difference_seeds")):
        width = narrow[f"{kind}high"] - narrow[f"{kind}low"]
        alone = (width > 0) & narrow[seeds].eq(1).fillna(False)  # else both have the noise between seeds
        wide[f"{kind}times"] = (wide[f"{kind}high"] - wide[f"{kind}low"]) / width.where(alone)
    return wide.assign(breeds=len(set(clusters)))


def _entries(found: Sequence[Configuration]) -> list[dict[int, int]]:
    """Of each configuration its seeds, each with the place of its run among all runs, one after another."""
    places = count()
    return [{seed: next(places) for seed in configuration.seeds} for configuration in found]


def _intervals(
    resampled: Resampled, entries: Sequence[dict[int, int]], *, compared: bool
) -> tuple[list[dict[str, dict[str, float]]], bool]:
    """For each configuration, by score, `Analysis.INTERVALS` and `RESTS_ON`; whether all of them count seeds.

    Args:
        compared: whether there are differences: from the first configuration.
    """
    found, seeds = [], []
    for places in entries:
        own = estimate(resampled, places)
        columns: dict[str, np.ndarray] = {"low": own.low, "high": own.high}
        counted = {"seeds_in_interval": own.seeds}
        seeds.append(own.seeds)
        if compared:
            differing = estimate_difference(resampled, places, entries[0])
            columns |= {"difference": differing.mean, "p": differing.p}
            columns |= {"difference_low": differing.low, "difference_high": differing.high}
            counted["difference_seeds"] = differing.seeds_paired
            seeds.append(differing.seeds)
        found.append(
            {
                score: {name: float(values[index]) for name, values in columns.items()} | counted
                for index, score in enumerate(resampled.scores)
            }
        )
    return found, min(seeds) > 1


def _after_epoch(runs: list[Run], footing: Footing) -> Analysis:
    """From the runs' rows of one epoch, of which no photo's scores are kept: without intervals."""
    found, first = _baseline_first(runs)
    tables = [_seeds_after(configuration, footing.epoch) for configuration in found]
    against = None if first is None else tables[0]
    rows = [
        {
            "configuration": configuration.name,
            "loss": configuration.loss,
            "seeds": len(table),
            "epochs": footing.epoch,
            "score": score,
            "mean": table[score].mean(skipna=False),
            "std": table[score].std(skipna=False),
            "difference": np.nan if against is None else _difference(table[score], against[score]),
        }
        for configuration, table in zip(found, tables, strict=True)
        for score in table
    ]
    return Analysis(
        configurations=found,
        compared_with=None if first is None else first.name,
        scores=pd.DataFrame(rows, columns=list(Analysis.COLUMNS)),
        reliability=pd.DataFrame(columns=["configuration", *pooled_reliability([])]),
        outline=accuracy_by_side([]),
        photos=footing.photos,
        seeds_counted=False,
        footing=footing,
        operating=no_operating(),
    )


def _baseline_first(runs: list[Run]) -> tuple[list[Configuration], Configuration | None]:
    """The configurations, and the one that others are compared with, which is the first of them."""
    found = configurations(runs)
    first = baseline(found)
    if first is not None:
        found = [first, *(configuration for configuration in found if configuration is not first)]
    return found, first


def _seeds_after(configuration: Configuration, epoch: int) -> pd.DataFrame:
    """The scores of its runs after that epoch, a row a seed, but each run's own loss: it compares no runs."""
    rows = [scores_after(run, epoch) for run in configuration.runs]
    return pd.DataFrame(rows, index=configuration.seeds).drop(columns="val_loss")


def _difference(scores: pd.Series, others: pd.Series) -> float:
    """The mean of the differences of the seeds that both have; of the means where they share none."""
    common = scores.index.intersection(others.index)
    if len(common):
        return (scores[common] - others[common]).mean(skipna=False)
    return scores.mean(skipna=False) - others.mean(skipna=False)

"""The answer from finished runs: scores of each configuration with intervals, near the border, and calibration."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from experiments.comparison.bootstrap import Intervals, paired_bootstrap
from experiments.comparison.calibration import pooled_reliability
from experiments.comparison.configurations import Configuration, baseline, configurations
from experiments.comparison.footing import Footing, shared_footing
from experiments.comparison.outline import accuracy_by_side
from experiments.comparison.run_scores import run_scores, scores_after
from experiments.store.photo_scores import confusions, same_photos
from experiments.store.runs import Run

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
            `low, high, difference, difference_low, difference_high`, 95 % intervals; all as they are stored,
            so most as fractions. Where the footing is not detailed no score has an interval, and each a difference.
        reliability: one row a configuration, kind (`all` pixels by confidence, or by `border_probability`) and bin:
            `configuration, pixels, bin, from, to, count, mean_confidence, accuracy`.
        outline: one row a configuration, edge of the border, side and distance:
            `configuration, edge, side, from, to, pixels, correct, accuracy`.
        photos: how many photos all runs share; None where the footing is not detailed and the runs do not say.
        seeds_counted: whether the intervals know how much seeds differ.
        footing: the one that all scores stand on; where it is not detailed, reliability and outline are empty.
    """

    INTERVALS: ClassVar = Intervals.COLUMNS
    COLUMNS: ClassVar = ("configuration", "loss", "seeds", "epochs", "score", "mean", "std", *INTERVALS)

    configurations: list[Configuration]
    compared_with: str | None
    scores: pd.DataFrame
    reliability: pd.DataFrame
    outline: pd.DataFrame
    photos: int | None
    seeds_counted: bool
    footing: Footing

    @property
    def baseline(self) -> Configuration | None:
        """The configuration that others are compared with; None where no run has unweighted cross-entropy."""
        return next((each for each in self.configurations if each.name == self.compared_with), None)

    def score(self, configuration: str, score: str) -> pd.Series:
        """The row of `scores` of that configuration and score."""
        table = self.scores
        return table[(table["configuration"] == configuration) & (table["score"] == score)].iloc[0]


def analyse(runs: list[Run]) -> Analysis:
    """What these runs say of their configurations, on the deepest footing that they share.

    Raises:
        InputError: they share none, or were scored on different photos.
        BadRun: a file is damaged.
    """
    footing = shared_footing(runs)
    return _by_photo(runs, footing) if footing.detailed else _after_epoch(runs, footing)


def _by_photo(runs: list[Run], footing: Footing) -> Analysis:
    """From scores of single photos, with intervals."""
    found, first = _baseline_first(runs)
    ordered = [run for configuration in found for run in configuration.runs]
    images = same_photos(ordered)
    counts = np.stack([confusions(table) for table in images])
    ends = np.cumsum([len(configuration.runs) for configuration in found])
    members = [range(end - len(c.runs), end) for end, c in zip(ends, found, strict=True)]
    intervals = paired_bootstrap(counts, members)

    rows, reliability = [], []
    for index, (configuration, where) in enumerate(zip(found, members, strict=True)):
        single = pd.DataFrame([run_scores(ordered[i], images[i]) for i in where])
        for score in single:
            row = {
                "configuration": configuration.name,
                "loss": configuration.loss,
                "seeds": len(configuration.runs),
                "epochs": configuration.epochs,
                "score": score,
                "mean": single[score].mean(skipna=False),
                "std": single[score].std(skipna=False),
            }
            if score in intervals.scores:
                known = intervals.row(index, score)
                row |= {name: value for name, value in known.items() if first is not None or "difference" not in name}
            rows.append(row)
        table = pooled_reliability(configuration.runs)
        table.insert(0, "configuration", configuration.name)
        reliability.append(table)
    return Analysis(
        configurations=found,
        compared_with=None if first is None else first.name,
        scores=pd.DataFrame(rows, columns=list(Analysis.COLUMNS)),
        reliability=pd.concat(reliability, ignore_index=True),
        outline=accuracy_by_side(found),
        photos=counts.shape[1],
        seeds_counted=any(len(configuration.runs) > 1 for configuration in found),
        footing=replace(footing, photos=counts.shape[1]),
    )


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

"""The answer from finished runs: scores of each configuration with intervals, near the border, and calibration."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import torch

from experiments.comparison.bootstrap import paired_bootstrap
from experiments.comparison.configurations import Configuration, baseline, configurations
from experiments.scores import Place, accuracy_within, appearing, calibration_score
from experiments.store.photo_scores import (
    CALIBRATED_PIXELS,
    confusions,
    expected_calibration_error,
    read_bands,
    read_calibration,
    same_photos,
)
from experiments.store.runs import Run
from seg.metrics import confusion_scores

# of its SegNet after 20 epochs of unweighted cross-entropy at 128 x 128
ARTICLE_PIXEL_ACCURACY = 0.8828


@dataclass(frozen=True)
class Analysis:
    """What `experiments.compare` found out.

    Attributes:
        configurations: those with details, the one that others are compared with first.
        compared_with: the name of that one; None where no run has unweighted cross-entropy.
        scores: one row a configuration and score: `configuration, loss, seeds, epochs, score, mean, std`
            (over seeds; NaN where one lacks the score, std also of one), and for scores with intervals
            `low, high, difference, difference_low, difference_high`, 95 % intervals; all as they are stored,
            so most as fractions.
        reliability: one row a configuration, kind of pixels (`all`, `border`) and confidence bin:
            `configuration, pixels, bin, from, to, count, mean_confidence, accuracy`.
        photos: how many photos all runs share.
        seeds_counted: whether the intervals know how much seeds differ.
    """

    INTERVALS: ClassVar = ("low", "high", "difference", "difference_low", "difference_high")
    COLUMNS: ClassVar = ("configuration", "loss", "seeds", "epochs", "score", "mean", "std", *INTERVALS)

    configurations: list[Configuration]
    compared_with: str | None
    scores: pd.DataFrame
    reliability: pd.DataFrame
    photos: int
    seeds_counted: bool

    def score(self, configuration: str, score: str) -> pd.Series:
        """The row of `scores` of that configuration and score."""
        table = self.scores
        return table[(table["configuration"] == configuration) & (table["score"] == score)].iloc[0]


def analyse(runs: list[Run]) -> Analysis:
    """Compare the configurations of runs from their details.

    Raises:
        InputError: the runs were scored on different photos.
        BadRun: a run has no details, or a file is damaged.
    """
    found = configurations(runs)
    first = baseline(found)
    if first is not None:
        found = [first, *(configuration for configuration in found if configuration is not first)]
    ordered = [run for configuration in found for run in configuration.runs]
    images = same_photos(ordered)
    counts = np.stack([confusions(table) for table in images])
    ends = np.cumsum([len(configuration.runs) for configuration in found])
    members = [range(end - len(c.runs), end) for end, c in zip(ends, found, strict=True)]
    intervals = paired_bootstrap(counts, members)

    rows, reliability = [], []
    for index, (configuration, where) in enumerate(zip(found, members, strict=True)):
        single = pd.DataFrame([_scores(ordered[i], images[i]) for i in where])
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
                column = intervals.scores.index(score)
                row |= {"low": intervals.low[index, column], "high": intervals.high[index, column]}
                if first is not None:
                    for name in ("difference", "difference_low", "difference_high"):
                        row[name] = getattr(intervals, name)[index, column]
            rows.append(row)
        reliability.append(_reliability(configuration))
    return Analysis(
        configurations=found,
        compared_with=None if first is None else first.name,
        scores=pd.DataFrame(rows, columns=list(Analysis.COLUMNS)),
        reliability=pd.concat(reliability, ignore_index=True),
        photos=counts.shape[1],
        seeds_counted=any(len(configuration.runs) > 1 for configuration in found),
    )


def _scores(run: Run, images: pd.DataFrame) -> dict[str, float]:
    counts = confusions(images).sum(axis=0)
    bands = {accuracy_within(int(row["band"])): row["accuracy"] for row in read_bands(run).to_dict("records")}
    calibration = read_calibration(run)
    errors = {
        calibration_score(pixels).name: expected_calibration_error(calibration[calibration["pixels"] == pixels])
        for pixels in CALIBRATED_PIXELS
    }
    means = {score.name: images[score.name].mean() for score in appearing(Place.IMAGES)}
    return {**confusion_scores(torch.from_numpy(counts)), **means, **bands, **errors}


def _reliability(configuration: Configuration) -> pd.DataFrame:
    """The reliability table of all runs of a configuration together."""
    tables = [read_calibration(run) for run in configuration.runs]
    keys = ["pixels", "bin", "from", "to"]
    sums = pd.concat(
        table[keys].assign(
            count=table["count"],
            confidence=(table["count"] * table["mean_confidence"]).fillna(0),
            correct=(table["count"] * table["accuracy"]).fillna(0),
        )
        for table in tables
    )
    pooled = sums.groupby(keys, sort=False, as_index=False).sum()
    pooled["mean_confidence"] = pooled["confidence"] / pooled["count"]
    pooled["accuracy"] = pooled["correct"] / pooled["count"]
    pooled = pooled.drop(columns=["confidence", "correct"]).astype({"bin": int, "count": int})
    pooled.insert(0, "configuration", configuration.name)
    return pooled

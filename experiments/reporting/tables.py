"""Scores as tables of text, for the terminal and for Markdown."""

import json
from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from experiments.cli.command_line import markdown_table, text_table
from experiments.comparison.analysis import Analysis
from experiments.comparison.bootstrap import RESAMPLES
from experiments.comparison.footing import Footing, photos_in_words
from experiments.comparison.run_scores import scores_on
from experiments.scores import (
    PER_CENT,
    Place,
    Unit,
    accuracy_within,
    appearing,
    calibration_score,
    tempered,
    with_intervals,
)
from experiments.store.runs import Run
from seg.metrics import BANDS, CALIBRATED, SIDES, SILHOUETTES

CONFIGURATION = "configuration"
# What the outline of each of `seg.metrics.SILHOUETTES` is to the border
EDGES = {"pet": "inner", "pet_and_border": "outer"}
PLAIN_TWO = Unit(scale=1, symbol="", digits=2)


@dataclass(frozen=True)
class Section:
    """A titled table and the notes below it.

    Attributes:
        words: the columns that hold words, aligned to the left.
    """

    title: str
    header: list[str]
    rows: list[list[str]]
    words: Collection[str]
    notes: tuple[str, ...] = ()

    def as_text(self) -> str:
        """The section for the terminal."""
        table = text_table(self.header, self.rows, words=self.words)
        return "\n".join([self.title, "", table, *(["", *self.notes] if self.notes else [])])

    def as_markdown(self, level: int = 2) -> str:
        """The section in Markdown, under a heading of that level."""
        table = markdown_table(self.header, self.rows, words=self.words)
        notes = ["", " ".join(self.notes)] if self.notes else []
        return "\n".join([f"{'#' * level} {self.title}", "", table, *notes])


def json_rows(table: pd.DataFrame) -> list[dict]:
    """The table's rows for JSON, each by column name; NaN, which JSON has not, is None."""
    return json.loads(table.to_json(orient="records", double_precision=10))


def runs_table(runs: list[Run], footing: Footing | None) -> pd.DataFrame:
    """One row a run: what it is, how far it got, and its scores on a footing that all share, as fractions.

    Args:
        footing: None where they share none: a table of unequal scores would be read as a comparison.

    Returns:
        Columns name, loss, seed, epochs, epochs_planned, status, device, epoch_scored, photos_scored (after which and
        of how many photos the scores are; missing where there are none, or the run does not say), then the scores of
        `epochs.csv`, NaN where there is none.

    Raises:
        InputError: the footing is of single photos, and they share none, or a file is damaged.
    """
    scores = [score.name for score in appearing(Place.EPOCHS)]
    rows = [
        {
            "name": run.name,
            "loss": run.loss,
            "seed": run.seed,
            "epochs": run.epochs_trained,
            "epochs_planned": run.epochs_planned,
            "status": run.status,
            "device": run.device_name,
            **_scored(run, footing),
            **{score: known.get(score) for score in scores},
        }
        for run, known in zip(runs, scores_on(footing, runs), strict=True)
    ]
    scored = ["epoch_scored", "photos_scored"]
    columns = ["name", "loss", "seed", "epochs", "epochs_planned", "status", "device", *scored, *scores]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(scored, "Int64") | dict.fromkeys(scores, "float64"))


def _scored(run: Run, footing: Footing | None) -> dict[str, int | None]:
    there = footing is not None and run.epochs_trained >= footing.epoch
    return {"epoch_scored": footing.epoch, "photos_scored": footing.photos} if there else {}


def runs_section(runs: list[Run], footing: Footing | None, notes: tuple[str, ...] = ()) -> Section:
    """A row a run: its scores on a footing that all share, see `runs_table`."""
    shown = appearing(Place.TABLES)
    header = ["run", "loss", "seed", "epochs", "status", "device", *(score.noun + score.unit.suffix for score in shown)]
    rows = [
        [
            row["name"],
            row["loss"],
            str(row["seed"]),
            f"{row['epochs']}/{row['epochs_planned']}",
            row["status"],
            "" if pd.isna(row["device"]) else row["device"],
            *(_number(score.unit, row[score.name]) for score in shown),
        ]
        for row in runs_table(runs, footing).to_dict("records")
    ]
    if footing is not None and footing.holdout:
        notes += ("Scored on photos held out of the training split, not on the test split.",)
    return Section("Runs", header, rows, ("run", "loss", "status", "device"), notes)


def analysis_sections(analysis: Analysis) -> list[Section]:
    """All that an analysis says: the differences, the scores; of single photos also the outline, calibration."""
    differences = [differences_section(analysis)] if analysis.compared_with is not None else []
    if not analysis.footing.detailed:
        return [*differences, scores_section(analysis)]
    by_pixel = [bands_section(analysis)]
    if len(analysis.outline):
        by_pixel.append(sides_section(analysis))
    return [*differences, scores_section(analysis), outline_section(analysis), *by_pixel, calibration_section(analysis)]


def differences_section(analysis: Analysis) -> Section:
    """A row a configuration: how far its scores are from the baseline's, with intervals where there are any."""
    first = analysis.compared_with
    assert first is not None, "nothing to differ from"
    header = [CONFIGURATION, *(score.noun for score in with_intervals())]
    rows = []
    for name in _names(analysis):
        if name != first:
            scores = [analysis.score(name, score.name) for score in with_intervals()]
            rows.append([name, *(_difference(score) for score in scores)])
    if not analysis.footing.detailed:
        notes = ("In points of a per cent, without intervals: what other photos or seeds would change is not known.",)
        return Section(f"Difference from {first}", header, rows, (CONFIGURATION,), notes)
    notes = [
        f"In points of a per cent, with 95 % intervals: a paired bootstrap over {analysis.photos:,} photos, "
        f"{RESAMPLES:,} resamples."
    ]
    if analysis.seeds_counted:
        notes.append("The intervals count how much seeds differ, pooled over the configurations with several.")
    else:
        notes.append(
            "Every configuration has one seed: the intervals say what other photos would change, not what other seeds "
            "would."
        )
    return Section(f"Difference from {first}", header, rows, (CONFIGURATION,), tuple(notes))


def scores_section(analysis: Analysis) -> Section:
    """A row a configuration: the mean of each score over its seeds, with the deviation where there are several."""
    shown, rows = appearing(Place.TABLES), []
    for configuration in analysis.configurations:
        found = [(score.unit, analysis.score(configuration.name, score.name)) for score in shown]
        rows.append(
            [
                configuration.name,
                ", ".join(map(str, configuration.seeds)),
                f"{analysis.footing.epoch}/{configuration.runs[0].epochs_planned}",
                *(_number(unit, row["mean"], row["std"]) for unit, row in found),
            ]
        )
    several = any(len(configuration.runs) > 1 for configuration in analysis.configurations)
    over = photos_in_words(analysis)
    notes = [f"In per cent, over {over}{'; mean ± standard deviation over seeds' if several else ''}."]
    header = [CONFIGURATION, "seeds", "epochs", *(score.noun for score in shown)]
    return Section("Scores", header, rows, (CONFIGURATION, "seeds"), tuple(notes))


def bands_section(analysis: Analysis) -> Section:
    """A row an edge of the true border and configuration: pixel accuracy within bands of growing width around it."""
    rows = []
    for edge, title in EDGES.items():
        for name in _names(analysis):
            means = [analysis.score(name, accuracy_within(band, edge))["mean"] for band in BANDS]
            rows.append([title, name, *(_number(PER_CENT, mean) for mean in means)])
    notes = (
        "Pixel accuracy in per cent at most so many pixels from an edge of the true border (Kohli et al. 2009): the "
        "border is a band, whose inner edge is the pet's outline and whose outer edge that of pet and border.",
    )
    header = ["edge", CONFIGURATION, *(f"{band} px" for band in BANDS)]
    return Section("Accuracy near the border's edges", header, rows, ("edge", CONFIGURATION), notes)


def sides_section(analysis: Analysis) -> Section:
    """A row an edge, side and configuration: pixel accuracy by distance, where the losses differ."""
    table = analysis.outline
    header = ["edge", "side", CONFIGURATION]
    rings = list(dict.fromkeys(table[["from", "to"]].itertuples(index=False, name=None)))
    accuracy = table.set_index(["edge", "side", "configuration", "from", "to"])["accuracy"]
    rows = [
        [EDGES[edge], side, name, *(_number(PER_CENT, accuracy[edge, side, name, *ring]) for ring in rings)]
        for edge in SILHOUETTES
        for side in SIDES
        for name in dict.fromkeys(table["configuration"])
    ]
    notes = ("Pixel accuracy in per cent by distance in pixels from the edge, of all seeds' pixels together.",)
    header += [f"{low:g}–{high:g} px" for low, high in rings]
    return Section("By side of the edge", header, rows, ("edge", "side", CONFIGURATION), notes)


def outline_section(analysis: Analysis) -> Section:
    """A row a configuration: border F1 with a tolerance, and boundary IoU of both outlines."""
    shown = appearing(Place.OUTLINE)
    rows = []
    for name in _names(analysis):
        found = [(score.unit, analysis.score(name, score.name)) for score in shown]
        rows.append([name, *(_number(unit, row["mean"], row["std"]) for unit, row in found)])
    notes = ("In per cent. Within so many pixels: a border pixel counts as right that is so far off.",)
    return Section("Tolerances and outlines", [CONFIGURATION, *(s.noun for s in shown)], rows, (CONFIGURATION,), notes)


def calibration_section(analysis: Analysis) -> Section:
    """A row a configuration: expected calibration error, then the accuracy in each bin of confidence."""
    table = analysis.reliability[analysis.reliability["pixels"] == "all"]
    filled = table[table["count"] > 0].sort_values("bin")
    bins = filled[["from", "to"]].drop_duplicates()
    accuracy = filled.set_index(["configuration", "from"])["accuracy"]
    errors, rows = [calibration_score(pixels) for pixels in CALIBRATED], []
    for name in _names(analysis):
        means = [(PLAIN_TWO, analysis.score(name, "temperature")["mean"])]
        for score in errors:
            means += [(score.unit, analysis.score(name, kind)["mean"]) for kind in (score.name, tempered(score))]
        means += [(PER_CENT, accuracy.get((name, low))) for low in bins["from"]]
        rows.append([name, *(_number(unit, mean) for unit, mean in means)])
    header = [
        CONFIGURATION,
        "temperature",
        *(text for score in errors for text in (score.short, f"{score.short}, at it")),
        *(f"{100 * low:.0f}–{100 * high:.0f}" for low, high in bins.to_numpy()),
    ]
    notes = (
        "Expected calibration error of all pixels by confidence (ECE), and class-wise: by their probability of border, "
        "against how often they are border; both as the network is, and at the temperature that was fitted on training "
        "photos. Then the accuracy of all pixels by the confidence they were predicted with. All errors in per cent; "
        "accuracy above confidence is too little confidence.",
    )
    return Section("Calibration", header, rows, (CONFIGURATION,), notes)


def photos_section(title: str, photos: pd.DataFrame, notes: tuple[str, ...] = ()) -> Section:
    """A row a photo, ranked as they come: text as it is, numbers with three digits."""
    header = ["rank", "photo", *(column.replace("_", " ") for column in photos.columns)]
    rows = []
    for rank, (photo, row) in enumerate(photos.iterrows(), start=1):
        rows.append([str(rank), str(photo), *(cell if isinstance(cell, str) else f"{cell:.3f}" for cell in row)])
    words = [title for title, column in zip(header[2:], photos, strict=True) if photos[column].dtype.kind not in "fi"]
    return Section(title, header, rows, ("photo", *words), notes)


def _names(analysis: Analysis) -> list[str]:
    return [configuration.name for configuration in analysis.configurations]


def _number(unit: Unit, mean: float | None, deviation: float | None = None) -> str:
    """`86.12`, or `86.12 ± 0.05`; an en dash where there is none."""
    numbers = [unit.number(value, undefined="") for value in (mean, deviation)]
    return " ± ".join(number for number in numbers if number) if numbers[0] else "–"


def _difference(score: pd.Series) -> str:
    """A difference in points, with its interval."""
    if pd.isna(score["difference"]):
        return "–"
    value, low, high = (f"{100 * score[name]:+.2f}" for name in ("difference", "difference_low", "difference_high"))
    if pd.isna(score["difference_low"]):
        return value
    return f"{value} [{low}, {high}]"

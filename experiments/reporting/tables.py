"""Scores as tables of text, for the terminal and for Markdown."""

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from experiments.cli.command_line import markdown_table, text_table
from experiments.comparison.analysis import Analysis, breed_intervals
from experiments.comparison.answer.seeds import seeds_of_differences
from experiments.comparison.bootstrap import RESAMPLES
from experiments.comparison.footing import Footing, photos_in_words
from experiments.comparison.run_scores import scores_on
from experiments.scores import Place, appearing, with_intervals
from experiments.store.runs import MASKS, Run
from experiments.units import Unit

CONFIGURATION = "configuration"


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
    if footing is None or run.epochs_trained < footing.epoch:
        return {}
    return {"epoch_scored": footing.epoch, "photos_scored": footing.photos}


def runs_section(runs: list[Run], footing: Footing | None, notes: tuple[str, ...] = ()) -> Section:
    """A row a run: its scores on a footing that all share, see `runs_table`."""
    shown = appearing(Place.TABLES)
    header = ["run", "loss", "seed", "epochs", "status", "device", *(score.noun + score.unit.suffix for score in shown)]
    rows = [
        [
            row["name"],
            row["loss"],
            *(["–"] * 2 if row["status"] == MASKS else [str(row["seed"]), f"{row['epochs']}/{row['epochs_planned']}"]),
            row["status"],
            "" if pd.isna(row["device"]) else row["device"],
            *(number_text(score.unit, row[score.name]) for score in shown),
        ]
        for row in runs_table(runs, footing).to_dict("records")
    ]
    if footing is not None and footing.holdout:
        notes += ("Scored on photos held out of the training split, not on the test split.",)
    return Section("Runs", header, rows, ("run", "loss", "status", "device"), notes)


def differences_section(analysis: Analysis) -> Section:
    """A row a configuration: how far its scores are from the baseline's, with intervals where there are any."""
    first = analysis.compared_with
    assert first is not None, "nothing to differ from"
    header = [CONFIGURATION, *(score.noun for score in with_intervals())]
    rows = []
    for name in names_of(analysis):
        if name != first:
            scores = [analysis.score(name, score.name) for score in with_intervals()]
            rows.append([name, *(difference_text(score) for score in scores)])
    if not analysis.footing.detailed:
        unknown = "In points of a per cent, without intervals: what other photos or seeds would change is not known."
        return Section(f"Difference from {first}", header, rows, (CONFIGURATION,), (unknown,))
    notes = [
        f"In points of a per cent, with 95 % intervals: a paired bootstrap over {analysis.photos:,} photos, "
        f"{RESAMPLES:,} resamples.",
        *seeds_of_differences(analysis),
    ]
    return Section(f"Difference from {first}", header, rows, (CONFIGURATION,), tuple(notes))


def breed_section(analysis: Analysis) -> Section:
    """The intervals with whole breeds drawn instead of photos: a row a configuration, then one a difference."""
    table, scores = breed_intervals(analysis), [score.name for score in with_intervals()]
    found = table.set_index(["configuration", "score"])
    rows = [[name, *(_wider(found.loc[name, score], "", "") for score in scores)] for name in names_of(analysis)]
    first = analysis.compared_with
    for name in names_of(analysis):
        if first not in (None, name):
            cells = (_wider(found.loc[name, score], "difference_", "+") for score in scores)
            rows.append([f"{name}, from {first}", *cells])
            tuned = [row for score in scores if (row := analysis.operating.row(name, score)) is not None]
            if tuned:
                rows.append([f"{name}, from {first}, thresholds tuned", *map(_tuned_wider, tuned)])
    times = table[["times", "difference_times"]].stack().dropna()
    notes = [
        f"95 % intervals in per cent, and in points of the differences, with all photos of {table['breeds'][0]} breeds "
        "drawn breed by breed: photos of a breed are alike, and other breeds would change more than other photos of "
        "these would. After each of one seed, how many times as wide it is as over photos"
        + (f": {times.min():.1f} to {times.max():.1f}." if len(times) else ".")
    ]
    header = [CONFIGURATION, *(score.noun for score in with_intervals())]
    return Section("Intervals over breeds", header, rows, (CONFIGURATION,), tuple(notes))


def scores_section(analysis: Analysis) -> Section:
    """A row a configuration: the mean of each score over its seeds, with the deviation where there are several."""
    shown, rows = appearing(Place.TABLES), []
    for configuration in analysis.configurations:
        found = [(score.unit, analysis.score(configuration.name, score.name)) for score in shown]
        rows.append(
            [
                configuration.name,
                "–" if configuration.of_masks else ", ".join(map(str, configuration.seeds)),
                "–" if configuration.of_masks else f"{analysis.footing.epoch}/{configuration.runs[0].epochs_planned}",
                *(number_text(unit, row["mean"], row["std"]) for unit, row in found),
            ]
        )
    several = any(len(configuration.runs) > 1 for configuration in analysis.configurations)
    over = photos_in_words(analysis)
    notes = [f"In per cent, over {over}{'; mean ± standard deviation over seeds' if several else ''}."]
    header = [CONFIGURATION, "seeds", "epochs", *(score.noun for score in shown)]
    return Section("Scores", header, rows, (CONFIGURATION, "seeds"), tuple(notes))


def photos_section(title: str, photos: pd.DataFrame, notes: tuple[str, ...] = ()) -> Section:
    """A row a photo, ranked as they come: text as it is, numbers with three digits."""
    header = ["rank", "photo", *(column.replace("_", " ") for column in photos.columns)]
    rows = []
    for rank, (photo, row) in enumerate(photos.iterrows(), start=1):
        rows.append([str(rank), str(photo), *(cell if isinstance(cell, str) else f"{cell:.3f}" for cell in row)])
    words = [title for title, column in zip(header[2:], photos, strict=True) if photos[column].dtype.kind not in "fi"]
    return Section(title, header, rows, ("photo", *words), notes)


def names_of(analysis: Analysis) -> list[str]:
    """Of its configurations, the baseline first."""
    return [configuration.name for configuration in analysis.configurations]


def number_text(unit: Unit, mean: float | None, deviation: float | None = None) -> str:
    """`86.12`, or `86.12 ± 0.05`; an en dash where there is none."""
    numbers = [unit.number(value, undefined="") for value in (mean, deviation)]
    return " ± ".join(number for number in numbers if number) if numbers[0] else "–"


def difference_text(row: pd.Series, what: str = "difference") -> str:
    """A difference in points, with its interval, from the columns of that name."""
    if pd.isna(row[what]):
        return "–"
    value, low, high = (f"{100 * row[name]:+.2f}" for name in (what, f"{what}_low", f"{what}_high"))
    if pd.isna(row[f"{what}_low"]):
        return value
    return f"{value} [{low}, {high}]"


def _wider(row: pd.Series, kind: str, sign: str) -> str:
    """`[56.37, 58.67] x 2.7`, an interval and as how wide as the narrower one; of differences, if `kind` says so."""
    return _times_as_wide(row[f"{kind}low"], row[f"{kind}high"], row[f"{kind}times"], sign)


def _tuned_wider(row: pd.Series) -> str:
    """The same of a row of operating points: of the difference from the baseline."""
    width, alone = row["difference_high"] - row["difference_low"], row["difference_seeds"] == 1
    times = (row["breeds_high"] - row["breeds_low"]) / width if alone and width > 0 else float("nan")
    return _times_as_wide(row["breeds_low"], row["breeds_high"], times, "+")


def _times_as_wide(low: float, high: float, times: float, sign: str) -> str:
    if pd.isna(low):
        return "–"
    interval = f"[{100 * low:{sign}.2f}, {100 * high:{sign}.2f}]"
    return interval if pd.isna(times) else f"{interval} x {times:.1f}"

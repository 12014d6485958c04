"""What `experiments.compare` found, in each form in which it is printed or written."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from experiments.cli.program import typed
from experiments.cli.spreadsheets import csv_text
from experiments.comparison.analysis import Analysis, analyse
from experiments.comparison.answer.verdict import verdict
from experiments.comparison.footing import footing_sentence, lacking_details
from experiments.comparison.selection import Selection
from experiments.reporting.content import analysis_content, json_rows
from experiments.reporting.operating_tables import operating_sections
from experiments.reporting.pixel_tables import pixel_sections
from experiments.reporting.tables import (
    Section,
    differences_section,
    photos_section,
    runs_section,
    runs_table,
    scores_section,
)
from experiments.store.runs import Run

SCORE_IT = f"Finish such a run, or score it as it is with `{typed('evaluate')} FOLDER --details`"


@dataclass(frozen=True)
class Output:
    """What a command found: for people as an answer, sections and notes, for programs as one table or as JSON."""

    sections: list[Section]
    notes: list[str]
    table: pd.DataFrame
    content: object
    answer: list[str] = field(default_factory=list)

    def as_text(self) -> str:
        """All of it for the terminal."""
        return "\n\n".join([*self.answer, *(section.as_text() for section in self.sections), *self.notes])

    def formatted(self, kind: str) -> str:
        """All of it as `markdown` or `json`, or its one table as `csv`, as a file holds it."""
        if kind == "markdown":
            return "\n\n".join([*self.answer, *(part.as_markdown() for part in self.sections), *self.notes]) + "\n"
        if kind == "csv":
            return csv_text(self.table)
        return json.dumps(self.content, indent=2) + "\n"


def comparison_output(runs: list[Run], selection: Selection) -> Output:
    """The runs on their common footing, and the analysis of those that were chosen; the others are named.

    Raises:
        InputError: they cannot be compared, or a file is damaged.
    """
    apart = {run.name for run in selection.apart}
    shown, chosen = [run for run in runs if run.name not in apart], selection.chosen
    bare = selection.bare or lacking_details(chosen)
    notes = [f"Without images.csv, so without intervals: {_names(bare)}. {SCORE_IT}."] if bare else []
    notes += [selection.apart_sentence] if apart else []
    content: dict[str, Any] = {"apart": sorted(apart)}
    if not chosen:
        content |= {"runs": json_rows(runs_table(shown, None)), "analysis": None}
        return Output([runs_section(shown, None)], notes, pd.DataFrame(columns=Analysis.COLUMNS), content)
    analysis = analyse(chosen)
    said = footing_sentence(analysis)
    table = runs_section(shown, analysis.footing, (said,) if said else ())
    content |= {"runs": json_rows(runs_table(shown, analysis.footing)), "analysis": analysis_content(analysis)}
    return Output([table, *analysis_sections(analysis)], notes, analysis.scores, content, verdict(analysis))


def analysis_sections(analysis: Analysis) -> list[Section]:
    """All that an analysis says: thresholds, differences, scores; of single photos also the outline, calibration."""
    differences = [differences_section(analysis)] if analysis.compared_with is not None else []
    trained = [*differences, scores_section(analysis)]
    if not analysis.footing.detailed:
        return trained
    return [*operating_sections(analysis), *trained, *pixel_sections(analysis)]


def ranking_output(title: str, photos: pd.DataFrame, shown: int, notes: Iterable[str] = ()) -> Output:
    """The first photos of a ranking of `experiments.comparison.photos`; an empty note is none."""
    photos = without_empty_breeds(photos)
    table, said = photos.head(shown).rename_axis("photo").reset_index(), tuple(note for note in notes if note)
    return Output([photos_section(title, photos.head(shown), said)], [], table, json_rows(table))


def without_empty_breeds(photos: pd.DataFrame) -> pd.DataFrame:
    """A ranking of `experiments.comparison.photos`, without the column of breeds where one's own photos have none."""
    return photos if photos["breed"].any() else photos.drop(columns="breed")


def _names(runs: list[Run]) -> str:
    return ", ".join(run.name for run in runs)

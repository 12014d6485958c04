"""What `experiments.compare` found, in each form in which it is printed or written."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from experiments.comparison.analysis import Analysis, analyse
from experiments.comparison.bootstrap import RESAMPLES
from experiments.comparison.selection import Selection
from experiments.reporting.tables import Section, analysis_sections, json_rows, photos_section, runs_section, runs_table
from experiments.store.runs import Run

SCORE_IT = "Finish such a run, or score it as it is with `python -m experiments.evaluate FOLDER --details`"


@dataclass(frozen=True)
class Output:
    """What a command found: for people as sections and notes, for programs as one table or as JSON."""

    sections: list[Section]
    notes: list[str]
    table: pd.DataFrame
    content: object

    def as_text(self) -> str:
        """All of it for the terminal."""
        return "\n\n".join([*(section.as_text() for section in self.sections), *self.notes])

    def formatted(self, kind: str) -> str:
        """All of it as `markdown` or `json`, or its one table as `csv`, as a file holds it."""
        if kind == "markdown":
            return "\n\n".join([*(section.as_markdown() for section in self.sections), *self.notes]) + "\n"
        if kind == "csv":
            return self.table.to_csv(index=False)
        return json.dumps(self.content, indent=2) + "\n"


def comparison_output(runs: list[Run], selection: Selection) -> Output:
    """The runs, and the analysis of those that can be compared photo by photo.

    Raises:
        InputError: they cannot be compared, or a file is damaged.
    """
    notes = []
    if selection.bare:
        notes.append(f"Without images.csv, so without intervals: {_names(selection.bare)}. {SCORE_IT}.")
    if selection.apart:
        notes.append(f"Scored on other photos, so to be compared apart: {_names(selection.apart)}.")
    content: dict[str, Any] = {"runs": json_rows(runs_table(runs)), "analysis": None}
    if not selection.detailed:
        return Output([runs_section(runs)], notes, pd.DataFrame(columns=Analysis.COLUMNS), content)
    analysis = analyse(selection.detailed)
    content["analysis"] = {
        "compared_with": analysis.compared_with,
        "photos": analysis.photos,
        "resamples": RESAMPLES,
        "seeds_counted": analysis.seeds_counted,
        "scores": json_rows(analysis.scores),
        "reliability": json_rows(analysis.reliability),
    }
    return Output([runs_section(runs), *analysis_sections(analysis)], notes, analysis.scores, content)


def ranking_output(title: str, photos: pd.DataFrame, shown: int, notes: Iterable[str] = ()) -> Output:
    """The first photos of a ranking of `experiments.comparison.photos`; an empty note is none."""
    table, said = photos.head(shown).rename_axis("photo").reset_index(), tuple(note for note in notes if note)
    return Output([photos_section(title, photos.head(shown), said)], [], table, json_rows(table))


def _names(runs: list[Run]) -> str:
    return ", ".join(run.name for run in runs)

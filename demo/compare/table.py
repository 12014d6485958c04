"""The tab's table: what the runs differ in, and their scores on a footing that all share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd

from demo.figures.names import loss_in_words, names_of_runs, sentence_case
from experiments.cli.command_line import latex_table, markdown_table
from experiments.comparison.configurations import configurations
from experiments.comparison.footing import Footing
from experiments.reporting.tables import runs_table
from experiments.scores import Place, appearing
from experiments.store.runs import Run

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

# Options that have a column of their own in any case, by the column's name
OWN_COLUMNS = {"loss": "Loss", "seed": "Seed"}
# Beside the epochs trained, in their column
LEFT_OUT = ("epochs",)
# Half-transparent, for light pages and dark ones
HIGHLIGHT = "background-color: rgba(230, 159, 0, 0.22)"


def differing_options(runs: list[Run]) -> dict[str, list[str]]:
    """The options in which the runs differ, with each run's value in words."""
    options = [run.used_options for run in runs]
    names = dict.fromkeys(name for each in options for name in each)
    values = {name: [_text(each.get(name)) for each in options] for name in names}
    return {name: texts for name, texts in values.items() if len(set(texts)) > 1}


def table(runs: list[Run], footing: Footing | None) -> pd.DataFrame:
    """One row a run: how far it is, the options in which the runs differ, and its scores in per cent.

    Args:
        footing: what the scores stand on; where it is None there are none.

    Raises:
        InputError: the footing is of single photos, and they share none, or a file is damaged.
    """
    numbers, names = runs_table(runs, footing), names_of_runs(configurations(runs))
    columns = {
        "Run": [sentence_case(names[run.name]) for run in runs],
        "Loss": [loss_in_words(run.loss) for run in runs],
        "Seed": numbers["seed"],
        "Epochs": [f"{run.epochs_trained} of {run.epochs_planned}" for run in runs],
        "Status": numbers["status"],
    }
    for name, texts in differing_options(runs).items():
        if name not in (*OWN_COLUMNS, *LEFT_OUT):
            columns[_title(name)] = texts
    for score in appearing(Place.TABLES):
        columns[score.title] = (score.unit.scale * numbers[score.name]).astype(float)
    return pd.DataFrame(columns)


def column_types(shown: pd.DataFrame) -> list[str]:
    """Of each column, so that numbers are sorted as numbers."""
    return ["number" if pd.api.types.is_numeric_dtype(kind) else "str" for kind in shown.dtypes]


def styled_table(runs: list[Run], footing: Footing | None) -> Styler:
    """`table` as it is shown: its unit's decimals, the best of each score in bold, differing options highlighted.

    Empty where there is no value.
    """
    shown = table(runs, footing)
    differing = [OWN_COLUMNS.get(name, _title(name)) for name in differing_options(runs) if name not in LEFT_OUT]
    styler = shown.style
    for score in appearing(Place.TABLES):
        styler = styler.format(precision=score.unit.digits, na_rep="", subset=[score.title])
        if len(runs) > 1 and footing is not None:
            mark = styler.highlight_max if score.higher_is_better else styler.highlight_min
            styler = mark(subset=[score.title], props="font-weight: bold")
    return styler.map(lambda _: HIGHLIGHT, subset=differing) if differing else styler


def written_table(shown: pd.DataFrame) -> dict:
    """What `table` gives as other programs read it: `rows` of text with the header first, `markdown` and `latex`.

    Numbers have the decimals that are shown; a cell without a value is empty.
    """
    digits = {score.title: score.unit.digits for score in appearing(Place.TABLES)}
    rows = [
        [_cell(value, digits.get(column)) for column, value in zip(shown.columns, row, strict=True)]
        for row in shown.itertuples(index=False)
    ]
    header = list(shown.columns)
    words = [name for name, kind in zip(header, column_types(shown), strict=True) if kind == "str"]
    return {
        "rows": [header, *rows],
        "markdown": markdown_table(header, rows, words=words) + "\n",
        "latex": latex_table(header, rows, words=words) + "\n",
    }


def _cell(value: object, digits: int | None) -> str:
    if pd.isna(value):
        return ""
    return str(value) if digits is None else f"{value:.{digits}f}"


def table_label(footing: Footing | None) -> str:
    """What the table is of: `Scores after epoch 8, 368 photos, per cent`."""
    if footing is None:
        return "Runs, without scores that could be compared"
    photos = "" if footing.photos is None else f" {footing.photos:,} photos,"
    return f"Scores after epoch {footing.epoch},{photos} per cent"


def table_note(runs: list[Run], footing: Footing | None) -> str:
    """A sentence on what the table marks."""
    if len(runs) < 2:
        return ""
    same = not any(name not in LEFT_OUT for name in differing_options(runs))
    options = "these runs have the same options" if same else "coloured: options in which these runs differ"
    said = options if footing is None else f"Bold: the best of each score; {options}"
    return f"{said[0].upper()}{said[1:]}."


def _title(option: str) -> str:
    return option.replace("_", " ").capitalize()


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)

"""What became of each true class, as a table for each loss."""

import json
from html import escape

import numpy as np

from demo.analysis import cached_confusion
from demo.figures.component import saves
from demo.figures.names import sentence_case
from demo.figures.styles import Style
from demo.figures.view import per_cent
from experiments.comparison.analysis import Analysis
from experiments.comparison.configurations import Configuration
from seg.pets import CLASS_NAMES

TITLE = "What became of each class"
READING = "Each row is a true class and sums to 100 %: on the diagonal it was found, elsewhere taken for another."


def confusion_tables(analysis: Analysis, styled: dict[str, Style]) -> str:
    """A table of what became of each true class, in per cent of its pixels, for each configuration, as HTML.

    `confusion.js` makes files of what `data-figure` holds: the shares in per cent, None where no pixel is of the class.
    """
    names = [sentence_case(styled[c.runs[0].name].full) for c in analysis.configurations]
    shares = [_shares(configuration) for configuration in analysis.configurations]
    losses = [
        {"name": name, "shares": [[None if np.isnan(x) else round(100 * x, 4) for x in row] for row in each]}
        for name, each in zip(names, shares, strict=True)
    ]
    figure = {"title": TITLE, "reading": READING, "classes": CLASS_NAMES, "losses": losses}
    tables = [_confusion_table(each, name) for each, name in zip(shares, names, strict=True)]
    return (
        f'<figure class="plot" data-figure="{escape(json.dumps(figure))}">'
        f"<figcaption><h3>{TITLE}</h3>{saves(TITLE)}<p>{READING}</p></figcaption>"
        f'<div class="confusions">{"".join(tables)}</div></figure>'
    )


def _shares(configuration: Configuration) -> np.ndarray:
    counts = cached_confusion(configuration)
    with np.errstate(invalid="ignore"):
        return counts / counts.sum(axis=1, keepdims=True)


def _confusion_table(shares: np.ndarray, name: str) -> str:
    rows = []
    for index, (true, row) in enumerate(zip(CLASS_NAMES, shares, strict=True)):
        cells = "".join(
            f'<td class="{"right" if index == column else "wrong"}" style="--share: {np.nan_to_num(share):.4f}">'
            f"{per_cent(share)}</td>"
            for column, share in enumerate(row)
        )
        rows.append(f'<tr><th scope="row">{true}</th>{cells}</tr>')
    header = "".join(f'<th scope="col">{painted}</th>' for painted in CLASS_NAMES)
    return (
        f"<table><caption>{escape(name)}</caption>"
        f'<thead><tr><th scope="col">true ↓ as →</th>{header}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    )

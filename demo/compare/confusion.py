"""What became of each true class, as a table for each loss."""

from html import escape

import numpy as np

from demo.analysis import cached_confusion
from demo.figures.names import sentence_case
from demo.figures.styles import Style
from demo.figures.view import per_cent
from experiments.comparison.analysis import Analysis
from experiments.comparison.configurations import Configuration
from seg.pets import CLASS_NAMES


def confusion_tables(analysis: Analysis, styled: dict[str, Style]) -> str:
    """A table of what became of each true class, in per cent of its pixels, for each configuration, as HTML."""
    tables = [_confusion_table(c, styled[c.runs[0].name].full) for c in analysis.configurations]
    return f'<div class="confusions">{"".join(tables)}</div>'


def _confusion_table(configuration: Configuration, name: str) -> str:
    counts = cached_confusion(configuration)
    with np.errstate(invalid="ignore"):
        shares = counts / counts.sum(axis=1, keepdims=True)
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
        f"<table><caption>{escape(sentence_case(name))}</caption>"
        f'<thead><tr><th scope="col">true ↓ as →</th>{header}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    )

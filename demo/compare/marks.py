"""How losses, shares and points are written in this tab's own HTML: names in the loss's colour, markers, numbers."""

import re
from html import escape

import pandas as pd

from demo.figures.styles import Style
from experiments.comparison.analysis import Analysis
from experiments.comparison.configurations import Configuration

# A name of at most so many letters stays in one line, on a phone too
SHORT = 22


def named(style: Style) -> str:
    """A loss's name, underlined in its colour."""
    kind = "key short" if len(style.name) <= SHORT else "key"
    return f'<b class="{kind}" style="--loss:{style.colour}">{escape(style.name)}</b>'


def marker(style: Style) -> str:
    """A place for the loss's marker, which `scores.js` draws as the figures' legends do."""
    return f'<i class="mark" data-symbol="{style.symbol}" data-colour="{style.colour}" aria-hidden="true"></i>'


def whole(fraction: float) -> str:
    """`80 %`, whose parts stay together; `–` where it is not known."""
    return "–" if pd.isna(fraction) else f"{100 * fraction:.0f}\N{NO-BREAK SPACE}%"


def tenths(fraction: float) -> str:
    """`83.4 %`, whose parts stay together; `–` where it is not known."""
    return "–" if pd.isna(fraction) else f"{100 * fraction:.1f}\N{NO-BREAK SPACE}%"


def signed(points: float) -> str:
    """A difference of fractions in points, `+2.2` or `−2.6`; `0.0` has no sign, `–` where it is not known."""
    if pd.isna(points):
        return "–"
    text = f"{100 * points:+.1f}"
    return "0.0" if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")


def unbroken(text: str) -> str:
    """The text with true minus signs, and numbers that stay with what belongs to them."""
    return re.sub(r"(?<![\w-])-(?=\d)", "\N{MINUS SIGN}", text).replace(" %", "\N{NO-BREAK SPACE}%")


def others(analysis: Analysis) -> list[Configuration]:
    """The configurations that have a difference from the one compared with."""
    return [c for c in analysis.configurations if analysis.compared_with not in (None, c.name)]


def over_which_seeds(analysis: Analysis, configuration: Configuration) -> str:
    """` over seed 0, which both have`, where the difference is not that of the two means; else empty."""
    first = analysis.baseline
    assert first is not None, "nothing to differ from"
    shared = sorted(set(configuration.seeds) & set(first.seeds))
    if not shared or len(shared) == max(len(configuration.seeds), len(first.seeds)):
        return ""
    which = f"seed {shared[0]}" if len(shared) == 1 else f"{len(shared)} seeds"
    return f" over {which}, which both have"

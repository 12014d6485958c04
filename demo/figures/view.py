"""What the page gets of a figure, and what figures have in common: axes, legend, per cent, the article's result."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from demo.figures.names import sentence_case
from demo.figures.styles import Style
from experiments.comparison.analysis import ARTICLE_PIXEL_ACCURACY
from experiments.comparison.configurations import Configuration
from experiments.units import PER_CENT

if TYPE_CHECKING:
    import plotly.graph_objects as go

GREY = "#888888"
ARTICLE = f"article: {100 * ARTICLE_PIXEL_ACCURACY:.2f} %"


@dataclass(frozen=True)
class View:
    """A figure as the page shows it.

    Attributes:
        reading: one sentence that says how to read it.
        description: what it shows, for those who do not see it.
        legend: name, style, and what else the legend says of it.
        hint: what a click does, if anything.
        labels: Plotly's annotations that take the legend's place where there is room for them.
        room: what these need at the right, in pixels.
    """

    title: str
    reading: str
    description: str
    figure: go.Figure
    legend: list[tuple[str, Style, str]] = field(default_factory=list)
    hint: str = ""
    labels: list[dict] = field(default_factory=list)
    room: int = 0

    def as_value(self) -> dict:
        """What `figure.js` draws."""
        figure = json.loads(self.figure.to_json())
        for trace in figure["data"]:
            hover = trace.get("hovertext")
            if hover is not None:
                trace["hovertext"] = list(map(_plain, hover)) if isinstance(hover, list) else _plain(hover)
        return {
            "title": self.title,
            "reading": self.reading,
            "description": self.description,
            "hint": self.hint,
            "labels": [label | {"text": _plain(label["text"])} for label in self.labels],
            "room": self.room,
            "legend": [
                {"name": name, "note": note, "colour": style.colour, "symbol": style.symbol}
                for name, style, note in self.legend
            ],
            "data": figure["data"],
            "layout": {key: value for key, value in figure["layout"].items() if key != "template"},
        }


def _plain(text: str) -> str:
    """As Plotly writes it: of the HTML that it knows a break of the line alone, so that a name is no link."""
    return escape(text, quote=False).replace("&lt;br&gt;", "<br>")


def empty_figure(x_title: str, y_suffix: str = " %") -> go.Figure:
    """A figure of nothing yet: axes in half-transparent grey, for light and dark pages; the page colours text."""
    import plotly.graph_objects as go  # takes long to import, and the app starts without

    axis = {"gridcolor": "rgba(128,128,128,0.25)", "zerolinecolor": "rgba(128,128,128,0.5)", "automargin": True}
    small = {"font": {"size": 12}}
    layout = {
        "margin": {"l": 52, "r": 14, "t": 14, "b": 44},
        "height": 340,
        "showlegend": False,
        "hovermode": "closest",
        "xaxis": {"title": {"text": x_title, "standoff": 6, **small}, **axis},
        "yaxis": {"ticksuffix": y_suffix, "title": small, **axis},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "ui-sans-serif, system-ui, sans-serif", "size": 12},
    }
    return go.Figure(layout=layout)


def legend(found: list[Configuration], styled: dict[str, Style]) -> list[tuple[str, Style, str]]:
    """Name, style and note of each configuration, as `View.legend` holds them."""
    entries = []
    for configuration in found:
        style, seeds = styled[configuration.runs[0].name], len(configuration.runs)
        entries.append((sentence_case(style.name), style, f"mean of {seeds} seeds" if seeds > 1 else ""))
    return entries


def per_cent(value: float | None) -> str:
    """A fraction as it is written in figures, such as `88.3 %`; `–` for None and NaN."""
    return PER_CENT.text(value, 1)


def in_per_cent(values: Iterable[float]) -> list[float | None]:
    """Fractions in per cent; None, which Plotly leaves out, for NaN."""
    return [None if pd.isna(value) else 100 * value for value in values]

"""The scores by epoch as a figure, and what all figures share: names, styles, axes, and what the page gets of them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd
import plotly.graph_objects as go

from experiments.comparison.analysis import ARTICLE_PIXEL_ACCURACY
from experiments.comparison.configurations import Configuration
from experiments.scores import PER_CENT, SCORES
from experiments.store.runs import Run
from seg.losses import LOSSES, loss_colour

DASHES = ("solid", "dash", "dot", "dashdot")
# The first configuration of a loss has the loss's own marker, any other the next free one of these
OTHER_SYMBOLS = (
    "triangle-up",
    "triangle-down",
    "cross",
    "circle-open",
    "square-open",
    "diamond-open",
    "triangle-up-open",
    "triangle-down-open",
    "cross-open",
)
GREY = "#888888"
ARTICLE = f"article: {100 * ARTICLE_PIXEL_ACCURACY:.2f} %"


@dataclass(frozen=True)
class Style:
    """How a configuration looks in every figure."""

    colour: str
    dash: str
    symbol: str


@dataclass(frozen=True)
class View:
    """A figure as the page shows it.

    Attributes:
        reading: one sentence that says how to read it.
        description: what it shows, for those who do not see it.
        legend: name, style, and what else the legend says of it.
        hint: what a click does, if anything.
    """

    title: str
    reading: str
    description: str
    figure: go.Figure
    legend: list[tuple[str, Style, str]] = field(default_factory=list)
    hint: str = ""

    def as_value(self) -> dict:
        """What `figure.js` draws."""
        figure = json.loads(self.figure.to_json())
        return {
            "title": self.title,
            "reading": self.reading,
            "description": self.description,
            "hint": self.hint,
            "legend": [
                {"name": name, "note": note, "colour": style.colour, "symbol": style.symbol}
                for name, style, note in self.legend
            ],
            "data": figure["data"],
            "layout": {key: value for key, value in figure["layout"].items() if key != "template"},
        }


def colour(run: Run) -> str:
    return loss_colour(run.loss)


def score_label(score: str) -> str:
    return SCORES[score].title


def shown_name(configuration: Configuration) -> str:
    """A single run has its own name, several seeds share the configuration's."""
    return configuration.runs[0].name if len(configuration.runs) == 1 else configuration.name


def styles(found: Iterable[Configuration]) -> dict[str, Style]:
    """A style for each run's name: runs of one loss share the colour, those of one configuration all."""
    styled, seen, free = {}, {}, iter(OTHER_SYMBOLS * 100)
    for configuration in found:
        loss = configuration.loss
        index = seen[loss] = seen.get(loss, -1) + 1
        symbol = LOSSES[loss].marker if index == 0 and loss in LOSSES else next(free)
        style = Style(colour(configuration.runs[0]), DASHES[index % len(DASHES)], symbol)
        styled |= dict.fromkeys((run.name for run in configuration.runs), style)
    return styled


def per_cent(value: float | None) -> str:
    return PER_CENT.text(value, 1)


def in_per_cent(values: Iterable[float]) -> list[float | None]:
    """Fractions in per cent; None, which Plotly leaves out, for NaN."""
    return [None if pd.isna(value) else 100 * value for value in values]


def by_epoch(found: list[Configuration], score: str, styled: dict[str, Style]) -> View:
    """One line a configuration, the mean over its seeds after each epoch, in a band from the lowest to the highest."""
    unit, write = SCORES[score].unit, SCORES[score].text
    several = any(len(configuration.runs) > 1 for configuration in found)
    figure, said = go.Figure(layout=layout("Epoch", unit.suffix)), []
    for configuration in found:
        style, name = styled[configuration.runs[0].name], shown_name(configuration)
        table = _by_seed(configuration, score)
        mean, band = table.mean(axis=1, skipna=False), unit.scale * table.dropna()
        if len(configuration.runs) > 1 and not band.empty:
            figure.add_scatter(
                x=[*band.index, *band.index[::-1]],
                y=[*band.min(axis=1), *band.max(axis=1)[::-1]],
                name=f"{name}, lowest to highest seed",
                mode="lines",
                line={"width": 0},
                fill="toself",
                fillcolor=_transparent(style.colour),
                hoverinfo="skip",
            )
        hover = [f"{name}, epoch {epoch}: {write(mean[epoch])}" for epoch in table.index]
        if len(configuration.runs) > 1:
            hover = [
                "<br>".join(
                    [f"{text} on average", *(f"{run}: {write(value)}" for run, value in table.loc[epoch].items())]
                )
                for text, epoch in zip(hover, table.index, strict=True)
            ]
        figure.add_scatter(
            x=table.index.tolist(),
            y=[None if pd.isna(value) else unit.scale * value for value in mean],
            name=name,
            mode="lines+markers",
            line={"color": style.colour, "dash": style.dash, "width": 2},
            marker={"size": 7, "symbol": style.symbol},
            customdata=[_nearest(table.loc[epoch], mean[epoch]) for epoch in table.index],
            hovertext=hover,
            hoverinfo="text",
        )
        known = mean.dropna()
        ends = dict.fromkeys((*known.index[:1], *known.index[-1:]))
        said.append(f"{name}: " + (", ".join(f"{write(known[e])} at epoch {e}" for e in ends) or "no value"))
    if score == "pixel_accuracy":
        figure.add_hline(
            y=100 * ARTICLE_PIXEL_ACCURACY,
            line={"dash": "dot", "width": 2, "color": GREY},
            annotation_text=ARTICLE,
            annotation_position="bottom right",
        )
    figure.update_xaxes(dtick=5 if max((c.epochs for c in found), default=0) > 8 else 1)
    figure.update_yaxes(tickformat="" if unit is PER_CENT else ".2f")
    # what a person zoomed into stays while a run grows
    figure.update_layout(uirevision=score)
    return View(
        title=f"{score_label(score)} by epoch",
        reading=SCORES[score].meaning,
        description="; ".join(said) + ".",
        figure=figure,
        legend=legend(found, styled),
        hint=f"{'Bands span the seeds. ' if several else ''}Click a point to see that epoch's predictions.",
    )


def _by_seed(configuration: Configuration, score: str) -> pd.DataFrame:
    """The score by epoch, one column a run: of the epochs that all have."""
    columns = {}
    for run in configuration.runs:
        columns[run.name] = run.epochs.set_index("epoch")[score]
    return pd.concat(columns, axis=1, join="inner")


def legend(found: list[Configuration], styled: dict[str, Style]) -> list[tuple[str, Style, str]]:
    return [
        (shown_name(c), styled[c.runs[0].name], f"mean of {len(c.runs)} seeds" if len(c.runs) > 1 else "")
        for c in found
    ]


def layout(x_title: str, y_suffix: str = " %") -> dict:
    """Axes in half-transparent grey, which suits light and dark pages; the page colours the text."""
    axis = {"gridcolor": "rgba(128,128,128,0.25)", "zerolinecolor": "rgba(128,128,128,0.5)", "automargin": True}
    return {
        "margin": {"l": 52, "r": 14, "t": 14, "b": 44},
        "height": 340,
        "showlegend": False,
        "hovermode": "closest",
        "xaxis": {"title": {"text": x_title}, **axis},
        "yaxis": {"ticksuffix": y_suffix, **axis},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "ui-sans-serif, system-ui, sans-serif", "size": 12},
    }


def _nearest(scores: pd.Series, mean: float) -> str:
    """The name of the run whose score is nearest to the mean: the one that a click leads to."""
    distance = (scores - mean).abs()
    return str(scores.index[0] if distance.isna().all() else distance.idxmin())


def _transparent(colour: str) -> str:
    red, green, blue = bytes.fromhex(colour[1:])
    return f"rgba({red},{green},{blue},0.18)"

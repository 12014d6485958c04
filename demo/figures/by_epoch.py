"""The scores by epoch: a line a configuration, with a band over its seeds."""

import pandas as pd
import plotly.graph_objects as go

from demo.figures.styles import Style, shown_name
from demo.figures.view import ARTICLE, GREY, View, layout, legend
from experiments.comparison.analysis import ARTICLE_PIXEL_ACCURACY
from experiments.comparison.configurations import Configuration
from experiments.reporting.epoch_marks import how_points_differ, sampled_epochs, side_changes
from experiments.scores import SCORES
from experiments.units import PER_CENT


def by_epoch(found: list[Configuration], score: str, styled: dict[str, Style]) -> View:
    """One line a configuration, the mean over its seeds after each epoch, in a band from the lowest to the highest.

    Marked are the epochs where the network's side changes, and which points are of a sample of the photos (open).
    """
    unit = SCORES[score].unit
    several = any(len(configuration.runs) > 1 for configuration in found)
    figure = go.Figure(layout=layout("Epoch", unit.suffix))
    said = [_add_line(figure, configuration, score, styled[configuration.runs[0].name]) for configuration in found]
    if score == "pixel_accuracy":
        figure.add_hline(
            y=100 * ARTICLE_PIXEL_ACCURACY,
            line={"dash": "dot", "width": 2, "color": GREY},
            annotation_text=ARTICLE,
            annotation_position="bottom right",
        )
    for epoch, mark in side_changes(found, shown_name).items():
        figure.add_vline(
            x=epoch - 0.5,
            line={"width": 1, "color": GREY},
            annotation_text=mark,
            annotation_position="bottom right",
            annotation_font_size=11,
        )
    figure.update_xaxes(dtick=5 if max((c.epochs for c in found), default=0) > 8 else 1)
    figure.update_yaxes(tickformat="" if unit is PER_CENT else ".2f")
    # what a person zoomed into stays while a run grows
    figure.update_layout(uirevision=score)
    return View(
        title=f"{SCORES[score].title} by epoch",
        reading=" ".join([SCORES[score].meaning, *how_points_differ(found, shown_name)]),
        description="; ".join(said) + ".",
        figure=figure,
        legend=legend(found, styled),
        hint=f"{'Bands span the seeds. ' if several else ''}Click a point to see that epoch's predictions.",
    )


def _add_line(figure: go.Figure, configuration: Configuration, score: str, style: Style) -> str:
    """The configuration's line, over its band where it has several seeds; returns both ends in words."""
    scale, write = SCORES[score].unit.scale, SCORES[score].text
    name, table = shown_name(configuration), _by_seed(configuration, score)
    mean, band = table.mean(axis=1, skipna=False), scale * table.dropna()
    sampled = sampled_epochs(configuration)
    hover = [
        f"{name}, epoch {epoch}: {write(mean[epoch])}" + (" of a sample" if epoch in sampled else "")
        for epoch in table.index
    ]
    if len(configuration.runs) > 1:
        hover = [
            "<br>".join([f"{text} on average", *(f"{run}: {write(value)}" for run, value in table.loc[epoch].items())])
            for text, epoch in zip(hover, table.index, strict=True)
        ]
        if not band.empty:
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
    figure.add_scatter(
        x=table.index.tolist(),
        y=[None if pd.isna(value) else scale * value for value in mean],
        name=name,
        mode="lines+markers",
        line={"color": style.colour, "dash": style.dash, "width": 2},
        marker={"size": 7, "symbol": _symbols(style.symbol, [epoch in sampled for epoch in table.index])},
        customdata=[_nearest(table.loc[epoch], mean[epoch]) for epoch in table.index],
        hovertext=hover,
        hoverinfo="text",
    )
    known = mean.dropna()
    ends = dict.fromkeys((*known.index[:1], *known.index[-1:]))
    return f"{name}: " + (", ".join(f"{write(known[e])} at epoch {e}" for e in ends) or "no value")


def _symbols(symbol: str, sampled: list[bool]) -> str | list[str]:
    """Of each point: open where it is of a sample; one whose symbol is open anyway has a dot where it is of all."""
    if not any(sampled):
        return symbol
    sample, whole = (symbol, f"{symbol}-dot") if symbol.endswith("-open") else (f"{symbol}-open", symbol)
    return [sample if each else whole for each in sampled]


def _by_seed(configuration: Configuration, score: str) -> pd.DataFrame:
    """The score by epoch, one column a run: of the epochs that all have."""
    columns = {}
    for run in configuration.runs:
        columns[run.name] = run.epochs.set_index("epoch")[score]
    return pd.concat(columns, axis=1, join="inner")


def _nearest(scores: pd.Series, mean: float) -> str:
    """The name of the run whose score is nearest to the mean: the one that a click leads to."""
    distance = (scores - mean).abs()
    return str(scores.index[0] if distance.isna().all() else distance.idxmin())


def _transparent(colour: str) -> str:
    red, green, blue = bytes.fromhex(colour[1:])
    return f"rgba({red},{green},{blue},0.18)"

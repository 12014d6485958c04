"""The scores by epoch: a line a configuration, with a band over its seeds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from demo.figures.names import sentence_case
from demo.figures.styles import Style
from demo.figures.view import ARTICLE, GREY, View, empty_figure, legend
from experiments.comparison.analysis import article_accuracy
from experiments.comparison.configurations import Configuration
from experiments.reporting.epoch_marks import how_points_differ, sampled_epochs, side_changes
from experiments.scores import SCORES
from experiments.units import PER_CENT

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Epochs from tick to tick, up to so many in all
TICKS = {1: 8, 5: 40, 20: 160, 50: math.inf}
# Of more than these the markers are small
MANY_EPOCHS = 60
# The height of a line of text, in pixels
LINE_OF_TEXT = 14
# Labels at the lines' ends: so many, so many letters, of so many pixels; a line of text as a share of the plot's height
MOST_LABELS = 6
LONGEST_LABEL = 30
LETTER = 7
TEXT_LINE = 0.065


def by_epoch(found: list[Configuration], score: str, styled: dict[str, Style]) -> View:
    """One line a configuration, the mean over its seeds after each epoch, in a band from the lowest to the highest.

    Marked are the epochs where the network's side changes, and which points are of a sample of the photos (open).
    """
    unit = SCORES[score].unit
    several = any(len(configuration.runs) > 1 for configuration in found)
    figure = empty_figure("Epoch", unit.suffix)
    said = [_add_line(figure, configuration, score, styled[configuration.runs[0].name]) for configuration in found]
    labels = _end_labels(found, score, styled)
    article = article_accuracy(found)
    if score == "pixel_accuracy" and article is not None:
        figure.add_hline(
            y=100 * article,
            line={"dash": "dot", "width": 2, "color": GREY},
            annotation_text=ARTICLE,
            annotation_position="bottom right",
        )
    for index, (epoch, mark) in enumerate(side_changes(found, lambda c: styled[c.runs[0].name].name).items()):
        figure.add_vline(
            x=epoch - 0.5,
            line={"width": 1, "color": GREY},
            annotation_text=mark,
            annotation_position="bottom right",
            annotation_font_size=11,
            # beside each other on a phone, too
            annotation_yshift=LINE_OF_TEXT * (index % 2),
        )
    most = max((c.epochs for c in found), default=0)
    figure.update_xaxes(dtick=next(step for step, until in TICKS.items() if most <= until))
    figure.update_yaxes(tickformat="" if unit is PER_CENT else ".2f")
    # what a person zoomed into stays while a run grows
    figure.update_layout(uirevision=score)
    return View(
        title=f"{SCORES[score].title} by epoch",
        reading=" ".join([SCORES[score].meaning, *how_points_differ(found, lambda c: styled[c.runs[0].name].name)]),
        description="; ".join(said) + ".",
        figure=figure,
        legend=legend(found, styled),
        hint=f"{'Bands span the seeds. ' if several else ''}A click or Enter shows that epoch's predictions.",
        labels=labels,
        room=LETTER * max((len(label["text"]) for label in labels), default=0),
    )


def _add_line(figure: go.Figure, configuration: Configuration, score: str, style: Style) -> str:
    """The configuration's line, over its band where it has several seeds; returns both ends in words."""
    scale, write = SCORES[score].unit.scale, SCORES[score].text
    name, table = style.name, _by_seed(configuration, score)
    mean, band = table.mean(axis=1, skipna=False), scale * table.dropna()
    sampled = sampled_epochs(configuration)
    # what the page says of an epoch beside the figure; nothing is written over it
    meta = {"told": [write(value) for value in mean]}
    if len(configuration.runs) > 1:
        meta["seeds"] = [
            ", ".join(f"seed {run.seed} {write(table.loc[epoch, run.name])}" for run in configuration.runs)
            for epoch in table.index
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
        marker={
            "size": 7 if len(table) <= MANY_EPOCHS else 4,
            "symbol": _symbols(style.symbol, [epoch in sampled for epoch in table.index]),
        },
        customdata=_nearest(table, mean),
        meta=meta,
        hoverinfo="none",
    )
    known = mean.dropna()
    ends = dict.fromkeys((*known.index[:1], *known.index[-1:]))
    return f"{sentence_case(style.full)}: " + (", ".join(f"{write(known[e])} at epoch {e}" for e in ends) or "no value")


def _end_labels(found: list[Configuration], score: str, styled: dict[str, Style]) -> list[dict]:
    """Annotations that name each line where it ends, those that end together a line of text apart; none of many."""
    ends = {}
    for configuration in found:
        mean = _by_seed(configuration, score).mean(axis=1, skipna=False).dropna()
        if not mean.empty:
            ends[configuration.runs[0].name] = (int(mean.index[-1]), SCORES[score].unit.scale * mean.iloc[-1], mean)
    left = {c.runs[0].name: "" if c.finished else f", {c.epochs} of {c.runs[0].epochs_planned}" for c in found}
    names = {run: sentence_case(styled[run].name) + left[run] for run in ends}
    if not ends or len(ends) > MOST_LABELS or max(map(len, names.values())) > LONGEST_LABEL:
        return []
    values = pd.concat([mean for _, _, mean in ends.values()]) * SCORES[score].unit.scale
    apart = (values.max() - values.min()) * TEXT_LINE
    labels: list[dict] = []
    taken: list[tuple[int, float]] = []
    for run, (epoch, value, _) in sorted(ends.items(), key=lambda item: item[1][1]):
        lowest = max([at + apart for other, at in taken if other == epoch], default=value)
        taken.append((epoch, max(value, lowest)))
        labels.append(
            {
                "x": epoch,
                "y": taken[-1][1],
                "text": names[run],
                "showarrow": False,
                "xanchor": "left",
                "xshift": 8,
                "font": {"size": 12, "weight": 600},
            }
        )
    return labels


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


def _nearest(table: pd.DataFrame, mean: pd.Series) -> list[str]:
    """At each epoch the name of the run whose score is nearest to the mean: the one that a click leads to."""
    distance = table.sub(mean, axis=0).abs().fillna(math.inf)
    return [str(table.columns[place]) for place in distance.to_numpy().argmin(axis=1)]


def _transparent(colour: str) -> str:
    red, green, blue = bytes.fromhex(colour[1:])
    return f"rgba({red},{green},{blue},0.18)"

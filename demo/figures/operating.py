"""Border recall against precision: each network's whole operating curve, as its border threshold moves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from demo.figures.names import sentence_case
from demo.figures.styles import Style
from demo.figures.view import View, empty_figure, in_per_cent, legend
from experiments.comparison.analysis import Analysis
from experiments.comparison.answer.sentences import listed
from experiments.comparison.configurations import Configuration
from experiments.scores import SCORES

if TYPE_CHECKING:
    import plotly.graph_objects as go

CONTOURS = range(10, 100, 10)
LABELLED = (20, 40, 60, 80)
# Of these the ends are where curves end; in their middles no network is that has learnt anything
IN_THE_MIDDLE = (20, 40)
# How far the slider moves the border's logit, each way
REACH = 2.0
LEAST_RECALL = 0.005
SHIFT_SCORES = ("border_f1", "pixel_accuracy")


def operating_curves(analysis: Analysis, styled: dict[str, Style]) -> View:
    """Each network's curve, a mark where it decides by itself, and an open one that `operating.js` moves along it.

    Where no threshold can be moved there are the marks alone. A curve's points have `[shift, F1, pixel accuracy]` as
    their custom data, in per cent but the shift; the open mark's `meta.along` is the number of its curve's trace.
    """
    figure = empty_figure("")
    curves, said = analysis.operating.curves, []
    _add_contours(figure, () if curves.empty else IN_THE_MIDDLE)
    for configuration in analysis.configurations:
        style = styled[configuration.runs[0].name]
        own = curves[curves["configuration"] == configuration.name]
        if own.empty:
            said.append(_add_mark(figure, analysis, configuration, style))
        else:
            said.append(_add_curve(figure, own, style, analysis.operating.shared[configuration.name]))
    figure.update_xaxes(range=[0, 100], title_text="Recall, %", tick0=0, dtick=25, showgrid=True)
    figure.update_yaxes(range=[0, 100], title_text="Precision, %", tick0=0, dtick=20, ticksuffix="")
    moved = "" if curves.empty else "Along a curve the same network is more or less ready to paint border. "
    return View(
        title="Recall against precision" if curves.empty else "Same network, other threshold",
        reading=f"{moved}Along a dotted line F1 is the same: up and right is better.{_whose_seeds(analysis)}",
        description="; ".join(said) + ".",
        figure=figure,
        # the sentences under the slider have the markers, too
        legend=legend(analysis.configurations, styled) if curves.empty else [],
    )


def _whose_seeds(analysis: Analysis) -> str:
    """A sentence where a curve is not of all seeds, as the other scores are."""
    shared, all_seeds = analysis.operating.shared, {c.name: c.seeds for c in analysis.configurations}
    fewer = [seeds for name, seeds in shared.items() if sorted(seeds) != sorted(all_seeds[name])]
    if not fewer:
        return ""
    return f" Curves are of seed{'' if len(fewer[0]) == 1 else 's'} {listed([str(seed) for seed in sorted(fewer[0])])}."


def _add_contours(figure: go.Figure, in_the_middle: tuple[int, ...]) -> None:
    x: list[float | None] = []
    y: list[float | None] = []
    for percent in CONTOURS:
        # F1 = 2 r p / (r + p) is the hyperbola (r - F1 / 2) (p - F1 / 2) = (F1 / 2)^2
        half = percent / 2
        reach = math.log((100 - half) / half)
        steps = [reach * step / 20 for step in range(-20, 21)]
        x += [*(half + half * math.exp(step) for step in steps), None]
        y += [*(half + half * math.exp(-step) for step in steps), None]
    line = {"color": "rgba(128,128,128,0.5)", "width": 1, "dash": "dot"}
    figure.add_scatter(x=x, y=y, mode="lines", line=line, name="equal F1", hoverinfo="skip")
    for percent in LABELLED:
        middle = percent in in_the_middle
        figure.add_annotation(
            x=percent if middle else 99,
            y=percent if middle else 100 * percent / (200 - percent),
            xanchor="center" if middle else "right",
            yanchor="bottom",
            text=f"F1 {percent}",
            showarrow=False,
            font_size=12,
        )


def _add_curve(figure: go.Figure, table: pd.DataFrame, style: Style, seeds: list[int]) -> str:
    """The curve, the mark at no shift and the one that moves; returns the ends of the slider in words."""
    # where nothing is painted as border there is no precision
    known = table[["border_recall", "border_precision"]].notna().all(axis=1)
    # of next to nothing painted precision is noise
    told = table["border_recall"].ge(LEAST_RECALL) | table["shift"].abs().le(REACH)
    table = table[known & told].sort_values("shift")
    scores = {name: in_per_cent(table[name]) for name in ("border_recall", "border_precision", *SHIFT_SCORES)}
    x, y = scores["border_recall"], scores["border_precision"]
    shifts = [round(float(shift), 1) for shift in table["shift"]]
    custom = [list(row) for row in zip(shifts, *(scores[name] for name in SHIFT_SCORES), strict=True)]
    of = f"seed {seeds[0]}" if len(seeds) == 1 else f"mean of {len(seeds)} seeds"
    hover = [_in_words(f"{sentence_case(style.name)}, {of}", *point) for point in zip(x, y, custom, strict=True)]
    along = len(figure.data)
    common = {"name": style.name, "hoverinfo": "text"}
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        line={"color": style.colour, "dash": style.dash, "width": 2.5},
        customdata=custom,
        hovertext=hover,
        meta={"columns": ["Threshold", *(SCORES[name].title + ", %" for name in SHIFT_SCORES)], "name": style.full},
        **common,
    )
    start = [shifts.index(0.0)] if 0.0 in shifts else []
    at = {"x": [x[i] for i in start], "y": [y[i] for i in start]}
    figure.add_scatter(
        **at,
        mode="markers",
        marker={"color": style.colour, "symbol": style.symbol, "size": 11},
        hovertext=[hover[i] for i in start],
        meta={"left_out": True},
        **common,
    )
    figure.add_scatter(
        **at,
        mode="markers",
        marker={"color": "rgba(0,0,0,0)", "size": 17, "line": {"color": style.colour, "width": 2.5}},
        meta={"along": along, "left_out": True, "symbol": style.symbol},
        name=style.name,
        hoverinfo="skip",
    )
    ends = [shift for shift in (-REACH, 0.0, REACH) if shift in shifts]
    places = [f"{x[i]:.0f} and {y[i]:.0f} % at {shift:+.1f}" for shift in ends for i in [shifts.index(shift)]]
    return f"{sentence_case(style.full)}: recall and precision {', '.join(places)}"


def _in_words(name: str, recall: float | None, precision: float | None, at: list[float | None]) -> str:
    shift, f1, accuracy = at
    where = "as trained" if shift == 0 else f"border threshold {shift:+.1f}"
    found = f"recall {recall:.1f}, precision {precision:.1f}, F1 {f1:.1f}"
    return f"{name}, {where}<br>{found}, pixel accuracy {accuracy:.1f} %"


def _add_mark(figure: go.Figure, analysis: Analysis, configuration: Configuration, style: Style) -> str:
    recall, precision = (
        in_per_cent([analysis.score(configuration.name, f"border_{name}")["mean"]]) for name in ("recall", "precision")
    )
    words = " and ".join("–" if value is None else f"{value:.1f}" for value in (*recall, *precision))
    figure.add_scatter(
        x=recall,
        y=precision,
        name=style.name,
        mode="markers",
        marker={"color": style.colour, "symbol": style.symbol, "size": 11},
        hovertext=[f"{sentence_case(style.full)}: recall and precision {words} %"],
        hoverinfo="text",
    )
    return f"{sentence_case(style.full)}: recall and precision {words} %"

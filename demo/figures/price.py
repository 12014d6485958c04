"""What the border costs: its F1 against pixel accuracy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.figures.intervals import WITHOUT_INTERVALS, error_bars, in_points, with_interval
from demo.figures.styles import Style
from demo.figures.view import ARTICLE, GREY, View, empty_figure, in_per_cent, legend
from experiments.comparison.analysis import Analysis, article_accuracy
from experiments.comparison.configurations import Configuration
from experiments.scores import SCORES

if TYPE_CHECKING:
    import plotly.graph_objects as go


def price(analysis: Analysis, styled: dict[str, Style]) -> View:
    """Border F1 against pixel accuracy: as differences from unweighted cross-entropy where that is there."""
    against = analysis.baseline if len(analysis.configurations) > 1 else None
    accuracy, f1 = (SCORES[name].title for name in ("pixel_accuracy", "border_f1"))
    plain = "" if against is None else styled[against.runs[0].name].name
    figure = empty_figure(accuracy, " points" if against else " %")
    said = _add_points(figure, analysis, styled, "pixel_accuracy", "border_f1", against=against)
    if against:
        style = styled[against.runs[0].name]
        figure.add_scatter(
            x=[0],
            y=[0],
            name=plain,
            mode="markers",
            marker={"color": style.colour, "symbol": style.symbol, "size": 10},
            hovertext=[f"{style.full}: what the others are compared with"],
            hoverinfo="text",
        )
        figure.update_xaxes(title_text=f"{accuracy}, points from {plain}", tickformat="+~f", zeroline=True)
        figure.update_yaxes(title_text=f"{f1}, points", ticksuffix="", tickformat="+~f", zeroline=True)
        reading, crosses = (
            "Up is border F1 gained, left is pixel accuracy paid",
            "a cross that touches a zero line shows no difference.",
        )
    else:
        figure.update_xaxes(ticksuffix=" %")
        figure.update_yaxes(title_text=f1)
        reading, crosses = (
            "Up is a better border, right are more pixels right over the whole photo",
            "crosses are 95 % intervals.",
        )
    extent = [x for trace in figure.data for x in _extent(trace)]
    article = article_accuracy(analysis.configurations)
    if article is not None:
        start = analysis.score(against.name, "pixel_accuracy")["mean"] if against else 0
        extent.append(100 * (article - start))
        figure.add_vline(
            x=extent[-1],
            line={"dash": "dot", "width": 2, "color": GREY},
            annotation_text=ARTICLE,
            annotation_position="bottom left",
            annotation_font_size=11,
        )
    margin = 0.08 * (max(extent) - min(extent) or 1)
    figure.update_xaxes(range=[min(extent) - margin, max(extent) + margin])
    return View(
        title="The price: pixel accuracy against border F1",
        reading=f"{reading}; {crosses if analysis.footing.detailed else WITHOUT_INTERVALS}",
        description=said,
        figure=figure,
        legend=legend(analysis.configurations, styled),
    )


def _add_points(
    figure: go.Figure,
    analysis: Analysis,
    styled: dict[str, Style],
    x: str,
    y: str,
    *,
    against: Configuration | None = None,
) -> str:
    """A point with its intervals for each configuration, or for its difference from another; returns them in words."""
    value, low, high = ("difference", "difference_low", "difference_high") if against else ("mean", "low", "high")
    said = []
    for configuration in analysis.configurations:
        if against and configuration.name == against.name:
            continue
        style = styled[configuration.runs[0].name]
        across, up = (analysis.score(configuration.name, score) for score in (x, y))
        write = in_points if against else with_interval
        texts = [f"{SCORES[score].title} {write(row)}" for score, row in ((x, across), (y, up))]
        figure.add_scatter(
            x=in_per_cent([across[value]]),
            y=in_per_cent([up[value]]),
            error_x=error_bars([across], value, low, high),
            error_y=error_bars([up], value, low, high),
            name=style.name,
            mode="markers",
            marker={"color": style.colour, "symbol": style.symbol, "size": 10},
            hovertext=["<br>".join([f"{style.full}, epoch {analysis.footing.epoch}", *texts])],
            hoverinfo="text",
        )
        said.append(f"{style.full}: {', '.join(texts)}")
    return (f"Against {styled[against.runs[0].name].full}: " if against else "") + "; ".join(said) + "."


def _extent(point: go.Scatter) -> list[float]:
    """How far to the left and to the right a point and its interval reach."""
    if point.x[0] is None:
        return []
    spread = point.error_x
    return [point.x[0] - (spread.arrayminus or (0,))[0], point.x[0] + (spread.array or (0,))[0]]

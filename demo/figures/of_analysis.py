"""Figures of an analysis: scores with intervals, recall against precision, the price, the outline, calibration."""

import math

import pandas as pd
import plotly.graph_objects as go

from demo.figures.by_epoch import (
    ARTICLE,
    GREY,
    Style,
    View,
    in_per_cent,
    layout,
    legend,
    per_cent,
    score_label,
    shown_name,
)
from experiments.comparison.analysis import ARTICLE_PIXEL_ACCURACY, Analysis
from experiments.comparison.configurations import Configuration
from experiments.scores import accuracy_within, calibration_score, with_intervals
from seg.metrics import BANDS

Styles = dict[str, Style]
CONTOURS = range(10, 100, 10)


def final_scores(analysis: Analysis, styled: Styles) -> View:
    """Bars of the scores that have intervals.

    Border recall alone rewards over-painting, so it always stands beside precision, F1 and IoU.
    """
    figure, said = go.Figure(layout=layout("")), []
    for configuration in analysis.configurations:
        name, scores = shown_name(configuration), with_intervals()
        rows = [analysis.score(configuration.name, score.name) for score in scores]
        labels = [score.title for score in scores]
        figure.add_bar(
            x=[label.replace(" ", "<br>") for label in labels],
            y=in_per_cent(row["mean"] for row in rows),
            error_y=_spread(rows, "mean", "low", "high"),
            name=name,
            marker_color=_style(configuration, styled).colour,
            marker_pattern_shape=PATTERNS.get(_style(configuration, styled).dash, ""),
            hovertext=[
                f"{name}, epoch {configuration.epochs}, {label}: {_with_interval(row)}"
                for label, row in zip(labels, rows, strict=True)
            ],
            hoverinfo="text",
        )
        written = [f"{label} {_with_interval(row)}" for label, row in zip(labels, rows, strict=True)]
        said.append(f"{name}: {', '.join(written)}")
    figure.update_layout(barmode="group", bargap=0.25)
    figure.update_yaxes(range=[0, 100])
    # across the bars of pixel accuracy alone: the article says nothing of the others
    figure.add_shape(
        type="line",
        x0=-0.48,
        x1=0.48,
        y0=100 * ARTICLE_PIXEL_ACCURACY,
        y1=100 * ARTICLE_PIXEL_ACCURACY,
        line={"dash": "dot", "width": 2, "color": GREY},
    )
    figure.add_annotation(
        x=0.5, y=100 * ARTICLE_PIXEL_ACCURACY, text=ARTICLE, showarrow=False, xanchor="left", font_size=11
    )
    return View(
        title="Scores after the last epoch",
        reading="Higher is better; the thin line on a bar is its 95 % interval, from other photos"
        + (" and other seeds." if analysis.seeds_counted else " that might have been scored."),
        description="; ".join(said) + ".",
        figure=figure,
        legend=legend(analysis.configurations, styled),
    )


def recall_and_precision(analysis: Analysis, styled: Styles) -> View:
    """Border recall against border precision, with intervals, over lines of equal F1."""
    figure = go.Figure(layout=layout(score_label("border_recall")))
    x, y = [], []
    for percent in CONTOURS:
        # F1 = 2 r p / (r + p) is the hyperbola (r - F1 / 2) (p - F1 / 2) = (F1 / 2)^2
        half = percent / 2
        reach = math.log((100 - half) / half)
        steps = [reach * step / 20 for step in range(-20, 21)]
        x += [half + half * math.exp(step) for step in steps] + [None]
        y += [half + half * math.exp(-step) for step in steps] + [None]
    figure.add_scatter(
        x=x, y=y, mode="lines", line={"color": "rgba(128,128,128,0.4)", "width": 1}, name="equal F1", hoverinfo="skip"
    )
    for percent in CONTOURS[1::2]:
        # at the upper end of each line, where no run of ours is
        figure.add_annotation(
            x=100 * percent / (200 - percent) + 1,
            y=98,
            text=f"F1 {percent}",
            showarrow=False,
            font_size=10,
            xanchor="left",
        )
    said = _add_points(figure, analysis, styled, "border_recall", "border_precision")
    figure.update_xaxes(range=[0, 100], ticksuffix=" %", showgrid=False)
    figure.update_yaxes(range=[0, 102], title=score_label("border_precision"), showgrid=False)
    return View(
        title="Border recall against precision",
        reading="Nearer the upper right corner is better; along a grey line F1 is the same, so recall alone rewards "
        "over-painting.",
        description=said,
        figure=figure,
        legend=legend(analysis.configurations, styled),
    )


def price(analysis: Analysis, styled: Styles) -> View:
    """Border F1 against pixel accuracy: as differences from unweighted cross-entropy where that is there."""
    rivals = [c for c in analysis.configurations if c.name != analysis.compared_with]
    first = next((c for c in analysis.configurations if c.name == analysis.compared_with), None)
    against = first is not None and bool(rivals)
    figure = go.Figure(layout=layout(score_label("pixel_accuracy"), " points" if against else " %"))
    said = _add_points(
        figure, analysis, styled, "pixel_accuracy", "border_f1", against=shown_name(first) if against else ""
    )
    article = 100 * ARTICLE_PIXEL_ACCURACY
    if against:
        article -= 100 * analysis.score(first.name, "pixel_accuracy")["mean"]
        style = _style(first, styled)
        figure.add_scatter(
            x=[0],
            y=[0],
            name=shown_name(first),
            mode="markers",
            marker={"color": style.colour, "symbol": style.symbol, "size": 10},
            hovertext=[f"{shown_name(first)}: what the others are compared with"],
            hoverinfo="text",
        )
        figure.update_xaxes(
            title=f"{score_label('pixel_accuracy')}, points from {shown_name(first)}", tickformat="+~f", zeroline=True
        )
        figure.update_yaxes(title=f"{score_label('border_f1')}, points", ticksuffix="", tickformat="+~f", zeroline=True)
        reading = (
            "Up is border F1 gained, left is pixel accuracy paid; a cross that touches a zero line shows no difference."
        )
    else:
        figure.update_xaxes(ticksuffix=" %")
        figure.update_yaxes(title=score_label("border_f1"))
        reading = "Up is a better border, right are more pixels right over the whole photo; crosses are 95 % intervals."
    extent = [x for trace in figure.data for x in _extent(trace)] + [article]
    margin = 0.08 * (max(extent) - min(extent) or 1)
    figure.update_xaxes(range=[min(extent) - margin, max(extent) + margin])
    figure.add_vline(
        x=article,
        line={"dash": "dot", "width": 2, "color": GREY},
        annotation_text=ARTICLE,
        annotation_position="bottom left",
        annotation_font_size=11,
    )
    return View(
        title="The price: pixel accuracy against border F1",
        reading=reading,
        description=said,
        figure=figure,
        legend=legend(analysis.configurations, styled),
    )


def near_the_outline(analysis: Analysis, styled: Styles) -> View:
    """Pixel accuracy within bands of growing width around the true outline."""
    figure, said = go.Figure(layout=layout("Pixels from the outline, at most")), []
    labels = [f"{band} px" for band in BANDS]
    for configuration in analysis.configurations:
        name, style = shown_name(configuration), _style(configuration, styled)
        values = [analysis.score(configuration.name, accuracy_within(band))["mean"] for band in BANDS]
        figure.add_scatter(
            x=labels,
            y=in_per_cent(values),
            name=name,
            mode="lines+markers",
            line={"color": style.colour, "dash": style.dash, "width": 2},
            marker={"size": 8, "symbol": style.symbol},
            hovertext=[
                f"{name}, epoch {configuration.epochs}, within {label}: {per_cent(value)}"
                for label, value in zip(labels, values, strict=True)
            ],
            hoverinfo="text",
        )
        near = zip(labels, values, strict=True)
        said.append(f"{name}: " + ", ".join(f"{per_cent(value)} within {label}" for label, value in near))
    return View(
        title="Accuracy near the outline",
        reading="Share of pixels right among those at most so far from the pet's true outline, so left is the border.",
        description="; ".join(said) + ".",
        figure=figure,
        legend=legend(analysis.configurations, styled),
    )


def reliability(analysis: Analysis, styled: Styles, pixels: str) -> View:
    """Accuracy against confidence, of `all` or of true `border` pixels, with the expected calibration error."""
    figure = go.Figure(layout=layout("Confidence"))
    figure.add_scatter(
        x=[0, 100],
        y=[0, 100],
        mode="lines",
        line={"color": GREY, "width": 1},
        name="as sure as right",
        hoverinfo="skip",
    )
    table = analysis.reliability[(analysis.reliability["pixels"] == pixels) & (analysis.reliability["count"] > 0)]
    score, entries, said, lowest = calibration_score(pixels), [], [], 100.0
    for configuration in analysis.configurations:
        name, style = shown_name(configuration), _style(configuration, styled)
        bins = table[table["configuration"] == configuration.name]
        error = score.text(analysis.score(configuration.name, score.name)["mean"])
        figure.add_scatter(
            x=in_per_cent(bins["mean_confidence"]),
            y=in_per_cent(bins["accuracy"]),
            name=name,
            mode="lines+markers",
            line={"color": style.colour, "dash": style.dash, "width": 2},
            marker={"size": 7, "symbol": style.symbol},
            hovertext=[
                f"{name}, epoch {configuration.epochs}: {per_cent(row['mean_confidence'])} sure, "
                f"{per_cent(row['accuracy'])} right, {row['count']:,} pixels"
                for row in bins.to_dict("records")
            ],
            hoverinfo="text",
        )
        entries.append((name, style, f"ECE {error}"))
        said.append(f"{name}: expected calibration error {error}")
        lowest = min([lowest, *(100 * bins["mean_confidence"])])
    figure.update_xaxes(range=[max(0, lowest - 4), 101], ticksuffix=" %")
    figure.update_yaxes(range=[0, 102], title="Accuracy")
    return View(
        title=f"Confidence, {'all pixels' if pixels == 'all' else 'true border pixels'}",
        reading="On the diagonal a model is right as often as it is sure, below it too sure; ECE is the mean distance.",
        description="; ".join(said) + ".",
        figure=figure,
        legend=entries,
    )


PATTERNS = {"dash": "/", "dot": ".", "dashdot": "x"}


def _style(configuration: Configuration, styled: Styles) -> Style:
    return styled[configuration.runs[0].name]


def _add_points(figure: go.Figure, analysis: Analysis, styled: Styles, x: str, y: str, *, against: str = "") -> str:
    """A point with its intervals for each configuration, or for its difference from another; returns them in words."""
    value, low, high = ("difference", "difference_low", "difference_high") if against else ("mean", "low", "high")
    said = []
    for configuration in analysis.configurations:
        if against and configuration.name == analysis.compared_with:
            continue
        name, style = shown_name(configuration), _style(configuration, styled)
        across, up = (analysis.score(configuration.name, score) for score in (x, y))
        write = _in_points if against else _with_interval
        texts = [f"{score_label(score)} {write(row)}" for score, row in ((x, across), (y, up))]
        figure.add_scatter(
            x=in_per_cent([across[value]]),
            y=in_per_cent([up[value]]),
            error_x=_spread([across], value, low, high),
            error_y=_spread([up], value, low, high),
            name=name,
            mode="markers",
            marker={"color": style.colour, "symbol": style.symbol, "size": 10},
            hovertext=["<br>".join([f"{name}, epoch {configuration.epochs}", *texts])],
            hoverinfo="text",
        )
        said.append(f"{name}: {', '.join(texts)}")
    return ("Against " + against + ": " if against else "") + "; ".join(said) + "."


def _spread(rows: list[pd.Series], value: str, low: str, high: str) -> dict:
    """Plotly's error bars: distances from the value; none where there is no interval."""
    up, down = ([row[high] - row[value] for row in rows], [row[value] - row[low] for row in rows])
    return {
        "type": "data",
        "symmetric": False,
        "array": [distance or 0 for distance in in_per_cent(up)],
        "arrayminus": [distance or 0 for distance in in_per_cent(down)],
        "thickness": 1.5,
        "width": 4,
    }


def _extent(point: go.Scatter) -> list[float]:
    """How far to the left and to the right a point and its interval reach."""
    if point.x[0] is None:
        return []
    spread = point.error_x
    return [point.x[0] - (spread.arrayminus or (0,))[0], point.x[0] + (spread.array or (0,))[0]]


def _with_interval(row: pd.Series) -> str:
    if pd.isna(row["low"]):
        return per_cent(row["mean"])
    return f"{per_cent(row['mean'])} (95 % interval {100 * row['low']:.1f} to {100 * row['high']:.1f})"


def _in_points(row: pd.Series) -> str:
    value, low, high = (100 * row[name] for name in ("difference", "difference_low", "difference_high"))
    return "–" if pd.isna(value) else f"{value:+.1f} points (95 % interval {low:+.1f} to {high:+.1f})"

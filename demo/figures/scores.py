"""The scores after the epoch compared, with their intervals where there are any."""

import plotly.graph_objects as go

from demo.figures.intervals import WITHOUT_INTERVALS, error_bars, with_interval
from demo.figures.styles import Style, shown_name
from demo.figures.view import ARTICLE, GREY, View, in_per_cent, layout, legend
from experiments.comparison.analysis import ARTICLE_PIXEL_ACCURACY, Analysis
from experiments.scores import with_intervals

PATTERNS = {"dash": "/", "dot": ".", "dashdot": "x"}


def final_scores(analysis: Analysis, styled: dict[str, Style]) -> View:
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
            error_y=error_bars(rows, "mean", "low", "high"),
            name=name,
            marker_color=styled[configuration.runs[0].name].colour,
            marker_pattern_shape=PATTERNS.get(styled[configuration.runs[0].name].dash, ""),
            hovertext=[
                f"{name}, epoch {analysis.footing.epoch}, {label}: {with_interval(row)}"
                for label, row in zip(labels, rows, strict=True)
            ],
            hoverinfo="text",
        )
        written = [f"{label} {with_interval(row)}" for label, row in zip(labels, rows, strict=True)]
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
    known = f"the thin line on a bar is its 95 % interval, from other photos{_seeds(analysis)}."
    return View(
        title=f"Scores after {'the last epoch' if analysis.footing.detailed else f'epoch {analysis.footing.epoch}'}",
        reading=f"Higher is better; {known if analysis.footing.detailed else WITHOUT_INTERVALS}",
        description="; ".join(said) + ".",
        figure=figure,
        legend=legend(analysis.configurations, styled),
    )


def _seeds(analysis: Analysis) -> str:
    """What the intervals are from beside other photos."""
    several = [len(configuration.runs) > 1 for configuration in analysis.configurations]
    if all(several):
        return " and other seeds"
    return " and, where a configuration has several, other seeds" if any(several) else " that might have been scored"

"""How a score is distributed over the photos."""

import numpy as np
import plotly.graph_objects as go

from demo.figures.styles import styles
from demo.figures.view import View, layout
from experiments.comparison.configurations import configurations
from experiments.comparison.photos import photo_scores
from experiments.scores import SCORES
from experiments.store.runs import Run
from experiments.units import PER_CENT

HISTOGRAM_BINS = 40


def distribution(runs: list[Run], score: str) -> View:
    """How many photos have which score, a line a run, all in the same bins.

    Raises:
        BadRun: a run's `images.csv` is missing or damaged.
    """
    columns = {run.name: photo_scores(run)[score].dropna() for run in runs}
    unit, write, label = SCORES[score].unit, SCORES[score].text, SCORES[score].title
    highest = 1.0 if unit is PER_CENT else max(column.quantile(0.995) for column in columns.values())
    edges = np.linspace(0, highest, HISTOGRAM_BINS + 1)
    middles = unit.scale * (edges[:-1] + edges[1:]) / 2
    styled = styles(configurations(runs))
    figure, said = go.Figure(layout=layout(label, "")), []
    for name, column in columns.items():
        counts, _ = np.histogram(column.clip(upper=highest), edges)
        around = [
            f"{name}, around {write(middle / unit.scale)}: {count} photos"
            for middle, count in zip(middles, counts, strict=True)
        ]
        figure.add_scatter(
            x=middles.tolist(),
            y=counts.tolist(),
            name=name,
            mode="lines",
            line={"color": styled[name].colour, "dash": styled[name].dash, "width": 2, "shape": "hvh"},
            hovertext=around,
            hoverinfo="text",
        )
        said.append(f"{name}: half of the photos are below {write(column.median())}")
    figure.update_xaxes(ticksuffix=unit.suffix)
    figure.update_yaxes(title_text="Photos")
    return View(
        title=f"Photos by {label}",
        reading="The height says how many photos have about this score: a hump on the left is a run's hard photos.",
        description="; ".join(said) + ".",
        figure=figure,
        legend=[(name, styled[name], "") for name in columns],
    )

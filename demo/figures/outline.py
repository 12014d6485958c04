"""Accuracy near the inner edge of the true border, where the pet ends."""

from demo.figures.names import sentence_case
from demo.figures.styles import Style
from demo.figures.view import View, empty_figure, in_per_cent, legend, per_cent
from experiments.comparison.analysis import Analysis
from experiments.scores import accuracy_within
from seg.metrics import BANDS


def near_the_outline(analysis: Analysis, styled: dict[str, Style]) -> View:
    """Pixel accuracy within bands of growing width around the border's inner edge."""
    figure, said = empty_figure("Pixels from the border's inner edge, at most"), []
    labels = [f"{band} px" for band in BANDS]
    for configuration in analysis.configurations:
        style = styled[configuration.runs[0].name]
        name = sentence_case(style.name)
        values = [analysis.score(configuration.name, accuracy_within(band, "pet"))["mean"] for band in BANDS]
        figure.add_scatter(
            x=labels,
            y=in_per_cent(values),
            name=name,
            mode="lines+markers",
            line={"color": style.colour, "dash": style.dash, "width": 2},
            marker={"size": 8, "symbol": style.symbol},
            hovertext=[
                f"{name}, epoch {analysis.footing.epoch}, within {label}: {per_cent(value)}"
                for label, value in zip(labels, values, strict=True)
            ],
            hoverinfo="text",
        )
        near = zip(labels, values, strict=True)
        said.append(f"{name}: " + ", ".join(f"{per_cent(value)} within {label}" for label, value in near))
    return View(
        title="Accuracy near the border's inner edge",
        reading="Share of pixels right among those at most so far from the pet's own outline, where the border begins.",
        description="; ".join(said) + ".",
        figure=figure,
        legend=legend(analysis.configurations, styled),
    )

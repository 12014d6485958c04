"""What each configuration gives at every threshold, and where its own threshold is."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.comparison.analysis import Analysis
from experiments.reporting.figure_style import drawn_id, legend, styled
from experiments.scores import SCORES

# Beyond it hardly anything is painted border, or nearly all: the scores say little
SHOWN_RECALL = (0.1, 0.95)


def threshold(analysis: Analysis) -> Figure:
    """Curves over all shifts of the border's logit; open where the network decides, filled where it is tuned."""
    figure = Figure(figsize=(8.4, 4), layout="constrained")
    panels = figure.subplots(1, 2)
    _draw(panels[0], analysis, "border_recall", "border_precision")
    _draw(panels[1], analysis, "pixel_accuracy", "border_f1")
    legend(figure, panels[0])
    return figure


def _draw(axes: Axes, analysis: Analysis, across: str, up: str) -> None:
    curves = analysis.operating.curves
    for configuration, style in styled(analysis):
        name, colour = configuration.name, style["color"]
        curve = curves[curves["configuration"].eq(name) & curves["border_recall"].between(*SHOWN_RECALL)]
        x, y = 100 * curve[across], 100 * curve[up]
        axes.plot(x, y, color=colour, ls=style["dash"], label=name, gid=drawn_id(name, across, up))
        for point, face in (("argmax", "white"), ("tuned", colour)):
            here, there = (analysis.operating.row(name, score, point=point) for score in (across, up))
            if here is not None and there is not None:
                axes.plot(
                    100 * here["mean"],
                    100 * there["mean"],
                    color=colour,
                    marker=style["marker"],
                    mfc=face,
                    ms=7,
                    ls="none",
                    gid=drawn_id(name, point, up),
                )
    axes.set(xlabel=f"{SCORES[across].noun}, %", ylabel=f"{SCORES[up].noun}, %")

"""The figures of RESULTS.md, drawn as SVG with matplotlib (in requirements-dev.txt: the app does without).

What is drawn of data has an id in the file, `drawn-ce-border_f1`: by it a test reads the numbers back from the picture.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.comparison.analysis import ARTICLE_PIXEL_ACCURACY, Analysis
from experiments.comparison.configurations import Configuration
from experiments.reporting.epoch_marks import sampled_epochs, side_changes
from experiments.reporting.figure_style import STYLE, drawn_id, legend, styled
from experiments.scores import SCORES, Place, Score, appearing
from seg.metrics import BANDS, SIDES

# Beyond it hardly anything is painted border, or nearly all: the scores say little
SHOWN_RECALL = (0.1, 0.95)
OUTLINES = {"pet": "The border's inner edge", "pet_and_border": "The border's outer edge"}


def draw_figures(analysis: Analysis, folder: Path) -> list[Path]:
    """Write every figure that this analysis has data for into the folder; the files written."""
    figures: dict[str, Callable[[Analysis], Figure]] = {
        "by-epoch": by_epoch,
        "recall-precision": recall_and_precision,
    }
    if len(analysis.operating.curves):
        figures["threshold"] = threshold
    if len(analysis.outline):
        figures["near-the-outline"] = near_the_outline
    if len(analysis.reliability):
        figures["reliability"] = reliability
    if analysis.compared_with is not None and len(analysis.configurations) > 1:
        figures["price"] = price
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, draw in figures.items():
        path = folder / f"{name}.svg"
        with mpl.rc_context(STYLE):
            draw(analysis).savefig(path, format="svg", metadata={"Date": None, "Creator": None})
        paths.append(path)
    return paths


def by_epoch(analysis: Analysis) -> Figure:
    """The headline scores after each epoch: the mean over seeds, and the range between them.

    Marked are the epochs where the network's side changes, and which points are of a sample of the photos (open).
    """
    figure = Figure(figsize=(8.4, 3.6), layout="constrained")
    scores = appearing(Place.HEADLINE)
    for axes, score in zip(figure.subplots(1, len(scores)), scores, strict=True):
        for configuration, style in styled(analysis):
            _curve(axes, configuration, style, score)
        if score.name == "pixel_accuracy":
            axes.axhline(100 * ARTICLE_PIXEL_ACCURACY, color="grey", ls=":", lw=1.2, gid=drawn_id("article"))
            axes.annotate(
                f"the article, {100 * ARTICLE_PIXEL_ACCURACY:.2f}",
                (1, 100 * ARTICLE_PIXEL_ACCURACY),
                xytext=(0, 3),
                textcoords="offset points",
                color="dimgrey",
                fontsize=8,
            )
        _mark_sides(axes, analysis, score)
        axes.set(xlabel="epoch", title=f"{score.title},{score.unit.suffix}")
        axes.xaxis.get_major_locator().set_params(integer=True)
    legend(figure, axes)
    return figure


def _curve(axes: Axes, configuration: Configuration, style: dict[str, str], score: Score) -> None:
    """The mean over seeds as a line, the range between them as an area, points where some are of a sample."""
    # the untrained model would only stretch the scale
    tables = [run.epochs.set_index("epoch").loc[1:, score.name] for run in configuration.runs]
    common = tables[0].index
    for table in tables[1:]:
        common = common.intersection(table.index)
    values = score.unit.scale * np.stack([table.loc[common].to_numpy() for table in tables])
    name, colour, mean = configuration.name, style["color"], values.mean(axis=0)
    axes.plot(common, mean, color=colour, ls=style["dash"], label=name, gid=drawn_id(name, score.name))
    if len(tables) > 1:
        low, high = values.min(axis=0), values.max(axis=0)
        axes.fill_between(common, low, high, color=colour, alpha=0.2, lw=0, gid=drawn_id(name, score.name, "range"))
    sampled = common.isin(sampled_epochs(configuration))
    for chosen, fill, kind in ((sampled, "white", "sample"), (~sampled, colour, "all")):
        if sampled.any() and chosen.any():
            points: Any = {"marker": style["marker"], "ms": 3.5, "mfc": fill, "mew": 1, "ls": "none", "zorder": 3}
            axes.plot(common[chosen], mean[chosen], color=colour, gid=drawn_id(name, score.name, kind), **points)


def _mark_sides(axes: Axes, analysis: Analysis, score: Score) -> None:
    """An upright line before each epoch from which the network ran at another side."""
    for epoch, mark in side_changes(analysis.configurations, lambda configuration: configuration.name).items():
        axes.axvline(epoch - 0.5, color="grey", lw=0.8, gid=drawn_id("side", str(epoch), score.name))
        axes.annotate(
            mark,
            (epoch - 0.5, 0),  # where the lines are not: scores grow
            xycoords=("data", "axes fraction"),
            xytext=(2, 4),
            textcoords="offset points",
            color="dimgrey",
            fontsize=7,
        )


def recall_and_precision(analysis: Analysis) -> Figure:
    """Border recall against border precision, with intervals, over lines of equal F1."""
    figure = Figure(figsize=(5.6, 5), layout="constrained")
    axes = figure.subplots()
    grid = np.linspace(0.01, 1, 200)
    recall, precision = np.meshgrid(grid, grid)
    lines = axes.contour(
        100 * recall,
        100 * precision,
        100 * 2 * recall * precision / (recall + precision),
        levels=range(10, 100, 10),
        colors="lightgrey",
        linewidths=1,
    )
    axes.clabel(lines, fmt="F1 %d", fontsize=7)
    _points(axes, analysis, "border_recall", "border_precision")
    axes.set(
        xlabel=f"{SCORES['border_recall'].noun}, %",
        ylabel=f"{SCORES['border_precision'].noun}, %",
        xlim=(0, 100),
        ylim=(0, 100),
    )
    axes.grid(visible=False)
    legend(figure, axes)
    return figure


def threshold(analysis: Analysis) -> Figure:
    """Curves over all shifts of the border's logit; open where the network decides, filled where it is tuned."""
    figure = Figure(figsize=(8.4, 4), layout="constrained")
    panels = figure.subplots(1, 2)
    _curves(panels[0], analysis, "border_recall", "border_precision")
    _curves(panels[1], analysis, "pixel_accuracy", "border_f1")
    legend(figure, panels[0])
    return figure


def _curves(axes: Axes, analysis: Analysis, across: str, up: str) -> None:
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


def price(analysis: Analysis) -> Figure:
    """What each configuration gains in border F1 against what it costs in pixel accuracy, with intervals."""
    figure = Figure(figsize=(5.6, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.axhline(0, color="grey", lw=1)
    axes.axvline(0, color="grey", lw=1)
    _points(axes, analysis, "pixel_accuracy", "border_f1", difference=True)
    axes.set(
        xlabel=f"{SCORES['pixel_accuracy'].noun}, points from {analysis.compared_with}",
        ylabel=f"{SCORES['border_f1'].noun}, points",
    )
    legend(figure, axes)
    return figure


def near_the_outline(analysis: Analysis) -> Figure:
    """Pixel accuracy by distance from both edges of the true border, and by side."""
    figure = Figure(figsize=(8.4, 4), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    rings = [f"{low}–{high}" for low, high in zip((0, *BANDS[:-1]), BANDS, strict=True)]
    ticks = [*reversed(rings), *rings]
    for axes, (edge, title) in zip(panels, OUTLINES.items(), strict=True):
        for configuration, style in styled(analysis):
            table = analysis.outline
            chosen = table[table["configuration"].eq(configuration.name) & table["edge"].eq(edge)]
            sides = [100 * chosen.loc[chosen["side"] == side, "accuracy"].to_numpy() for side in SIDES]
            values = [*sides[0][::-1], *sides[1]]
            axes.plot(
                range(len(values)),
                values,
                color=style["color"],
                ls=style["dash"],
                marker=style["marker"],
                ms=5,
                label=configuration.name,
                gid=drawn_id(configuration.name, "accuracy", edge),
            )
        axes.axvline(len(rings) - 0.5, color="grey", lw=1)
        axes.set_xticks(range(len(ticks)), ticks, rotation=45)
        axes.set(xlabel="inside ← pixels from the edge → outside", title=title)
    panels[0].set_ylabel(f"{SCORES['pixel_accuracy'].noun}, %")
    legend(figure, panels[-1])
    return figure


def reliability(analysis: Analysis) -> Figure:
    """How often pixels are right by confidence, and border by their probability of it; on the diagonal they agree."""
    figure = Figure(figsize=(8.4, 4), layout="constrained")
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    titles = {
        "all": ("confidence", "accuracy"),
        "border_probability": ("probability of border", "share that is border"),
    }
    for axes, (pixels, (across, up)) in zip(panels, titles.items(), strict=True):
        axes.plot([0, 100], [0, 100], color="grey", lw=1)
        for configuration, style in styled(analysis):
            table = analysis.reliability
            chosen = table["configuration"].eq(configuration.name) & table["pixels"].eq(pixels) & table["count"].gt(0)
            axes.plot(
                100 * table.loc[chosen, "mean_confidence"],
                100 * table.loc[chosen, "accuracy"],
                color=style["color"],
                ls=style["dash"],
                marker=style["marker"],
                ms=4,
                label=configuration.name,
                gid=drawn_id(configuration.name, "reliability", pixels),
            )
        axes.set(xlabel=f"{across}, %", ylabel=f"{up}, %", xlim=(0, 100), ylim=(0, 100))
    legend(figure, panels[-1])
    return figure


def _points(axes: Axes, analysis: Analysis, x: str, y: str, *, difference: bool = False) -> None:
    value, low, high = ("difference", "difference_low", "difference_high") if difference else ("mean", "low", "high")
    for configuration, style in styled(analysis):
        if difference and configuration.name == analysis.compared_with:
            continue
        across, up = (analysis.score(configuration.name, score) for score in (x, y))
        spread = [[[100 * (row[value] - row[low])], [100 * (row[high] - row[value])]] for row in (across, up)]
        drawn = axes.errorbar(
            100 * across[value],
            100 * up[value],
            xerr=spread[0],
            yerr=spread[1],
            color=style["color"],
            marker=style["marker"],
            ms=6,
            capsize=2,
            lw=1.2,
            ls="none",
            label=configuration.name,
        )
        point, _, bars = drawn.lines
        for part, artist in zip(("", x, y), (point, *bars), strict=True):
            artist.set_gid(drawn_id(configuration.name, part))

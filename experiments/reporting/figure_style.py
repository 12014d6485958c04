"""How the figures of RESULTS.md look: one colour a loss, one marker a configuration."""

import re
from collections.abc import Iterator
from itertools import cycle
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.comparison.analysis import Analysis
from experiments.comparison.configurations import Configuration
from seg.losses import LOSSES, loss_colour

# With the salt the same data gives the same bytes: what is written anew and unchanged is no change to commit
STYLE: Any = {
    "svg.hashsalt": "borderline",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "lines.linewidth": 1.8,
}
# Configurations of one loss share its colour; these tell them apart. The first has its loss's own marker
LOSS_MARKERS = {"circle": "o", "square": "s", "diamond": "D", "star": "*"}
MARKERS = "^vPX<>hpd"
DASHES = ("-", "--", ":", "-.")


def styled(analysis: Analysis) -> Iterator[tuple[Configuration, dict[str, str]]]:
    """Each configuration with its `color`, `dash` and `marker`."""
    seen: dict[str, int] = {}
    free = cycle(MARKERS)
    for configuration in analysis.configurations:
        loss = configuration.loss
        of_loss = seen[loss] = seen.get(loss, -1) + 1
        own = LOSS_MARKERS.get(LOSSES[loss].marker) if of_loss == 0 and loss in LOSSES else None
        yield (
            configuration,
            {
                "color": loss_colour(loss),
                "dash": DASHES[of_loss % len(DASHES)],
                "marker": own or next(free),
            },
        )


def drawn_id(*words: str) -> str:
    """The id of something drawn: `drawn-ce-border_f1`."""
    return "-".join(["drawn", *(re.sub(r"\W+", "-", word).strip("-") for word in words if word)])


def legend(figure: Figure, axes: Axes) -> None:
    """One for the whole figure, below it, of what these axes have drawn."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(3, max(1, len(labels))), fontsize=8)

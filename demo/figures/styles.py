"""What a configuration is called wherever it is shown, and its colour, dash and marker in every figure."""

from collections.abc import Iterable
from dataclasses import dataclass

from experiments.comparison.configurations import Configuration
from seg.losses import LOSSES, loss_colour

DASHES = ("solid", "dash", "dot", "dashdot")
# The first configuration of a loss has the loss's own marker, any other the next free one of these
OTHER_SYMBOLS = (
    "triangle-up",
    "triangle-down",
    "cross",
    "circle-open",
    "square-open",
    "diamond-open",
    "triangle-up-open",
    "triangle-down-open",
    "cross-open",
)


@dataclass(frozen=True)
class Style:
    """How a configuration looks in every figure."""

    colour: str
    dash: str
    symbol: str


def shown_name(configuration: Configuration) -> str:
    """What a configuration is called where it is shown: a single run by its own name, several seeds by its name."""
    return configuration.runs[0].name if len(configuration.runs) == 1 else configuration.name


def styles(found: Iterable[Configuration]) -> dict[str, Style]:
    """A style for each run's name: runs of one loss share the colour, those of one configuration all."""
    styled: dict[str, Style] = {}
    seen: dict[str, int] = {}
    free = iter(OTHER_SYMBOLS * 100)
    for configuration in found:
        loss = configuration.loss
        index = seen[loss] = seen.get(loss, -1) + 1
        symbol = LOSSES[loss].marker if index == 0 and loss in LOSSES else next(free)
        style = Style(loss_colour(loss), DASHES[index % len(DASHES)], symbol)
        styled |= dict.fromkeys((run.name for run in configuration.runs), style)
    return styled

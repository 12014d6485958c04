"""What a configuration is called wherever it is shown, and its colour, dash and marker in every figure."""

from collections.abc import Iterable
from dataclasses import dataclass

from demo.figures.names import names_in_words, with_seeds
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
    """How a configuration looks in every figure, and what it is called there.

    Attributes:
        name: in words, where its neighbours are the other configurations: `class weights`.
        full: the same with its seed or their number, where it stands alone.
    """

    colour: str
    dash: str
    symbol: str
    name: str
    full: str


def styles(found: Iterable[Configuration]) -> dict[str, Style]:
    """A style for each run's name: runs of one loss share the colour, those of one configuration all."""
    styled: dict[str, Style] = {}
    seen: dict[str, int] = {}
    free = iter(OTHER_SYMBOLS * 100)
    found = list(found)
    for configuration, name in zip(found, names_in_words(found), strict=True):
        loss = configuration.loss
        index = seen[loss] = seen.get(loss, -1) + 1
        symbol = LOSSES[loss].marker if index == 0 and loss in LOSSES else next(free)
        full = with_seeds(name, configuration.seeds)
        style = Style(loss_colour(loss), DASHES[index % len(DASHES)], symbol, name, full)
        styled |= dict.fromkeys((run.name for run in configuration.runs), style)
    return styled

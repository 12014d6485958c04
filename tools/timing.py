"""What `tools.benchmark` has measured: a line to read, or JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.benchmarks.side_by_side import Measured


@dataclass(frozen=True)
class Timing:
    """Values of one thing.

    Attributes:
        name: what was measured, with its unit.
        values: one a time; where there are many, the late ones count.
        aim: what is not to be passed; None where nothing is aimed at.
    """

    name: str
    values: Sequence[float]
    aim: float | None = None

    def __str__(self) -> str:
        low, middle, late, high = np.percentile(self.values, [0, 50, 95, 100])
        aim = "" if self.aim is None else f", aim {self.aim:g}"
        if len(self.values) == 1:
            return f"{self.name}: {middle:.3g}{aim}"
        many = f", 95th percentile {late:.3g}" if len(self.values) >= 20 else ""
        return f"{self.name}: median {middle:.3g}{many} ({low:.3g} to {high:.3g}, {len(self.values)} times){aim}"

    def as_json(self) -> dict[str, Any]:
        """The name, the median and the 95th percentile, every value, and the aim."""
        middle, late = np.percentile(self.values, [50, 95])
        told = {"name": self.name, "median": float(middle), "percentile_95": float(late), "aim": self.aim}
        return told | {"values": [float(value) for value in self.values]}


def beside_peer(measured: Measured) -> str:
    """A line on ours beside the peer's."""
    row, peer = measured.row, measured.row.peer
    line = f"{row.path}: {measured.median:.3g} {row.unit}"
    if peer is not None:
        shares = [1 / ratio for ratio in measured.ratios]
        spread = f"{min(shares):.3g} to {max(shares):.3g}, {len(shares)} times"
        line += f", {1 / measured.ratio:.3g} of what {peer.name} takes ({spread}; {peer.settings})"
    return line if row.goal is None else f"{line}, aim {row.goal.said}: {measured.verdict}"

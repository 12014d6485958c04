"""Which threshold of plain cross-entropy each network acts like: the marks along the stage's slider."""

from collections.abc import Sequence

import numpy as np

from demo.analysis import cached_painted_share
from experiments.store.runs import BadRun, Run
from seg.losses import BASELINE
from seg.thresholds.margins import STEPS


def acts_like(runs: Sequence[Run], others: Sequence[Run]) -> dict[str, float]:
    """The shift of the border's logit at which plain cross-entropy paints as much border as each run does, by its name.

    Of training photos, as `experiments.comparison.operating` has it. A run without margins, or of whose network and
    seed no run of plain cross-entropy has any, is left out.

    Args:
        others: where the runs of plain cross-entropy are looked for.
    """
    found = {}
    for run in runs:
        ours = _painted(run)
        known = (_painted(other) for other in others if _is_baseline_of(run, other))
        theirs = next((painted for painted in known if painted is not None), None)
        if ours is not None and theirs is not None:
            found[run.name] = float(STEPS[np.abs(theirs - ours[-STEPS[0]]).argmin()]) / 10
    return found


def _is_baseline_of(run: Run, other: Run) -> bool:
    alike = all(run.info["options"].get(option) == other.info["options"].get(option) for option in ("network", "size"))
    return alike and other.loss == BASELINE and other.seed == run.seed


def _painted(run: Run) -> np.ndarray | None:
    try:
        return cached_painted_share(run)
    except BadRun:  # the tab that compares runs says what is wrong with it
        return None

"""A run with details, and how damage of them is to be told."""

from collections.abc import Callable

import numpy as np
import pytest

from experiments.store.runs import BadRun, Run


@pytest.fixture
def counts(draw_confusions) -> np.ndarray:
    """(6, 3, 3)."""
    return draw_confusions(1, 6)[0]


@pytest.fixture
def run(write_run, counts) -> Run:
    """A finished run with details of six photos, and with a control."""
    return write_run("ce-s0", counts, cross_entropy=np.linspace(0.1, 0.6, 6), controls={"mirrored-renormed": counts})


@pytest.fixture
def refusal() -> Callable[..., str]:
    """`refusal(read, run)`: the one line in which reading ends; it says how to score the run again.

    With `options` after `--details`, those of a control.
    """

    def told(read: Callable[[Run], object], run: Run, *options: str) -> str:
        with pytest.raises(BadRun) as refused:
            read(run)
        text = str(refused.value)
        assert "\n" not in text
        asked = " ".join(["--details", *options])
        assert text.endswith(f": score the run again with `python -m experiments.evaluate {run.folder} {asked}`")
        return text

    return told

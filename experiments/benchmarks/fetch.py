"""Photos read and decoded: how `experiments.benchmark fetch` measures it."""

from collections.abc import Iterator

from experiments.benchmarks.side_by_side import NotMeasured, Row, Setting


def rows(setting: Setting) -> Iterator[Row | NotMeasured]:
    """None yet."""
    return iter(())

"""What intervals show, in words: what they do not show is not said."""

from collections.abc import Mapping, Sequence

import pandas as pd

from experiments.comparison.analysis import Analysis
from experiments.scores import SCORES
from experiments.store.runs import Run

# Seed 0 twice, by 1 thread and by 2, so that nothing but rounding differed; scored on 368 photos
ROUNDING_ALONE = (
    "Two runs of `weighted` with one seed that differed in rounding alone (one thread or two) had a border F1 of 59.4 "
    "and 46.4 % and a pixel accuracy of 83.7 and 71.5 % after epoch 19, on a sample of 368 photos"
)


def change_in_words(row: Mapping[str, float] | pd.Series, score: str, what: str = "difference") -> str:
    """`border F1 rises by 6.9 points (95 % interval 6.5 to 7.2)`, or that no difference was found.

    Args:
        row: with the columns of that name, `..._low` and `..._high`, as fractions.
        what: `difference`, or `from_argmax`.
    """
    noun = SCORES[score].noun
    value, low, high = (100 * row[name] for name in (what, f"{what}_low", f"{what}_high"))
    if pd.isna(value):
        return f"{noun} is not known"
    if pd.isna(low):
        return f"{noun} {'rises' if value > 0 else 'falls'} by {abs(value):.1f} points"
    if low > 0:
        return f"{noun} rises by {value:.1f} points (95 % interval {low:.1f} to {high:.1f})"
    if high < 0:
        return f"{noun} falls by {-value:.1f} points (95 % interval {-high:.1f} to {-low:.1f})"
    return f"no difference found in {noun} (95 % interval {low:+.1f} to {high:+.1f} points)"


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def seeds_in_words(analysis: Analysis) -> str:
    """What the answer rests on: how many seeds, and what one alone cannot tell."""
    trained = [c for c in analysis.configurations if not c.of_masks]
    several = {c.name: len(c.runs) for c in trained if len(c.runs) > 1}
    single = [f"`{c.name}`" for c in trained if len(c.runs) == 1]
    parts = [f"{count} seeds of `{name}`" for name, count in several.items()]
    if not single:
        return f"It rests on {listed(parts)}{_compared_seeds(analysis)}."
    parts += [f"one seed each of {listed(single)}" if len(single) > 1 else f"one seed of {single[0]}"]
    said = (
        f"It rests on {listed(parts)}{_compared_seeds(analysis)}; where a side has one seed, an interval is over other "
        "photos alone, and says something of these networks, not of the losses."
    )
    # what rounding alone changes was measured on the dataset's photos
    own = analysis.footing.own_border is not None
    return said if own else f"{said} {ROUNDING_ALONE}{wander_in_words(analysis)}."


def _compared_seeds(analysis: Analysis) -> str:
    """Over which seeds thresholds are compared, where some have others as well; else empty."""
    shared = {seed for seeds in analysis.operating.shared.values() for seed in seeds}
    if not shared or all(set(c.seeds) == shared for c in analysis.configurations if not c.of_masks):
        return ""
    return (
        f" (thresholds are compared over {'seed' if len(shared) == 1 else 'seeds'} {listed(sorted(map(str, shared)))})"
    )


def wander_in_words(analysis: Analysis) -> str:
    """How far the baseline's border F1 wanders from epoch to epoch, as a sentence ends; empty where nothing tells."""
    first = analysis.baseline
    if first is None:
        return ""
    epochs, deviation = wander(first.runs[0], "border_f1")
    if len(epochs) < 3:
        return ""
    run = first.runs[0]
    photos = run.photos_scored_at(epochs[0])
    of = f", on {photos:,} photos" if photos else ""
    return (
        f"; and from epoch to epoch of one side ({run.network_side(epochs[0])}) and learning rate, {epochs[0]} to "
        f"{epochs[-1]}, the border F1 of `{run.name}` has a standard deviation of {100 * deviation:.1f} points{of}"
    )


def wander(run: Run, score: str) -> tuple[list[int], float]:
    """The longest stretch of epochs of one side and learning rate, the later of equals; the score's deviation in it."""
    trained = run.epochs[run.epochs["epoch"] > 0]
    side = trained["epoch"].map(run.network_side)
    stretches = trained.groupby([side.rename("side"), trained["learning_rate"].rename("rate")], sort=False)
    longest = max((group for _, group in stretches), key=lambda group: (len(group), group["epoch"].max()), default=None)
    if longest is None:
        return [], float("nan")
    return [int(epoch) for epoch in longest["epoch"]], float(longest[score].std())

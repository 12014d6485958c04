"""How many seeds the intervals rest on, in words."""

from experiments.comparison.analysis import Analysis
from experiments.scores import with_intervals

PHOTOS_ALONE = "the intervals say what other photos would change, not what other seeds would"


def seeds_of_scores(analysis: Analysis) -> str:
    """What the scores' intervals are of, to follow "of other": `photos and, where there are several, seeds: ...`."""
    counted = {configuration.name: _seeds(analysis, configuration.name)[0] for configuration in analysis.configurations}
    if max(counted.values()) == 1:
        return "photos, not seeds: each configuration has one"
    where = "" if min(counted.values()) > 1 else ", where there are several,"
    return f"photos and{where} seeds: {', '.join(f'{seeds} of `{name}`' for name, seeds in counted.items())}"


def seeds_of_differences(analysis: Analysis) -> list[str]:
    """Sentences: over which seeds each difference is the mean, and whether its interval counts them."""
    first = analysis.compared_with
    seeds = {configuration.name: _seeds(analysis, configuration.name) for configuration in analysis.configurations}
    if max(own for own, _ in seeds.values()) == 1:
        return [f"Every configuration has one seed: {PHOTOS_ALONE}."]
    groups: dict[tuple[int, bool], list[str]] = {}
    for name, (_, both) in seeds.items():
        if name != first:
            groups.setdefault((both, difference_counts_seeds(analysis, name)), []).append(f"`{name}`")
    sentences = []
    for (both, counted), names in groups.items():
        if both > 1:
            said = f"the mean over the {both} seeds shared with `{first}`; the intervals count how much seeds differ"
        elif both == 1:
            said = f"one seed shared with `{first}`: {PHOTOS_ALONE}"
        elif counted:
            said = f"no seed shared with `{first}`, so from mean to mean; the intervals count how much seeds differ"
        else:
            said = f"no seed shared with `{first}`, and a side has one alone: {PHOTOS_ALONE}"
        sentences.append(f"{', '.join(names)}: {said}.")
    return sentences


def difference_counts_seeds(analysis: Analysis, configuration: str) -> bool:
    """Whether the intervals of its differences know how much seeds differ."""
    first = analysis.compared_with
    assert first is not None, "nothing to differ from"
    own, both = _seeds(analysis, configuration)
    return both > 1 or (both == 0 and min(own, _seeds(analysis, first)[0]) > 1)


def _seeds(analysis: Analysis, configuration: str) -> tuple[int, int]:
    """The seeds that the intervals of its scores count over, and those it shares with the baseline."""
    row = analysis.score(configuration, with_intervals()[0].name)
    own, both = row["seeds_in_interval"], row["difference_seeds"]
    return int(own), 0 if analysis.compared_with is None else int(both)

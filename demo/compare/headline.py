"""The verdict's first sentences: what share of the border each loss finds, and how much it paints that is none."""

from dataclasses import dataclass

import pandas as pd

from demo.compare.marks import named, whole
from demo.figures.names import sentence_case
from demo.figures.styles import Style
from experiments.comparison.analysis import Analysis
from experiments.comparison.answer.seeds import difference_counts_seeds
from experiments.comparison.configurations import Configuration

# Of the losses beside the one that finds most, so many have a sentence
MOST_OTHERS = 2
# Without intervals two shares are told apart from here on
APART = 0.005
# With intervals, what lies within so much on both sides is about as much; a wider one is not known
ALIKE = 0.02


@dataclass(frozen=True)
class _Found:
    """A configuration, its name as HTML, its border recall and precision, and their differences.

    Attributes:
        more_found: 1 more, -1 less, 0 about as much as the baseline; None where the interval is too wide to tell.
        more_right: the same of what is painted as border.
        few: what there are too few of where it cannot be told, seeds or photos.
    """

    name: str
    plain: bool
    recall: float
    precision: float
    more_found: int | None
    more_right: int | None
    few: str


def headline(analysis: Analysis, styled: dict[str, Style]) -> str:
    """The sentences as HTML, the losses' names underlined in their colours."""
    found = [_found(analysis, configuration, styled) for configuration in analysis.configurations]
    first, rest = found[0], found[1:]
    after = _after(analysis)
    if not rest:
        return f"{_begin(after, first)} finds <b>{whole(first.recall)}</b> of the border{_alone(first)}."
    if analysis.baseline is None:
        said = [f"{_begin(after, first)} finds <b>{whole(first.recall)}</b> of the border{_alone(first)}."]
        return " ".join([*said, *_others(rest)])
    rest = sorted(rest, key=lambda each: each.recall, reverse=True)
    return " ".join([_against(rest[0], first, after), _precision(rest[0], first), *_others(rest[1:])])


def _found(analysis: Analysis, configuration: Configuration, styled: dict[str, Style]) -> _Found:
    style = styled[configuration.runs[0].name]
    seeds = {tuple(each.seeds) for each in analysis.configurations}
    # which one is meant where others have several
    seed = f" <small>(seed {configuration.seeds[0]})</small>" if len(seeds) > 1 and len(configuration.runs) == 1 else ""
    recall, precision = (analysis.score(configuration.name, f"border_{score}") for score in ("recall", "precision"))
    return _Found(
        named(style) + seed,
        configuration.name == analysis.compared_with,
        recall["mean"],
        precision["mean"],
        _direction(recall),
        _direction(precision),
        few_of(analysis, configuration),
    )


def few_of(analysis: Analysis, configuration: Configuration) -> str:
    """What there would have to be more of to tell a difference from the baseline that its interval cannot."""
    compared = analysis.compared_with not in (None, configuration.name)
    compared = compared and analysis.footing.detailed
    return "seeds" if compared and difference_counts_seeds(analysis, configuration.name) else "photos"


def _direction(row: pd.Series) -> int | None:
    """1 where the score is higher than the baseline's, -1 lower, 0 about as high; None where nobody can tell."""
    difference, low, high = (row[name] for name in ("difference", "difference_low", "difference_high"))
    if pd.isna(difference):
        return 0
    if pd.isna(low):
        return 0 if abs(difference) < APART else 1 if difference > 0 else -1
    if low > 0 or high < 0:
        return 1 if low > 0 else -1
    return 0 if max(-low, high) <= ALIKE else None


def _after(analysis: Analysis) -> str:
    """`after epoch 8`, where a run has trained further or is to; empty where all have ended there."""
    epoch = analysis.footing.epoch
    ended = all(c.finished and c.epochs == epoch for c in analysis.configurations)
    return "" if ended else f"after epoch {epoch} "


def _begin(after: str, found: _Found) -> str:
    return sentence_case(f"{after}the network trained with {found.name}")


def _against(one: _Found, first: _Found, after: str) -> str:
    if one.more_found is None:
        shares = f"<b>{whole(one.recall)}</b> of the border, with {first.name} <b>{whole(first.recall)}</b>"
        return f"{_begin(after, one)} finds {shares}, but so few {one.few} do not show that the loss is why."
    how = {1: "more of the border than", 0: "about as much of the border as", -1: "less of the border than"}
    shares = f"<b>{whole(one.recall)} against {whole(first.recall)}</b>"
    return f"{_begin(after, one)} finds {how[one.more_found]} with {first.name}: {shares}."


def _precision(one: _Found, first: _Found) -> str:
    """What the border found costs in border painted where there is none."""
    if pd.isna(one.precision) or pd.isna(first.precision):
        painter = one if pd.isna(one.precision) else first
        return f"With {painter.name} nothing at all is painted as border."
    wrong, theirs = whole(1 - one.precision), whole(1 - first.precision)
    if one.more_right is None:
        unsure = "is as unsure" if one.more_found is None else f"so few {one.few} do not show to be the loss's doing"
        return f"Of what it paints {wrong} is not border, with {first.name} {theirs}, which {unsure}."
    good, bad = one.more_right > 0, one.more_right < 0
    rather = "But" if (bad and (one.more_found or 0) >= 0) or (good and (one.more_found or 0) < 0) else "And"
    if one.more_right == 0:
        return f"Of what it paints as border about as much is not border: {wrong} and {theirs}."
    if good:
        return f"{rather} only {wrong} of what it paints is not border (with {first.name}: {theirs})."
    return f"{rather} {wrong} of what it paints is not border (with {first.name}: {theirs})."


def _others(rest: list[_Found]) -> list[str]:
    told = [f"With {each.name} it finds {whole(each.recall)}{_alone(each)}." for each in rest[:MOST_OTHERS]]
    left = len(rest) - MOST_OTHERS
    return [*told, f"{left} more below."] if left > 0 else told


def _alone(found: _Found) -> str:
    if pd.isna(found.precision):
        return " and paints nothing as border"
    return f"; {whole(1 - found.precision)} of what it paints is not border"

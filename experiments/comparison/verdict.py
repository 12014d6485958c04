"""The verdict in words, built from the intervals: what they do not show is not said."""

from math import isnan

from experiments.comparison.analysis import Analysis
from experiments.comparison.comparable import comparable, differences_beside_loss
from experiments.comparison.configurations import Configuration
from experiments.scores import SCORES
from seg.losses import BASELINE, LOSSES

# The article's question is of these; any other loss has a sentence where a run of it is here
ASKED = ("weighted", "focal")
# What a better loss would be: that much border F1 gained, for no more than that much pixel accuracy
GAIN, PRICE = 0.03, 0.005
ROUNDING = 1e-9


def verdict(analysis: Analysis) -> list[str]:
    """Sentences: on class weights, on focal loss and on any other loss that is here, then on what fixes the border."""
    rivals = comparable(analysis)
    losses = dict.fromkeys([*ASKED, *(c.loss for c in analysis.configurations if c.loss != BASELINE)])
    return [*(_loss_sentence(analysis, rivals, loss) for loss in losses), _conclusion(analysis, rivals)]


def change_in_words(analysis: Analysis, configuration: str, score: str) -> str:
    """`border F1 rises by 6.9 points (95 % interval 6.5 to 7.2)`, or that no difference was found.

    Where no photos are compared: `border F1 is 6.9 points higher`, which shows nothing.
    """
    noun = SCORES[score].noun
    row = analysis.score(configuration, score)
    value, low, high = (100 * row[name] for name in ("difference", "difference_low", "difference_high"))
    if not analysis.footing.detailed:
        return f"{noun} is " + ("unknown" if isnan(value) else f"{abs(value):.1f} points {_side(value)}")
    if low > 0:
        return f"{noun} rises by {value:.1f} points (95 % interval {low:.1f} to {high:.1f})"
    if high < 0:
        return f"{noun} falls by {-value:.1f} points (95 % interval {-high:.1f} to {-low:.1f})"
    return f"no difference found in {noun} (95 % interval {low:+.1f} to {high:+.1f} points)"


def _side(difference: float) -> str:
    return "higher" if difference >= 0 else "lower"


def what_it_costs(analysis: Analysis) -> list[str]:
    """A sentence for each configuration: what it changes beside the border's F1."""
    first = analysis.baseline
    if first is None:
        return ["No run of unweighted cross-entropy is here to compare with."]
    lines = []
    for configuration in _others(analysis, first):
        name = configuration.name
        changes = [
            change_in_words(analysis, name, score) for score in ("border_recall", "border_precision", "pixel_accuracy")
        ]
        line = f"`{name}`: {', '.join(changes)}"
        if analysis.footing.detailed:
            errors = [100 * analysis.score(c, "calibration_error")["mean"] for c in (first.name, name)]
            line += f"; calibration error {errors[1]:.1f} % against {errors[0]:.1f} %"
        lines.append(f"{line}.")
    return lines or ["There is nothing to compare yet."]


def what_did_not_work(analysis: Analysis) -> list[str]:
    """Sentences on the configurations that do not raise border F1, and on the aims that were not reached."""
    first = analysis.baseline
    if first is None:
        return ["Nothing can be told without a run of unweighted cross-entropy."]
    lines, others = [], _others(analysis, first)
    for name in (configuration.name for configuration in others):
        if not analysis.score(name, "border_f1")["difference_low"] > 0:
            lines.append(f"`{name}`: {change_in_words(analysis, name, 'border_f1')}.")
    if others and not any(_fixes(analysis, configuration.name) for configuration in others):
        lines.append(
            f"No configuration has {100 * GAIN:.0f} points more border F1 than `{first.name}` for at most "
            f"{100 * PRICE:.1f} points less pixel accuracy."
        )
    unfinished = [c.name for c in analysis.configurations if not c.finished]
    if unfinished:
        lines.append(f"Not trained to the end yet: {', '.join(f'`{name}`' for name in unfinished)}.")
    return lines


def _fixes(analysis: Analysis, configuration: str) -> bool:
    """Whether it gains enough of the border's F1 for no more than the price."""
    gain, paid = (analysis.score(configuration, score)["difference"] for score in ("border_f1", "pixel_accuracy"))
    # a difference of two fractions is off by their rounding
    return gain >= GAIN - ROUNDING and paid >= -PRICE - ROUNDING


def _others(analysis: Analysis, first: Configuration) -> list[Configuration]:
    return [configuration for configuration in analysis.configurations if configuration is not first]


def _loss_sentence(analysis: Analysis, rivals: list[Configuration], loss: str) -> str:
    first, words = analysis.baseline, LOSSES[loss].noun if loss in LOSSES else loss
    trained = [c for c in analysis.configurations if c.loss == loss]
    rival = next((c for c in rivals if c.loss == loss), None)
    if first is None or not trained:
        return f"Of {words} there is no answer yet: no run of it is here to compare."
    epoch, planned = analysis.footing.epoch, first.runs[0].epochs_planned
    if rival is None:
        otherwise = ", ".join(differences_beside_loss(trained[0], first, until=epoch))
        return (
            f"Of {words} there is no answer yet: it was trained otherwise than unweighted cross-entropy ({otherwise})."
        )
    so_far = "" if epoch == planned else f", after {epoch} of {planned} epochs,"
    changes = [
        change_in_words(analysis, rival.name, score) for score in ("border_f1", "border_recall", "border_precision")
    ]
    return f"With {words}{so_far or ','} {changes[0]}; {changes[1]} and {changes[2]}."


def _conclusion(analysis: Analysis, rivals: list[Configuration]) -> str:
    if not rivals:
        return "So the question is open until runs that differ in their loss alone have trained for equally long."
    if not analysis.footing.detailed:
        return "So far it is open: scores without intervals show no difference."
    better = [c for c in rivals if analysis.score(c.name, "border_f1")["difference_low"] > 0]
    seeds = "" if analysis.seeds_counted else ", by one seed each (others may change more)"
    if not better:
        return f"So nothing tried here is shown to fix the border{seeds}."
    free = [c for c in better if not analysis.score(c.name, "pixel_accuracy")["difference_high"] < 0]
    costs = [f"with `{c.name}` {change_in_words(analysis, c.name, 'pixel_accuracy')}" for c in free or better]
    said = "the border gains at no price shown in pixel accuracy" if free else "the border's gain is paid for elsewhere"
    return f"So {said}: {', '.join(costs)}{seeds}."

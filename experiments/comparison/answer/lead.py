"""The lead: in one finding, is it the loss or only the threshold? And the sentence that says it."""

from dataclasses import dataclass
from enum import Enum, auto

from experiments.cli.program import typed
from experiments.comparison.analysis import Analysis
from experiments.comparison.answer.comparable import comparable
from experiments.comparison.answer.sentences import listed
from experiments.comparison.configurations import Configuration, is_primary
from experiments.store.scored.controls import CONTROL_KINDS
from seg.losses import LOSSES

# What a better loss would be: that much border F1 gained, for no more than that much pixel accuracy, each where its
# threshold is set on training photos, and by the ends of the 95 % intervals
GAIN, PRICE = 0.03, 0.005
ROUNDING = 1e-9
RULE = (
    f"A loss fixes the border if, each network at the threshold tuned on training photos, it has at least "
    f"{100 * GAIN:.0f} points more border F1 than unweighted cross-entropy for at most {100 * PRICE:.1f} points less "
    "pixel accuracy, both by the ends of the 95 % intervals. If it only beats cross-entropy as it is, a threshold does "
    "it: post-hoc logit adjustment (Menon et al. 2021)."
)


class Finding(Enum):
    """What the comparison of border F1 at moved thresholds found."""

    NOTHING_TO_COMPARE = auto()
    WITHOUT_INTERVALS = auto()
    NO_MARGINS = auto()
    LOSS = auto()  # a loss fixes the border, by RULE
    TOO_LITTLE = auto()  # it is found better than a moved threshold explains, and RULE does not hold
    THRESHOLD = auto()  # better as trained alone
    NO_GAIN = auto()


@dataclass(frozen=True)
class Lead:
    """The finding, and what it is about.

    Attributes:
        rivals: what is set against unweighted cross-entropy.
        named: those of them that the finding is of, such as those that fix the border.
        held_back: of those of `named` that fix the border, what the same control of both leaves, where it is less.
        one_seed: whether a difference rests on one seed, so that this is about networks and not about losses.
    """

    finding: Finding
    rivals: list[Configuration]
    named: list[Configuration]
    held_back: list[str]
    one_seed: bool


def find_lead(analysis: Analysis) -> Lead:
    """What the comparison found; nothing to compare where there is no unweighted cross-entropy."""
    among = comparable(analysis)
    rivals = [c for c in among if is_primary(c)] or among
    if not rivals:
        return Lead(Finding.NOTHING_TO_COMPARE, [], [], [], one_seed=False)
    operating = analysis.operating
    rows = [operating.row(c.name, "border_f1") for c in rivals]
    shared = [len(set(c.seeds) & set(analysis.configurations[0].seeds)) for c in rivals]
    one = min(int(row["difference_seeds"]) if row is not None else n for row, n in zip(rows, shared, strict=True)) < 2

    def lead(finding: Finding, named: list[Configuration], held_back: list[str] | None = None) -> Lead:
        return Lead(finding, rivals, named, held_back or [], one)

    if not analysis.footing.detailed:
        return lead(Finding.WITHOUT_INTERVALS, rivals)
    known = [c for c, row in zip(rivals, rows, strict=True) if row is not None]
    if not known:
        return lead(Finding.NO_MARGINS, [])
    fixing = [c for c in known if fixes(analysis, c.name)]
    if fixing:
        return lead(Finding.LOSS, fixing, list(filter(None, (_least_under_control(analysis, c) for c in fixing))))

    def better(configuration: Configuration, point: str) -> bool:
        row = operating.row(configuration.name, "border_f1", point=point)
        return row is not None and row["difference_low"] > 0

    kept = [c for c in known if better(c, "tuned")]
    if kept:
        return lead(Finding.TOO_LITTLE, kept)
    gained = [c for c in known if better(c, "argmax")]
    return lead(Finding.THRESHOLD, gained) if gained else lead(Finding.NO_GAIN, [])


def lead_sentence(analysis: Analysis, lead: Lead) -> str:
    """The answer in one sentence."""
    basis = " (one seed each: this is about these networks, not about the losses)." if lead.one_seed else "."
    nouns = listed(list(dict.fromkeys(noun(c) for c in lead.named)))
    match lead.finding:
        case Finding.NOTHING_TO_COMPARE:
            open_so_far = "So far the question is open: no two runs here differ in their loss alone and have trained "
            return f"{open_so_far}equally long."
        case Finding.WITHOUT_INTERVALS:
            points = [(noun(c), 100 * analysis.score(c.name, "border_f1")["difference"]) for c in lead.named]
            said = listed([f"{value:+.1f} points with {name}" for name, value in points])
            return f"So far, without intervals, border F1 is {said}, from unweighted cross-entropy's{basis}"
        case Finding.NO_MARGINS:
            return (
                "Whether it is the loss or only the threshold is open: these runs keep no margins, which "
                f"`{typed('evaluate')} RUN --details` writes{basis}"
            )
        case Finding.LOSS:
            return (
                f"It is more than the threshold: trained with {nouns}, the network finds the border better than a "
                f"moved threshold explains{f', but {listed(lead.held_back)}' if lead.held_back else ''}{basis}"
            )
        case Finding.TOO_LITTLE:
            return (
                f"No loss tried here fixes the border: with {nouns} it is found a little better than a moved "
                f"threshold explains, but by too little, or at too high a price{basis}"
            )
        case Finding.THRESHOLD:
            return (
                f"It is the threshold, not the loss: what the border gains with {nouns}, it gains with unweighted "
                f"cross-entropy as well once its threshold is moved{basis}"
            )
        case Finding.NO_GAIN:
            return f"No loss tried here is shown to find the border better than unweighted cross-entropy{basis}"


def fixes(analysis: Analysis, configuration: str) -> bool:
    """Whether it fixes the border, by RULE."""
    gain, paid = (analysis.operating.row(configuration, score) for score in ("border_f1", "pixel_accuracy"))
    if gain is None or paid is None:
        return False
    # a difference of two fractions is off by their rounding
    return gain["difference_low"] >= GAIN - ROUNDING and paid["difference_low"] >= -PRICE - ROUNDING


def noun(configuration: Configuration) -> str:
    """What its loss adds to plain cross-entropy, in a sentence."""
    loss = configuration.loss
    return LOSSES[loss].noun if loss in LOSSES else loss


def failed_controls(analysis: Analysis, configuration: Configuration) -> dict[str, tuple[float, float]]:
    """The controls under which, given to both sides, the gain is not enough or costs too much: F1's and accuracy's."""
    failed = {}
    for control in CONTROL_KINDS:
        gain = analysis.operating.row(configuration.name, "border_f1", control=control)
        paid = analysis.operating.row(configuration.name, "pixel_accuracy", control=control)
        if gain is None or paid is None or not gain["difference_seeds"] > 0:
            continue
        if gain["difference_low"] < GAIN - ROUNDING or paid["difference_low"] < -PRICE - ROUNDING:
            failed[control] = (float(gain["difference"]), float(paid["difference"]))
    return failed


def _least_under_control(analysis: Analysis, configuration: Configuration) -> str:
    """What is left under the worst of these controls; empty where there is none."""
    failed = failed_controls(analysis, configuration)
    if not failed:
        return ""
    control = min(failed, key=lambda name: failed[name])
    f1, accuracy = failed[control]
    seeds, under = (
        int(row["difference_seeds"])
        for way in ("", control)
        if (row := analysis.operating.row(configuration.name, "border_f1", control=way)) is not None
    )
    fewer = "" if seeds == under else " with one seed" if under == 1 else f" with {under} seeds"
    return (
        f"by only {100 * f1:+.1f} points of border F1 for {100 * accuracy:+.1f} of pixel accuracy where both are "
        f"scored {CONTROL_KINDS[control].in_full}{fewer}"
    )

"""The verdict in words: is it the loss, or only the threshold? First in one sentence, then the control, the price."""

from experiments.comparison.analysis import Analysis
from experiments.comparison.answer.comparable import comparable, differences_beside_loss, last_layer
from experiments.comparison.answer.sentences import change_in_words, listed, seeds_in_words
from experiments.comparison.bootstrap import holm
from experiments.comparison.configurations import ASKED, Configuration, is_primary
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


def verdict(analysis: Analysis) -> list[str]:
    """Sentences: the answer, the control, the price; then each loss, the last layer, secondary contrasts, the basis."""
    first = analysis.baseline
    if first is None:
        return ["No answer: no run of unweighted cross-entropy is here to compare with."]
    rivals = comparable(analysis)
    primary = [c for c in rivals if is_primary(c)]
    if not analysis.footing.detailed:
        return [_lead(analysis, primary or rivals)]
    others = [c for c in rivals if c not in primary]
    found = [_lead(analysis, primary or others)]
    found += [_control(analysis, first, primary), _price(analysis, first, primary)]
    found += [_loss_sentence(analysis, rivals, loss) for loss in ASKED]
    found += [_last_layer(analysis), _secondary(analysis, others)]
    return [*filter(None, found), seeds_in_words(analysis)]


def fixes(analysis: Analysis, configuration: str) -> bool:
    """Whether it fixes the border, by RULE."""
    gain, paid = (analysis.operating.row(configuration, score) for score in ("border_f1", "pixel_accuracy"))
    if gain is None or paid is None:
        return False
    # a difference of two fractions is off by their rounding
    return gain["difference_low"] >= GAIN - ROUNDING and paid["difference_low"] >= -PRICE - ROUNDING


def what_it_costs(analysis: Analysis) -> list[str]:
    """A sentence for each configuration trained as far as it is to be: what it changes beside the border's F1."""
    first = analysis.baseline
    if first is None:
        return ["No run of unweighted cross-entropy is here to compare with."]
    lines = []
    for configuration in analysis.configurations:
        name = configuration.name
        if configuration is not first:
            scores = ("border_recall", "border_precision", "pixel_accuracy")
            changes = [change_in_words(analysis.score(name, score), score) for score in scores]
            lines.append(
                f"`{name}`, as trained: {', '.join(changes)}{_error_in_words(analysis, first, configuration)}."
            )
    return lines or ["There is nothing to compare yet."]


def what_did_not_work(analysis: Analysis) -> list[str]:
    """Sentences on the configurations that do not raise border F1, and on the aims that were not reached."""
    first = analysis.baseline
    if first is None:
        return ["Nothing can be told without a run of unweighted cross-entropy."]
    lines, others = [], [c.name for c in analysis.configurations if c is not first]
    for name in others:
        row = analysis.operating.row(name, "border_f1")
        if row is not None and not row["difference_low"] > 0:
            lines.append(f"`{name}`, each at its tuned threshold: {change_in_words(row, 'border_f1')}.")
    if others and not any(fixes(analysis, name) for name in others):
        lines.append(f"No configuration fixes the border. {RULE}")
    return lines


def _error_in_words(analysis: Analysis, first: Configuration, configuration: Configuration) -> str:
    """Of both sides' own seeds: where they are not the same, it says how many."""
    both = (configuration, first)
    errors = [100 * analysis.score(each.name, "calibration_error")["mean"] for each in both]
    if any(error != error for error in errors):
        return ""
    counts = [f" ({len(each.seeds)} {'seed' if len(each.seeds) == 1 else 'seeds'})" for each in both]
    of = counts if configuration.seeds != first.seeds else ["", ""]
    return f"; calibration error {errors[0]:.1f} %{of[0]} against {errors[1]:.1f} %{of[1]}"


def _noun(configuration: Configuration) -> str:
    loss = configuration.loss
    return LOSSES[loss].noun if loss in LOSSES else loss


def _lead(analysis: Analysis, rivals: list[Configuration]) -> str:
    """The answer in one sentence."""
    if not rivals:
        return "So far the question is open: no two runs here differ in their loss alone and have trained equally long."
    rows = [analysis.operating.row(c.name, "border_f1") for c in rivals]
    shared = [len(set(c.seeds) & set(analysis.configurations[0].seeds)) for c in rivals]
    one = min(int(row["difference_seeds"]) if row is not None else n for row, n in zip(rows, shared, strict=True)) < 2
    basis = " (one seed each: this is about these networks, not about the losses)." if one else "."
    if not analysis.footing.detailed:
        points = [(_noun(c), 100 * analysis.score(c.name, "border_f1")["difference"]) for c in rivals]
        said = listed([f"{value:+.1f} points with {noun}" for noun, value in points])
        return f"So far, without intervals, border F1 is {said}, from unweighted cross-entropy's{basis}"
    operating = analysis.operating
    known = [c for c in rivals if operating.row(c.name, "border_f1") is not None]
    if not known:
        return (
            "Whether it is the loss or only the threshold is open: these runs keep no margins, which "
            f"`python -m experiments.evaluate RUN --details` writes{basis}"
        )
    fixing = [_noun(c) for c in known if fixes(analysis, c.name)]
    if fixing:
        less = [text for c in known if fixes(analysis, c.name) if (text := _least_under_control(analysis, c))]
        return (
            f"It is more than the threshold: trained with {listed(fixing)}, the network finds the border better than a "
            f"moved threshold explains{f', but {listed(less)}' if less else ''}{basis}"
        )
    found = {_noun(c): [operating.row(c.name, "border_f1", point=p) for p in ("argmax", "tuned")] for c in known}
    kept = [noun for noun, (_, tuned) in found.items() if tuned is not None and tuned["difference_low"] > 0]
    gained = [noun for noun, (start, _) in found.items() if start is not None and start["difference_low"] > 0]
    if kept:
        return (
            f"No loss tried here fixes the border: with {listed(kept)} it is found a little better than a moved "
            f"threshold explains, but by too little, or at too high a price{basis}"
        )
    if gained:
        return (
            f"It is the threshold, not the loss: what the border gains with {listed(gained)}, it gains with unweighted "
            f"cross-entropy as well once its threshold is moved{basis}"
        )
    return f"No loss tried here is shown to find the border better than unweighted cross-entropy{basis}"


def _least_under_control(analysis: Analysis, configuration: Configuration) -> str:
    """Of the controls under which, given to both sides, the gain is not enough any more or costs too much, the worst.

    Empty where there is none.
    """
    failing = []
    for control, kind in CONTROL_KINDS.items():
        gain = analysis.operating.row(configuration.name, "border_f1", control=control)
        paid = analysis.operating.row(configuration.name, "pixel_accuracy", control=control)
        if gain is None or paid is None or not gain["difference_seeds"] > 0:
            continue
        if gain["difference_low"] < GAIN - ROUNDING or paid["difference_low"] < -PRICE - ROUNDING:
            failing.append((gain["difference"], paid["difference"], kind.in_full))
    if not failing:
        return ""
    f1, accuracy, how = min(failing)
    return (
        f"by only {100 * f1:+.1f} points of border F1 for {100 * accuracy:+.1f} of pixel accuracy where both are "
        f"scored {how}"
    )


def _control(analysis: Analysis, first: Configuration, rivals: list[Configuration]) -> str:
    """What the baseline reaches without another loss."""
    operating = analysis.operating
    moved = operating.row(first.name, "border_f1")
    if moved is None:
        return ""
    others = []
    for control, kind in CONTROL_KINDS.items():
        row = operating.row(first.name, "border_f1", control=control)
        if row is not None:
            others.append(f"{100 * row['mean']:.1f} % {kind.meaning}")
    rows = [(c, operating.row(c.name, "border_f1")) for c in rivals]
    reached = [f"{100 * row['mean']:.1f} % with {_noun(c)}" for c, row in rows if row is not None]
    return (
        f"The control is unweighted cross-entropy with {moved['shift']:+.1f} on the border's logit, chosen on training "
        f"photos, and nothing else changed: {change_in_words(moved, 'border_f1', 'from_argmax')}, to "
        f"{100 * moved['mean']:.1f} %{f'; it is {listed(others)}' if others else ''}."
        f"{f' Against that, at its own threshold: {listed(reached)}.' if reached else ''}"
    )


def _price(analysis: Analysis, first: Configuration, rivals: list[Configuration]) -> str:
    """What the threshold costs, and what each loss costs from there."""
    moved = analysis.operating.row(first.name, "pixel_accuracy")
    if moved is None:
        return ""
    rows = [(rival, analysis.operating.row(rival.name, "pixel_accuracy")) for rival in rivals]
    said = [f"with {_noun(rival)} {change_in_words(row, 'pixel_accuracy')}" for rival, row in rows if row is not None]
    from_there = f" From there, each at its own threshold, {listed(said)}." if said else ""
    return f"The price: with the threshold moved {change_in_words(moved, 'pixel_accuracy', 'from_argmax')}.{from_there}"


def _loss_sentence(analysis: Analysis, rivals: list[Configuration], loss: str) -> str:
    """What the loss changes as trained, then at tuned thresholds, then which threshold it acts like."""
    first, words = analysis.baseline, LOSSES[loss].noun if loss in LOSSES else loss
    trained = [c for c in analysis.configurations if c.loss == loss and is_primary(c)]
    rival = next((c for c in rivals if c.loss == loss and is_primary(c)), None)
    if first is None or not trained:
        return f"Of {words} there is no answer yet: no run of it is here to compare."
    if rival is None:
        otherwise = ", ".join(differences_beside_loss(trained[0], first)) or "for another number of epochs"
        return (
            f"Of {words} there is no answer yet: it was trained otherwise than unweighted cross-entropy ({otherwise})."
        )
    scores = ("border_f1", "border_recall", "border_precision")
    changes = [change_in_words(analysis.score(rival.name, score), score) for score in scores]
    sentence = f"With {words}, as trained, {changes[0]}; {changes[1]} and {changes[2]}."
    tuned = analysis.operating.row(rival.name, "border_f1")
    if tuned is None:
        return sentence
    ranked = analysis.score(rival.name, "average_precision")
    return (
        f"{sentence} Each at its own tuned threshold {change_in_words(tuned, 'border_f1')}, and at no threshold in "
        f"particular {change_in_words(ranked, 'average_precision')}{_acts_like(analysis, rival)}."
    )


def _acts_like(analysis: Analysis, rival: Configuration) -> str:
    """Which threshold of the baseline paints as much border, and what it has there."""
    table = analysis.operating.acts_like
    rows = table[table["configuration"] == rival.name].set_index("score")
    if rows.empty:
        return ""
    f1, accuracy = rows.loc["border_f1"], rows.loc["pixel_accuracy"]
    return (
        f"; it paints as much border as unweighted cross-entropy with {f1['shift']:+.1f} on the border's logit, which "
        f"has a border F1 of {100 * f1['mean']:.1f} and a pixel accuracy of {100 * accuracy['mean']:.1f} %"
    )


def _last_layer(analysis: Analysis) -> str:
    """The third suspect: the BatchNorm and ReLU that the article's network ends in."""
    other = last_layer(analysis)
    if other is None:
        return (
            "A third suspect is the last layer, whose BatchNorm standardises each class's logit: no run of "
            "`segnet-linear`, which ends in a plain convolution, is here to compare."
        )
    rows = [analysis.operating.row(other.name, score) for score in ("border_f1", "pixel_accuracy")]
    if rows[0] is None or rows[1] is None:
        changes = [change_in_words(analysis.score(other.name, s), s) for s in ("border_f1", "pixel_accuracy")]
        return f"With a plain convolution as the last layer (`{other.name}`), as trained, {listed(changes)}."
    changes = [change_in_words(row, s) for row, s in zip(rows, ("border_f1", "pixel_accuracy"), strict=True)]
    where = f"With a plain convolution as the last layer (`{other.name}`), each at its own tuned threshold,"
    return f"{where} {listed(changes)}."


def _secondary(analysis: Analysis, others: list[Configuration]) -> str:
    """Every other contrast, its p-value corrected for their number."""
    rows = {c.name: analysis.score(c.name, "border_f1") for c in others}
    corrected = holm([float(row["p"]) for row in rows.values()])
    said = [
        f"with {_noun(c) if c.loss not in ASKED else f'`{c.name}`'} {change_in_words(row, 'border_f1')}, p = {p:.2g}"
        for c, row, p in zip(others, rows.values(), corrected, strict=True)
        if p == p
    ]
    return f"Secondary contrasts, as trained, p-values by Holm's correction: {'; '.join(said)}." if said else ""

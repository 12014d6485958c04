"""The verdict in words: is it the loss, or only the threshold? First in one sentence, then the control, the price."""

from experiments.comparison.analysis import Analysis
from experiments.comparison.answer.comparable import comparable, differences_beside_loss, last_layer
from experiments.comparison.answer.lead import RULE, failed_controls, find_lead, fixes, lead_sentence, noun
from experiments.comparison.answer.sentences import change_in_words, listed, seeds_in_words
from experiments.comparison.bootstrap import holm
from experiments.comparison.configurations import ASKED, Configuration, is_primary
from experiments.store.scored.controls import CONTROL_KINDS
from seg.losses import LOSSES


def verdict(analysis: Analysis) -> list[str]:
    """Sentences: the answer, the control, the price; then each loss, the last layer, secondary contrasts, the basis."""
    first = analysis.baseline
    if first is None:
        return ["No answer: no run of unweighted cross-entropy is here to compare with."]
    rivals = comparable(analysis)
    primary, lead = [c for c in rivals if is_primary(c)], lead_sentence(analysis, find_lead(analysis))
    if not analysis.footing.detailed:
        return [lead]
    others = [c for c in rivals if c not in primary]
    found = [lead, _control(analysis, first, primary), _price(analysis, first, primary)]
    found += [_loss_sentence(analysis, rivals, loss) for loss in ASKED]
    found += [_last_layer(analysis), _secondary(analysis, others)]
    return [*filter(None, found), seeds_in_words(analysis)]


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


def _control(analysis: Analysis, first: Configuration, rivals: list[Configuration]) -> str:
    """What the baseline reaches without another loss, as it is and under each control, beside what the others reach."""
    moved = analysis.operating.row(first.name, "border_f1")
    if moved is None:
        return ""
    under = []
    for control, kind in CONTROL_KINDS.items():
        reached = _reached(analysis, first, rivals, control)
        if reached:
            under.append(f"{kind.meaning} it is {reached}{_of_fewer_seeds(analysis, first, rivals, control)}")
    return (
        f"The control is unweighted cross-entropy with {moved['shift']:+.1f} on the border's logit, chosen on training "
        f"photos, and nothing else changed: {change_in_words(moved, 'border_f1', 'from_argmax')}; it is "
        f"{_reached(analysis, first, rivals, '')}, each at its own threshold{f'; {listed(under)}' if under else ''}."
    )


def _reached(analysis: Analysis, first: Configuration, rivals: list[Configuration], control: str) -> str:
    """`60.8 %, against 63.6 % with class weights`: border F1 at tuned thresholds; empty where nobody knows it."""
    rows = [(c, analysis.operating.row(c.name, "border_f1", control=control)) for c in (first, *rivals)]
    if rows[0][1] is None:
        return ""
    theirs = [f"{100 * row['mean']:.1f} % with {noun(c)}" for c, row in rows[1:] if row is not None]
    return f"{100 * rows[0][1]['mean']:.1f} %{f', against {listed(theirs)}' if theirs else ''}"


def _of_fewer_seeds(analysis: Analysis, first: Configuration, rivals: list[Configuration], control: str) -> str:
    """` (one seed each)` where fewer seeds were scored under the control than as they are; else empty."""
    rows = [
        (analysis.operating.row(c.name, "border_f1", control=way) for way in (control, "")) for c in (first, *rivals)
    ]
    counts = [
        (int(under["seeds"]), int(plain["seeds"])) for under, plain in rows if under is not None and plain is not None
    ]
    if all(under == plain for under, plain in counts):
        return ""
    least, most = min(under for under, _ in counts), max(under for under, _ in counts)
    of = "one seed" if most == 1 else f"{most} seeds" if least == most else f"{least} to {most} seeds"
    return f" ({of}{' each' if len(counts) > 1 else ''})"


def rule_applied(analysis: Analysis) -> str:
    """Which loss passes RULE, and under which controls of both it no longer does; empty where none can be judged."""
    rivals = [c for c in comparable(analysis) if analysis.operating.row(c.name, "border_f1") is not None]
    rivals = [c for c in rivals if is_primary(c)] or rivals
    if not rivals:
        return ""
    passing = [c for c in rivals if fixes(analysis, c.name)]
    failing = [noun(c) for c in rivals if c not in passing]
    said = []
    for configuration in passing:
        under = [CONTROL_KINDS[control].in_full for control in failed_controls(analysis, configuration)]
        but = f", but no longer where both are scored {', nor '.join(under)}" if under else ""
        said.append(f"with {noun(configuration)} it holds{but}")
    if failing:
        said.append(f"with {listed(failing)} it does not hold")
    return f"Here, {'; '.join(said)}."


def _price(analysis: Analysis, first: Configuration, rivals: list[Configuration]) -> str:
    """What the threshold costs, and what each loss costs from there."""
    moved = analysis.operating.row(first.name, "pixel_accuracy")
    if moved is None:
        return ""
    rows = [(rival, analysis.operating.row(rival.name, "pixel_accuracy")) for rival in rivals]
    said = [f"with {noun(rival)} {change_in_words(row, 'pixel_accuracy')}" for rival, row in rows if row is not None]
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
        f"with {noun(c) if c.loss not in ASKED else f'`{c.name}`'} {change_in_words(row, 'border_f1')}, p = {p:.2g}"
        for c, row, p in zip(others, rows.values(), corrected, strict=True)
        if p == p
    ]
    return f"Secondary contrasts, as trained, p-values by Holm's correction: {'; '.join(said)}." if said else ""

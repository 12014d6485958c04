"""The three facts under the verdict: loss or threshold, the price, how sure; what more is said opens at a click."""

import json
from collections.abc import Sequence
from html import escape

import pandas as pd

from demo.compare.headline import ALIKE, few_of
from demo.compare.marks import others, over_which_seeds, signed, tenths, unbroken
from demo.figures.names import loss_in_words, sentence_case, without_run_names
from demo.figures.styles import Style
from experiments.comparison.analysis import Analysis
from experiments.comparison.answer.lead import Finding, Lead, find_lead
from experiments.comparison.answer.sentences import listed
from experiments.comparison.configurations import Configuration
from experiments.comparison.footing import Footing, footing_at, last_footing, of_a_sample
from experiments.store.runs import Run
from seg.losses import BASELINE

PLAIN = loss_in_words(BASELINE)


def loss_or_threshold(analysis: Analysis, styled: dict[str, Style]) -> str:
    """The lead of `experiments.comparison.answer` and its control, shortened, as HTML."""
    first, lead = analysis.baseline, find_lead(analysis)
    if first is None:
        return f"<b>Open</b>: without a run of plain {PLAIN} there is nothing to compare with."
    who = listed([escape(_name(styled, c)) for c in lead.named])
    reached, after = _tuned(analysis, first, lead.named or lead.rivals, styled), ""
    match lead.finding:
        case Finding.NOTHING_TO_COMPARE:
            alone = len(analysis.configurations) == 1
            unlike = "no two of these runs differ in their loss alone and have trained equally long"
            said = f"<b>Open</b>: {'it takes a second loss to tell' if alone else unlike}."
        case Finding.WITHOUT_INTERVALS:
            rows = {c.name: analysis.score(c.name, "border_f1") for c in lead.named}
            changes = [f"{signed(rows[c.name]['difference'])} with {escape(_name(styled, c))}" for c in lead.named]
            said = (
                f"<b>Open</b>, and without intervals: border F1 is {listed(changes)}, in points from {PLAIN}'s. "
                "Thresholds are compared once all have ended."
            )
        case Finding.NO_MARGINS:
            said = "<b>Open</b>: these runs keep nothing that a moved threshold could be told from."
        case Finding.LOSS:
            said = f"<b>More than the threshold</b>: with {who} the border is found better than a moved one explains."
            after = f" But {unbroken(escape(listed(lead.held_back)))}." if lead.held_back else ""
        case Finding.TOO_LITTLE:
            said = (
                f"<b>No loss here fixes it</b>: with {who} the border is found a little better than a moved threshold "
                "explains, but by too little, or at too high a price."
            )
        case Finding.THRESHOLD:
            said = (
                f"<b>The threshold, not the loss</b>: what the border gains with {who}, it gains with {PLAIN} as well "
                "once its threshold is moved."
            )
        case Finding.NO_GAIN:
            said = f"<b>Neither</b>: no loss here is shown to find the border better than {PLAIN}."
    return said + reached + after


def _tuned(analysis: Analysis, first: Configuration, rivals: list[Configuration], styled: dict[str, Style]) -> str:
    """What each reaches at the threshold tuned on training photos; empty where no threshold can be moved."""
    plain, start = (analysis.operating.row(first.name, "border_f1", point=point) for point in ("tuned", "argmax"))
    if plain is None or start is None:
        return ""
    rows = [(c, analysis.operating.row(c.name, "border_f1")) for c in rivals]
    reached = [f"{tenths(row['mean'])} with {escape(_name(styled, c))}" for c, row in rows if row is not None]
    moved = f"{tenths(plain['mean'])} with {PLAIN} ({tenths(start['mean'])} as trained)"
    return f" F1 at tuned thresholds: {listed([*reached, moved])}."


def the_price(analysis: Analysis, styled: dict[str, Style]) -> str:
    """Pixel accuracy as trained, and at thresholds tuned on training photos, as HTML."""
    rows = [(c, analysis.score(c.name, "pixel_accuracy")) for c in analysis.configurations]
    first = analysis.baseline
    rivals = others(analysis)
    if first is None or not rivals:
        shares = [f"<b>{tenths(row['mean'])}</b> with {escape(_name(styled, c))}" for c, row in rows]
        return f"Pixels right, of all: {listed(shares)}."
    said = [
        f"<b>{tenths(row['mean'])}</b> with {escape(_name(styled, c))} ({_in_points(row, few_of(analysis, c))})"
        for c, row in rows
        if c is not first
    ]
    plain = tenths(analysis.score(first.name, "pixel_accuracy")["mean"])
    over = next(filter(None, (over_which_seeds(analysis, c) for c in rivals)), "")
    tuned = [(c, analysis.operating.row(c.name, "pixel_accuracy")) for c in rivals]
    there = [f"{signed(row['difference'])} with {escape(_name(styled, c))}" for c, row in tuned if row is not None]
    return " ".join(
        [
            f"Pixels right, of all: {listed(said)}; {plain} with {PLAIN}.",
            *([f"At tuned thresholds: {listed(there)}."] if there else []),
            *([f"Differences are{over}."] if over else []),
        ]
    )


def _in_points(row: pd.Series, few: str) -> str:
    difference = row["difference"]
    if pd.isna(difference):
        return "difference unknown"
    points = f"{abs(100 * difference):.1f} points {'more' if difference > 0 else 'less'}"
    if row["difference_low"] <= 0 <= row["difference_high"]:
        alike = max(-row["difference_low"], row["difference_high"]) <= ALIKE
        return "<b>no difference found</b>" if alike else f"{points}, which so few {few} do not show"
    return f"<b>{points}</b>"


def how_sure(analysis: Analysis, styled: dict[str, Style]) -> str:
    """Photos, seeds, intervals, and which runs are still training, as HTML."""
    footing, lead = analysis.footing, find_lead(analysis)
    count = "an unknown number of" if footing.photos is None else f"{footing.photos:,}"
    runs = [run for c in analysis.configurations for run in c.runs]
    sample = "sample of " if not footing.detailed and any(of_a_sample(run, footing.epoch) for run in runs) else ""
    same = "The same " if len(analysis.configurations) > 1 else "A " if sample else ""
    photos = sentence_case(f"{same}{sample}{count} photos")
    intervals = unbroken("with 95 % intervals" if footing.detailed else "without intervals")
    said = [f"{photos}, after epoch {footing.epoch}, {intervals}."]
    said.append(_seeds(analysis, lead, styled))
    said += [_training(run, styled) for run in runs if run.status == "running"]
    return " ".join(filter(None, said))


def _seeds(analysis: Analysis, lead: Lead, styled: dict[str, Style]) -> str:
    counts = {len(c.runs) for c in analysis.configurations}
    several = [f"{len(c.runs)} of {escape(_name(styled, c))}" for c in analysis.configurations if len(c.runs) > 1]
    single = [escape(_name(styled, c)) for c in analysis.configurations if len(c.runs) == 1]
    alone = len(analysis.configurations) == 1
    if counts == {1}:
        seeds = {c.runs[0].seed for c in analysis.configurations}
        which = f" ({seeds.pop()})" if len(seeds) == 1 else ""
        words = f"<b>One seed{'' if alone else ' each'}</b>{which}"
    else:
        rest = [f"one {'each ' if len(single) > 1 else ''}of {listed(single)}"] if single else []
        words = f"<b>Seeds</b>: {'; '.join([listed(several), *rest])}"
    if alone or not lead.one_seed and counts != {1}:
        return f"{words}."
    return f"{words}: about these networks, not about the losses."


def other_seeds(
    analysis: Analysis, styled: dict[str, Style], further: Sequence[tuple[Configuration, list[Run]]]
) -> str:
    """How well the border is found by runs that nobody chose, so that one seed is not taken for its loss, as HTML.

    Args:
        further: as `demo.compare.choice.further_seeds` gives them.
    """
    told, names = [], [run.name for c in analysis.configurations for run in c.runs]
    for configuration, runs in further:
        alike = [run for run in runs if _scored_alike(run, configuration.runs[0], analysis.footing)]
        if not alike:
            continue
        names += [run.name for run in alike]
        scores = [_border_f1(run, analysis.footing) for run in alike]
        low, high = tenths(min(scores)), tenths(max(scores))
        reached = low if low == high else f"{low} to {high}"
        seeds = f"seed {alike[0].seed}" if len(alike) == 1 else f"{len(alike)} more seeds"
        here = tenths(analysis.score(configuration.name, "border_f1")["mean"])
        told.append(f"{reached} with {escape(_name(styled, configuration))}, {seeds} (here {here})")
    if not told:
        return ""
    button = f"""<button type="button" data-runs="{escape(json.dumps(names))}">Compare over all seeds</button>"""
    return f"<b>Other seeds are here, and differ</b>: border F1 is {listed(told)}. {button}"


def _scored_alike(run: Run, other: Run, footing: Footing) -> bool:
    if footing.detailed:
        return last_footing(run) == last_footing(other)
    there = footing.epoch in run.epochs["epoch"].to_numpy()
    return there and footing_at(run, footing.epoch) == footing_at(other, footing.epoch)


def _border_f1(run: Run, footing: Footing) -> float:
    last = run.final("border_f1") if footing.detailed else None
    if last is not None:
        return last
    return float(run.epochs.loc[run.epochs["epoch"] == footing.epoch, "border_f1"].iloc[0])


def _training(run: Run, styled: dict[str, Style]) -> str:
    return f"{sentence_case(escape(styled[run.name].full))} is training: {run.epochs_trained} of {run.epochs_planned}."


def more_sentences(sentences: list[str], names: dict[str, str]) -> str:
    """All that the verdict says, opened at a click, as HTML.

    Args:
        names: as `without_run_names` takes them.
    """
    told = [sentence_case(without_run_names(sentence, names)) for sentence in sentences]
    items = "".join(f"<li>{_with_code(sentence)}</li>" for sentence in told)
    return f"<details><summary>All that is known, with intervals</summary><ul>{items}</ul></details>" if items else ""


def _with_code(sentence: str) -> str:
    """The sentence as HTML, what stands between backticks to be typed."""
    parts = escape(sentence).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else unbroken(part) for index, part in enumerate(parts))


def _name(styled: dict[str, Style], configuration: Configuration) -> str:
    return styled[configuration.runs[0].name].name

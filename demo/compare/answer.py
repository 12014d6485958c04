"""What the chosen runs say when their photos are compared: the answer, cards, confusion matrices."""

from html import escape

import numpy as np
import pandas as pd

from demo.analysis import cached_confusion
from demo.figures.styles import Style, shown_name
from demo.figures.view import per_cent
from experiments.comparison.analysis import Analysis
from experiments.comparison.answer.seeds import seeds_of_differences, seeds_of_scores
from experiments.comparison.answer.verdict import verdict
from experiments.comparison.configurations import Configuration
from experiments.comparison.footing import footing_sentence
from experiments.scores import Place, appearing
from experiments.store.runs import Run
from seg.pets import CLASS_NAMES


def answer_text(analysis: Analysis, lacking: list[Run], untrained: list[Run], apart: str) -> str:
    """The answer and what it rests on, as Markdown.

    Args:
        lacking: chosen runs whose scores of single photos are all that is missing for intervals.
        untrained: chosen runs that have not finished an epoch.
        apart: a sentence on runs that were not chosen.
    """
    if len(analysis.configurations) == 1:
        only = shown_name(analysis.configurations[0])
        sentences = [f"Only `{only}` is compared: choose another to see what the loss changes."]
    else:
        sentences = _laid_out(verdict(analysis))
    basis = footing_sentence(analysis)
    if not basis:
        basis = (
            f"Over the same {analysis.photos:,} photos; the 95 % intervals are of other {seeds_of_scores(analysis)}."
        )
        if any(len(configuration.runs) > 1 for configuration in analysis.configurations) and analysis.compared_with:
            basis = " ".join([basis, *seeds_of_differences(analysis)])
    notes = [basis, _lacking(lacking), _untrained(untrained), apart]
    return "\n\n".join([*sentences, f"<small>{' '.join(note for note in notes if note)}</small>"])


def _laid_out(sentences: list[str]) -> list[str]:
    """The answer in bold, the control and the price; what more there is opens at a click."""
    lead, more = sentences[:3], sentences[3:]
    lead[0] = f"**{lead[0]}**"
    if not more:
        return lead
    items = "\n".join(f"- {sentence}" for sentence in more)
    return [*lead, f"<details><summary>Each loss, and what this rests on</summary>\n\n{items}\n\n</details>"]


def no_answer_text(untrained: list[Run]) -> str:
    """What the answer needs, as Markdown, where none of the chosen runs has finished an epoch."""
    return f"No answer yet: it needs scores. {_untrained(untrained)}"


def _lacking(runs: list[Run]) -> str:
    score_it = "`python -m experiments.evaluate RUN --details`"
    return f"Intervals need the scores of single photos, from {score_it}, of {_names(runs)}." if runs else ""


def _untrained(runs: list[Run]) -> str:
    return f"No epoch is finished yet of {_names(runs)}." if runs else ""


def _names(runs: list[Run]) -> str:
    # a run's name is a folder's: no Markdown in it
    return ", ".join(f"`{run.name}`" for run in runs)


def cards(analysis: Analysis, styled: dict[str, Style]) -> str:
    """Border recall, precision and F1 of each configuration, each a bar, with its 95 % interval if known, as HTML."""
    return f'<ul class="loss-cards">{"".join(_card(analysis, c, styled) for c in analysis.configurations)}</ul>'


def _card(analysis: Analysis, configuration: Configuration, styled: dict[str, Style]) -> str:
    rows = []
    for score in appearing(Place.CARDS):
        row = analysis.score(configuration.name, score.name)
        mean, low, high = (None if pd.isna(row[name]) else 100 * row[name] for name in ("mean", "low", "high"))
        bar = "" if mean is None else f'<i class="bar" style="width:{mean:.2f}%"></i>'
        spread = ""
        if mean is not None and low is not None:
            bar += f'<i class="spread" style="left:{low:.2f}%;width:{max(high - low, 0):.2f}%"></i>'
            spread = f"{low:.1f} to {high:.1f}"
        rows.append(
            f"<dt>{escape(score.title)}</dt><dd><b>{score.text(row['mean'])}</b>"
            f'<span class="track" aria-hidden="true">{bar}</span><small>{spread}</small></dd>'
        )
    first = configuration.runs[0]
    seeds = f"{len(configuration.runs)} seeds" if len(configuration.runs) > 1 else f"seed {first.seed}"
    epoch, planned = analysis.footing.epoch, first.epochs_planned
    epochs = epoch if epoch == planned else f"{epoch} of {planned}"
    return (
        f'<li style="--loss: {styled[first.name].colour}"><h3>{escape(shown_name(configuration))}</h3>'
        f"<p>{seeds}, {epochs} epochs</p><dl>{''.join(rows)}</dl></li>"
    )


def confusion_tables(analysis: Analysis) -> str:
    """A table of what became of each true class, in per cent of its pixels, for each configuration, as HTML."""
    return f'<div class="confusions">{"".join(_confusion_table(c) for c in analysis.configurations)}</div>'


def _confusion_table(configuration: Configuration) -> str:
    counts = cached_confusion(configuration)
    with np.errstate(invalid="ignore"):
        shares = counts / counts.sum(axis=1, keepdims=True)
    rows = []
    for index, (name, row) in enumerate(zip(CLASS_NAMES, shares, strict=True)):
        cells = "".join(
            f'<td class="{"right" if index == column else "wrong"}" style="--share: {np.nan_to_num(share):.4f}">'
            f"{per_cent(share)}</td>"
            for column, share in enumerate(row)
        )
        rows.append(f'<tr><th scope="row">{name}</th>{cells}</tr>')
    header = "".join(f'<th scope="col">{name}</th>' for name in CLASS_NAMES)
    return (
        f"<table><caption>{escape(shown_name(configuration))}</caption>"
        f'<thead><tr><th scope="col">true ↓ as →</th>{header}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    )

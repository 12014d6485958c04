"""The scores as marks on one scale: a row a score, a mark with its interval a loss, differences at the right."""

import json
import math
from dataclasses import dataclass
from html import escape

import pandas as pd

from demo.compare.marks import marker, others, over_which_seeds, signed
from demo.figures.component import saves
from demo.figures.intervals import in_points, with_interval
from demo.figures.names import sentence_case
from demo.figures.styles import Style
from demo.figures.view import ARTICLE
from experiments.comparison.analysis import Analysis, article_accuracy
from experiments.comparison.configurations import Configuration
from experiments.scores import Score, with_intervals

# In this order, each with what it is in a newcomer's words; what is not here follows with its own meaning
ROWS = {
    "border_recall": ("Recall", "of the true border, found"),
    "border_precision": ("Precision", "of the painted border, right"),
    "border_f1": ("F1", "both in one number"),
    "border_iou": ("IoU", "overlap of the two borders"),
    "pixel_accuracy": ("Pixel accuracy", "all pixels, the price"),
}
DIFFERENCE = ("difference", "difference_low", "difference_high")
VALUES = ("mean", "low", "high", *DIFFERENCE)
# The room of the scores while there are none
WAITING = '<section data-testid="scores" class="panel scores waiting" aria-busy="true"><h3>Scores</h3></section>'


@dataclass(frozen=True)
class _Scale:
    """From per cent to the place on the track, also in per cent."""

    low: int
    high: int

    def place(self, value: float) -> float:
        return 100 * (value - self.low) / (self.high - self.low)

    @property
    def ticks(self) -> list[int]:
        step = 20 if self.high - self.low > 40 else 10
        return [tick for tick in range(0, 101, step) if self.low < tick < self.high]


def scores_html(analysis: Analysis, styled: dict[str, Style]) -> str:
    """The panel; `scores.js` moves the numbers apart, and makes files of what `data-figure` holds."""
    rows = sorted(with_intervals(), key=lambda s: list(ROWS).index(s.name) if s.name in ROWS else len(ROWS))
    scored = [score for score in rows if not analysis.scores.query("score == @score.name").empty]
    scale, rivals = _scale(analysis, scored), others(analysis)
    head = "".join(_head(analysis, configuration, styled) for configuration in rivals)
    body = "".join(_row(analysis, score, scale, styled, first=index == 0) for index, score in enumerate(scored))
    columns = " 64px" * len(rivals) or " "
    axis = "".join(f'<span style="left:{scale.place(tick):.2f}%">{tick} %</span>' for tick in scale.ticks)
    title, reading = f"Scores after epoch {analysis.footing.epoch}", _reading(analysis)
    figure = {"title": title, "reading": reading, **_figure(analysis, scored, scale, styled)}
    return (
        f'<section data-testid="scores" class="panel scores" data-figure="{escape(json.dumps(figure))}">'
        f"<header><h3>{title}</h3>{saves(title)}<p>{reading}</p></header>"
        f'<div class="dots" style="--differences:{columns}"><i class="head"></i><i class="head"></i>{head}{body}'
        f'<i></i><div class="axis" aria-hidden="true">{axis}</div></div></section>'
    )


def _figure(analysis: Analysis, scored: list[Score], scale: _Scale, styled: dict[str, Style]) -> dict:
    """All that the picture shows, for `scores_file.js`: shares in per cent, differences in points, None unknown.

    Losses and a score's marks are in the same order; `compared` is the number of the loss that differences are from.
    """
    looks = [styled[c.runs[0].name] for c in analysis.configurations]
    names, article = [c.name for c in analysis.configurations], article_accuracy(analysis.configurations)
    compared = names.index(analysis.compared_with) if analysis.compared_with and others(analysis) else None
    scores = []
    for score in scored:
        title, words = ROWS.get(score.name, (score.title, score.meaning))
        rows = [analysis.score(c.name, score.name) for c in analysis.configurations]
        marks = [
            # nothing differs from itself
            {name: None if index == compared and name in DIFFERENCE else _hundredfold(row[name]) for name in VALUES}
            for index, row in enumerate(rows)
        ]
        beside = article is not None and score.name == "pixel_accuracy"
        scores.append({"title": title, "words": words, "marks": marks, "article": beside})
    return {
        "low": scale.low,
        "high": scale.high,
        "ticks": scale.ticks,
        "article": None if article is None else {"at": 100 * article, "text": ARTICLE},
        "losses": [
            {"name": sentence_case(s.name), "full": sentence_case(s.full), "colour": s.colour, "symbol": s.symbol}
            for s in looks
        ],
        "compared": compared,
        "scores": scores,
    }


def _hundredfold(value: float) -> float | None:
    return None if pd.isna(value) else round(100 * value, 4)


def _reading(analysis: Analysis) -> str:
    """What lines and differences are, in few words."""
    said = ["lines: 95 % intervals"] if analysis.footing.detailed else ["no intervals"]
    if not others(analysis):
        return said[0]
    unlike = dict.fromkeys(filter(None, (over_which_seeds(analysis, c) for c in others(analysis))))
    return f"{said[0]}; right: difference from cross-entropy{next(iter(unlike), '')}"


def _scale(analysis: Analysis, scored: list[Score]) -> _Scale:
    """As narrow as the scores and their intervals let it be, in tens."""
    article = article_accuracy(analysis.configurations)
    known = [] if article is None else [100 * article]
    for configuration in analysis.configurations:
        for score in scored:
            row = analysis.score(configuration.name, score.name)
            known += [100 * row[name] for name in ("mean", "low", "high") if not pd.isna(row[name])]
    low, high = 10 * math.floor((min(known) - 4) / 10), 10 * math.ceil((max(known) + 4) / 10)
    return _Scale(max(low, 0), min(high, 100))


def _head(analysis: Analysis, configuration: Configuration, styled: dict[str, Style]) -> str:
    first = analysis.baseline
    assert first is not None, "nothing to differ from"
    one, other = (styled[each.runs[0].name] for each in (configuration, first))
    said = f"{one.full} minus {other.full}"
    return (
        f'<div class="head" role="img" aria-label="{escape(said)}" title="{escape(said)}">'
        f"{marker(one)}\N{MINUS SIGN}{marker(other)}</div>"
    )


def _row(analysis: Analysis, score: Score, scale: _Scale, styled: dict[str, Style], *, first: bool) -> str:
    title, words = ROWS.get(score.name, (score.title, score.meaning))
    marks, numbers, told = [], [], []
    for configuration in analysis.configurations:
        style, row = styled[configuration.runs[0].name], analysis.score(configuration.name, score.name)
        told.append(f"{sentence_case(style.full)}: {with_interval(row)}")
        if pd.isna(row["mean"]):
            continue
        at, label = scale.place(100 * row["mean"]), f"{100 * row['mean']:.1f}"
        marks.append(_mark(row, scale, style, at, told[-1]))
        name = f"{escape(sentence_case(style.name))}<br>" if first else ""
        numbers.append(f'<span class="number" style="left:{at:.2f}%" data-at="{at:.4f}">{name}{label}</span>')
    lines = "".join(f'<i class="grid" style="left:{scale.place(tick):.2f}%"></i>' for tick in scale.ticks)
    article = article_accuracy(analysis.configurations)
    if score.name == "pixel_accuracy" and article is not None:
        at = scale.place(100 * article)
        lines += f'<i class="article" style="left:{at:.2f}%" title="{ARTICLE}"><small>{ARTICLE}</small></i>'
    kind = " first" if first else ""
    differences = "".join(_difference(analysis, c, score, styled, kind) for c in others(analysis))
    return (
        f'<div class="what{kind}"><b>{escape(title)}</b><span>{escape(words)}</span></div>'
        f'<div class="track{kind}" data-score="{score.name}" role="img" '
        f'aria-label="{escape(title)}. {escape("; ".join(told))}">{lines}<svg class="leads" aria-hidden="true"></svg>'
        f"{''.join(marks)}{''.join(numbers)}</div>{differences}"
    )


def _mark(row: pd.Series, scale: _Scale, style: Style, at: float, told: str) -> str:
    spread = ""
    if not pd.isna(row["low"]):
        left, right = (min(max(scale.place(100 * row[end]), 0), 100) for end in ("low", "high"))
        spread = f'<i class="spread" style="--loss:{style.colour};left:{left:.2f}%;width:{right - left:.2f}%"></i>'
    return f'{spread}<span class="dot" style="left:{at:.2f}%" title="{escape(told)}">{marker(style)}</span>'


def _difference(analysis: Analysis, configuration: Configuration, score: Score, styled: dict, kind: str) -> str:
    row, style = analysis.score(configuration.name, score.name), styled[configuration.runs[0].name]
    shown = pd.isna(row["difference_low"]) or row["difference_low"] > 0 or row["difference_high"] < 0
    said = (
        f"{sentence_case(style.full)} from cross-entropy: {in_points(row)}{over_which_seeds(analysis, configuration)}"
    )
    unsure = "" if shown else " unsure"
    return (
        f'<div class="difference{kind}{unsure}" title="{escape(said)}">{marker(style)}'
        f'<span aria-label="{escape(said)}" role="img">{signed(row["difference"])}</span></div>'
    )

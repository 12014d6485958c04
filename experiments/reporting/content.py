"""An analysis for programs: what `compare --json` and the app's `/compare` have in common."""

import json
from dataclasses import asdict
from typing import Any

import pandas as pd

from experiments.comparison.analysis import Analysis
from experiments.comparison.answer.verdict import verdict
from experiments.comparison.bootstrap import RESAMPLES
from experiments.comparison.footing import footing_sentence

_ESTIMATE = ("mean", "low", "high", "difference", "difference_low", "difference_high", "difference_seeds")
_FROM_ARGMAX = ("from_argmax", "from_argmax_low", "from_argmax_high")


def json_rows(table: pd.DataFrame) -> list[dict]:
    """The table's rows for JSON, each by column name; NaN, which JSON has not, is None."""
    return json.loads(table.to_json(orient="records", double_precision=10))


def analysis_content(analysis: Analysis) -> dict[str, Any]:
    """The answer in words and all that it rests on, fractions.

    `operating` has, by configuration and point (`argmax`, `tuned` on training photos, `best` along the test curve: an
    upper bound), the `shift` of the border's logit, the `seeds`, and each score with intervals: its `difference` from
    the baseline at the same point, and `from_argmax` from the baseline as it is. `controls` has the same of the
    baseline's own weights scored another way, by control; `same_control`, by configuration, of the others', where
    `difference` is from the baseline under the same control. `acts_like` has, by configuration, the baseline's scores
    at the `shift` that paints as much border, and how the configuration as trained differs from that.
    """
    points = analysis.operating.points
    own, controlled = points[points["control"] == ""], points[points["control"] != ""]
    of_baseline = controlled["configuration"] == analysis.compared_with
    return {
        "answer": [said for said in (*verdict(analysis), footing_sentence(analysis)) if said],
        "compared_with": analysis.compared_with,
        "footing": asdict(analysis.footing),
        "photos": analysis.photos,
        "resamples": RESAMPLES if analysis.footing.detailed else None,
        "seeds_counted": analysis.seeds_counted,
        "scores": json_rows(analysis.scores),
        "reliability": json_rows(analysis.reliability),
        "outline": json_rows(analysis.outline),
        "average_precision": {
            row["configuration"]: {name: row[name] for name in _ESTIMATE}
            for row in json_rows(analysis.scores)
            if row["score"] == "average_precision"
        },
        "operating": _by_point(own, "configuration"),
        "controls": _by_point(controlled[of_baseline], "control"),
        "same_control": {
            name: _by_point(controlled[controlled["configuration"] == name], "control")
            for name in dict.fromkeys(controlled.loc[~of_baseline, "configuration"])
        },
        "curves": json_rows(analysis.operating.curves),
        "acts_like": {
            name: {"share": rows[0]["share"], "shift": rows[0]["shift"], "seeds": rows[0]["seeds"]}
            | {row["score"]: {each: row[each] for each in _ESTIMATE if each in row} for row in rows}
            for name, rows in _grouped(analysis.operating.acts_like, "configuration").items()
        },
    }


def _by_point(points: pd.DataFrame, key: str) -> dict[str, dict[str, dict]]:
    content: dict[str, dict[str, dict]] = {}
    for name, rows in _grouped(points, key).items():
        for row in rows:
            point = content.setdefault(name, {}).setdefault(
                row["point"], {"shift": row["shift"], "seeds": row["seeds"]}
            )
            point[row["score"]] = {each: row[each] for each in (*_ESTIMATE, *_FROM_ARGMAX)}
    return content


def _grouped(table: pd.DataFrame, key: str) -> dict[str, list[dict]]:
    rows: dict[str, list[dict]] = {}
    for row in json_rows(table):
        rows.setdefault(row[key], []).append(row)
    return rows

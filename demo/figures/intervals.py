"""Scores with their 95 % intervals: as error bars, and in words."""

import pandas as pd

from demo.figures.view import in_per_cent, per_cent

# The end of how to read marks of scores that are not of single photos
WITHOUT_INTERVALS = "marks without intervals show no difference."


def error_bars(rows: list[pd.Series], value: str, low: str, high: str) -> dict:
    """Plotly's error bars of these rows' intervals: distances from the value, 0 where there is no interval.

    Args:
        value: the column of the value; `low` and `high` those of its interval.
    """
    up, down = ([row[high] - row[value] for row in rows], [row[value] - row[low] for row in rows])
    return {
        "type": "data",
        "symmetric": False,
        "array": [distance or 0 for distance in in_per_cent(up)],
        "arrayminus": [distance or 0 for distance in in_per_cent(down)],
        "thickness": 1.5,
        "width": 4,
    }


def with_interval(row: pd.Series) -> str:
    """A score's mean and interval in words; the mean alone where there is no interval."""
    if pd.isna(row["low"]):
        return per_cent(row["mean"])
    return f"{per_cent(row['mean'])} (95 % interval {100 * row['low']:.1f} to {100 * row['high']:.1f})"


def in_points(row: pd.Series) -> str:
    """A score's difference in words, with its interval where there is one; `–` where there is no difference."""
    value, low, high = (100 * row[name] for name in ("difference", "difference_low", "difference_high"))
    if pd.isna(value):
        return "–"
    return f"{value:+.1f} points" + ("" if pd.isna(low) else f" (95 % interval {low:+.1f} to {high:+.1f})")

"""The measurements' CSVs in words, a sentence each."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd

from experiments.cli.program import typed
from experiments.measurements import MEASURED, MEASUREMENTS, SUSPICIOUS, measured_path
from experiments.store.csv_table import BadTable, read_table
from seg import InputError


def measured_sentence(name: str, folder: Path = MEASURED) -> str:
    """A sentence on what a measurement found; empty where its CSV is not in the folder.

    Raises:
        InputError: the CSV is damaged.
    """
    path, measurement = measured_path(name, folder), MEASUREMENTS[name]
    try:
        content = path.read_bytes()
        known = {"needed": measurement.columns, "words": measurement.words}
        table = read_table(path, content, measurement.columns, **known)
        if table.empty:
            raise BadTable(f"{path} has no row")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): {_remedy(name)}") from error
    except BadTable as error:
        raise InputError(f"{error}: {_remedy(name)}") from error
    return say_measured(name, table)


def say_measured(name: str, table: pd.DataFrame) -> str:
    """A sentence on what a measurement found, from its table."""
    return _SENTENCES[name](table)


def _remedy(name: str) -> str:
    return f"write it anew with `{typed('measure')} {name}`"


def _border_scale(table: pd.DataFrame) -> str:
    moved, f1 = (f"{each:g}" for each in table["moved"]), (f"{100 * each:.1f}" for each in table["border_f1_0px"])
    return (
        f"The true border itself, moved by {_listed(moved)} pixels, gets a border F1 of {_listed(f1)} % (the mean over "
        f"four directions, of {_photos(table)})."
    )


def _outline_width(table: pd.DataFrame) -> str:
    width = table.set_index("length").loc["steps"]
    return (
        f"The true border is a band {width['median']:.1f} pixels wide at the median of {_photos(table)}, "
        f"{width['lower_quartile']:.1f} to {width['upper_quartile']:.1f} in the middle half of them."
    )


def _planted_labels(table: pd.DataFrame) -> str:
    by_method = table.groupby("method")["average_precision"].agg(["mean", "min", "max"])
    ours, former = (by_method.loc[method] for method in ("label_quality", "cross_entropy"))
    first, draws = table.iloc[0], table["draw"].nunique()
    networks = f"{first['runs']:.0f} networks" if first["runs"] > 1 else "one network"
    return (
        f"Where {first['planted']:.0f} of {_photos(table)}, none of them among the {SUSPICIOUS} that cross-entropy "
        f"distrusts most, were given a wrong trimap, this ranking by {networks} has "
        f"an average precision of {ours['mean']:.2f} ({ours['min']:.2f} to {ours['max']:.2f} in {draws} draws), and "
        f"the one by cross-entropy that it replaced {former['mean']:.2f} ({former['min']:.2f} to {former['max']:.2f})."
    )


def _full_size(table: pd.DataFrame) -> str:
    accuracy, f1 = (_points(table[f"{score}_difference"]) for score in ("pixel_accuracy", "border_f1"))
    return (
        "The photos scored here are copies of 128 x 128 made without antialiasing: read from their full size, "
        f"{_photos(table)} change pixel accuracy by {accuracy} points and border F1 by {f1} ({_listed(table['run'])})."
    )


def _points(differences: pd.Series) -> str:
    """`+0.7 to +1.1`, of fractions in points of a per cent; `+0.7` where they agree."""
    # adding 0 makes -0.0 the 0.0 that it is
    low, high = (f"{round(100 * end, 1) + 0:+.1f}" for end in (differences.min(), differences.max()))
    return low if low == high else f"{low} to {high}"


def _photos(table: pd.DataFrame) -> str:
    return f"{table['photos'].iloc[0]:,.0f} test photos"


def _listed(words: Iterable[str]) -> str:
    """`1, 2 and 3`."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


_SENTENCES: dict[str, Callable[[pd.DataFrame], str]] = {
    "border-scale": _border_scale,
    "outline-width": _outline_width,
    "planted-labels": _planted_labels,
    "full-size": _full_size,
}

"""The tables that only RESULTS.md has say what was computed."""

import re

import numpy as np
import pytest

from experiments.comparison.analysis import analyse, breed_intervals
from experiments.reporting.tables import breed_section
from experiments.scores import with_intervals
from tests.experiments.conftest import argmax_margins

PHOTOS = [f"{breed}_{number}" for number in range(4) for breed in ("great_pyrenees", "pug", "Sphynx", "Bengal")]


def test_intervals_over_breeds_have_a_row_a_configuration_and_two_a_difference(write_run, draw_confusions):
    counts = draw_confusions(3, len(PHOTOS))
    losses = ("ce", "focal", "weighted")
    analysis = analyse(
        [write_run(f"{loss}-s0", one, loss=loss, photos=PHOTOS) for loss, one in zip(losses, counts, strict=True)]
    )
    section, table = breed_section(analysis), breed_intervals(analysis).set_index(["configuration", "score"])
    tuned = ", thresholds tuned"
    differences = [f"{name}, from ce{which}" for name in losses[1:] for which in ("", tuned)]
    assert [row[0] for row in section.rows] == [*losses, *differences]
    assert section.header[1:] == [score.noun for score in with_intervals()]
    for name, kind, *cells in (
        (row[0].split(",")[0], "difference_" * ("from" in row[0]), *row[1:])
        for row in section.rows
        if not row[0].endswith(tuned)
    ):
        for score, cell in zip(with_intervals(), cells, strict=True):
            low, high, times = map(float, re.fullmatch(r"\[(.+), (.+)\] x (.+)", cell).groups())
            row = table.loc[name, score.name]
            assert (low, high) == pytest.approx((100 * row[f"{kind}low"], 100 * row[f"{kind}high"]), abs=0.0051)
            assert times == pytest.approx(row[f"{kind}times"], abs=0.051)
            assert cell.startswith(("[+", "[-")) == bool(kind)
    (note,) = section.notes
    low, high = table[["times", "difference_times"]].min(axis=None), table[["times", "difference_times"]].max(axis=None)
    assert "all photos of 4 breeds drawn breed by breed" in note
    assert note.endswith(f"over photos: {low:.1f} to {high:.1f}.")


def test_the_tuned_differences_have_intervals_over_breeds_too(write_run, draw_confusions):
    counts = draw_confusions(2, len(PHOTOS))
    right = argmax_margins(np.array([np.diag([5, 5, 5])]))  # so that the tuned shift is 0
    both = zip(("ce", "focal"), counts, strict=True)
    analysis = analyse([write_run(f"{loss}-s0", one, loss=loss, photos=PHOTOS, tuning=right) for loss, one in both])
    cells = dict(zip(breed_section(analysis).header, breed_section(analysis).rows[-1], strict=True))
    row = analysis.operating.row("focal", "border_f1")
    low, high, times = map(float, re.fullmatch(r"\[(.+), (.+)\] x (.+)", cells["border F1"]).groups())
    assert (low, high) == pytest.approx((100 * row["breeds_low"], 100 * row["breeds_high"]), abs=0.0051)
    width = row["difference_high"] - row["difference_low"]
    assert times == pytest.approx((row["breeds_high"] - row["breeds_low"]) / width, abs=0.051)


def test_how_many_times_as_wide_is_told_only_where_no_seeds_are_counted(write_run, draw_confusions):
    counts = draw_confusions(4, len(PHOTOS))
    runs = [
        write_run(f"{loss}-s{seed}", counts[2 * place + seed], loss=loss, seed=seed, photos=PHOTOS)
        for place, loss in enumerate(("ce", "focal"))
        for seed in (0, 1)
    ]
    section = breed_section(analyse(runs))
    assert all(" x " not in cell for row in section.rows for cell in row)
    assert section.notes[0].endswith("over photos.")


def test_without_cross_entropy_the_breeds_have_no_differences(write_run, draw_confusions):
    (counts,) = draw_confusions(1, len(PHOTOS))
    blind = counts.copy()
    blind[:, :, 1] += blind[:, :, 2]
    blind[:, :, 2] = 0
    runs = [
        write_run(f"{loss}-s0", one, loss=loss, photos=PHOTOS) for loss, one in (("focal", counts), ("weighted", blind))
    ]
    section = breed_section(analyse(runs))
    assert [row[0] for row in section.rows] == ["focal", "weighted"]
    precision = section.header.index("border precision")
    assert section.rows[1][precision] == "–"
    assert np.all([row[1].startswith("[") for row in section.rows])

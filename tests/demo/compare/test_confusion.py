"""Confusion matrices follow from the photos."""

import shutil

import pandas as pd

from demo.compare.confusion import confusion_tables
from demo.figures.styles import styles
from experiments.comparison.analysis import analyse
from experiments.store.runs import read_run


def test_confusion_matrices_follow_from_the_photos(runs):
    analysis, counts = analyse(runs), pd.read_csv(runs[1].folder / "images.csv").drop(columns="name").sum()
    true = sum(counts[f"border_as_{name}"] for name in ("pet", "background", "border"))
    tables = confusion_tables(analysis, styles(analysis.configurations))
    for name in ("pet", "background", "border"):
        assert f"{100 * counts[f'border_as_{name}'] / true:.1f} %" in tables
    assert tables.count("<caption>") == 2
    assert "<caption>Focal loss, seed 0</caption>" in tables


def test_a_folders_name_is_no_markup(own_runs):
    for name in ("<img src=x>", "other"):
        shutil.copytree(own_runs / "ce-s0", own_runs / name)
    analysis = analyse([read_run(own_runs / name) for name in ("<img src=x>", "other")])
    tables = confusion_tables(analysis, styles(analysis.configurations))
    assert "&lt;img" in tables
    assert "<img" not in tables

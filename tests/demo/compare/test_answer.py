"""Cards and confusion matrices follow from the photos."""

import shutil

import pandas as pd

from demo.compare.answer import cards, confusion_tables
from demo.figures.styles import styles
from experiments.comparison.analysis import analyse
from experiments.comparison.configurations import configurations
from experiments.store.runs import read_run


def test_cards_and_confusion_matrices_follow_from_the_photos(runs):
    analysis, counts = analyse(runs), pd.read_csv(runs[1].folder / "images.csv").drop(columns="name").sum()
    true = sum(counts[f"border_as_{name}"] for name in ("pet", "background", "border"))
    recall = f"{100 * counts['border_as_border'] / true:.1f} %"
    assert f"<dt>Border recall</dt><dd><b>{recall}</b>" in cards(analysis, styles(configurations(runs)))
    tables = confusion_tables(analysis)
    for name in ("pet", "background", "border"):
        assert f"{100 * counts[f'border_as_{name}'] / true:.1f} %" in tables
    assert tables.count("<caption>") == 2


def test_a_folders_name_is_no_markup(own_runs, change_options):
    folder = own_runs / "<img src=x>"
    shutil.copytree(own_runs / "ce-s0", folder)
    change_options(folder, lr=0.5)
    analysis = analyse([read_run(folder)])
    styled = styles(analysis.configurations)
    assert "<img" not in cards(analysis, styled) + confusion_tables(analysis)

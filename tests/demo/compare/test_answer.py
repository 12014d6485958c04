"""Cards and confusion matrices follow from the photos."""

import shutil

import pandas as pd

from demo.compare.answer import answer_text, cards, confusion_tables
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


def test_the_answer_says_which_seeds_its_intervals_count(own_runs, change_options):
    def basis(*names: str) -> str:
        return answer_text(analyse([read_run(own_runs / name) for name in names]), [], [], "").splitlines()[-1]

    for name in ("ce-s1", "even-s0", "even-s1"):  # of as many epochs, so compared photo by photo
        shutil.copytree(own_runs / "ce-s0", own_runs / name)
        change_options(own_runs / name, seed=int(name[-1]), **({"loss": "focal"} if name.startswith("even") else {}))
    assert "intervals are of other photos, not seeds: each configuration has one.</small>" in basis("ce-s0", "even-s0")
    mixed = basis("ce-s0", "ce-s1", "even-s0")
    assert "of other photos and, where there are several, seeds: 2 of `ce`, 1 of " in mixed
    assert "one seed shared with `ce`: the intervals say what other photos would change, not what other seeds" in mixed
    several = basis("ce-s0", "ce-s1", "even-s0", "even-s1")
    assert "of other photos and seeds: 2 of `ce`, 2 of " in several
    assert "the mean over the 2 seeds shared with `ce`; the intervals count how much seeds differ." in several
    assert "shared" not in basis("ce-s0", "ce-s1")


def test_a_folders_name_is_no_markup(own_runs, change_options):
    folder = own_runs / "<img src=x>"
    shutil.copytree(own_runs / "ce-s0", folder)
    change_options(folder, lr=0.5)
    analysis = analyse([read_run(folder)])
    styled = styles(analysis.configurations)
    assert "<img" not in cards(analysis, styled) + confusion_tables(analysis)

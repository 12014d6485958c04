"""What is said of seeds is true of each interval."""

import pytest

from experiments.comparison.analysis import Analysis, analyse
from experiments.comparison.answer.seeds import difference_counts_seeds, seeds_of_differences, seeds_of_scores


@pytest.fixture
def trained(write_run, draw_confusions):
    """`trained(ce=(0, 1), focal=(0,))`: the analysis of runs of these losses and seeds."""

    def analysed(**seeds: tuple[int, ...]) -> Analysis:
        names = [(loss, seed) for loss, chosen in seeds.items() for seed in chosen]
        counts = draw_confusions(len(names), 6)
        return analyse(
            [
                write_run(f"{loss}-s{seed}", one, loss=loss, seed=seed)
                for (loss, seed), one in zip(names, counts, strict=True)
            ]
        )

    return analysed


def test_one_seed_each_is_of_photos_alone(trained):
    analysis = trained(ce=(0,), focal=(0,))
    assert seeds_of_scores(analysis) == "photos, not seeds: each configuration has one"
    assert seeds_of_differences(analysis) == [
        "Every configuration has one seed: the intervals say what other photos would change, not what other seeds "
        "would."
    ]
    assert not difference_counts_seeds(analysis, "focal")


def test_several_seeds_each_are_counted(trained):
    analysis = trained(ce=(0, 1, 2), focal=(0, 1, 2), weighted=(1, 2))
    assert seeds_of_scores(analysis) == "photos and seeds: 3 of `ce`, 3 of `focal`, 2 of `weighted`"
    assert seeds_of_differences(analysis) == [
        "`focal`: the mean over the 3 seeds shared with `ce`; the intervals count how much seeds differ.",
        "`weighted`: the mean over the 2 seeds shared with `ce`; the intervals count how much seeds differ.",
    ]
    assert difference_counts_seeds(analysis, "focal")


def test_unequal_seeds_are_told_apart(trained):
    analysis = trained(ce=(0, 1), focal=(0, 1), weighted=(1,), dice=(5, 6))
    assert seeds_of_scores(analysis) == (
        "photos and, where there are several, seeds: 2 of `ce`, 2 of `focal`, 1 of `weighted`, 2 of `dice`"
    )
    assert seeds_of_differences(analysis) == [
        "`focal`: the mean over the 2 seeds shared with `ce`; the intervals count how much seeds differ.",
        "`weighted`: one seed shared with `ce`: the intervals say what other photos would change, not what other seeds "
        "would.",
        "`dice`: no seed shared with `ce`, so from mean to mean; the intervals count how much seeds differ.",
    ]
    counted = [name for name in ("focal", "weighted", "dice") if difference_counts_seeds(analysis, name)]
    assert counted == ["focal", "dice"]


def test_seeds_that_nobody_shares_are_not_said_to_be(trained):
    analysis = trained(ce=(0,), focal=(3, 4))
    (sentence,) = seeds_of_differences(analysis)
    assert sentence.startswith("`focal`: no seed shared with `ce`, and a side has one alone: the intervals say")
    assert not difference_counts_seeds(analysis, "focal")

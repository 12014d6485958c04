"""Intervals hold the truth as often as they say, for photos and for seeds; ratios are those of sums."""

import random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from torchmetrics.functional.classification import multiclass_f1_score, multiclass_jaccard_index

from experiments.comparison.bootstrap import (
    Intervals,
    interval_scores,
    paired_bootstrap,
    pooled_deviation,
    resampled_scores,
)

SCORES = ("pixel_accuracy", "border_recall", "border_precision", "border_f1", "border_iou")
RECALL, PRECISION = 1, 2
BORDER = 2


def plain_scores(confusions: list[list[list[int]]]) -> list[float]:
    """SCORES of photos together, in plain Python: count, then divide."""
    correct = pixels = hits = true = predicted = 0
    for photo in confusions:
        for row in range(3):
            for column in range(3):
                count = photo[row][column]
                pixels += count
                correct += count * (row == column)
                hits += count * (row == column == BORDER)
                true += count * (row == BORDER)
                predicted += count * (column == BORDER)

    def share(part: int, whole: int) -> float:
        return part / whole if whole else float("nan")

    return [
        share(correct, pixels),
        share(hits, true),
        share(hits, predicted),
        share(2 * hits, true + predicted),
        share(hits, true + predicted - hits),
    ]


counts = st.lists(
    st.lists(st.lists(st.integers(0, 5_000), min_size=3, max_size=3), min_size=3, max_size=3), min_size=1, max_size=6
)


# ---- scores of photos together


@given(counts)
def test_scores_are_those_of_the_photos_counted_together(confusions):
    measured = interval_scores(np.array(confusions).sum(axis=0))
    assert measured.tolist() == pytest.approx(plain_scores(confusions), rel=1e-12, nan_ok=True)


def test_f1_and_iou_are_torchmetrics(draw_confusions):
    confusion = draw_confusions(1, 1)[0, 0]
    truth, predicted = (torch.from_numpy(np.repeat(side.ravel(), confusion.ravel())) for side in np.indices((3, 3)))
    measured = dict(zip(SCORES, interval_scores(confusion), strict=True))
    f1 = multiclass_f1_score(predicted, truth, num_classes=3, average="none")[BORDER]
    iou = multiclass_jaccard_index(predicted, truth, num_classes=3, average="none")[BORDER]
    assert measured["border_f1"] == pytest.approx(f1.item(), abs=1e-6)
    assert measured["border_iou"] == pytest.approx(iou.item(), abs=1e-6)


def test_recall_is_a_ratio_of_sums_not_a_mean_of_ratios():
    confusions = np.zeros((2, 3, 3), dtype=int)
    confusions[0, BORDER] = 0, 0, 10  # a small border, all of it found
    confusions[1, BORDER] = 0, 990, 0  # a large one, none of it found
    intervals = paired_bootstrap(confusions[None], [(0,)], resamples=200)
    assert intervals.mean[0, RECALL] == pytest.approx(0.01)


# ---- resamples


def test_resamples_are_a_slow_loop_over_the_photos_drawn(draw_confusions):
    confusions = draw_confusions(3, 11)
    resamples = 300  # more than are drawn at once
    measured = resampled_scores(confusions, resamples, np.random.default_rng(4))
    draws = np.random.default_rng(4).integers(0, 11, (resamples, 11), dtype=np.int32)
    expected = [[plain_scores([run[photo].tolist() for photo in draw]) for run in confusions] for draw in draws]
    np.testing.assert_allclose(measured, expected, rtol=1e-12)


def test_intervals_are_the_percentiles_of_a_slow_loop_with_other_draws(draw_confusions):
    confusions = draw_confusions(2, 40, seed=1)
    intervals = paired_bootstrap(confusions, [(0,), (1,)], resamples=8_000)
    dice = random.Random(7)
    slow = []
    for _ in range(3_000):
        draw = dice.choices(range(40), k=40)
        slow.append([plain_scores(run[draw].tolist()) for run in confusions])
    slow = np.array(slow)
    for low, high, values in (
        (intervals.low, intervals.high, slow),
        (intervals.difference_low, intervals.difference_high, slow - slow[:, :1]),
    ):
        near = 0.2 * values.std(axis=0)  # what 3,000 draws leave open of a percentile
        assert (np.abs(low - np.percentile(values, 2.5, axis=0)) <= near).all()
        assert (np.abs(high - np.percentile(values, 97.5, axis=0)) <= near).all()


def test_the_scores_with_intervals_are_named(draw_confusions):
    assert paired_bootstrap(draw_confusions(1, 3), [(0,)], 10).scores == SCORES


def test_the_same_seed_gives_the_same_intervals(draw_confusions):
    confusions = draw_confusions(3, 20)
    one, again, other = (paired_bootstrap(confusions, [(0, 1), (2,)], 300, seed=seed) for seed in (1, 1, 2))
    assert (one.low == again.low).all()
    assert (one.difference_high == again.difference_high).all()
    assert (one.low != other.low).any()


# ---- pairing


def test_a_configuration_and_its_copy_differ_by_nothing(draw_confusions):
    run = draw_confusions(1, 30)[0]
    intervals = paired_bootstrap(np.stack([run, run]), [(0,), (1,)], 500)
    for values in (intervals.difference, intervals.difference_low, intervals.difference_high):
        assert (values == 0).all()
    assert (intervals.high > intervals.low).all()


def test_what_all_runs_find_hard_does_not_widen_a_difference():
    """Photos differ much, the two runs always by the same: a bootstrap that draws each run's own photos sees noise."""
    rng = np.random.default_rng(0)
    recall = rng.uniform(0.1, 0.8, 200)
    confusions = np.stack([border_counts(1_000, recall, 1_000), border_counts(1_000, recall + 0.1, 1_000)])
    intervals = paired_bootstrap(confusions, [(0,), (1,)], 500)
    assert intervals.difference[1, RECALL] == pytest.approx(0.1, abs=1e-3)
    width = intervals.difference_high[1, RECALL] - intervals.difference_low[1, RECALL]
    assert width < 0.02 * (intervals.high[1, RECALL] - intervals.low[1, RECALL])


def border_counts(true: int, recall: np.ndarray, predicted: int) -> np.ndarray:
    """Confusions (N, 3, 3) of photos with so many border pixels, that recall, and so many predicted as border."""
    return border_confusions(np.rint(true * recall).astype(int), true, predicted)


def border_confusions(hits: np.ndarray, true: int | np.ndarray, predicted: int | np.ndarray) -> np.ndarray:
    """Confusions (..., 3, 3) of photos without a pet, from the border found, the true and the predicted."""
    confusions = np.zeros((*hits.shape, 3, 3), dtype=np.int64)
    confusions[..., 2, 2] = hits
    confusions[..., 2, 1] = true - hits
    confusions[..., 1, 2] = predicted - hits
    confusions[..., 1, 1] = 10_000 - confusions[..., 1, 2]
    return confusions


# ---- scores without a meaning


def test_precision_without_predictions_is_nan_and_the_rest_is_not():
    confusions = np.array([[[50, 3, 0], [2, 70, 0], [4, 6, 0]]] * 5)
    intervals = paired_bootstrap(np.stack([confusions, confusions]), [(0,), (1,)], 200)
    others = [index for index in range(len(SCORES)) if index != PRECISION]
    for values in (intervals.mean, intervals.low, intervals.high, intervals.difference, intervals.difference_low):
        assert np.isnan(values[1, PRECISION])
        assert np.isfinite(values[:, others]).all()
    assert intervals.mean[0, RECALL] == 0


def test_photos_without_a_border_weigh_nothing_in_recall(draw_confusions):
    confusions = draw_confusions(1, 12)[0]
    empty = np.array([[[80, 5, 0], [3, 90, 0], [0, 0, 0]]])
    alone = interval_scores(confusions.sum(axis=0))
    beside = paired_bootstrap(np.concatenate([confusions, empty])[None], [(0,)], 200)
    assert beside.mean[0, RECALL] == alone[RECALL]
    assert np.isfinite(beside.low).all()


# ---- seeds


def scores_of_runs(confusions: np.ndarray) -> np.ndarray:
    return np.array([plain_scores(run.tolist()) for run in confusions])


def test_the_noise_between_seeds_is_pooled_over_configurations(draw_confusions):
    confusions = draw_confusions(6, 25, seed=3)
    members = [(0, 4, 1), (2, 5), (3,)]
    intervals = paired_bootstrap(confusions, members, 50)
    scores = scores_of_runs(confusions)
    first, second = (scores[list(runs)].var(axis=0, ddof=1) for runs in members[:2])
    assert intervals.seed_deviation == pytest.approx(np.sqrt((2 * first + second) / 3))
    assert intervals.mean == pytest.approx(np.stack([scores[list(runs)].mean(axis=0) for runs in members]))


def test_two_groups_pool_as_a_t_test_pools_them(draw_confusions):
    """Two samples that differ by one standard error have a t statistic of 1: scipy knows the pooled deviation."""
    scores = scores_of_runs(draw_confusions(7, 10, seed=5))
    deviation, freedom = pooled_deviation([scores[:3], scores[3:]])
    statistic = stats.ttest_ind(scores[3:], scores[:3], equal_var=True).statistic
    difference = scores[3:].mean(axis=0) - scores[:3].mean(axis=0)
    assert (freedom == 5).all()
    assert deviation == pytest.approx(difference / statistic / np.sqrt(1 / 3 + 1 / 4))


def test_a_score_that_one_run_lacks_takes_no_interval_from_the_others(draw_confusions):
    confusions = draw_confusions(5, 25)
    whole = paired_bootstrap(confusions, [(0, 1), (2, 3)], 300)
    confusions[4, :, :, 1] += confusions[4, :, :, 2]
    confusions[4, :, :, 2] = 0
    for members in ([(0, 1), (2, 3), (4,)], [(0, 1), (2, 3), (0, 4)]):
        intervals = paired_bootstrap(confusions, members, 300)
        assert intervals.seed_deviation[PRECISION] == pytest.approx(whole.seed_deviation[PRECISION])
        for values in (intervals.low, intervals.high, intervals.difference_low, intervals.difference_high):
            assert np.isfinite(values[:2]).all()
            assert np.isnan(values[2]).tolist() == [score == "border_precision" for score in SCORES]


@pytest.mark.parametrize("members", [[(0,)], [(0,), (1,), (2,)]])
def test_where_no_configuration_has_two_seeds_nothing_is_known_of_seeds(draw_confusions, members):
    confusions = draw_confusions(3, 25)
    intervals = paired_bootstrap(confusions, members, 300)
    assert np.isnan(intervals.seed_deviation).all()
    assert np.isfinite(intervals.low).all()


def same_photos_other_seeds(recalls: list[float]) -> np.ndarray:
    """Runs on 50 equal photos: photos leave no doubt, so an interval is of the seeds alone."""
    return np.stack([border_counts(1_000, np.full(50, recall), 1_000) for recall in recalls])


def widths(intervals: Intervals) -> tuple[np.ndarray, np.ndarray]:
    return (
        (intervals.high - intervals.low)[:, RECALL],
        (intervals.difference_high - intervals.difference_low)[:, RECALL],
    )


def test_without_doubt_about_photos_the_interval_is_students_t():
    confusions = same_photos_other_seeds([0.5, 0.52, 0.51, 0.6, 0.64])
    intervals = paired_bootstrap(confusions, [(0, 1, 2), (3, 4)], 40_000)
    deviation = np.sqrt((2 * np.var([0.5, 0.52, 0.51], ddof=1) + np.var([0.6, 0.64], ddof=1)) / 3)
    quantile = stats.t.ppf(0.975, df=3)
    means, differences = widths(intervals)
    assert means == pytest.approx(2 * quantile * deviation * np.sqrt([1 / 3, 1 / 2]), rel=0.05)
    assert differences[0] == 0
    assert differences[1] == pytest.approx(2 * quantile * deviation * np.sqrt(1 / 3 + 1 / 2), rel=0.05)


def test_a_single_seed_borrows_the_noise_of_the_others():
    confusions = same_photos_other_seeds([0.5, 0.52, 0.6])
    means, differences = widths(paired_bootstrap(confusions, [(0, 1), (2,)], 20_000))
    assert means[1] == pytest.approx(np.sqrt(2) * means[0], rel=0.1)
    assert differences[1] == pytest.approx(np.sqrt(1 + 1 / 2) * means[1], rel=0.1)


# ---- how often the truth is inside

PHOTOS, EXPERIMENTS, RESAMPLES = 150, 300, 600
# the second configuration paints a border a fifth too wide
PAINTED = np.array([1.0, 1.2])
RISE, PER_PIXEL = 0.02, 1e-4


def simulate(seed: int, seeds: tuple[int, int], between_seeds: float) -> np.ndarray:
    """Confusions (EXPERIMENTS, runs, PHOTOS, 3, 3) of two configurations, each experiment with new photos and seeds.

    A pixel of the true border is found with a probability that depends on the photo (for all runs alike),
    on the photo and the configuration, and on the run; the second configuration finds more, by RISE and by
    PER_PIXEL for each border pixel of the photo.
    """
    rng = np.random.default_rng(seed)
    which = np.repeat([0, 1], seeds)
    border = rng.integers(200, 1_001, (EXPERIMENTS, 1, PHOTOS))
    photo = rng.uniform(-0.1, 0.1, (EXPERIMENTS, 1, PHOTOS))
    taste = rng.uniform(-0.1, 0.1, (EXPERIMENTS, 2, PHOTOS))[:, which]
    luck = rng.normal(0, between_seeds, (EXPERIMENTS, len(which), 1))
    rise = which[None, :, None] * (RISE + PER_PIXEL * border)
    hits = rng.binomial(border, 0.4 + photo + taste + luck + rise)
    painted = np.rint(PAINTED[which][None, :, None] * border).astype(int)
    return border_confusions(hits, border, painted)


def truth() -> dict[str, np.ndarray]:
    """Recall and precision of both configurations over all photos there could be, and their differences.

    E[b (0.4 + RISE + PER_PIXEL b)] / E[b] for a border b uniform on 200 to 1,000; luck and photos average out.
    """
    border = np.arange(200, 1_001)
    recall = 0.4 + np.array([0, RISE + PER_PIXEL * (border**2).mean() / border.mean()])
    levels = np.stack([recall, recall / PAINTED], axis=1)
    return {"levels": levels, "difference": levels[1] - levels[0]}


def coverage(confusions: np.ndarray, members: list[tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Share of experiments whose interval holds the truth, for recall and precision."""
    expected, columns = truth(), [RECALL, PRECISION]
    inside = {"levels": [], "difference": []}
    for counts in confusions:
        found = paired_bootstrap(counts, members, RESAMPLES)
        low, high = found.low[:, columns], found.high[:, columns]
        inside["levels"].append((low <= expected["levels"]) & (expected["levels"] <= high))
        low, high = found.difference_low[1, columns], found.difference_high[1, columns]
        inside["difference"].append((low <= expected["difference"]) & (expected["difference"] <= high))
    return {name: np.mean(held, axis=0) for name, held in inside.items()}


@pytest.mark.parametrize(
    ("seeds", "members", "between_seeds"),
    [
        pytest.param((3, 3), [(0, 1, 2), (3, 4, 5)], 0.01, id="three seeds each"),
        pytest.param((1, 1), [(0,), (1,)], 0.0, id="one seed each, and seeds change nothing"),
        pytest.param((3, 1), [(0, 1, 2), (3,)], 0.02, id="the second has one seed and borrows the first's noise"),
    ],
)
def test_intervals_hold_the_truth_as_often_as_they_say(seeds, members, between_seeds):
    measured = coverage(simulate(11, seeds, between_seeds), members)
    for name, shares in measured.items():
        assert ((shares >= 0.92) & (shares <= 0.99)).all(), (name, shares)


def test_intervals_that_knew_nothing_of_seeds_would_miss_the_truth():
    confusions = simulate(12, (3, 3), between_seeds=0.03)
    with_seeds = coverage(confusions, [(0, 1, 2), (3, 4, 5)])["difference"]
    photos_alone = coverage(confusions, [(0,), (3,)])["difference"]
    assert ((with_seeds >= 0.92) & (with_seeds <= 0.99)).all()
    assert (photos_alone < 0.6).all()

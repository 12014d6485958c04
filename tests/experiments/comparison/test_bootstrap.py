"""Intervals hold the truth as often as they say, for photos, breeds and seeds; ratios are those of sums."""

import random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats
from torchmetrics.functional.classification import multiclass_f1_score, multiclass_jaccard_index

from experiments.comparison import bootstrap
from experiments.comparison.bootstrap import (
    Estimate,
    Resampled,
    estimate,
    estimate_difference,
    holm,
    interval_scores,
    resample,
    resample_sums,
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


# ---- what is drawn


@pytest.mark.parametrize("remembered", [10**9, 0])
def test_photos_are_drawn_in_one_order_whatever_is_remembered(monkeypatch, remembered):
    monkeypatch.setattr(bootstrap, "MOST_REMEMBERED", remembered)
    bootstrap.forget_draws()
    by_photo = np.random.default_rng(1).integers(0, 1_000, (300, 2))
    drawn = np.random.default_rng(0).integers(0, 300, (200, 300), dtype=np.int32)
    expected = np.stack([by_photo[photos].sum(axis=0) for photos in drawn])
    for resamples in (200, 7, 200):  # fewer are the first of them
        np.testing.assert_array_equal(resample_sums(by_photo, lambda totals: totals, resamples), expected[:resamples])


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
    assert estimate(resample(confusions[None], 200), {0: 0}).mean[RECALL] == pytest.approx(0.01)


# ---- resamples


def test_resamples_are_a_slow_loop_over_the_photos_drawn(draw_confusions):
    confusions = draw_confusions(3, 11)
    resamples = 300  # more than are drawn at once
    measured = resample(confusions, resamples, seed=4)
    draws = np.random.default_rng(4).integers(0, 11, (resamples, 11), dtype=np.int32)
    expected = [[plain_scores([run[photo].tolist() for photo in draw]) for run in confusions] for draw in draws]
    np.testing.assert_allclose(measured.drawn, expected, rtol=1e-12)
    np.testing.assert_allclose(measured.observed, [plain_scores(run.tolist()) for run in confusions], rtol=1e-12)
    assert measured.scores == SCORES


def test_whole_clusters_are_drawn_all_of_their_photos_with_them(draw_confusions):
    confusions = draw_confusions(2, 7)
    clusters = ["pug", "beagle", "pug", "Bengal", "beagle", "pug", "Bengal"]
    measured = resample(confusions, 300, seed=4, clusters=clusters)
    draws = np.random.default_rng(4).integers(0, 3, (300, 3), dtype=np.int32)
    members = [[1, 4], [0, 2, 5], [3, 6]]  # which number a cluster has does not matter, but it has one
    found = {tuple(np.round(row.ravel(), 9)) for row in measured.drawn}
    loops = [[photo for cluster in draw for photo in members[cluster]] for draw in draws]
    # each resample is one of the ten ways to draw three of three
    assert found == {
        tuple(np.round([score for run in confusions for score in plain_scores(run[photos].tolist())], 9))
        for photos in loops
    }
    assert len(found) == 10
    assert (measured.observed == resample(confusions, 1).observed).all()


def test_the_same_seed_draws_the_same_photos_whatever_is_counted():
    photos = np.random.default_rng(0).integers(0, 100, (30, 7))
    whole = resample_sums(photos, lambda totals: totals, 300, seed=2)
    for part in (slice(0, 1), slice(2, 6)):
        assert (resample_sums(photos[:, part], lambda totals: totals, 300, seed=2) == whole[:, part]).all()
    assert (resample_sums(photos, lambda totals: totals, 300, seed=3) != whole).any()
    shares = resample_sums(photos, lambda totals: totals.reshape(-1, 7, 1) / totals[:, :1, None], 300, seed=2)
    assert shares.shape == (300, 7, 1)
    assert (shares[..., 0] == whole / whole[:, :1]).all()


def test_intervals_are_the_percentiles_of_a_slow_loop_with_other_draws(draw_confusions):
    confusions = draw_confusions(2, 40, seed=1)
    resampled = resample(confusions, 8_000)
    dice = random.Random(7)
    slow = []
    for _ in range(3_000):
        draw = dice.choices(range(40), k=40)
        slow.append([plain_scores(run[draw].tolist()) for run in confusions])
    slow = np.array(slow)
    for found, values in (
        (estimate(resampled, {0: 1}), slow[:, 1]),
        (estimate_difference(resampled, {0: 1}, {0: 0}), slow[:, 1] - slow[:, 0]),
    ):
        near = 0.2 * values.std(axis=0)  # what 3,000 draws leave open of a percentile
        assert (np.abs(found.low - np.percentile(values, 2.5, axis=0)) <= near).all()
        assert (np.abs(found.high - np.percentile(values, 97.5, axis=0)) <= near).all()


def test_the_same_seed_gives_the_same_intervals(draw_confusions):
    confusions = draw_confusions(3, 20)
    one, again, other = (
        estimate_difference(resample(confusions, 300, seed), {0: 0, 1: 1}, {0: 2, 1: 0}) for seed in (1, 1, 2)
    )
    for name in ("mean", "low", "high", "p"):
        assert (getattr(one, name) == getattr(again, name)).all()
    assert (one.low != other.low).any()


# ---- pairing of photos


def test_a_configuration_and_its_copy_differ_by_nothing(draw_confusions):
    run = draw_confusions(1, 30)[0]
    resampled = resample(np.stack([run, run]), 500)
    found = estimate_difference(resampled, {0: 1}, {0: 0})
    for values in (found.mean, found.low, found.high):
        assert (values == 0).all()
    assert (found.p == 1).all()
    own = estimate(resampled, {0: 1})
    assert (own.high > own.low).all()


def test_what_all_runs_find_hard_does_not_widen_a_difference():
    """Photos differ much, the two runs always by the same: a bootstrap that draws each run's own photos sees noise."""
    rng = np.random.default_rng(0)
    recall = rng.uniform(0.1, 0.8, 200)
    confusions = np.stack([border_counts(1_000, recall, 1_000), border_counts(1_000, recall + 0.1, 1_000)])
    resampled = resample(confusions, 500)
    found = estimate_difference(resampled, {0: 1}, {0: 0})
    assert found.mean[RECALL] == pytest.approx(0.1, abs=1e-3)
    assert width(found) < 0.02 * width(estimate(resampled, {0: 1}))
    assert found.p[RECALL] == pytest.approx(2 / 501)


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


def width(found: Estimate) -> float:
    """Of the interval of recall."""
    return found.high[RECALL] - found.low[RECALL]


# ---- scores without a meaning


def undefined(values: np.ndarray) -> list[str]:
    return [score for score, value in zip(SCORES, values, strict=True) if np.isnan(value)]


def test_precision_without_predictions_is_nan_and_the_rest_is_not():
    confusions = np.array([[[50, 3, 0], [2, 70, 0], [4, 6, 0]]] * 5)
    resampled = resample(np.stack([confusions, confusions]), 200)
    own, differing = estimate(resampled, {0: 1}), estimate_difference(resampled, {0: 1}, {0: 0})
    for values in (own.mean, own.low, own.high, differing.mean, differing.low, differing.high, differing.p):
        assert undefined(values) == ["border_precision"]
    assert own.mean[RECALL] == 0


def test_resamples_without_a_prediction_are_left_out_and_take_no_interval():
    """One photo of four has all the predicted border: a third of the resamples have no precision, the others its."""
    confusions = np.array([[[50, 3, 0], [2, 70, 0], [4, 6, 0]]] * 4)
    confusions[2] = [[50, 3, 0], [2, 70, 8], [4, 6, 2]]
    other = np.array([[[50, 3, 0], [2, 70, 6], [4, 2, 4]]] * 4)
    resampled = resample(np.stack([confusions, other]), 2_000)
    assert 0.2 < np.isnan(resampled.drawn[:, 0, PRECISION]).mean() < 0.4
    own = estimate(resampled, {0: 0})
    assert (own.mean[PRECISION], own.low[PRECISION], own.high[PRECISION]) == (0.2, 0.2, 0.2)
    differing = estimate_difference(resampled, {0: 0}, {0: 1})
    assert (differing.low[PRECISION], differing.high[PRECISION]) == pytest.approx((-0.2, -0.2))
    defined = np.isfinite(resampled.drawn[:, 0, PRECISION]).sum()
    assert differing.p[PRECISION] == pytest.approx(2 / (defined + 1))
    for values in (own.low, own.high, differing.low, differing.high, differing.p):
        assert undefined(values) == []


def test_photos_without_a_border_weigh_nothing_in_recall(draw_confusions):
    confusions = draw_confusions(1, 12)[0]
    empty = np.array([[[80, 5, 0], [3, 90, 0], [0, 0, 0]]])
    alone = interval_scores(confusions.sum(axis=0))
    beside = estimate(resample(np.concatenate([confusions, empty])[None], 200), {0: 0})
    assert beside.mean[RECALL] == alone[RECALL]
    assert np.isfinite(beside.low).all()


def test_a_score_that_one_seed_lacks_is_undefined_for_that_configuration_alone(draw_confusions):
    confusions = draw_confusions(4, 25)
    confusions[1, :, :, 1] += confusions[1, :, :, 2]
    confusions[1, :, :, 2] = 0
    resampled = resample(confusions, 300)
    lacking, whole = {0: 0, 1: 1}, {0: 2, 1: 3}
    for found in (estimate(resampled, lacking), estimate_difference(resampled, lacking, whole)):
        for values in (found.mean, found.low, found.high):
            assert undefined(values) == ["border_precision"]
    assert undefined(estimate(resampled, whole).low) == []


# ---- seeds: on photos that are all alike the interval is of the seeds alone, and scipy knows it


def same_photos_other_seeds(*recalls: float) -> Resampled:
    return resample(np.stack([border_counts(1_000, np.full(50, recall), 1_000) for recall in recalls]), 4_000)


def ends(found: Estimate) -> tuple[float, float]:
    return found.low[RECALL], found.high[RECALL]


@pytest.mark.parametrize("recalls", [(0.5, 0.52), (0.5, 0.52, 0.51), (0.5, 0.52, 0.51, 0.55, 0.6)])
def test_the_interval_of_a_mean_is_student_s_of_its_own_seeds(recalls):
    found = estimate(same_photos_other_seeds(*recalls, 0.9, 0.1), dict(enumerate(range(len(recalls)))))
    expected = stats.ttest_1samp(recalls, 0).confidence_interval(0.95)
    assert ends(found) == pytest.approx((expected.low, expected.high), abs=0.02 * (expected.high - expected.low))
    assert (found.seeds, found.seeds_paired) == (len(recalls), 0)
    assert np.isnan(found.p).all()  # there is nothing to test a score against


def test_a_difference_is_that_of_the_pairs_of_seeds():
    ours, theirs = (0.52, 0.60, 0.71, 0.55), (0.50, 0.59, 0.66, 0.54)
    resampled = same_photos_other_seeds(*ours, *theirs, 0.1)
    # in any order, and beside seeds that the other has not
    found = estimate_difference(resampled, {5: 0, 6: 1, 7: 2, 8: 3}, {8: 7, 9: 8, 5: 4, 7: 6, 6: 5})
    expected = stats.ttest_rel(ours, theirs)
    interval = expected.confidence_interval(0.95)
    assert found.mean[RECALL] == pytest.approx(np.mean(ours) - np.mean(theirs))
    assert ends(found) == pytest.approx(interval, abs=0.02 * (interval.high - interval.low))
    assert found.p[RECALL] == pytest.approx(expected.pvalue, rel=0.02)
    assert (found.seeds, found.seeds_paired) == (4, 4)


def test_without_a_seed_in_common_a_difference_is_welch_s():
    ours, theirs = (0.52, 0.60, 0.71, 0.55), (0.50, 0.51, 0.53)
    resampled = same_photos_other_seeds(*ours, *theirs)
    found = estimate_difference(resampled, dict(enumerate(range(4))), {10: 4, 11: 5, 12: 6})
    expected = stats.ttest_ind(ours, theirs, equal_var=False)
    interval = expected.confidence_interval(0.95)
    assert ends(found) == pytest.approx(interval, abs=0.02 * (interval.high - interval.low))
    assert found.p[RECALL] == pytest.approx(expected.pvalue, rel=0.02)
    assert (found.seeds, found.seeds_paired) == (3, 0)


def test_one_seed_or_one_in_common_knows_photos_alone(draw_confusions):
    resampled = resample(draw_confusions(4, 25), 300)
    own = estimate(resampled, {3: 2})
    assert own.seeds == 1
    for values, per_cent in ((own.low, 2.5), (own.high, 97.5)):
        assert values == pytest.approx(np.percentile(resampled.drawn[:, 2], per_cent, axis=0))
    pair = resampled.drawn[:, 1] - resampled.drawn[:, 2]
    for entries, paired, values in (
        ({0: 0, 3: 1}, 1, pair),  # of seed 3 alone
        ({7: 1}, 0, pair),  # of no common seed, where a side has one: its spread is not known
        ({7: 1, 8: 1}, 0, pair),
    ):
        found = estimate_difference(resampled, entries, {3: 2})
        assert (found.seeds, found.seeds_paired) == (1, paired)
        assert found.mean == pytest.approx(resampled.observed[1] - resampled.observed[2])
        assert found.low == pytest.approx(np.percentile(values, 2.5, axis=0))
        assert found.high == pytest.approx(np.percentile(values, 97.5, axis=0))


def test_seeds_that_agree_leave_the_doubt_about_photos(draw_confusions):
    confusions = draw_confusions(2, 25)
    resampled = resample(confusions[[0, 0, 1, 1]], 300)
    for one, two in (
        (estimate(resampled, {0: 0}), estimate(resampled, {0: 0, 1: 1})),
        (estimate_difference(resampled, {0: 0}, {0: 2}), estimate_difference(resampled, {0: 0, 1: 1}, {0: 2, 1: 3})),
        (estimate_difference(resampled, {0: 0}, {0: 2}), estimate_difference(resampled, {0: 0, 1: 1}, {2: 2, 3: 3})),
    ):
        assert two.low == pytest.approx(one.low)
        assert two.high == pytest.approx(one.high)


@pytest.mark.parametrize("seeds", [2, 3])
def test_the_heavy_tail_of_few_seeds_does_not_make_chance_of_the_interval(seeds):
    """Photos and seeds leave as much doubt: the ends are those of the convolution, found by bisection."""
    rng = np.random.default_rng(5)
    drawn = 0.5 + 0.02 * rng.standard_normal(10_000)
    observed = 0.5 + np.linspace(-0.02, 0.02, seeds)
    resampled = Resampled(("recall",), observed[:, None], np.repeat(drawn[:, None, None], seeds, axis=1))
    found = estimate(resampled, dict(enumerate(range(seeds))))
    error = observed.std(ddof=1) / np.sqrt(seeds)

    def end(share: float) -> float:
        return optimize.brentq(lambda x: stats.t.cdf((x - drawn) / error, seeds - 1).mean() - share, -9, 9)

    expected = end(0.025), end(0.975)
    assert (found.low[0], found.high[0]) == pytest.approx(expected, abs=0.02 * (expected[1] - expected[0]))


def test_a_score_s_interval_stays_where_scores_can_be_and_a_difference_s_does_not():
    resampled = same_photos_other_seeds(0.5, 0.9)
    own, differing = estimate(resampled, {0: 0, 1: 1}), estimate_difference(resampled, {0: 1, 1: 0}, {0: 0, 1: 1})
    assert ends(own) == (0, 1)
    assert differing.low[RECALL] < -1
    assert differing.high[RECALL] > 1


# ---- several tests at once


def test_holm_is_the_case_computed_by_hand():
    # in order 0.005 x 4, 0.01 x 3, 0.03 x 2, 0.04 x 1: the last would fall below the one before
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.3, 0.9]) == pytest.approx([0.6, 0.9])
    assert holm([0.8, 0.7]) == [1, 1]
    assert holm([]) == []


def test_a_test_that_was_not_made_is_not_counted_by_holm():
    assert holm([0.01, np.nan, 0.04]) == pytest.approx([0.02, np.nan, 0.04], nan_ok=True)


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_lowers_a_p_nor_changes_their_order(p):
    corrected = holm(p)
    assert all(value <= after <= 1 for value, after in zip(p, corrected, strict=True))
    ranked = sorted(zip(p, corrected, strict=True))
    assert [after for _, after in ranked] == sorted(corrected)


# ---- how often the truth is inside

PHOTOS, EXPERIMENTS, RESAMPLES = 148, 200, 500
COLUMNS = [RECALL, PRECISION]
# the second configuration paints a border a fifth too wide
PAINTED = np.array([1.0, 1.2])
RISE, PER_PIXEL = 0.02, 1e-4


def simulate(
    seed: int,
    seeds: int,
    between_seeds: tuple[float, float],
    *,
    of_both: float = 0,
    breeds: np.ndarray | None = None,
) -> np.ndarray:
    """Confusions (EXPERIMENTS, 2 x seeds, PHOTOS, 3, 3) of two configurations, each with new photos and seeds.

    A pixel of the true border is found with a probability that depends on the photo (for all runs alike),
    on the photo and the configuration, and on the run; the second configuration finds more, by RISE and by
    PER_PIXEL for each border pixel of the photo.

    Args:
        between_seeds: the standard deviation of what a seed does in the one and in the other configuration.
        of_both: that of what it does in both.
        breeds: the breed of each photo, if breeds also differ.
    """
    rng = np.random.default_rng(seed)
    which = np.repeat([0, 1], seeds)
    border = rng.integers(200, 1_001, (EXPERIMENTS, 1, PHOTOS))
    photo = rng.uniform(-0.1, 0.1, (EXPERIMENTS, 1, PHOTOS))
    if breeds is not None:
        photo = photo + rng.uniform(-0.2, 0.2, (EXPERIMENTS, 1, breeds.max() + 1))[:, :, breeds]
    taste = rng.uniform(-0.1, 0.1, (EXPERIMENTS, 2, PHOTOS))[:, which]
    luck = rng.normal(0, 1, (EXPERIMENTS, 2 * seeds, 1)) * np.array(between_seeds)[which][:, None]
    luck = luck + np.tile(rng.normal(0, of_both, (EXPERIMENTS, seeds, 1)), (1, 2, 1))
    rise = which[None, :, None] * (RISE + PER_PIXEL * border)
    hits = rng.binomial(border, 0.45 + photo + taste + luck + rise)
    painted = np.rint(PAINTED[which][None, :, None] * border).astype(int)
    return border_confusions(hits, border, painted)


def truth() -> np.ndarray:
    """(2, 2) recall and precision of both configurations over all photos there could be.

    E[b (0.45 + RISE + PER_PIXEL b)] / E[b] for a border b uniform on 200 to 1,000; luck and photos average out.
    """
    border = np.arange(200, 1_001)
    recall = 0.45 + np.array([0, RISE + PER_PIXEL * (border**2).mean() / border.mean()])
    return np.stack([recall, recall / PAINTED], axis=1)


class Held:
    """How often the intervals of many experiments hold the truth, and how wide they are in the mean: (2,) each."""

    def __init__(self, found: list[Estimate], expected: np.ndarray) -> None:
        low, high = (np.array([getattr(each, name)[COLUMNS] for each in found]) for name in ("low", "high"))
        self.share = ((low <= expected) & (expected <= high)).mean(axis=0)
        self.width = (high - low).mean(axis=0)

    @property
    def as_often_as_said(self) -> bool:
        """As far as so many experiments can tell; of two seeds the intervals err on the wide side."""
        return bool(((self.share >= 0.91) & (self.share < 1)).all())


class Experiments:
    """Intervals of each experiment; they share the draws, which saves time, but no photo and no seed."""

    def __init__(self, confusions: np.ndarray, clusters: list[str] | None = None) -> None:
        self.runs = confusions.shape[1]
        self.resampled = resample(confusions.reshape(-1, *confusions.shape[2:]), RESAMPLES, clusters=clusters)

    def of_mean(self, configuration: int, seeds: int | None = None) -> Held:
        found = [estimate(self.resampled, own[configuration]) for own in self._entries(seeds)]
        return Held(found, truth()[configuration])

    def of_difference(self, seeds: int | None = None, *, paired: bool = True) -> Held:
        found = []
        for first, second in self._entries(seeds):
            against = first if paired else {seed + 100: entry for seed, entry in first.items()}
            found.append(estimate_difference(self.resampled, second, against))
        return Held(found, truth()[1] - truth()[0])

    def _entries(self, seeds: int | None) -> list[tuple[dict[int, int], dict[int, int]]]:
        """Of each experiment both configurations' seeds, all or so many, with their entries."""
        trained = self.runs // 2
        used = range(seeds or trained)
        starts = range(0, EXPERIMENTS * self.runs, self.runs)
        return [({s: start + s for s in used}, {s: start + trained + s for s in used}) for start in starts]


@pytest.mark.parametrize("seeds", [2, 3])
def test_means_and_differences_of_several_seeds_hold_the_truth(seeds):
    experiments = Experiments(simulate(11, seeds, (0.02, 0.02)))
    for held in (experiments.of_mean(0), experiments.of_mean(1), experiments.of_difference()):
        assert held.as_often_as_said, held.share


def test_where_a_seed_does_the_same_to_both_pairs_are_narrower_and_hold_the_truth():
    experiments = Experiments(simulate(12, 4, (0.01, 0.01), of_both=0.03))
    paired, unpaired = experiments.of_difference(), experiments.of_difference(paired=False)
    assert paired.as_often_as_said, paired.share
    assert (unpaired.share > 0.95).all()
    assert (1.5 * paired.width < unpaired.width).all()


def test_each_configuration_has_its_own_spread_between_seeds():
    """A spread pooled over both would hold the truth too rarely for the one whose seeds differ more."""
    experiments = Experiments(simulate(13, 3, (0.003, 0.04)))
    for held in (experiments.of_mean(0), experiments.of_mean(1), experiments.of_difference()):
        assert held.as_often_as_said, held.share
    assert (experiments.of_mean(1).width > 4 * experiments.of_mean(0).width).all()
    observed = experiments.resampled.observed[:, RECALL].reshape(EXPERIMENTS, 2, 3)
    pooled = np.sqrt(observed.var(axis=2, ddof=1).mean(axis=1))
    inside = np.abs(observed[:, 1].mean(axis=1) - truth()[1, 0]) <= stats.t.ppf(0.975, 4) * pooled / np.sqrt(3)
    assert inside.mean() < 0.85


def test_one_seed_holds_the_truth_where_seeds_change_nothing_and_misses_it_where_they_do():
    nothing = Experiments(simulate(14, 1, (0, 0)))
    for held in (nothing.of_mean(0), nothing.of_mean(1), nothing.of_difference()):
        assert held.as_often_as_said, held.share
    much = Experiments(simulate(15, 3, (0.03, 0.03)))
    assert much.of_difference().as_often_as_said
    assert (much.of_difference(seeds=1).share < 0.6).all()


def test_where_photos_of_a_breed_are_alike_whole_breeds_hold_the_truth_and_photos_miss_it():
    breeds = np.arange(PHOTOS) % 37
    confusions = simulate(16, 1, (0, 0), breeds=breeds)
    assert (Experiments(confusions).of_mean(0).share < 0.8).all()
    by_breed = Experiments(confusions, clusters=[f"breed {number}" for number in breeds])
    for held in (by_breed.of_mean(0), by_breed.of_mean(1)):
        assert held.as_often_as_said, held.share

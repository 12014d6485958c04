"""Photos are ranked as a slow loop ranks them; a wrong trimap is found, and told from a photo that is only hard."""

import math
import statistics

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments.comparison.photos import disagreements, hardest, photo_scores, suspects
from experiments.scores import Place, appearing
from experiments.store.runs import Run, find_runs
from seg import InputError


def slow_score(confusion: np.ndarray, entropy: float, by: str) -> float:
    """One photo's score, with arithmetic alone."""
    (_, _, a), (_, _, b), (c, d, hits) = confusion.tolist()
    true, predicted = c + d + hits, a + b + hits
    part, whole = {
        "pixel_accuracy": (int(np.trace(confusion)), int(confusion.sum())),
        "border_recall": (hits, true),
        "border_precision": (hits, predicted),
        "border_f1": (2 * hits, true + predicted),
        "border_iou": (hits, true + predicted - hits),
        "cross_entropy": (entropy, 1),
        "custom_iou": (0.5, 1),
        "boundary_iou": (0.25, 1),
    }[by]
    return part / whole if whole else math.nan


@pytest.fixture
def counts(draw_confusions) -> np.ndarray:
    """(4, 12, 3, 3): of four runs. Photo 0 has no border; in photo 1 the first run alone sees none."""
    confusions = draw_confusions(4, 12)
    confusions[:, 0, 2] = 0
    confusions[0, 1, :, 0] += confusions[0, 1, :, 2]
    confusions[0, 1, :, 2] = 0
    return confusions


@pytest.fixture
def entropies() -> np.ndarray:
    return np.random.default_rng(1).uniform(0.1, 2, (4, 12)).round(5)


@pytest.fixture
def runs(write_run, counts, entropies) -> list[Run]:
    return [
        write_run(f"{loss}-s{seed}", counts[index], cross_entropy=entropies[index], loss=loss, seed=seed)
        for index, (loss, seed) in enumerate([("ce", 0), ("ce", 1), ("focal", 0), ("focal", 1)])
    ]


def slow_table(counts: np.ndarray, entropies: np.ndarray, by: str) -> dict[str, list[float]]:
    """Each photo's score in each run."""
    return {
        f"Bengal_{photo}": [slow_score(counts[run, photo], entropies[run, photo], by) for run in range(len(counts))]
        for photo in range(counts.shape[1])
    }


@pytest.mark.parametrize("by", [score.name for score in appearing(Place.PHOTOS)])
def test_a_photos_scores_are_those_of_its_own_counts(runs, counts, entropies, by):
    measured = photo_scores(runs[0])[by]
    for photo, (first, *_) in slow_table(counts, entropies, by).items():
        assert measured[photo] == pytest.approx(first, nan_ok=True)


@pytest.mark.parametrize("by", ["border_f1", "border_recall", "border_precision", "pixel_accuracy", "cross_entropy"])
def test_the_hardest_photos_are_those_of_a_slow_loop(runs, counts, entropies, by):
    means = {photo: statistics.fmean(scores) for photo, scores in slow_table(counts, entropies, by).items()}
    means = {photo: mean for photo, mean in means.items() if not math.isnan(mean)}
    ranked = hardest(runs, by)
    assert ranked.index.tolist() == sorted(means, key=means.get, reverse=by == "cross_entropy")
    assert ranked["mean"].to_dict() == pytest.approx(means)
    assert ranked.columns.tolist() == ["breed", "mean", "ce-s0", "ce-s1", "focal-s0", "focal-s1"]
    assert set(ranked["breed"]) == {"Bengal"}
    assert ranked["focal-s1"].to_dict() == pytest.approx({photo: photo_scores(runs[3])[by][photo] for photo in means})


def test_photos_whose_score_one_run_lacks_are_left_out(runs):
    everything = {f"Bengal_{photo}" for photo in range(12)}
    assert set(hardest(runs, "border_recall").index) == everything - {"Bengal_0"}
    assert set(hardest(runs, "border_precision").index) == everything - {"Bengal_1"}
    assert set(hardest(runs[2:], "border_precision").index) == everything
    assert set(hardest(runs, "pixel_accuracy").index) == everything


RANKINGS = {
    "hardest": hardest,
    "disagreements": lambda runs, by: disagreements(runs[:1], runs[1:], by),
    "suspects": lambda runs, _: suspects(runs),
}


@pytest.mark.parametrize("rank", RANKINGS.values(), ids=RANKINGS.keys())
def test_a_run_of_a_version_without_the_score_is_told_by_name(runs, rank):
    path = runs[1].folder / "images.csv"
    pd.read_csv(path).drop(columns="cross_entropy").to_csv(path, index=False)
    with pytest.raises(InputError, match=f"^{runs[1].name} has no cross_entropy of single photos: .*--details`$"):
        rank(runs, "cross_entropy")
    assert len(hardest(runs, "custom_iou")) > 0


@pytest.mark.parametrize("by", ["border_f1", "border_precision", "cross_entropy"])
def test_photos_that_divide_two_sides_are_those_of_a_slow_loop(runs, counts, entropies, by):
    expected = {}
    for photo, (a, b, c, d) in slow_table(counts, entropies, by).items():
        if not math.isnan(a + b + c + d):
            expected[photo] = (statistics.fmean((a, b)), statistics.fmean((c, d)))
    ranked = disagreements(runs[:2], runs[2:], by)
    assert ranked.index.tolist() == sorted(expected, key=lambda photo: -abs(expected[photo][1] - expected[photo][0]))
    for photo, (first, second) in expected.items():
        row = ranked.loc[photo]
        assert row[["first", "second", "difference"]].tolist() == pytest.approx([first, second, second - first])


def test_only_photos_that_all_runs_scored_are_ranked(write_run, counts):
    one = write_run("one", counts[0], photos=list("abcdefghijkl"))
    two = write_run("two", counts[1][2:6], photos=list("xefc"))
    assert sorted(hardest([one, two], "pixel_accuracy").index) == ["c", "e", "f"]
    assert sorted(disagreements([one], [two], "pixel_accuracy").index) == ["c", "e", "f"]


# ---- suspects

SIDE = 64 * 64


def photo(rng: np.random.Generator, error: float) -> np.ndarray:
    """Counts of an ordinary photo, of whose pet and background that share is mistaken for the other."""
    pet = int(rng.integers(800, 1_600))
    truth = np.array([pet, SIDE - 500 - pet, 500])
    other = np.rint(truth * error).astype(int)
    return np.array(
        [
            [truth[0] - other[0] - 30, other[0], 30],
            [other[1], truth[1] - other[1] - 30, 30],
            [100, 100, 300],
        ]
    )


def draw_entropies(rng: np.random.Generator, photos: int) -> np.ndarray:
    return rng.normal(0.5, 0.05, photos).clip(0.3, 0.7)


NO_PET, SWAPPED, PAINTED, ONE_LOSS = 7, 11, 23, 31
LOSSES = ("ce", "weighted", "focal")


@pytest.fixture
def planted(write_run) -> list[Run]:
    """Runs of three losses on 40 photos, four of them not ordinary.

    NO_PET's trimap has no pet, and its cross-entropy is ordinary; SWAPPED's has pet and background
    exchanged; in PAINTED a third of the photo, labelled background, is a pet to all; ONE_LOSS surprises
    focal loss alone, more than anything else surprises it.
    """
    rng = np.random.default_rng(3)
    truth = [photo(rng, 0.05) for _ in range(40)]
    runs = []
    for index, loss in enumerate(LOSSES):
        counts, entropy = np.stack(truth), draw_entropies(rng, 40)
        seen = (1_000, 1_200, 1_400)[index]
        counts[NO_PET] = [[0, 0, 0], [seen, SIDE - 500 - seen, 0], [100, 100, 300]]
        counts[SWAPPED] = counts[SWAPPED][[1, 0, 2]]
        entropy[SWAPPED] = 3.0
        counts[PAINTED] = [[700, 0, 0], [1_366, SIDE - 500 - 700 - 1_366, 0], [100, 100, 300]]
        entropy[PAINTED] = 2.0
        if loss == "focal":
            entropy[ONE_LOSS] = 9.0
        runs.append(write_run(f"{loss}-s0", counts, loss=loss, cross_entropy=entropy))
    return runs


def test_wrong_trimaps_come_first_those_without_a_pet_before_all(planted):
    ranked = suspects(planted)
    assert ranked.index[:3].tolist() == [f"Bengal_{number}" for number in (NO_PET, SWAPPED, PAINTED)]
    assert len(ranked) == 40
    assert set(ranked["breed"]) == {"Bengal"}


def test_a_photo_that_surprises_one_loss_alone_is_no_suspect(planted):
    ranks = suspects(planted).index.tolist()
    assert ranks.index(f"Bengal_{ONE_LOSS}") > ranks.index(f"Bengal_{PAINTED}")
    assert suspects(planted).loc[f"Bengal_{ONE_LOSS}", "score"] < 3
    assert suspects(planted[2:]).index[1] == f"Bengal_{ONE_LOSS}"  # to that loss it is the first that has a pet


def test_the_score_is_of_the_loss_surprised_least(planted):
    ranked = suspects(planted)
    for number in (SWAPPED, ONE_LOSS, 2):
        deviations = []
        for run in planted:
            values = pd.read_csv(run.folder / "images.csv")["cross_entropy"].tolist()
            middle = statistics.median(values)
            spread = 1.4826 * statistics.median(abs(value - middle) for value in values)
            deviations.append((values[number] - middle) / spread)
        assert ranked.loc[f"Bengal_{number}", "score"] == pytest.approx(min(deviations))


def test_reasons_say_what_the_models_see(planted):
    reasons = suspects(planted)["reason"]
    shares = [(seen + 100) / SIDE for seen in (1_000, 1_400)]  # with 100 pixels of border
    low, high = (f"{100 * share:.0f}" for share in shares)
    assert reasons[f"Bengal_{NO_PET}"] == f"the trimap has no pet; the models see one on {low}–{high} % of the photo"
    assert reasons[f"Bengal_{SWAPPED}"] == "pet and background look swapped to every loss"
    assert reasons[f"Bengal_{PAINTED}"] == "the models take 33 % of the photo, labelled background, for pet"


def test_a_pet_that_the_models_miss_is_told_as_that(write_run):
    counts = np.tile(photo(np.random.default_rng(0), 0.05), (9, 1, 1))
    counts[4] = [[500, 1_024, 0], [0, SIDE - 1_524 - 300, 0], [100, 0, 200]]
    run = write_run("alone", counts, cross_entropy=[0.4, 0.5, 0.6, 0.5, 2, 0.45, 0.55, 0.5, 0.52])
    ranked = suspects([run])
    assert ranked.index[0] == "Bengal_4"
    assert ranked["reason"].iloc[0] == "the models take 25 % of the photo, labelled pet, for background"


def test_more_seeds_of_one_loss_have_no_more_say(planted, write_run):
    again = [
        write_run(
            f"{run.name}-copy{copy}",
            pd.read_csv(run.folder / "images.csv").iloc[:, 1:10].to_numpy().reshape(-1, 3, 3),
            cross_entropy=pd.read_csv(run.folder / "images.csv")["cross_entropy"],
            loss=run.loss,
            seed=copy,
        )
        for run in planted[:1]
        for copy in (1, 2)
    ]
    pd.testing.assert_frame_equal(suspects([*planted, *again]), suspects(planted))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(st.permutations(range(3)))
def test_the_order_of_the_runs_does_not_matter(planted, order):
    pd.testing.assert_frame_equal(suspects([planted[index] for index in order]), suspects(planted))


def test_runs_on_a_part_of_the_photos_are_judged_on_that_part(write_run, planted):
    part = [30, NO_PET, SWAPPED, *range(12, 20)]
    table = pd.read_csv(planted[0].folder / "images.csv").iloc[part]
    small = write_run(
        "small",
        table.iloc[:, 1:10].to_numpy().reshape(-1, 3, 3),
        photos=table["name"],
        cross_entropy=table["cross_entropy"].to_numpy(),
        loss="weighted",
        seed=1,
    )
    ranked = suspects([planted[0], small])
    assert sorted(ranked.index) == sorted(table["name"])
    assert ranked.index[:2].tolist() == [f"Bengal_{NO_PET}", f"Bengal_{SWAPPED}"]
    assert suspects([small, planted[0]])["reason"].to_dict() == ranked["reason"].to_dict()


def test_runs_on_different_photos_have_no_suspects_in_common(write_run, counts):
    with pytest.raises(InputError, match="scored on different photos"):
        suspects([write_run("one", counts[0]), write_run("two", counts[0], photos="abcdefghijkl")])


def test_trained_runs_are_ranked(tiny_runs):
    runs = find_runs([tiny_runs])[0]
    ranked = suspects(runs)
    assert len(ranked) == 8
    assert ranked["score"].is_monotonic_decreasing
    assert ranked["reason"].str.contains("% of the photo|swapped").all()

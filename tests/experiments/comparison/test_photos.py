"""Photos are ranked as a slow loop ranks them; a wrong trimap is found, and told from a photo that is only hard."""

import math
import re
import statistics

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments.comparison.photos import disagreements, hardest, left_out, photo_scores, suspects
from experiments.scores import Place, appearing
from experiments.store.runs import Run, find_runs
from seg import InputError
from seg.pets import BACKGROUND, BORDER, CLASS_NAMES, PET


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
        "boundary_iou_with_border": (0.375, 1),
        "label_quality": (0.125, 1),
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


def slow_broken(counts: np.ndarray) -> list[str]:
    """The photos whose pet and background look swapped to both losses; none is without a pet."""
    broken = []
    for photo in range(counts.shape[1]):
        by_loss = [counts[first, photo] + counts[first + 1, photo] for first in (0, 2)]
        if all(cells[0, 1] > cells[0, 0] and cells[1, 0] > cells[1, 1] for cells in by_loss):
            broken.append(f"Bengal_{photo}")
    return broken


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
    for photo in slow_broken(counts):
        del means[photo]
    ranked, broken = hardest(runs, by)
    assert broken == slow_broken(counts) == ["Bengal_8"]
    assert ranked.index.tolist() == sorted(means, key=means.get, reverse=by == "cross_entropy")
    assert ranked["mean"].to_dict() == pytest.approx(means)
    assert ranked.columns.tolist() == ["breed", "mean", "ce-s0", "ce-s1", "focal-s0", "focal-s1"]
    assert set(ranked["breed"]) == {"Bengal"}
    assert ranked["focal-s1"].to_dict() == pytest.approx({photo: photo_scores(runs[3])[by][photo] for photo in means})


def test_photos_whose_score_one_run_lacks_are_left_out(runs):
    everything = {f"Bengal_{photo}" for photo in range(12)}
    for chosen, by, missing in (
        (runs, "border_recall", {"Bengal_0"}),
        (runs, "border_precision", {"Bengal_1"}),
        (runs[2:], "border_precision", set()),
        (runs, "pixel_accuracy", set()),
    ):
        ranked, broken = hardest(chosen, by)
        assert {*ranked.index, *broken} == everything - missing


RANKINGS = {
    "hardest": (lambda runs: hardest(runs, "cross_entropy"), "cross_entropy"),
    "disagreements": (lambda runs: disagreements(runs[:1], runs[1:], "cross_entropy"), "cross_entropy"),
    "suspects": (suspects, "label_quality"),
}


@pytest.mark.parametrize(("rank", "score"), RANKINGS.values(), ids=RANKINGS.keys())
def test_a_run_of_a_version_without_the_score_is_told_by_name(runs, rank, score):
    path = runs[1].folder / "images.csv"
    pd.read_csv(path).drop(columns=score).to_csv(path, index=False)
    with pytest.raises(InputError, match=f"^{runs[1].name} has no {score} of single photos: .*--details`$"):
        rank(runs)
    assert len(hardest(runs, "custom_iou")[0]) > 0


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
    assert sorted(hardest([one, two], "pixel_accuracy")[0].index) == ["c", "e", "f"]
    assert sorted(disagreements([one], [two], "pixel_accuracy").index) == ["c", "e", "f"]


# ---- wrong trimaps, as counts alone have them

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


NO_PET, SWAPPED, PAINTED, ONE_LOSS, BORDERLESS = 7, 11, 23, 31, 35
LOSSES = ("ce", "weighted", "focal")


@pytest.fixture
def planted(write_run) -> list[Run]:
    """Runs of three losses on 40 photos, five of them not ordinary.

    NO_PET's trimap has no pet; SWAPPED's has pet and background exchanged; in PAINTED a third of the photo, labelled
    background, is a pet to all; ONE_LOSS looks swapped to focal loss alone; BORDERLESS has no border where all see one.
    """
    rng = np.random.default_rng(3)
    truth = [photo(rng, 0.05) for _ in range(40)]
    runs = []
    for index, loss in enumerate(LOSSES):
        counts, quality = np.stack(truth), rng.uniform(0.05, 0.1, 40)
        seen = (1_000, 1_200, 1_400)[index]
        counts[NO_PET] = [[0, 0, 0], [seen, SIDE - 500 - seen, 0], [100, 100, 300]]
        counts[SWAPPED] = counts[SWAPPED][[1, 0, 2]]
        counts[PAINTED] = [[700, 0, 0], [1_366, SIDE - 500 - 700 - 1_366, 0], [100, 100, 300]]
        counts[BORDERLESS] = [[1_000, 60, 410], [50, SIDE - 1_520, 0], [0, 0, 0]]
        if loss == "focal":
            counts[ONE_LOSS] = counts[ONE_LOSS][:, [1, 0, 2]]
        quality[[SWAPPED, PAINTED, NO_PET]] = [0.001, 0.002, 0.004]
        runs.append(write_run(f"{loss}-s0", counts, loss=loss, label_quality=quality))
    return runs


def test_suspects_are_ranked_by_the_mean_of_the_label_quality(planted):
    quality = {}
    for run in planted:
        for row in pd.read_csv(run.folder / "images.csv").itertuples():
            quality.setdefault(row.name, []).append(row.label_quality)
    means = {photo: statistics.fmean(values) for photo, values in quality.items()}
    ranked = suspects(planted)
    assert ranked.index.tolist() == sorted(means, key=means.get)
    assert ranked["score"].to_dict() == pytest.approx(means)
    assert ranked.columns.tolist() == ["breed", "score", "reason"]
    assert set(ranked["breed"]) == {"Bengal"}
    assert ranked.index[:3].tolist() == [f"Bengal_{number}" for number in (SWAPPED, PAINTED, NO_PET)]


def test_reasons_say_what_the_models_see(planted):
    reasons = suspects(planted)["reason"]
    shares = [(seen + 100) / SIDE for seen in (1_000, 1_400)]  # with 100 pixels of border
    low, high = (f"{100 * share:.0f}" for share in shares)
    assert reasons[f"Bengal_{NO_PET}"] == f"the trimap has no pet; the models see one on {low}–{high} % of the photo"
    assert reasons[f"Bengal_{SWAPPED}"] == "pet and background look swapped to every loss"
    assert reasons[f"Bengal_{PAINTED}"] == "the models take 33 % of the photo, labelled background, for pet"
    assert reasons[f"Bengal_{BORDERLESS}"] == "the models take 10 % of the photo, labelled pet, for border"
    assert "swapped" not in reasons[f"Bengal_{ONE_LOSS}"]


def test_a_pet_that_the_models_miss_is_told_as_that(write_run):
    counts = np.tile(photo(np.random.default_rng(0), 0.05), (9, 1, 1))
    counts[4] = [[500, 1_024, 0], [0, SIDE - 1_524 - 300, 0], [100, 0, 200]]
    reasons = suspects([write_run("alone", counts)])["reason"]
    assert reasons["Bengal_4"] == "the models take 25 % of the photo, labelled pet, for background"


def test_what_one_loss_alone_does_wrong_speaks_against_no_trimap(write_run):
    """One paints a third of the photo as border where background is; all miss a third of the pet."""
    alike = [[1_000, 500, 0], [0, SIDE - 2_000, 0], [0, 0, 500]]
    painted = [[1_000, 500, 0], [0, SIDE - 3_300, 1_300], [0, 0, 500]]
    runs = [
        write_run(f"{loss}-s0", np.array([counts]), loss=loss)
        for loss, counts in (("ce", alike), ("weighted", painted), ("focal", alike))
    ]
    reason = suspects(runs)["reason"].iloc[0]
    assert reason == "the models take 12 % of the photo, labelled pet, for background"


def test_broken_trimaps_are_not_among_the_hardest(planted):
    broken = [f"Bengal_{number}" for number in (NO_PET, SWAPPED)]
    ranked, missed = hardest(planted, "pixel_accuracy")
    assert missed == broken
    assert sorted([*ranked.index, *broken]) == sorted(f"Bengal_{number}" for number in range(40))
    # to focal loss alone one more looks swapped
    assert hardest(planted[2:], "pixel_accuracy")[1] == [f"Bengal_{number}" for number in (NO_PET, SWAPPED, ONE_LOSS)]


def test_what_the_hardest_leave_out_is_said():
    assert left_out([], "That") == ""
    one, twelve = left_out(["pug_1"], "`--suspects`"), left_out([f"pug_{number}" for number in range(12)], "That")
    assert one.startswith("1 photo is left out because the trimap is broken")
    assert one.endswith(": pug_1. `--suspects` ranks it.")
    assert twelve.startswith("12 photos are left out")
    assert twelve.endswith("pug_8, pug_9 and 2 more. That ranks them.")


def test_seeds_of_one_loss_are_averaged_before_losses_are_asked(write_run):
    """Two seeds of one loss that do not agree look swapped to it where their mean does."""
    right = np.array([[[900, 700, 0], [700, 1_296, 0], [0, 0, 500]]])
    wrong = np.array([[[100, 1_500, 0], [1_500, 496, 0], [0, 0, 500]]])
    runs = [write_run(f"ce-s{seed}", counts, seed=seed) for seed, counts in enumerate((right, wrong))]
    assert hardest(runs, "pixel_accuracy")[1] == ["Bengal_0"]
    assert hardest(runs[:1], "pixel_accuracy")[1] == []


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
        label_quality=table["label_quality"].to_numpy(),
        loss="weighted",
        seed=1,
    )
    ranked = suspects([planted[0], small])
    assert sorted(ranked.index) == sorted(table["name"])
    assert ranked.index[:2].tolist() == [f"Bengal_{SWAPPED}", f"Bengal_{NO_PET}"]
    assert suspects([small, planted[0]])["reason"].to_dict() == ranked["reason"].to_dict()


def test_runs_on_different_photos_have_no_suspects_in_common(write_run, counts):
    with pytest.raises(InputError, match="scored on different photos"):
        suspects([write_run("one", counts[0]), write_run("two", counts[0], photos="abcdefghijkl")])


def test_trained_runs_are_ranked(tiny_runs):
    ranked = suspects(find_runs([tiny_runs])[0])
    assert len(ranked) == 8
    assert ranked["score"].is_monotonic_increasing
    assert ranked["score"].between(0, 1).all()
    assert ranked["reason"].str.contains("% of the photo|swapped").all()


# ---- errors planted in drawn trimaps

DRAWN = 32


def drawn(rng: np.random.Generator) -> np.ndarray:
    """A trimap (32, 32): a disc of pet, a border around it."""
    y, x = np.mgrid[:DRAWN, :DRAWN]
    distance = np.hypot(y - rng.uniform(13, 18), x - rng.uniform(13, 18))
    radius = rng.uniform(7, 9)
    return np.select([distance < radius, distance < radius + 2], [PET, BORDER], default=BACKGROUND)


def predicted(truth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Probabilities (3, 32, 32) of a network that is sure of the truth, here and there not."""
    logits = rng.normal(0, 1, (3, DRAWN, DRAWN)) + 4 * (np.arange(3)[:, None, None] == truth)
    return np.exp(logits) / np.exp(logits).sum(axis=0)


def exchange(trimap: np.ndarray) -> np.ndarray:
    return np.select([trimap == PET, trimap == BACKGROUND], [BACKGROUND, PET], default=BORDER)


def cover(trimap: np.ndarray) -> np.ndarray:
    return np.where(np.arange(DRAWN) < 10, PET, trimap)


# what is done to a trimap, and what the reason has to say
MISTAKES = {
    "no pet": (lambda trimap: np.full_like(trimap, BACKGROUND), r"the trimap has no pet; the models see one on \d+"),
    "swapped": (exchange, "pet and background look swapped to every loss"),
    "pet for border": (lambda trimap: np.where(trimap == BORDER, PET, trimap), r"labelled pet, for border$"),
    "background for border": (
        lambda trimap: np.where(trimap == BORDER, BACKGROUND, trimap),
        r"labelled background, for border$",
    ),
    "border for pet": (lambda trimap: np.where(trimap == PET, BORDER, trimap), "the trimap has no pet"),
    "too much pet": (cover, r"labelled pet, for background$"),
    "too much border": (lambda trimap: np.where(cover(trimap) != trimap, BORDER, trimap), r"border, for background$"),
    "half a pet": (
        lambda trimap: np.where((np.arange(DRAWN) < 15) & (trimap == PET), BACKGROUND, trimap),
        r"labelled background, for pet$",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_an_error_planted_in_a_trimap_comes_first_with_a_true_reason(write_run, mistake):
    spoil, said = MISTAKES[mistake]
    rng = np.random.default_rng(len(mistake))
    truth = [drawn(rng) for _ in range(12)]
    given = np.stack([spoil(truth[0]), *truth[1:]])
    runs, taken = [], []
    for loss in LOSSES:
        probabilities = np.stack([predicted(trimap, rng) for trimap in truth])
        classes = probabilities.argmax(axis=1)
        counts = np.zeros((12, 3, 3), dtype=np.int64)
        np.add.at(counts, (np.arange(12)[:, None, None], given, classes), 1)
        quality = []
        for photo, trimap in enumerate(given):  # softmin, slowly
            believed = [probabilities[photo, trimap[y, x], y, x] for y in range(DRAWN) for x in range(DRAWN)]
            weights = [math.exp(-each / 0.1) for each in believed]
            quality.append(sum(w * b for w, b in zip(weights, believed, strict=True)) / sum(weights))
        runs.append(write_run(f"{loss}-s0", counts, loss=loss, label_quality=quality))
        taken.append(counts[0] / DRAWN**2)
    ranked = suspects(runs)
    assert ranked.index[0] == "Bengal_0"
    reason = ranked["reason"].iloc[0]
    assert re.search(said, reason)
    found = re.fullmatch(r"the models take (.*) % of the photo, labelled (\w+), for (\w+)", reason)
    if found:
        true, other = (CLASS_NAMES.index(name) for name in found.groups()[1:])
        shares = [f"{100 * counts[true, other]:.0f}" for counts in taken]
        assert found[1].split("–")[0] == min(shares, key=int)
        assert found[1].split("–")[-1] == max(shares, key=int)

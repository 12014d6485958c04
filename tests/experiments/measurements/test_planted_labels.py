"""Errors are planted as their names say, and rankings scored as a slow loop scores them."""

import statistics

import numpy as np
import pytest
import torch
from cleanlab.segmentation.rank import get_label_quality_scores
from hypothesis import given
from hypothesis import strategies as st

from experiments.measurements import MEASUREMENTS, planted_labels
from experiments.measurements.planted_labels import (
    ERRORS,
    average_precision,
    drop_border,
    erase_pet,
    former_ranking,
    measure,
    paint_block,
    plant,
    sample,
    shift,
    swap,
    take_another,
)
from experiments.store.scored.photo_scores import Provenance
from seg import InputError
from seg.cache import load_split
from seg.metrics import label_quality
from seg.pets import BACKGROUND, BORDER, PET

SIDE = 128


@pytest.fixture(scope="module")
def masks() -> np.ndarray:
    """(40, 128, 128) uint8: discs, each with a border around it."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:SIDE, :SIDE]
    distances = [np.hypot(y - rng.uniform(50, 78), x - rng.uniform(50, 78)) - rng.uniform(20, 40) for _ in range(40)]
    return np.stack([np.select([d < 0, d < 6], [PET, BORDER], default=BACKGROUND) for d in distances]).astype(np.uint8)


# ---- the errors


def test_swapped_dropped_and_erased(masks):
    rng, mask = np.random.default_rng(0), masks[0]
    for error, becomes in (
        (swap, {PET: BACKGROUND, BACKGROUND: PET, BORDER: BORDER}),
        (drop_border, {PET: PET, BACKGROUND: BACKGROUND, BORDER: PET}),
        (erase_pet, {PET: BACKGROUND, BACKGROUND: BACKGROUND, BORDER: BACKGROUND}),
    ):
        wrong = error(mask, masks, rng)
        for true, other in becomes.items():
            assert set(wrong[mask == true]) == {other}


def test_a_trimap_is_shifted_in_each_straight_direction(masks):
    mask, seen = masks[0], set()
    centre = np.argwhere(mask == PET).mean(axis=0)
    for seed in range(20):
        wrong = shift(mask, masks, np.random.default_rng(seed))
        assert (wrong == PET).sum() == (mask == PET).sum()  # the disc lies well inside
        seen.add(tuple((np.argwhere(wrong == PET).mean(axis=0) - centre).round(6).tolist()))
    assert seen == {(24, 0), (-24, 0), (0, 24), (0, -24)}


def test_another_trimap_is_another_photo_s(masks):
    same = np.concatenate([masks[:1], masks[:1], masks[1:2]])
    for seed in range(5):
        np.testing.assert_array_equal(take_another(masks[0], same, np.random.default_rng(seed)), masks[1])


def test_a_block_of_background_is_painted_pet(masks):
    for seed, mask in enumerate(masks[:5]):
        changed = paint_block(mask, masks, np.random.default_rng(seed)) != mask
        assert set(mask[changed]) == {BACKGROUND}
        rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
        assert np.ptp(rows) < 48 and np.ptp(columns) < 48
        assert changed.sum() > 1_500
        assert set(paint_block(mask, masks, np.random.default_rng(seed))[changed]) == {PET}


def test_five_of_each_kind_are_planted_and_all_else_is_left(masks):
    wrong, planted = plant(masks, np.random.default_rng(1))
    assert planted.sum() == 30
    np.testing.assert_array_equal((wrong != masks).any(axis=(1, 2)), planted)
    assert ((wrong[planted] == BACKGROUND).all(axis=(1, 2))).sum() == 5
    assert (~(wrong[planted] == BORDER).any(axis=(1, 2))).sum() == 10  # erased, or the border dropped
    assert len(ERRORS) == 6
    again, _ = plant(masks, np.random.default_rng(1))
    np.testing.assert_array_equal(wrong, again)


# ---- the rankings


@given(st.lists(st.booleans(), min_size=1, max_size=30).filter(any))
def test_average_precision_is_that_of_a_slow_loop(found):
    precisions, hits = [], 0
    for rank, one in enumerate(found, start=1):
        if one:
            hits += 1
            precisions.append(hits / rank)
    assert average_precision(np.array(found)) == pytest.approx(statistics.fmean(precisions))


def test_label_quality_is_cleanlab_s_softmin_on_planted_errors(masks):
    given, planted = plant(masks, np.random.default_rng(2))
    rng = np.random.default_rng(3)
    logits = rng.normal(0, 1, (len(masks), 3, SIDE, SIDE)) + 2 * (np.arange(3)[:, None, None] == masks[:, None])
    probabilities = (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).astype(np.float32)
    expected, _ = get_label_quality_scores(given.astype(int), probabilities, n_jobs=1, verbose=False)
    ours = label_quality(torch.from_numpy(probabilities), torch.from_numpy(given).long()).numpy()
    np.testing.assert_allclose(ours, expected, rtol=1e-5)
    assert ours[planted].mean() < ours[~planted].mean()


def test_the_former_ranking_is_that_of_a_slow_loop():
    rng = np.random.default_rng(5)
    entropies, losses = rng.gamma(2, 0.3, (5, 25)), ["ce", "focal", "ce", "weighted", "focal"]
    without_pet = np.arange(25) % 11 == 3
    deviations = []
    for run in entropies.tolist():
        middle = statistics.median(run)
        spread = 1.4826 * statistics.median(abs(value - middle) for value in run)
        deviations.append([(value - middle) / spread for value in run])
    scores = [
        min(
            statistics.fmean(run[photo] for run, other in zip(deviations, losses, strict=True) if other == loss)
            for loss in ("ce", "focal", "weighted")
        )
        for photo in range(25)
    ]
    expected = sorted(range(25), key=lambda photo: (not without_pet[photo], -scores[photo]))
    assert former_ranking(entropies, losses, without_pet).tolist() == expected


# ---- all of it

NAMES = tuple(f"{breed}_{number}" for breed in ("Bengal", "pug") for number in range(1, 23))


@pytest.fixture
def many_pets(draw_pets, tmp_path):
    return draw_pets(tmp_path / "pets", trainval=("Bengal_99",), test=NAMES)


class Oracle:
    """Networks that are sure of the trimaps of a folder, more or less, in the place of `Networks`."""

    def __init__(self, runs, made, masks):
        self.runs, self.made, self.masks = runs, made, masks

    def logits(self, run, photos):
        rng = np.random.default_rng(len(run.name))
        there = [self.masks[np.asarray(photo).tobytes()] for photo in photos]
        truth = np.stack(there)[:, None] == np.arange(3)[:, None, None]
        return torch.from_numpy((rng.normal(0, 1, truth.shape) + 5 * truth).astype(np.float32))


@pytest.fixture
def oracle(many_pets, write_run, monkeypatch):
    monkeypatch.setattr(planted_labels, "PHOTOS", 38)
    monkeypatch.setattr(planted_labels, "SUSPICIOUS", 4)
    split = load_split(many_pets, "test", SIDE)
    pixels = np.stack([np.bincount(mask.ravel(), minlength=3) for mask in split.masks])
    counts = np.stack([np.diag(photo) for photo in pixels])
    entropies = np.linspace(0.2, 0.4, len(NAMES))
    entropies[[5, 11, 17, 23]] = 3
    runs = [
        write_run(f"{loss}-s0", counts, photos=split.names, loss=loss, cross_entropy=entropies)
        for loss in ("ce", "weighted")
    ]
    masks = {np.asarray(photo).tobytes(): mask for photo, mask in zip(split.photos, split.masks, strict=True)}
    return Oracle(runs, Provenance("fp32", "1234567890"), masks)


def test_the_most_suspicious_photos_are_not_drawn_from(oracle, many_pets):
    split = load_split(many_pets, "test", SIDE)
    chosen = sample(oracle, split)
    assert len(set(chosen)) == 38
    assert not {5, 11, 17, 23} & set(chosen)
    np.testing.assert_array_equal(chosen, sample(oracle, split))


def test_too_few_photos_are_told(oracle, many_pets, monkeypatch):
    monkeypatch.setattr(planted_labels, "PHOTOS", 41)
    with pytest.raises(InputError, match="41 photos are needed beside the 4 most suspicious, and the runs scored 40"):
        sample(oracle, load_split(many_pets, "test", SIDE))


def test_networks_that_know_the_truth_find_every_error(oracle, many_pets):
    table = measure(many_pets, oracle)
    assert sorted(table.columns) == sorted(MEASUREMENTS["planted-labels"].columns)
    assert table["draw"].tolist() == [draw for draw in range(6) for _ in range(2)]
    assert table["method"].tolist() == ["label_quality", "cross_entropy"] * 6
    ours = table[table["method"] == "label_quality"]["average_precision"]
    assert (ours > 0.95).all()
    assert table["average_precision"].between(30 / 38, 1).all()
    first = table.iloc[0]
    assert (first["planted"], first["photos"], first["runs"], first["precision"], first["commit"]) == (
        30,
        38,
        2,
        "fp32",
        "1234567",
    )

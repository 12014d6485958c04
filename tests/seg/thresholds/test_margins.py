"""What follows from the margins' histograms is what moving the border's logit does, pixel by pixel."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torchmetrics.functional.classification import (
    binary_average_precision,
    multiclass_accuracy,
    multiclass_f1_score,
    multiclass_jaccard_index,
    multiclass_precision,
    multiclass_recall,
)

from experiments.cli.command_line import RESULTS
from seg.batches import DeviceSplit
from seg.checkpoint import load_checkpoint
from seg.evaluation import evaluate
from seg.losses import make_loss
from seg.metrics import scores_from_counts
from seg.options import Options
from seg.pets import BACKGROUND, BORDER, PET, listed_photos, photo_path, read_trimap, trimap_path
from seg.photo import read_square
from seg.thresholds.margins import (
    BINS,
    EDGES,
    SHIFTS,
    STEPS,
    average_precision,
    confusions_at,
    curve,
    margin_histograms,
    painted_from,
)

TENTHS = [step / 10 for step in (-70, -61, -60, -59, -10, -3, -1, 0, 1, 3, 10, 59, 60, 61, 70)]
BORDER_SCORES = ("border_recall", "border_precision", "border_f1", "border_iou")


@st.composite
def photos(draw, count: int = 2, height: int = 4, width: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits (B, 3, H, W) and truth: many margins on an edge, many logits equal, some far off."""
    values = st.one_of(st.sampled_from(TENTHS), st.floats(-8, 8, width=32))
    logits = draw(arrays(np.float32, (count, 3, height, width), elements=values.map(np.float32)))
    if draw(st.booleans()):
        logits = np.maximum(logits.round(1), 0)  # as a last ReLU leaves them
    truth = draw(arrays(np.int64, (count, height, width), elements=st.integers(0, 2)))
    return torch.from_numpy(logits), torch.from_numpy(truth)


def slow_prediction(logits: np.ndarray, step: int) -> np.ndarray:
    """Classes (B, H, W), one pixel after another, with the border's margin moved by so many tenths."""
    predicted = np.empty((len(logits), *logits.shape[2:]), dtype=np.int64)
    threshold = np.float32(-step / 10)
    for place in np.ndindex(*predicted.shape):
        pet, background, border = logits[place[0], :, place[1], place[2]]
        if border - max(pet, background) > threshold:
            predicted[place] = BORDER
        else:
            predicted[place] = BACKGROUND if background > pet else PET
    return predicted


def slow_scores(predicted: torch.Tensor, truth: torch.Tensor) -> dict[str, float]:
    """torchmetrics' scores, and NaN where it divides zero by zero and says 0."""
    true, painted = (truth == BORDER).any(), (predicted == BORDER).any()
    of_border = {
        "border_recall": (multiclass_recall, true),
        "border_precision": (multiclass_precision, painted),
        "border_f1": (multiclass_f1_score, true | painted),
        "border_iou": (multiclass_jaccard_index, true | painted),
    }
    scores = {
        name: metric(predicted, truth, 3, average="none")[BORDER].item() if defined else math.nan
        for name, (metric, defined) in of_border.items()
    }
    return scores | {"pixel_accuracy": multiclass_accuracy(predicted, truth, 3, average="micro").item()}


def assert_of_the_argmax(histograms: np.ndarray, confusions: np.ndarray) -> None:
    """That at shift 0 the counts (N, 3, 3) of real predictions are those of the histograms, to the pixel."""
    moved = confusions_at(histograms, 0)
    for counts in (moved, confusions):
        assert (counts.sum(axis=(1, 2)) == confusions.sum(axis=(1, 2))).all()
    assert (moved[:, BORDER, BORDER] == confusions[:, BORDER, BORDER]).all()
    assert (moved[:, BORDER].sum(axis=1) == confusions[:, BORDER].sum(axis=1)).all()
    assert (moved[:, :, BORDER].sum(axis=1) == confusions[:, :, BORDER].sum(axis=1)).all()
    right = (counts.trace(axis1=1, axis2=2) for counts in (moved, confusions))
    assert np.array_equal(*right)


# ---- the histograms


def test_shifts_are_whole_tenths_and_bins_lie_between_them():
    assert SHIFTS.tolist() == [step / 10 for step in range(-60, 61)]
    assert (SHIFTS * 10).round().tolist() == STEPS.tolist()
    assert EDGES.dtype == torch.float32
    assert EDGES.tolist() == [float(np.float32(step / 10)) for step in range(-60, 61)]
    assert len(EDGES) + 1 == BINS == 122


@given(photos())
def test_every_pixel_counts_once_in_the_bin_of_its_margin(case):
    logits, truth = case
    expected = np.zeros((2, 3, BINS), dtype=np.int64)
    for photo, y, x in np.ndindex(*truth.shape):
        pet, background, border = logits[photo, :, y, x].numpy()
        better = BACKGROUND if background > pet else PET
        true = truth[photo, y, x]
        kind = 0 if true == BORDER else 1 if better == true else 2
        margin = border - max(pet, background)
        expected[photo, kind, sum(margin > np.float32(edge / 10) for edge in range(-60, 61))] += 1
    histograms = margin_histograms(logits, truth)
    assert histograms.dtype == torch.int64
    assert histograms.numpy().tolist() == expected.tolist()


def test_bins_have_open_ends_and_an_edge_is_of_the_bin_below():
    margins = torch.tensor([-1e9, -6.05, -6.0, -5.95, 0.0, 1e-6, 5.95, 6.0, 6.05, 1e9])
    logits = torch.stack([torch.zeros(10), torch.full((10,), -1.0), margins]).view(1, 3, 1, 10)
    counts = margin_histograms(logits, torch.full((1, 1, 10), BORDER))[0, 0]
    where = [bin_ for bin_, count in enumerate(counts.tolist()) for _ in range(count)]
    assert where == [0, 0, 0, 1, 60, 61, 120, 120, 121, 121]


def test_margins_beside_every_edge_are_in_the_bins_that_torch_puts_them_in():
    far = torch.tensor([6.05, -6.05, 40, -40, torch.inf, -torch.inf, 0.0, -0.0])
    beside = [torch.nextafter(EDGES, torch.full_like(EDGES, end)) for end in (-9, 9)]
    margins = torch.cat([EDGES, *beside, far, 3 * torch.randn(5_000, generator=torch.Generator().manual_seed(0))])
    logits = torch.stack([torch.zeros_like(margins), torch.full_like(margins, -1), margins])[None, :, None]
    found = margin_histograms(logits, torch.full((1, 1, len(margins)), BORDER))[0]
    expected = torch.bincount(torch.bucketize(margins, EDGES), minlength=BINS)
    assert torch.equal(found[0], expected) and found[1:].sum() == 0


def test_of_equal_pet_and_background_pet_is_the_better_one():
    histograms = margin_histograms(torch.zeros(1, 3, 1, 3), torch.tensor([[[PET, BACKGROUND, BORDER]]]))
    assert histograms[0].argmax(dim=1).tolist() == [60, 60, 60]  # all three of margin 0: right, wrong and border
    assert histograms[0, :, 60].tolist() == [1, 1, 1]


def test_log_probabilities_have_the_margins_of_their_logits():
    generator = torch.Generator().manual_seed(0)
    other = 4 * torch.rand(2, 2, 9, 11, generator=generator)
    # far from every edge, so that rounding moves none over it
    margin = torch.randint(-70, 70, (2, 1, 9, 11), generator=generator) / 10 + 0.05
    logits = torch.cat([other, other.amax(dim=1, keepdim=True) + margin], dim=1)
    truth = torch.randint(0, 3, (2, 9, 11), generator=generator)
    assert torch.equal(margin_histograms(logits.log_softmax(dim=1), truth), margin_histograms(logits, truth))


# ---- what follows from them


@given(photos(), st.integers(-60, 60))
def test_scores_at_a_shift_are_those_of_the_pixels_predicted_with_it(case, step):
    logits, truth = case
    counts = confusions_at(margin_histograms(logits, truth).numpy(), step)
    predicted = torch.from_numpy(slow_prediction(logits.numpy(), step))
    assert counts.shape == (2, 3, 3)
    names = (*BORDER_SCORES, "pixel_accuracy")
    for photo in range(2):
        expected = slow_scores(predicted[photo], truth[photo])
        assert (counts[photo, BORDER, BORDER], counts[photo, :, BORDER].sum()) == (
            ((predicted[photo] == BORDER) & (truth[photo] == BORDER)).sum(),
            (predicted[photo] == BORDER).sum(),
        )
        assert counts[photo].trace() == (predicted[photo] == truth[photo]).sum()
        measured = {name: float(value) for name, value in scores_from_counts(counts[photo], names).items()}
        assert measured == pytest.approx(expected, abs=1e-6, nan_ok=True)
    together = {name: float(value) for name, value in scores_from_counts(counts.sum(axis=0), names).items()}
    assert together == pytest.approx(slow_scores(predicted, truth), abs=1e-6, nan_ok=True)


@given(photos())
def test_the_curve_has_the_counts_of_every_shift_of_every_photo(case):
    histograms = margin_histograms(*case).numpy()
    whole, painted = curve(histograms), painted_from(histograms)
    assert whole.shape == (121, 2, 3, 3)
    assert painted.shape == (2, 3, 121)
    for index, step in enumerate(STEPS):
        assert (whole[index] == confusions_at(histograms, step)).all()
        assert (whole[index, :, :, BORDER].sum(axis=1) == painted[..., index].sum(axis=1)).all()
    assert (curve(histograms.sum(axis=0)) == whole.sum(axis=1)).all()
    assert (np.diff(painted, axis=-1) >= 0).all()


def test_small_counters_do_not_overflow():
    histograms = np.zeros((3, 3, BINS), dtype=np.uint8)
    histograms[:, :, 61:64] = 200
    assert confusions_at(histograms, 0)[:, BORDER, BORDER].tolist() == [600] * 3
    assert curve(histograms).sum(axis=(1, 2, 3)).tolist() == [5400] * 121
    assert average_precision(histograms).tolist() == pytest.approx([1 / 3] * 3)


@given(photos())
def test_at_shift_0_the_counts_are_those_of_argmax(case):
    logits, truth = case
    predicted, counts = logits.argmax(dim=1), np.zeros((2, 3, 3), dtype=np.int64)
    for place in np.ndindex(*truth.shape):
        counts[place[0], truth[place], predicted[place]] += 1
    assert_of_the_argmax(margin_histograms(logits, truth).numpy(), counts)


def test_logits_full_of_ties_have_the_counts_of_argmax():
    """The article's network ends in a ReLU: where it is 0 for all three, all three are equal."""
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(16, 3, 32, 32, generator=generator).relu().mul(10).round().div(10)
    truth = torch.randint(0, 3, (16, 32, 32), generator=generator)
    first, second, _ = logits.sort(dim=1, descending=True).values.unbind(dim=1)
    assert (first == second).float().mean() > 0.1
    predicted = logits.argmax(dim=1)
    counts = np.stack([np.bincount((3 * t + p).ravel(), minlength=9) for t, p in zip(truth, predicted, strict=True)])
    assert_of_the_argmax(margin_histograms(logits, truth).numpy(), counts.reshape(-1, 3, 3))


@pytest.mark.parametrize(
    ("name", "flip"), [("ce-s0", False), ("ce-s0", True), ("weighted-s0", False), ("focal-s0", False)]
)
def test_a_shipped_network_has_its_own_argmax_at_shift_0(name, flip, real_pets):
    """The same forward pass: counts and margins of it are of the same pixels."""
    model, metadata = load_checkpoint(RESULTS / name / "model.safetensors")
    names = listed_photos(real_pets, "test")[::1500]
    files = [photo_path(real_pets, photo) for photo in names]
    images = np.stack([read_square(path, 128).transpose(2, 0, 1) for path in files])
    masks = [read_trimap(trimap_path(real_pets, photo), path, 128) for photo, path in zip(names, files, strict=True)]
    split = DeviceSplit(torch.from_numpy(images), torch.from_numpy(np.stack(masks)))
    evaluation = evaluate(
        model.to(memory_format=torch.channels_last),
        split,
        make_loss(Options(loss="ce")),
        network_size=metadata["input_size"],
        precision="fp32",
        flip=flip,
        temperature=1.0,
    )
    histograms = evaluation.details.margins.numpy()
    assert_of_the_argmax(histograms, evaluation.confusions.numpy())
    painted = painted_from(histograms).sum(axis=(0, 1))
    assert painted[0] < painted[60] < painted[-1]


# ---- average precision


def slow_average_precision(true: np.ndarray, painted: np.ndarray) -> float:
    """Over thresholds between bins, from the highest margin down: recall gained, times the precision there."""
    if not true.sum():
        return math.nan
    total, hits, found = 0.0, 0, 0
    for bin_ in reversed(range(BINS)):
        hits, found = hits + true[bin_], found + painted[bin_]
        if found:
            total += true[bin_] / true.sum() * (hits / found)
    return total


@given(arrays(np.int64, (3, BINS), elements=st.integers(0, 9), fill=st.just(0)))
def test_average_precision_is_a_loops_over_thresholds(histogram):
    expected = slow_average_precision(histogram[0], histogram.sum(axis=0))
    assert average_precision(histogram) == pytest.approx(expected, nan_ok=True)


def test_average_precision_is_torchmetrics():
    rng = np.random.default_rng(0)
    histograms = rng.integers(0, 4, (3, 3, BINS))
    histograms[:, 0] *= np.arange(BINS) // 20
    scores = np.arange(BINS) / BINS
    for histogram, measured in zip(histograms, average_precision(histograms), strict=True):
        ranked = np.concatenate([np.repeat(scores, counts) for counts in histogram])
        border = np.repeat([1, 0, 0], histogram.sum(axis=1))
        expected = binary_average_precision(torch.from_numpy(ranked), torch.from_numpy(border)).item()
        assert measured == pytest.approx(expected, abs=1e-6)


def test_without_border_there_is_no_average_precision():
    histograms = np.ones((2, 3, BINS), dtype=np.uint16)
    histograms[1, 0] = 0
    first, second = average_precision(histograms)
    assert first == pytest.approx(1 / 3)
    assert math.isnan(second)

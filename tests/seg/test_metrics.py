import math

import numpy as np
import pytest
import torch
from cleanlab.segmentation.rank import get_label_quality_scores
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import maximum_filter
from torchmetrics.functional.classification import (
    multiclass_accuracy,
    multiclass_confusion_matrix,
    multiclass_f1_score,
    multiclass_jaccard_index,
    multiclass_precision,
    multiclass_recall,
)

from seg.metrics import (
    SILHOUETTES,
    band_counts,
    border_matches,
    boundary_iou,
    calibration_sums,
    confusion_per_photo,
    confusion_scores,
    custom_iou,
    decided,
    dilate,
    label_quality,
    scores_from_counts,
)
from seg.pets import BACKGROUND, BORDER, PET

nan = float("nan")


@st.composite
def class_maps(draw, shape=(2, 6, 5)):
    """A predicted and a true class map; either may lack classes."""
    maps = []
    for _ in range(2):
        present = draw(st.lists(st.sampled_from([PET, BACKGROUND, BORDER]), min_size=1, unique=True))
        maps.append(torch.from_numpy(draw(arrays(np.int64, shape, elements=st.sampled_from(present)))))
    return tuple(maps)


@st.composite
def blobs(draw, height, width):
    """A class map of a few rectangles, so that regions have an inside."""
    classes = np.full((height, width), draw(st.sampled_from([PET, BACKGROUND, BORDER])))
    for _ in range(draw(st.integers(0, 4))):
        top, left = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
        bottom, right = draw(st.integers(top + 1, height)), draw(st.integers(left + 1, width))
        classes[top:bottom, left:right] = draw(st.sampled_from([PET, BACKGROUND, BORDER]))
    return classes


def torchmetrics_scores(predicted, truth) -> dict[str, float]:
    """torchmetrics' values, and NaN where it divides zero by zero and says 0."""
    iou = multiclass_jaccard_index(predicted, truth, 3, average="none")
    micro = multiclass_jaccard_index(predicted, truth, 3, average="micro", ignore_index=BACKGROUND)
    of_border = [
        score(predicted, truth, 3, average="none")[BORDER]
        for score in (multiclass_recall, multiclass_precision, multiclass_f1_score)
    ]
    occurs = [((predicted == c) | (truth == c)).any() for c in range(3)]
    scores = {
        "pixel_accuracy": multiclass_accuracy(predicted, truth, 3, average="micro"),
        "article_iou": micro if (truth != BACKGROUND).any() else nan,
        "mean_iou": multiclass_jaccard_index(predicted, truth, 3, average="macro"),
        "pet_iou": iou[PET] if occurs[PET] else nan,
        "background_iou": iou[BACKGROUND] if occurs[BACKGROUND] else nan,
        "border_iou": iou[BORDER] if occurs[BORDER] else nan,
        "border_recall": of_border[0] if (truth == BORDER).any() else nan,
        "border_precision": of_border[1] if (predicted == BORDER).any() else nan,
        "border_f1": of_border[2] if occurs[BORDER] else nan,
    }
    return {name: float(score) for name, score in scores.items()}


@given(maps=class_maps())
def test_confusion_scores_equal_torchmetrics(maps):
    scores = confusion_scores(confusion_per_photo(*maps).sum(dim=0))
    assert scores == pytest.approx(torchmetrics_scores(*maps), abs=1e-6, nan_ok=True)


@given(maps=class_maps(shape=(4, 6, 5)))
def test_scores_of_a_batch_are_those_of_each_photo(maps):
    expected = [torchmetrics_scores(*(side[photo : photo + 1] for side in maps)) for photo in range(4)]
    scores = scores_from_counts(confusion_per_photo(*maps).numpy().reshape(2, 2, 3, 3))
    for name, values in scores.items():
        assert values.shape == (2, 2)
        assert values.dtype == np.float64
        assert values.ravel() == pytest.approx([photo[name] for photo in expected], abs=1e-6, nan_ok=True)


def test_only_the_scores_asked_for_are_computed():
    assert list(scores_from_counts(np.ones((3, 3)), ["border_f1", "pet_iou"])) == ["border_f1", "pet_iou"]


@given(values=arrays(np.float32, (2, 3, 4, 5), elements=st.sampled_from([-2.0, 0.0, 0.5, 3.0])), last=st.booleans())
def test_a_class_is_decided_as_argmax_does_ties_included(values, last):
    scores = torch.from_numpy(values)
    if last:
        scores = scores.contiguous(memory_format=torch.channels_last)
    assert torch.equal(decided(scores).long(), scores.argmax(dim=1))


@given(
    regions=arrays(bool, (2, 9, 13), elements=st.sampled_from([False] * 9 + [True])),
    pixels=st.integers(0, 16),
    data=st.data(),
)
def test_regions_grow_by_squares_at_once_and_little_by_little(regions, pixels, data):
    expected = [maximum_filter(photo, size=2 * pixels + 1, mode="constant") for photo in regions]
    grown = dilate(torch.from_numpy(regions), pixels)
    np.testing.assert_array_equal(grown.numpy(), expected)
    reach = data.draw(st.integers(0, pixels))
    assert torch.equal(dilate(dilate(torch.from_numpy(regions), reach), pixels, reach), grown)


@given(maps=class_maps())
def test_confusion_of_each_photo_equals_torchmetrics(maps):
    expected = [multiclass_confusion_matrix(p, t, 3) for p, t in zip(*maps, strict=True)]
    confusions = confusion_per_photo(*maps)
    assert confusions.dtype == torch.int64
    assert torch.equal(confusions, torch.stack(expected))


def test_confusion_rows_are_true_classes_and_columns_predicted():
    confusion = confusion_per_photo(predicted=torch.tensor([[[PET]]]), truth=torch.tensor([[[BORDER]]]))[0]
    assert confusion[BORDER, PET] == 1


@pytest.mark.parametrize("only", [PET, BACKGROUND, BORDER])
def test_one_class_everywhere_scores_one_and_leaves_absent_classes_undefined(only):
    scores = confusion_scores(confusion_per_photo(*[torch.full((1, 4, 4), only)] * 2)[0])
    assert scores["pixel_accuracy"] == scores["mean_iou"] == 1
    ious = [scores[f"{name}_iou"] for name in ("pet", "background", "border")]
    assert [math.isnan(iou) for iou in ious] == [c != only for c in range(3)]
    assert math.isnan(scores["article_iou"]) == (only == BACKGROUND)


def test_without_true_border_its_recall_is_undefined_but_false_alarms_count():
    confusion = torch.tensor([[5, 0, 2], [0, 9, 0], [0, 0, 0]])
    scores = confusion_scores(confusion)
    assert math.isnan(scores["border_recall"])
    assert scores["border_precision"] == scores["border_f1"] == scores["border_iou"] == 0


def test_without_predicted_border_its_precision_is_undefined():
    scores = confusion_scores(torch.tensor([[5, 0, 0], [0, 9, 0], [3, 1, 0]]))
    assert math.isnan(scores["border_precision"])
    assert scores["border_recall"] == scores["border_f1"] == scores["border_iou"] == 0


def test_counts_past_the_integers_of_float32_are_exact():
    pixels = 3669 * 128 * 128
    confusion = torch.tensor([[pixels - 1, 0, 0], [0, 0, 0], [1, 0, 0]])
    assert 1 - confusion_scores(confusion)["pixel_accuracy"] == pytest.approx(1 / pixels, rel=1e-6)


@given(seed=st.integers(0, 2**32), spread=st.sampled_from([0.0, 1.0, 50.0]))
def test_custom_iou_equals_its_one_hot_definition(seed, spread):
    generator = torch.Generator().manual_seed(seed)
    probabilities = (spread * torch.randn(3, 3, 5, 4, generator=generator)).softmax(dim=1)
    truth = torch.randint(3, (3, 5, 4), generator=generator)

    one_hot = np.eye(3)[truth.numpy()].transpose(0, 3, 1, 2)
    soft = probabilities.double().numpy()
    intersection = (one_hot * soft).sum(axis=(1, 2, 3))
    union = (one_hot + soft).sum(axis=(1, 2, 3)) - intersection
    expected = (intersection + 0.001) / (union + 0.001)
    np.testing.assert_allclose(custom_iou(probabilities, truth).numpy(), expected, rtol=1e-5)


def eroded(region: np.ndarray) -> np.ndarray:
    """One step: a pixel stays if its eight neighbours are in the region too; outside the photo nothing is."""
    framed, kept = np.pad(region, 1), np.zeros_like(region)
    for y, x in np.argwhere(region):
        kept[y, x] = framed[y : y + 3, x : x + 3].all()
    return kept


REGIONS = {"pet": (PET,), "pet_and_border": (PET, BORDER)}


def slow_boundary_iou(predicted: np.ndarray, truth: np.ndarray, classes: tuple[int, ...]) -> float:
    boundaries = []
    for region in (np.isin(predicted, classes), np.isin(truth, classes)):
        core = region
        for _ in range(max(1, round(0.02 * math.sqrt(region.shape[0] ** 2 + region.shape[1] ** 2)))):
            core = eroded(core)
        boundaries.append(region & ~core)
    union = (boundaries[0] | boundaries[1]).sum()
    return (boundaries[0] & boundaries[1]).sum() / union if union else 1.0


@pytest.mark.parametrize("silhouette", SILHOUETTES)
@pytest.mark.parametrize(("height", "width"), [(16, 16), (48, 64), (20, 140)])  # 1, 2 and 3 steps of erosion
@settings(max_examples=10)
@given(data=st.data())
def test_boundary_iou_equals_erosion_step_by_step(height, width, silhouette, data):
    predicted, truth = ([data.draw(blobs(height, width)) for _ in range(2)] for _ in range(2))
    expected = [slow_boundary_iou(p, t, REGIONS[silhouette]) for p, t in zip(predicted, truth, strict=True)]
    scores = boundary_iou(*(torch.from_numpy(np.stack(maps)) for maps in (predicted, truth)), silhouette)
    assert scores.dtype == torch.float64
    np.testing.assert_allclose(scores.numpy(), expected)


def test_the_outline_is_the_pets_unless_its_border_is_asked_for():
    """A pet that is right within a border that is not: one outline agrees, the other does not."""
    truth, predicted = (torch.full((1, 24, 24), BACKGROUND) for _ in range(2))
    truth[0, 4:20, 4:20], predicted[0, 7:17, 7:17] = BORDER, BORDER
    truth[0, 8:16, 8:16] = predicted[0, 8:16, 8:16] = PET
    assert boundary_iou(predicted, truth).tolist() == [1]
    assert boundary_iou(predicted, truth, "pet_and_border").tolist() == [0]


def test_boundary_iou_of_two_photos_without_pet_is_one():
    empty = torch.full((1, 16, 16), BACKGROUND)
    assert boundary_iou(empty, empty).tolist() == [1]


def chebyshev(region: np.ndarray) -> np.ndarray:
    """Each pixel's distance to the region, diagonal steps counted as one; infinite where there is no region."""
    distance = np.full(region.shape, np.inf)
    for y, x in np.ndindex(*region.shape):
        for v, u in np.argwhere(region):
            distance[y, x] = min(distance[y, x], max(abs(y - v), abs(x - u)))
    return distance


def slow_bands(predicted: np.ndarray, truth: np.ndarray) -> list:
    """By edge, side and ring, one pixel after another."""
    counts = np.zeros((2, 2, 5, 2), dtype=int)
    for edge, classes in enumerate(REGIONS.values()):
        region = np.isin(truth, classes)
        for side, (here, there) in enumerate([(region, ~region), (~region, region)]):
            distance = chebyshev(there)
            for y, x in np.argwhere(here):
                ring = [low < distance[y, x] <= high for low, high in ((0, 1), (1, 2), (2, 4), (4, 8), (8, 16))]
                if any(ring):
                    counts[edge, side, ring.index(True)] += (1, predicted[y, x] == truth[y, x])
    return counts.tolist()


@settings(max_examples=10)
@given(predicted=blobs(10, 22), truth=blobs(10, 22))
def test_bands_hold_the_pixels_by_their_distance_from_the_other_side_of_each_edge(predicted, truth):
    counts = band_counts(*(torch.from_numpy(classes)[None] for classes in (predicted, truth)))
    assert counts.dtype == torch.int64
    assert counts.tolist() == slow_bands(predicted, truth)


def test_a_photos_edge_is_no_outline():
    everywhere = torch.full((1, 12, 12), PET)
    assert band_counts(everywhere, everywhere).sum() == 0


def test_bands_know_both_edges_of_a_border():
    """Columns: 3 of pet, 5 of border, 4 of background."""
    truth = torch.tensor([[[PET] * 3 + [BORDER] * 5 + [BACKGROUND] * 4]])
    (inner_in, inner_out), (outer_in, outer_out) = band_counts(truth, truth)[..., 0].tolist()
    assert inner_in == [1, 1, 1, 0, 0]  # 3 columns of pet
    assert inner_out == [1, 1, 2, 4, 1]  # 9 of the rest
    assert outer_in == [1, 1, 2, 4, 0]  # 8 of pet and border
    assert outer_out == [1, 1, 2, 0, 0]  # 4 of background


def test_bands_sum_over_photos():
    predicted, truth = torch.randint(3, (2, 3, 12, 12), generator=torch.Generator().manual_seed(0))
    alone = [band_counts(predicted[i : i + 1], truth[i : i + 1]) for i in range(3)]
    assert torch.equal(band_counts(predicted, truth), sum(alone))


def slow_matches(predicted: np.ndarray, truth: np.ndarray) -> list[list[int]]:
    """For each tolerance true border pixels found and predicted ones well placed, one pixel after another."""
    painted, true = (np.argwhere(classes == BORDER) for classes in (predicted, truth))

    def near(these: np.ndarray, those: np.ndarray, pixels: int) -> int:
        return sum(any(math.dist(this, that) <= pixels for that in those) for this in these)

    return [[near(true, painted, pixels), near(painted, true, pixels)] for pixels in (1, 2)]


@settings(max_examples=15)
@given(data=st.data())
def test_border_matches_are_those_of_a_slow_loop(data):
    """Of several photos at once, of few and of many border pixels."""
    draw = st.one_of(blobs(7, 9), arrays(np.int64, (7, 9), elements=st.integers(0, 2), fill=st.just(PET)))
    predicted, truth = (np.stack([data.draw(draw) for _ in range(2)]) for _ in range(2))
    counts = border_matches(torch.from_numpy(predicted), torch.from_numpy(truth))
    assert counts.dtype == torch.int64
    assert counts.tolist() == [slow_matches(p, t) for p, t in zip(predicted, truth, strict=True)]


def test_a_tolerance_is_a_distance_as_the_crow_flies():
    truth = torch.full((1, 9, 9), PET)
    truth[0, 4, 4] = BORDER
    for (y, x), expected in {
        (4, 5): [[1, 1], [1, 1]],
        (5, 5): [[0, 0], [1, 1]],
        (4, 6): [[0, 0], [1, 1]],
        (5, 6): [[0, 0], [0, 0]],
        (4, 7): [[0, 0], [0, 0]],
    }.items():
        predicted = torch.full((1, 9, 9), PET)
        predicted[0, y, x] = BORDER
        assert border_matches(predicted, truth)[0].tolist() == expected, (y, x)


def slow_calibration(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    sums = np.zeros((2, 15, 3))
    for photo, y, x in np.ndindex(*truth.shape):
        pixel, true = probabilities[photo, :, y, x], truth[photo, y, x]
        confidence, border = pixel.max(), pixel[BORDER]
        sums[0, min(int(confidence * np.float32(15)), 14)] += (1, confidence, pixel.argmax() == true)
        sums[1, min(int(border * np.float32(15)), 14)] += (1, border, true == BORDER)
    return sums


@given(seed=st.integers(0, 2**32), spread=st.sampled_from([0.0, 1.0, 3.0, 50.0]))
def test_calibration_sums_equal_a_loop_over_pixels(seed, spread):
    generator = torch.Generator().manual_seed(seed)
    probabilities = (spread * torch.randn(2, 3, 6, 5, generator=generator)).softmax(dim=1)
    truth = torch.randint(3, (2, 6, 5), generator=generator)
    expected = slow_calibration(probabilities.numpy(), truth.numpy())
    np.testing.assert_allclose(calibration_sums(probabilities, truth).numpy(), expected, rtol=1e-6)


def test_pixels_without_border_count_by_their_probability_of_it():
    sums = calibration_sums(torch.full((1, 3, 2, 2), 1 / 3), torch.full((1, 2, 2), PET))
    assert sums[0, :, 0].sum() == 4
    assert sums[1].sum(dim=0).tolist() == pytest.approx([4, 4 / 3, 0])


def calibration_errors(probabilities: torch.Tensor, truth: torch.Tensor) -> list[float]:
    """Mean distances between probability and frequency over bins, of both kinds."""
    count, probability, happened = calibration_sums(probabilities, truth).unbind(dim=-1)
    return ((probability - happened).abs().sum(dim=1) / count.sum(dim=1)).tolist()


@pytest.mark.parametrize("spread", [0.5, 2.0, 8.0])
def test_labels_drawn_from_the_probabilities_themselves_are_calibrated(spread):
    """A measure that conditions on the true class fails here, and takes this for a badly calibrated model."""
    generator = torch.Generator().manual_seed(0)
    logits = spread * torch.randn(4, 3, 128, 128, generator=generator)
    logits[:, BORDER] -= 1  # rarer than the others, as in the photos
    probabilities = logits.softmax(dim=1)
    drawn = torch.multinomial(probabilities.movedim(1, -1).reshape(-1, 3), 1, generator=generator).view(4, 128, 128)
    assert calibration_errors(probabilities, drawn) == pytest.approx([0, 0], abs=0.01)
    too_sure = calibration_errors((3 * logits).softmax(dim=1), drawn)
    assert min(too_sure) > 0.03


def slow_softmin(believed: np.ndarray) -> float:
    """The mean of a photo's probabilities, each weighted by exp(-p / 0.1)."""
    weights = [math.exp(-p / 0.1) for p in believed.ravel().tolist()]
    return sum(w * p for w, p in zip(weights, believed.ravel().tolist(), strict=True)) / sum(weights)


@given(seed=st.integers(0, 2**32), spread=st.sampled_from([0.0, 1.0, 3.0, 50.0]))
def test_label_quality_is_the_soft_minimum_of_a_slow_loop(seed, spread):
    generator = torch.Generator().manual_seed(seed)
    probabilities = (spread * torch.randn(3, 3, 6, 5, generator=generator)).softmax(dim=1)
    truth = torch.randint(3, (3, 6, 5), generator=generator)
    expected = [
        slow_softmin(np.take_along_axis(p, t[None], axis=0))
        for p, t in zip(probabilities.numpy(), truth.numpy(), strict=True)
    ]
    quality = label_quality(probabilities, truth)
    assert quality.dtype == torch.float64
    np.testing.assert_allclose(quality.numpy(), expected, rtol=1e-5, atol=1e-9)


def test_label_quality_is_cleanlabs():
    generator = torch.Generator().manual_seed(2)
    probabilities = (2 * torch.randn(5, 3, 16, 16, generator=generator)).softmax(dim=1)
    truth = torch.randint(3, (5, 16, 16), generator=generator)
    expected, _ = get_label_quality_scores(truth.numpy(), probabilities.numpy(), verbose=False)
    np.testing.assert_allclose(label_quality(probabilities, truth).numpy(), expected, rtol=1e-4)


def test_one_pixel_that_the_model_does_not_believe_tells_on_its_photo():
    probabilities = torch.tensor([0.98, 0.01, 0.01]).view(1, 3, 1, 1).expand(2, 3, 16, 16)
    truth = torch.full((2, 16, 16), PET)
    truth[1, :6, :6] = BACKGROUND
    sound, wrong = label_quality(probabilities, truth).tolist()
    assert sound == pytest.approx(0.98)
    assert wrong < 0.05

from math import log

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from seg.losses import LOSSES, Diverged, Loss, balanced_weights, make_loss, soft_iou_loss
from seg.options import Options

# One photo of 2 x 2 pixels: the predicted probabilities of (pet, background, border), and the truth
PIXELS = [(0.5, 0.25, 0.25), (0.1, 0.8, 0.1), (0.2, 0.2, 0.6), (0.7, 0.2, 0.1)]
TRUTH = [0, 1, 2, 2]
TRUE_CLASS = [0.5, 0.8, 0.6, 0.1]
WEIGHTS = [1.0, 2.0, 4.0]

MASK = torch.tensor(TRUTH).view(1, 2, 2)


def named_loss(name: str, weights: torch.Tensor | None = None, **given: object) -> Loss:
    return make_loss(Options(loss=name, **given), weights)


def logits() -> torch.Tensor:
    return torch.tensor(PIXELS).log().T.reshape(1, 3, 2, 2).requires_grad_()


def test_cross_entropy_by_hand():
    expected = -(log(0.5) + log(0.8) + log(0.6) + log(0.1)) / 4
    assert named_loss("ce")(logits(), MASK).item() == pytest.approx(expected)


def test_weighted_cross_entropy_by_hand():
    expected = -(1 * log(0.5) + 2 * log(0.8) + 4 * log(0.6) + 4 * log(0.1)) / (1 + 2 + 4 + 4)
    assert named_loss("weighted", torch.tensor(WEIGHTS))(logits(), MASK).item() == pytest.approx(expected)


def test_focal_loss_by_hand():
    expected = -(0.5**2 * log(0.5) + 0.2**2 * log(0.8) + 0.4**2 * log(0.6) + 0.9**2 * log(0.1)) / 4
    assert named_loss("focal")(logits(), MASK).item() == pytest.approx(expected)


def test_focal_loss_with_another_gamma_and_weights_by_hand():
    terms = [WEIGHTS[c] * (1 - p) ** 3 * -log(p) for c, p in zip(TRUTH, TRUE_CLASS, strict=True)]
    loss = named_loss("focal", torch.tensor(WEIGHTS), gamma=3)
    assert loss(logits(), MASK).item() == pytest.approx(sum(terms) / (1 + 2 + 4 + 4))


@given(seed=st.integers(0, 2**32), spread=st.floats(0.1, 5))
def test_focal_loss_with_gamma_zero_is_cross_entropy(seed, spread):
    generator = torch.Generator().manual_seed(seed)
    guesses = spread * torch.randn(2, 3, 4, 5, generator=generator)
    mask = torch.randint(3, (2, 4, 5), generator=generator)
    torch.testing.assert_close(named_loss("focal", gamma=0)(guesses, mask), F.cross_entropy(guesses, mask))


@pytest.mark.parametrize("name", ["weighted", "focal"])
def test_weights_scale_each_pixels_gradient_by_its_weight_over_the_mean_weight(name):
    plain, weighted = logits(), logits()
    unweighted = named_loss("ce" if name == "weighted" else "focal")
    unweighted(plain, MASK).backward()
    named_loss(name, torch.tensor(WEIGHTS))(weighted, MASK).backward()
    mean_weight = (1 + 2 + 4 + 4) / 4
    factors = torch.tensor([1 / mean_weight, 2 / mean_weight, 4 / mean_weight, 4 / mean_weight])
    torch.testing.assert_close(weighted.grad, plain.grad * factors.view(1, 1, 2, 2))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_focal_gradients_are_finite_where_the_network_is_certain(gamma):
    certain = torch.tensor([40.0, 0.0, 0.0]).view(1, 3, 1, 1).repeat(1, 1, 2, 2).requires_grad_()
    named_loss("focal", gamma=gamma)(certain, MASK).backward()
    assert certain.grad.isfinite().all()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_focal_loss_of_logits_that_are_not_finite_has_diverged(value):
    broken = logits().detach()
    broken[0, 1, 0, 1] = value
    with pytest.raises(Diverged, match="not finite"):
        named_loss("focal")(broken, MASK)


def test_the_weighted_loss_needs_weights():
    with pytest.raises(ValueError, match="class weights"):
        named_loss("weighted")


def test_median_frequency_counts_only_photos_that_hold_the_class():
    # of 100 pixels each; border is missing from the first and the third
    counts = torch.tensor([[60, 40, 0], [20, 60, 20], [10, 90, 0]])
    pet, background, border = 90 / 300, 190 / 300, 20 / 100
    expected = [pet / pet, pet / background, pet / border]
    assert balanced_weights(counts, "median").tolist() == pytest.approx(expected)


def test_inverse_weights_are_one_over_three_times_the_share():
    counts = torch.tensor([[60, 40, 0], [20, 60, 20]])
    expected = [1 / (3 * 0.4), 1 / (3 * 0.5), 1 / (3 * 0.1)]
    weights = balanced_weights(counts, "inverse")
    assert weights.dtype == torch.float32
    assert weights.tolist() == pytest.approx(expected)


@pytest.mark.parametrize("scheme", ["median", "inverse"])
def test_a_class_without_pixels_has_no_weight(scheme):
    with pytest.raises(ValueError, match="no pixel"):
        balanced_weights(torch.tensor([[60, 40, 0], [20, 80, 0]]), scheme)


def test_an_unknown_weighting_scheme_is_named_with_the_choices():
    with pytest.raises(ValueError, match=r"root.*median or inverse"):
        balanced_weights(torch.tensor([[1, 1, 1]]), "root")


@pytest.mark.parametrize("name", ["ce", "weighted"])
def test_label_smoothing_spreads_the_target_over_all_classes(name):
    logits, mask = torch.randn(2, 3, 4, 4, dtype=torch.float64), torch.randint(3, (2, 4, 4))
    weights = torch.tensor([0.5, 1.0, 3.0], dtype=torch.float64) if name == "weighted" else None
    total = norm = 0.0
    for probabilities, true in zip(
        logits.log_softmax(1).permute(0, 2, 3, 1).reshape(-1, 3), mask.flatten(), strict=True
    ):
        for number in range(3):
            target = 0.1 / 3 + 0.9 * (number == true)
            weight = 1.0 if weights is None else weights[number].item()
            total -= target * weight * probabilities[number].item()
        norm += 1.0 if weights is None else weights[true].item()
    assert named_loss(name, weights, label_smoothing=0.1)(logits, mask).item() == pytest.approx(total / norm)


def test_soft_iou_loss_by_a_slow_loop():
    logits, mask = torch.randn(2, 3, 4, 5), torch.randint(3, (2, 4, 5))
    probabilities, ious = logits.softmax(dim=1), []
    for number in range(3):
        both = either = 0.0
        for photo in range(2):
            for row in range(4):
                for column in range(5):
                    p, t = probabilities[photo, number, row, column].item(), float(mask[photo, row, column] == number)
                    both, either = both + p * t, either + p + t - p * t
        ious.append(both / either)
    assert soft_iou_loss(logits, mask).item() == pytest.approx(1 - sum(ious) / 3, rel=1e-5)


def test_soft_iou_loss_is_zero_for_a_certain_and_right_prediction_and_one_for_a_wrong_one():
    mask = torch.arange(18).view(2, 3, 3) % 3
    right = 50.0 * F.one_hot(mask, 3).permute(0, 3, 1, 2)
    assert soft_iou_loss(right, mask).item() == pytest.approx(0, abs=1e-6)
    assert soft_iou_loss(right.roll(1, dims=1), mask).item() == pytest.approx(1, abs=1e-6)


def test_soft_iou_loss_counts_a_class_neither_there_nor_predicted_as_found():
    logits = torch.tensor([0.0, 0.0, -300.0]).view(1, 3, 1, 1).expand(1, 3, 2, 2).clone().requires_grad_()
    loss = soft_iou_loss(logits, torch.zeros(1, 2, 2, dtype=torch.int64))
    # pet is half found, background half imagined, border rightly ruled out
    assert loss.item() == pytest.approx(1 - (0.5 + 0 + 1) / 3, abs=1e-5)
    loss.backward()
    assert logits.grad.isfinite().all()


def test_dice_loss_by_a_slow_loop():
    logits, mask = torch.randn(2, 3, 4, 5), torch.randint(3, (2, 4, 5))
    probabilities, coefficients = logits.softmax(dim=1), []
    for number in range(3):
        both = sizes = 0.0
        for photo, row, column in np.ndindex(2, 4, 5):
            p, t = probabilities[photo, number, row, column].item(), float(mask[photo, row, column] == number)
            both, sizes = both + p * t, sizes + p + t
        coefficients.append(2 * both / sizes)
    assert named_loss("dice")(logits, mask).item() == pytest.approx(1 - sum(coefficients) / 3, rel=1e-5)


def test_dice_loss_is_zero_where_all_is_right_and_finite_where_a_class_is_missing():
    mask = torch.arange(18).view(2, 3, 3) % 2
    right = (50.0 * F.one_hot(mask, 3).permute(0, 3, 1, 2)).requires_grad_()
    loss = named_loss("dice")(right, mask)
    assert loss.item() == pytest.approx(0, abs=1e-5)
    loss.backward()
    assert right.grad.isfinite().all()


@pytest.mark.parametrize("name", LOSSES)
def test_soft_iou_is_added_to_any_loss(name):
    logits, mask = torch.randn(2, 3, 4, 4, requires_grad=True), torch.randint(3, (2, 4, 4))
    weights = torch.tensor([0.5, 1.0, 3.0])
    plain, mixed = named_loss(name, weights), named_loss(name, weights, soft_iou=0.7)
    expected = plain(logits, mask) + 0.7 * soft_iou_loss(logits, mask)
    assert mixed(logits, mask).item() == pytest.approx(expected.item())
    gradients = [torch.autograd.grad(loss, logits)[0] for loss in (mixed(logits, mask), expected)]
    torch.testing.assert_close(*gradients)

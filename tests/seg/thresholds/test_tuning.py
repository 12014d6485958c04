"""What is set on training photos: statistics by hand, and minima and maxima by a finer search."""

from fractions import Fraction

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import torchvision.transforms.functional as tv
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize_scalar
from torch import nn

from seg.batches import DeviceSplit
from seg.cache import load_split
from seg.evaluation import predict_logits
from seg.thresholds.margins import BINS, margin_histograms
from seg.thresholds.tuning import renorm, tune, tuned_step


@pytest.fixture(scope="module")
def split(tiny_pets) -> DeviceSplit:
    """12 photos."""
    return DeviceSplit.upload(load_split(tiny_pets, "trainval", 32), torch.device("cpu"))


@pytest.fixture
def model() -> nn.Module:
    network = nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 3, 5, padding=2), nn.BatchNorm2d(3, momentum=0.3))
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weights in (*network.parameters(), network[0].running_mean, network[2].running_mean):
            weights.normal_(generator=generator)
    return network


# ---- BatchNorm's statistics


def statistics(batches: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Means over batches of each batch's mean and unbiased variance by channel, in float64."""
    means, variances = [], []
    for batch in batches:
        pixels = batch.double().movedim(1, 0).flatten(1)
        mean = pixels.sum(dim=1) / pixels.shape[1]
        means.append(mean)
        variances.append(((pixels - mean[:, None]) ** 2).sum(dim=1) / (pixels.shape[1] - 1))
    return sum(means) / len(means), sum(variances) / len(variances)


def normalised(batch: torch.Tensor, layer: nn.BatchNorm2d) -> torch.Tensor:
    """By the batch's own statistics, as in training: its variance is the biased one."""
    pixels = batch.double().movedim(1, 0).flatten(1)
    mean = pixels.mean(dim=1).view(1, -1, 1, 1)
    deviation = (pixels.var(dim=1, correction=0) + layer.eps).sqrt().view(1, -1, 1, 1)
    weight, bias = (each.double().view(1, -1, 1, 1) for each in (layer.weight, layer.bias))
    return (batch.double() - mean) / deviation * weight + bias


@pytest.mark.parametrize("network_size", [32, 16])
def test_statistics_are_the_mean_over_batches_of_photos_as_they_are(model, split, network_size):
    renorm(model, split, network_size=network_size, precision="fp32", batch_size=5)
    photos = tv.resize(split.photos / 255, [network_size, network_size], antialias=True)
    batches = [photos[:5], photos[5:10], photos[10:]]  # a batch of two counts as much as one of five
    first, convolution, second = model
    with torch.no_grad():
        inside = [F.conv2d(normalised(b, first), convolution.weight.double(), padding=2) for b in batches]
        inside = [each + convolution.bias.double().view(1, -1, 1, 1) for each in inside]
    for layer, seen in ((first, batches), (second, inside)):
        mean, variance = statistics(seen)
        torch.testing.assert_close(layer.running_mean.double(), mean, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(layer.running_var.double(), variance, rtol=1e-4, atol=1e-5)
        assert layer.num_batches_tracked == 3


def test_only_the_statistics_change_and_the_momenta_are_restored(model, split):
    model[0].momentum = None
    before = {name: value.clone() for name, value in model.state_dict().items()}
    renorm(model, split, network_size=32, precision="fp32")
    assert [layer.momentum for layer in (model[0], model[2])] == [None, 0.3]
    assert not model.training
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    tracked = ("running_mean", "running_var", "num_batches_tracked")
    assert changed == {f"{layer}.{name}" for layer in (0, 2) for name in tracked}


def test_what_was_tracked_before_does_not_count(model, split):
    renorm(model, split, network_size=32, precision="fp32", batch_size=5)
    once = {name: value.clone() for name, value in model.state_dict().items()}
    renorm(model, split, network_size=32, precision="fp32", batch_size=5)
    assert all(torch.equal(value, once[name]) for name, value in model.state_dict().items())


# ---- the temperature


class Fixed(nn.Module):
    """Logits that are the photo's channels, stretched."""

    def __init__(self, stretch: float) -> None:
        super().__init__()
        self.stretch = stretch

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        return self.stretch * photos


def drawn(temperature: float) -> DeviceSplit:
    """Photos whose labels are drawn from the probabilities that `Fixed(8)` gives at that temperature."""
    generator = torch.Generator().manual_seed(1)
    photos = torch.randint(0, 256, (8, 3, 48, 48), generator=generator).to(torch.uint8)
    probabilities = (8 * (photos / 255) / temperature).softmax(dim=1).movedim(1, -1).reshape(-1, 3)
    masks = torch.multinomial(probabilities, 1, generator=generator).view(8, 48, 48)
    return DeviceSplit(photos, masks.to(torch.uint8))


def finest(logits: torch.Tensor, truth: torch.Tensor) -> float:
    """The temperature of the least cross-entropy, in float64."""
    logits = logits.double()
    found = minimize_scalar(
        lambda log: F.cross_entropy(logits / np.exp(log), truth).item(), bounds=np.log([0.1, 10]), method="bounded"
    )
    return float(np.exp(found.x))


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
@pytest.mark.parametrize("batch_size", [64, 3])
def test_the_temperature_is_that_of_a_finer_search(temperature, batch_size):
    photos = drawn(temperature)
    measured = tune(Fixed(8), photos, network_size=48, precision="fp32", batch_size=batch_size).temperature
    assert measured == pytest.approx(temperature, rel=0.05)  # which the labels were drawn at
    assert measured == pytest.approx(finest(8 * (photos.photos / 255), photos.masks.long()), rel=2e-3)


@pytest.mark.parametrize(("stretch", "end"), [(0.01, 0.2), (2000, 5)])
def test_a_temperature_past_those_tried_is_the_last_one_tried(stretch, end):
    photos = drawn(1.0)
    measured = tune(Fixed(stretch), photos, network_size=48, precision="fp32").temperature
    assert measured == pytest.approx(end, rel=0.06)


# ---- what the photos say


@pytest.mark.parametrize("flip", [False, True], ids=["as they are", "mirrored"])
def test_margins_and_temperature_are_of_the_photos_as_they_are(model, split, flip):
    heard = []
    with torch.no_grad():
        model[2].weight *= 0.3  # or it would be too sure by more than any temperature tried
    found = tune(
        model.train(), split, network_size=32, precision="fp32", batch_size=5, flip=flip, on_batch=heard.append
    )
    assert not model.training
    assert heard == [5, 5, 2]
    with torch.no_grad():
        logits = model(split.photos / 255)
        if flip:
            mirrored = model(split.photos.flip(-1) / 255).softmax(dim=1).flip(-1)
            logits = ((logits.softmax(dim=1) + mirrored) / 2).log()
    truth = split.masks.long()
    expected = margin_histograms(logits, truth)
    assert found.margins.shape == (12, 3, BINS)
    assert found.margins.sum(dim=(1, 2)).tolist() == [32 * 32] * 12
    # two ways that round differently may put a pixel into the next bin
    assert (found.margins - expected).abs().sum() <= (40 if flip else 8)
    assert found.temperature == pytest.approx(finest(logits, truth), rel=2e-3)


def test_a_network_of_another_size_is_tuned_at_the_photos_size(model, split):
    with torch.no_grad():
        logits = predict_logits(model.eval(), split.photos, 16, "fp32")
    found = tune(model, split, network_size=16, precision="fp32")
    assert torch.equal(found.margins, margin_histograms(logits, split.masks.long()))


def test_what_on_batch_raises_ends_the_pass(model, split):
    def stop(photos: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(model, split, network_size=32, precision="fp32", on_batch=stop)


# ---- the threshold


def slow_f1(histograms: np.ndarray, step: int) -> Fraction:
    """The border's F1 at a shift: a pixel of bin b has a margin above edge b - 1 and is painted if that is >= -step."""
    hits = painted = true = 0
    for photo in histograms.tolist():
        for kind, counts in enumerate(photo):
            for bin_, count in enumerate(counts):
                wins = bin_ > 0 and bin_ - 1 - 60 >= -step
                painted += count * wins
                hits += count * wins * (kind == 0)
                true += count * (kind == 0)
    return Fraction(2 * hits, true + painted) if true + painted else Fraction(0)


@st.composite
def sparse_histograms(draw) -> np.ndarray:
    """(2, 3, 122) of few pixels, so that many shifts are equally good."""
    histograms = np.zeros((2, 3, BINS), dtype=np.uint16)
    places = st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(0, BINS - 1), st.integers(1, 60_000))
    for photo, kind, bin_, count in draw(st.lists(places, max_size=8)):
        histograms[photo, kind, bin_] = count
    return histograms


@given(sparse_histograms())
def test_the_tuned_shift_is_the_best_of_all_and_of_equals_nearest_zero(histograms):
    scores = {step: slow_f1(histograms, step) for step in range(-60, 61)}
    best = {step for step, score in scores.items() if score == max(scores.values())}
    step = tuned_step(histograms)
    assert type(step) is int
    assert step in best
    assert abs(step) == min(map(abs, best))


@given(arrays(np.uint8, (1, 3, BINS), elements=st.integers(0, 255)))
def test_of_dense_histograms_too(histograms):
    best = max(slow_f1(histograms, step) for step in range(-60, 61))
    assert slow_f1(histograms, tuned_step(histograms)) == best


def test_photos_without_border_leave_the_threshold_where_it_is():
    histograms = np.ones((4, 3, BINS), dtype=np.uint16)
    histograms[:, 0] = 0
    assert tuned_step(histograms) == 0

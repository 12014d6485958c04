import pytest
import torch
import torch.nn.functional as F
import torchvision.transforms.functional as tv
from torch import nn
from torchmetrics.functional.classification import (
    multiclass_confusion_matrix,
    multiclass_jaccard_index,
    multiclass_precision,
    multiclass_recall,
)

from seg.batches import DeviceSplit
from seg.cache import load_split
from seg.evaluation import evaluate, predict_logits
from seg.losses import make_loss
from seg.metrics import band_counts, border_matches, boundary_iou, calibration_sums, label_quality
from seg.options import Options
from seg.thresholds.margins import margin_histograms

CONTRACT = (
    "val_loss",
    "pixel_accuracy",
    "article_iou",
    "custom_iou",
    "mean_iou",
    "pet_iou",
    "background_iou",
    "border_iou",
    "border_recall",
    "border_precision",
    "border_f1",
    "boundary_iou",
)


@pytest.fixture(scope="module")
def split(tiny_pets) -> DeviceSplit:
    return DeviceSplit.upload(load_split(tiny_pets, "test", 32), torch.device("cpu"))


@pytest.fixture
def model() -> nn.Module:
    """A network small enough to be quick, with the layers that training and evaluation treat differently."""
    network = nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 3, 5, padding=2), nn.BatchNorm2d(3))
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weights in network.parameters():
            weights.normal_(generator=generator)
    return network


def run(model, split, **options):
    options = {"network_size": 32, "precision": "fp32", "batch_size": 3} | options
    return evaluate(model, split, make_loss(Options(loss="ce")), **options)


@torch.no_grad()
def at_photo_size(model, split):
    """Logits and truth computed without batches."""
    return model.eval()(split.photos / 255), split.masks.long()


def test_scores_equal_torchmetrics_over_the_models_own_predictions(model, split):
    scores = run(model, split).scores()
    logits, truth = at_photo_size(model, split)
    predicted = logits.argmax(dim=1)
    assert predicted.unique().tolist() == [0, 1, 2]
    iou = multiclass_jaccard_index(predicted, truth, 3, average="none").tolist()
    expected = {
        "val_loss": F.cross_entropy(logits, truth).item(),
        "pixel_accuracy": (predicted == truth).double().mean().item(),
        "article_iou": multiclass_jaccard_index(predicted, truth, 3, average="micro", ignore_index=1).item(),
        "pet_iou": iou[0],
        "background_iou": iou[1],
        "border_iou": iou[2],
        "border_recall": multiclass_recall(predicted, truth, 3, average="none")[2].item(),
        "border_precision": multiclass_precision(predicted, truth, 3, average="none")[2].item(),
    }
    assert {name: scores[name] for name in expected} == pytest.approx(expected, abs=1e-5)
    assert sorted(scores) == sorted(CONTRACT)
    assert all(0 <= scores[name] <= 1 for name in CONTRACT[1:])


def test_photos_keep_their_order_across_batches(model, split):
    evaluation = run(model, split)
    logits, truth = at_photo_size(model, split)
    confusions = [multiclass_confusion_matrix(p, t, 3) for p, t in zip(logits.argmax(dim=1), truth, strict=True)]
    assert torch.equal(evaluation.confusions, torch.stack(confusions))
    entropies = [F.cross_entropy(logits[i : i + 1], truth[i : i + 1]) for i in range(len(split))]
    torch.testing.assert_close(evaluation.cross_entropy, torch.stack(entropies).double(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("network_size", [16, 48])
def test_a_network_of_another_size_is_scored_at_the_photos_size(model, split, network_size):
    evaluation = run(model, split, network_size=network_size)
    with torch.no_grad():
        resized = tv.resize(split.photos / 255, [network_size, network_size], antialias=True)
        small = model.eval()(resized).softmax(dim=1)
    probabilities = F.interpolate(small, (32, 32), mode="bilinear")
    truth = split.masks.long()
    confusion = multiclass_confusion_matrix(probabilities.argmax(dim=1), truth, 3)
    assert evaluation.confusions.sum() == 8 * 32 * 32
    # two networks that round differently may disagree on a tied pixel
    assert (evaluation.confusions.sum(dim=0) - confusion).abs().sum() <= 4
    assert evaluation.loss == pytest.approx(F.nll_loss(probabilities.log(), truth).item(), rel=1e-5)


def test_batches_of_any_size_score_the_same(model, split):
    one, all_at_once = run(model, split, batch_size=1), run(model, split, batch_size=64)
    assert one.scores() == pytest.approx(all_at_once.scores(), rel=1e-6)


def test_details_are_of_the_same_pass(model, split):
    """Each as its own function finds it in the logits of all photos at once."""
    evaluation = run(model, split, temperature=1.5)
    details = evaluation.details
    logits, truth = at_photo_size(model, split)
    probabilities, predicted = logits.softmax(dim=1), logits.argmax(dim=1)
    torch.testing.assert_close(details.label_quality, label_quality(probabilities, truth), rtol=1e-4, atol=1e-7)
    assert torch.equal(details.boundary_iou_with_border, boundary_iou(predicted, truth, "pet_and_border"))
    assert torch.equal(evaluation.boundary_iou, boundary_iou(predicted, truth))
    assert torch.equal(details.border_matches, border_matches(predicted, truth))
    assert torch.equal(details.bands, band_counts(predicted, truth))
    assert details.temperature == 1.5
    expected = torch.stack([calibration_sums(p, truth) for p in (probabilities, (logits / 1.5).softmax(dim=1))])
    # batches that round differently may put a pixel into the next bin
    assert (details.calibration[..., 0] - expected[..., 0]).abs().sum() <= 8
    torch.testing.assert_close(details.calibration.sum(dim=2), expected.sum(dim=2), rtol=1e-5, atol=1e-3)
    assert (details.margins - margin_histograms(logits, truth)).abs().sum() <= 8


def test_every_pixel_counts_once_in_every_sum_and_at_the_same_argmax(model, split):
    evaluation = run(model, split, temperature=0.5)
    confusion, details = evaluation.confusions.sum(dim=0), evaluation.details
    pixels = 8 * 32 * 32
    assert confusion.sum() == pixels
    by_confidence, by_border = details.calibration.sum(dim=2).unbind(dim=1)
    assert by_confidence[:, 0].tolist() == by_border[:, 0].tolist() == [pixels] * 2
    # a temperature changes no decision
    assert by_confidence[:, 2].tolist() == [confusion.diag().sum()] * 2
    assert by_border[:, 2].tolist() == [confusion[2].sum()] * 2
    assert details.margins.sum(dim=(1, 2)).tolist() == [32 * 32] * 8
    painted = details.margins[..., 61:].sum(dim=(0, 2)).tolist()
    assert painted == [confusion[2, 2], *painted[1:]]
    assert painted[1] + painted[2] == confusion[:2, 2].sum()
    assert details.margins[:, 1, :61].sum() == confusion[0, 0] + confusion[1, 1]
    # every photo has a silhouette; the rings do not overlap
    seen = details.bands.sum(dim=(1, 2))
    assert (seen[:, 0] > 0).all()
    assert (seen[:, 0] <= pixels).all()
    assert (seen[:, 1] <= confusion.diag().sum()).all()


@pytest.mark.parametrize("options", [{"flip": True}, {"network_size": 48}, {"precision": "bf16"}], ids=str)
def test_details_and_scores_are_of_one_prediction_however_it_is_made(model, split, options):
    evaluation = run(model, split, temperature=1.0, **options)
    confusions, margins = evaluation.confusions, evaluation.details.margins
    assert torch.equal(margins[:, 0, 61:].sum(dim=1), confusions[:, 2, 2])
    assert torch.equal(margins[:, 1:, 61:].sum(dim=(1, 2)), confusions[:, :2, 2].sum(dim=1))
    assert torch.equal(margins[:, 1, :61].sum(dim=1), confusions[:, 0, 0] + confusions[:, 1, 1])
    assert torch.equal(evaluation.details.calibration[0], evaluation.details.calibration[1])


def test_details_of_batches_of_any_size_are_the_same(model, split):
    one, all_at_once = (run(model, split, batch_size=size, temperature=2.0).details for size in (1, 64))
    for name in ("boundary_iou_with_border", "label_quality", "bands"):
        torch.testing.assert_close(getattr(one, name), getattr(all_at_once, name), rtol=1e-4, atol=1e-6)
    assert torch.equal(one.border_matches, all_at_once.border_matches)
    assert (one.margins - all_at_once.margins).abs().sum() <= 8


def test_details_are_left_out_unless_asked_for(model, split):
    assert run(model, split).details is None


def test_on_batch_hears_of_every_photo_and_what_it_raises_ends_the_pass(model, split):
    heard = []
    run(model, split, on_batch=heard.append)
    assert heard == [3, 3, 2]

    class Stop(Exception):
        pass

    def stop_at_the_second(photos):
        heard.append(photos)
        if len(heard) == 2:
            raise Stop

    heard.clear()
    with pytest.raises(Stop):
        run(model, split, on_batch=stop_at_the_second)
    assert heard == [3, 3]


def test_scoring_leaves_the_weights_alone_and_the_model_in_evaluation_mode(model, split):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    run(model.train(), split)
    assert not model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_bf16_logits_are_float32_and_close(model, split):
    model.eval()
    with torch.no_grad():
        exact, rounded = (predict_logits(model, split.photos, 32, precision) for precision in ("fp32", "bf16"))
    assert rounded.dtype == torch.float32
    assert not torch.equal(rounded, exact)
    torch.testing.assert_close(rounded, exact, rtol=0.05, atol=0.05)


@pytest.mark.parametrize("network_size", [32, 48])
def test_flipping_averages_with_the_mirrored_photos_prediction(model, split, network_size):
    photos = split.photos
    plain, mirrored = (
        predict_logits(model, each, network_size, "fp32").softmax(dim=1) for each in (photos, photos.flip(-1))
    )
    averaged = predict_logits(model, photos, network_size, "fp32", flip=True).softmax(dim=1)
    torch.testing.assert_close(averaged, (plain + mirrored.flip(-1)) / 2, atol=1e-4, rtol=1e-3)
    back = predict_logits(model, photos.flip(-1), network_size, "fp32", flip=True).softmax(dim=1).flip(-1)
    torch.testing.assert_close(averaged, back, atol=1e-4, rtol=1e-3)


def test_scores_of_mirrored_evaluation_are_those_of_the_averaged_probabilities(model, split):
    evaluation = run(model, split, flip=True)
    with torch.no_grad():
        model.eval()
        plain, mirrored = (model(each).softmax(dim=1) for each in (split.photos / 255, split.photos.flip(-1) / 255))
    averaged, truth = (plain + mirrored.flip(-1)) / 2, split.masks.long()
    assert evaluation.loss == pytest.approx(F.nll_loss(averaged.log(), truth).item(), rel=1e-5)
    confusion = multiclass_confusion_matrix(averaged.argmax(dim=1), truth, 3)
    # two ways to average that round differently may disagree on a tied pixel
    assert (evaluation.confusions.sum(dim=0) - confusion).abs().sum() <= 4
    alone = multiclass_confusion_matrix(plain.argmax(dim=1), truth, 3)
    assert (alone - confusion).abs().sum() > 40

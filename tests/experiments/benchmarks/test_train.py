"""Ours and the article's way train the same network on the same photos. How fast is no test's business."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from experiments.benchmarks import article, train
from experiments.benchmarks.article import DecodedAnew, EagerSegNet, confusion, loader, train_epoch
from experiments.benchmarks.inputs import decoded, labelled_files
from experiments.benchmarks.product import operations
from experiments.benchmarks.side_by_side import NotMeasured, Setting
from seg.networks.segnet import SegNet

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def tiny(monkeypatch) -> None:
    for name, value in {"BATCH": 2, "SIDE": 32, "EPOCHS": 2, "WHOLE_BATCH": 2}.items():
        monkeypatch.setattr(train, name, value)
    monkeypatch.setattr(article, "usable_cores", lambda: 1)


def test_both_networks_learn_the_same(narrow):
    torch.manual_seed(0)
    ours = SegNet()
    theirs = EagerSegNet(ours)
    photos, masks = torch.rand(3, 3, 32, 32), torch.randint(0, 3, (3, 32, 32))
    found = []
    for model in (ours, theirs):
        logits = model(photos)
        F.cross_entropy(logits, masks).backward()
        found.append((logits, {name: each.grad for name, each in model.named_parameters()}))
    (mine, my_slopes), (other, other_slopes) = found
    torch.testing.assert_close(mine, other)
    assert my_slopes.keys() == other_slopes.keys()
    for name, slope in my_slopes.items():
        torch.testing.assert_close(slope, other_slopes[name])


def test_both_see_the_same_photos(setting):
    files = labelled_files(setting, 3)
    ours = decoded(files, 32, CPU)
    for index, (photo, mask) in enumerate(DecodedAnew(files, 32, augment=False)):
        assert (photo.dtype, mask.dtype) == (torch.float32, torch.int64)
        assert (255 * photo - ours.photos[index]).abs().max() <= 1.01  # rounded to 8 bits by one, not the other
        assert (mask == ours.masks[index]).float().mean() > 0.9  # one takes another of two nearest pixels
        assert mask.unique().tolist() == [0, 1, 2]


def test_the_datasets_photos_are_taken_where_they_are(tiny_pets, tmp_path):
    setting = Setting(CPU, "fp32", tiny_pets, tmp_path)
    files = labelled_files(setting, 4)
    assert len({photo for photo, _ in files}) == 4
    assert all(photo.is_relative_to(tiny_pets) and trimap.is_file() for photo, trimap in files)
    assert len(labelled_files(setting, 1000)) == 12  # as many as there are


def test_a_call_of_either_is_an_epoch(setting):
    files = labelled_files(setting, 4)
    row = train.steps(setting, files)
    assert (row.unit, row.amount) == ("photos/s", 4)
    results = [row.ours(), row.ours()]
    assert [result.epoch for result in results] == [1, 2]
    assert results[1].train_loss != results[0].train_loss
    losses = [row.peer.work() for _ in range(8)]
    assert min(losses[4:]) < losses[0]  # it learns
    assert "persistent workers" in row.peer.settings


def test_the_network_alone_computes_three_times_as_much_as_forward(setting):
    row = train.share(setting, setting.precision)
    row.ours()
    assert setting.precision in row.peer.settings
    model, photos = SegNet(), torch.zeros(2, 3, 32, 32)
    forward = operations(lambda: model(photos))
    # but of the first convolution, whose photos have no gradient
    first = 2 * model.encoder[0][0][0].weight.numel() * photos[0, 0].numel() * len(photos)
    photos_too = operations(lambda: model(photos).sum().backward())
    assert photos_too in (3 * forward, 3 * forward - first)


def test_both_poolings_give_the_same_and_ours_keeps_a_byte_where_theirs_keeps_eight(setting):
    times, kept = train.pooling(setting)
    assert torch.equal(times.ours(), times.peer.work())
    maxima = 2 * 64 * 16 * 16  # photos, channels, and the side of 32 halved
    assert (kept.ours() * 1e6, kept.peer.work() * 1e6) == pytest.approx((maxima, 8 * maxima))


def test_a_run_whole_scores_all_photos(setting):
    training, validation = labelled_files(setting, 4), labelled_files(setting, 3)
    row = train.whole(setting, training, validation)
    truth = np.bincount(np.stack([np.asarray(Image.open(path).resize((32, 32), 0)) for _, path in validation]).ravel())
    for counts in (row.ours(), row.peer.work()):
        assert counts.sum() == 3 * 32 * 32
        assert np.abs(counts.sum(dim=1).numpy() - truth[1:]).max() < 200


def test_without_a_gpu_no_run_is_measured_whole(setting, monkeypatch):
    for name in ("steps", "share"):
        monkeypatch.setattr(train, name, lambda *given: None)
    monkeypatch.setattr(train, "pooling", lambda setting: ())
    *_, last = train.rows(setting)
    assert isinstance(last, NotMeasured)


def test_a_confusion_has_the_true_classes_in_its_rows():
    photos, masks = torch.zeros(1, 3, 2, 2), torch.tensor([[[2, 2], [1, 0]]])

    class Background(torch.nn.Module):
        def forward(self, photos):
            return F.one_hot(torch.ones(1, 2, 2, dtype=torch.int64), 3).permute(0, 3, 1, 2).float()

    counts = confusion(Background(), [[photos, masks]], CPU)
    assert counts.tolist() == [[0, 1, 0], [0, 1, 0], [0, 2, 0]]


def test_the_loader_has_a_process_a_core_that_lives_on(setting):
    batches = loader(DecodedAnew(labelled_files(setting, 4), 32, augment=True), 2, CPU, shuffle=True)
    assert (batches.num_workers, batches.persistent_workers) == (1, True)
    torch.manual_seed(0)
    model = EagerSegNet(SegNet())
    loss = train_epoch(model, torch.optim.Adam(model.parameters()), batches, CPU)
    assert 0 < loss < 10

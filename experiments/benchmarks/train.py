"""Training, ours and the article's way: how `experiments.benchmark train` measures it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from experiments.benchmarks.article import DecodedAnew, EagerSegNet, confusion, loader, train_epoch
from experiments.benchmarks.inputs import decoded, labelled_files
from experiments.benchmarks.product import operations, product
from experiments.benchmarks.side_by_side import Goal, NotMeasured, Peer, Row, Setting, at_least
from seg.evaluation import Precision, autocast
from seg.labelled.workers import usable_cores
from seg.losses import make_loss
from seg.networks.pooling import max_pool, max_unpool
from seg.networks.segnet import SegNet
from seg.options import Options
from seg.pets import TEST, TRAINVAL
from seg.training import TrainingState, train

# Photos of a step, steps of a call, and the network's side
BATCH, STEPS, SIDE = 32, 2, 128
# Of a run that is measured whole
EPOCHS, WHOLE_BATCH = 20, 64
TRAINING_PHOTOS, VALIDATION_PHOTOS = 3_680, 3_669


def rows(setting: Setting) -> Iterator[Row | NotMeasured]:
    """Steps, the share of a plain matrix product's rate that they reach, the pooling, and on a GPU a run whole."""
    yield steps(setting, labelled_files(setting, BATCH * STEPS))
    for precision in dict.fromkeys((setting.precision, "fp32")):
        yield share(setting, precision)
    yield from pooling(setting)
    if setting.device.type != "cuda":
        yield NotMeasured("train, a run whole", "it is measured on a GPU of CUDA's")
    elif setting.data is None:
        yield NotMeasured("train, a run whole", "the dataset is not here")
    else:
        training = labelled_files(setting, TRAINING_PHOTOS, TRAINVAL)
        yield whole(setting, training, labelled_files(setting, VALIDATION_PHOTOS, TEST))


def steps(setting: Setting, files: list[tuple[Path, Path]]) -> Row:
    """Photos a second of an epoch over these: one a call, and the scoring of a photo behind ours."""
    device = setting.device
    options = Options(loss="ce", precision=setting.precision, batch_size=BATCH, epochs=1_000, size=SIDE)
    split = decoded(files, SIDE, device)
    state = TrainingState.start(options, device)
    one = split.every(len(files))
    epochs = train(options, state, split, one, one, make_loss(options), lambda _, photos: None)
    next(epochs)  # of the untrained network
    model = _eager(options, device)
    optimiser = torch.optim.Adam(model.parameters(), lr=options.lr)
    batches = loader(DecodedAnew(files, SIDE, augment=True), BATCH, device, shuffle=True)
    return Row(
        "train, photos a second",
        "photos/s",
        lambda: next(epochs),
        Peer("the article's way", lambda: train_epoch(model, optimiser, batches, device), _settings(device)),
        at_least(2.5) if device.type == "cpu" else None,
        amount=len(files),
        repeats=3,
    )


def _eager(options: Options, device: torch.device) -> EagerSegNet:
    """The peer's network, with the weights that ours begins with."""
    model = TrainingState.start(options, torch.device("cpu")).model
    assert isinstance(model, SegNet)
    return EagerSegNet(model).to(device)


def _fastest_convolutions() -> AbstractContextManager:
    """While inside, cuDNN tries its ways and keeps the quickest; what is not named here would be switched off."""
    return torch.backends.cudnn.flags(enabled=True, benchmark=True, deterministic=False, allow_tf32=True)


def _settings(device: torch.device) -> str:
    pinned = ", pinned memory" if device.type == "cuda" else ""
    return (
        f"fp32, NCHW, int64 indices, Adam; a DataLoader of {usable_cores()} persistent workers{pinned} decodes, "
        f"resizes and augments each photo each epoch by torchvision's v2; {torch.get_num_threads()} threads"
    )


def share(setting: Setting, precision: Precision) -> Row:
    """The network forward and backward, beside a matrix product of as many operations."""
    device = setting.device
    model = SegNet().to(device).to(memory_format=torch.channels_last)
    photos = torch.rand(BATCH // 2, 3, SIDE, SIDE, device=device).contiguous(memory_format=torch.channels_last)
    masks = torch.randint(0, 3, (BATCH // 2, SIDE, SIDE), device=device)

    def there_and_back() -> None:
        model.zero_grad()
        with autocast(device, precision):
            logits = model(photos)
        F.cross_entropy(logits.float(), masks).backward()

    return Row(
        f"train, the network alone in {precision}",
        "s",
        there_and_back,
        product(operations(there_and_back), device, precision),
        repeats=3,
    )


def pooling(setting: Setting) -> Iterator[Row]:
    """The first stage's output pooled and unpooled, forward and backward, and what is kept in between."""
    dtype = torch.bfloat16 if setting.precision == "bf16" else torch.float32
    x = torch.randn(BATCH, 64, SIDE, SIDE, device=setting.device, dtype=dtype).relu_()
    x = x.contiguous(memory_format=torch.channels_last).requires_grad_()
    pool, unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)
    name, settings = "nn.MaxPool2d, nn.MaxUnpool2d", f"int64 indices, {setting.precision}, channels_last"

    def ours() -> Tensor:
        return max_unpool(*max_pool(x))

    def theirs() -> Tensor:
        return unpool(*pool(x))

    def there_and_back(way: Callable[[], Tensor]) -> Tensor:
        x.grad = None  # or the second call would also add
        y = way()
        y.backward(y.detach())
        return y

    peer = Peer(name, lambda: there_and_back(theirs), settings)
    yield Row("train, pooling there and back", "ms", lambda: there_and_back(ours), peer)
    peer = Peer(name, lambda: _kept(theirs, x), settings)
    yield Row("train, kept by the pooling", "MB", lambda: _kept(ours, x), peer, repeats=1, warm_up=False)


def _kept(work: Callable[[], Tensor], given: Tensor) -> float:
    """Megabytes that the forward pass keeps for the backward pass, beside its input."""
    kept = {}

    def note(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        output = work()
    kept.pop(given.untyped_storage().data_ptr(), None)
    del output
    return sum(kept.values()) / 1e6


def whole(setting: Setting, training: list[tuple[Path, Path]], validation: list[tuple[Path, Path]]) -> Row:
    """Seconds of a run of EPOCHS epochs, all validation photos scored after each; its last confusion matrix.

    Ours begins with photos that are decoded, as every run but the first does.
    """
    device = setting.device
    options = Options(loss="ce", precision=setting.precision, batch_size=WHOLE_BATCH, epochs=EPOCHS, size=SIDE)
    splits = [decoded(files, SIDE, torch.device("cpu")) for files in (training, validation)]

    def ours() -> Tensor:
        photos, scored = (type(split)(split.photos.to(device), split.masks.to(device)) for split in splits)
        state = TrainingState.start(options, device)
        *_, last = train(options, state, photos, scored, scored, make_loss(options), lambda _, photos: None)
        return last.evaluation.confusions.sum(dim=0)

    def theirs() -> Tensor:
        model = _eager(options, device)
        optimiser = torch.optim.Adam(model.parameters(), lr=options.lr)
        batches = loader(DecodedAnew(training, SIDE, augment=True), WHOLE_BATCH, device, shuffle=True)
        scored = loader(DecodedAnew(validation, SIDE, augment=False), WHOLE_BATCH, device, shuffle=False)
        counts = confusion(model, scored, device)
        with _fastest_convolutions():
            for epoch in range(1, EPOCHS + 1):
                optimiser.param_groups[0]["lr"] = options.learning_rate_at(epoch, 0, 1)
                train_epoch(model, optimiser, batches, device)
                counts = confusion(model, scored, device)
        return counts

    goal = Goal(">= 30 x, < 15 s on an H100", (lambda measured: measured.ratio >= 30 and measured.median < 15,))
    return Row(
        f"train, {EPOCHS} epochs scored",
        "s",
        ours,
        Peer("the article's way", theirs, f"{_settings(device)}; cudnn.benchmark, TF32 in convolutions"),
        goal,
        repeats=1,
        warm_up=False,
    )

"""What is recorded is what is trained: every option does what its name says, by effects written here by hand."""

import copy
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from experiments import run
from experiments.cli import options as options_module
from experiments.cli.command_line import RESULTS
from experiments.cli.options import resolve, run_name
from experiments.store.recorded_options import WITHOUT_EFFECT, read_options, used_options
from experiments.store.runs import Run, find_runs
from experiments.training import begin, train_run
from seg import InputError, training
from seg.losses import LOSSES
from seg.options import FIELDS, RECIPES, Options
from seg.pets import TRAINVAL, list_path, photo_path

PET, BACKGROUND, BORDER = 0, 1, 2
# twelve training photos: batches of 5, 5 and 2
BASE = {"loss": "ce", "epochs": 1, "batch_size": 5, "size": 16, "precision": "fp32"}


@dataclass
class Watched:
    """What a run did, seen from outside `experiments.run`: nothing here comes from its options.

    Attributes:
        rates, decays: learning rate and weight decay of each step.
        photos: of each training batch, (B, 3, S, S) in [0, 1].
        losses: logits, mask and value of each call of the loss while training.
        weights: of the first convolution after each step.
        scored: photos of each evaluation.
    """

    folder: Path
    status: int = -1
    rates: list[float] = field(default_factory=list)
    decays: list[float] = field(default_factory=list)
    photos: list[Tensor] = field(default_factory=list)
    losses: list[tuple[Tensor, Tensor, float]] = field(default_factory=list)
    weights: list[Tensor] = field(default_factory=list)
    scored: list[int] = field(default_factory=list)

    @property
    def info(self) -> dict:
        return json.loads((self.folder / "run.json").read_text())

    @property
    def rows(self) -> int:
        return len((self.folder / "epochs.csv").read_text().splitlines()) - 1

    @property
    def checkpoint(self) -> dict[str, Tensor]:
        return load_file(self.folder / "model.safetensors")

    @property
    def sides(self) -> list[int]:
        return [photos.shape[-1] for photos in self.photos]


@pytest.fixture
def watch(tiny_pets, tmp_path, monkeypatch, narrow, capsys) -> Callable[..., Watched]:
    """`watch(gamma=5.0)` runs `experiments.run --gamma 5.0` beside `BASE`'s options and returns what it did."""

    def run_watched(data: Path = tiny_pets, **given: object) -> Watched:
        seen = Watched(tmp_path / f"run-{len(list(tmp_path.iterdir()))}")
        typed = []
        for name, value in (BASE | given).items():
            dashed = name.replace("_", "-")
            if value is True:
                typed.append(f"--{dashed}")
            elif value is False:
                typed.append(f"--no-{dashed}")
            elif value is not None:
                typed.append(f"--{dashed}={value}")
        step, batch, scoring, build = (
            torch.optim.AdamW.step,
            training.training_batch,
            training.evaluate,
            train_run.make_loss,
        )

        def watched_step(optimiser: torch.optim.AdamW, *rest: object, **more: object) -> object:
            (group,) = optimiser.param_groups
            seen.rates.append(group["lr"])
            seen.decays.append(group["weight_decay"])
            result = step(optimiser, *rest, **more)
            seen.weights.append(next(weight for weight in group["params"] if weight.ndim == 4).detach().clone())
            return result

        def watched_batch(*rest: object, **more: object) -> tuple[Tensor, Tensor]:
            photos, masks = batch(*rest, **more)
            seen.photos.append(photos.clone())
            return photos, masks

        def watched_scoring(model: torch.nn.Module, split: object, *rest: object, **more: object) -> object:
            seen.scored.append(len(split))
            return scoring(model, split, *rest, **more)

        def watched_loss(*rest: object, **more: object) -> Callable[[Tensor, Tensor], Tensor]:
            loss = build(*rest, **more)

            def call(logits: Tensor, mask: Tensor) -> Tensor:
                value = loss(logits, mask)
                if logits.requires_grad:
                    seen.losses.append((logits.detach().clone(), mask.clone(), value.item()))
                return value

            return call

        with monkeypatch.context() as patch:
            patch.setattr(torch.optim.AdamW, "step", watched_step)
            patch.setattr(training, "training_batch", watched_batch)
            patch.setattr(training, "evaluate", watched_scoring)
            patch.setattr(train_run, "make_loss", watched_loss)
            where = ["--data", str(data), "--out", str(seen.folder.parent), "--name", seen.folder.name]
            seen.status = run.main([*typed, *where, "--device", "cpu"])
        capsys.readouterr()
        assert seen.status == 0
        return seen

    return run_watched


def pixels(logits: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Probabilities (P, 3) and true classes (P,) of all pixels, in float64."""
    return logits.double().softmax(dim=1).permute(0, 2, 3, 1).reshape(-1, 3), mask.reshape(-1)


def weighted_mean(values: list[float], weights: list[float]) -> float:
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)


def true_probabilities(seen: Watched) -> tuple[list[float], list[int]]:
    """The probability of each pixel's true class, and that class, in the first batch."""
    probabilities, truth = pixels(*seen.losses[0][:2])
    return [row[true].item() for row, true in zip(probabilities, truth.tolist(), strict=True)], truth.tolist()


def is_unchanged(photos: Tensor) -> bool:
    """Whether the photos have the decoder's own whole numbers, so were at most flipped."""
    levels = 255 * photos
    return torch.allclose(levels, levels.round(), atol=1e-3)


# ---- the effect of every option


def effect_of_loss(watch):
    for name, expected in (
        ("ce", lambda p, true: -math.log(p)),
        ("focal", lambda p, true: -((1 - p) ** 2) * math.log(p)),
    ):
        seen = watch(loss=name)
        terms = [expected(p, true) for p, true in zip(*true_probabilities(seen), strict=True)]
        assert seen.losses[0][2] == pytest.approx(sum(terms) / len(terms), rel=1e-4)
        assert seen.info["options"]["loss"] == name
    seen = watch(loss="dice")
    probabilities, truth = pixels(*seen.losses[0][:2])
    found = [
        2 * probabilities[truth == c, c].sum() / (probabilities[:, c].sum() + (truth == c).sum()) for c in range(3)
    ]
    assert seen.losses[0][2] == pytest.approx(1 - sum(found).item() / 3, rel=1e-4)


def effect_of_recipe(watch):
    assert watch(recipe="article").rates == pytest.approx([1e-3] * 3)
    # a learning rate of 2e-3, warmed up in the one epoch of three batches that the cosine has
    cosine = [(1 + math.cos(math.pi * batch / 3)) / 2 for batch in range(3)]
    seen = watch(recipe="best")
    assert seen.rates == pytest.approx([2e-3 * factor * (batch + 1) / 3 for batch, factor in enumerate(cosine)])
    assert seen.decays == [0.05] * 3


def effect_of_epochs(watch):
    one, two = watch(epochs=1), watch(epochs=2)
    assert (one.rows, two.rows) == (2, 3)
    assert (len(one.rates), len(two.rates)) == (3, 6)


def effect_of_seed(watch):
    first, again, other = watch(seed=0), watch(seed=0), watch(seed=7)
    assert torch.equal(first.photos[0], again.photos[0])
    assert torch.equal(first.weights[-1], again.weights[-1])
    assert not torch.equal(first.photos[0], other.photos[0])
    assert not torch.allclose(first.weights[0], other.weights[0], atol=1e-2)


def effect_of_lr(watch):
    assert watch(lr=1e-3).rates == pytest.approx([1e-3] * 3)
    assert watch(lr=0.25).rates == pytest.approx([0.25] * 3)


def effect_of_lr_step(watch):
    assert watch(epochs=3, lr_step=1).rates == pytest.approx([1e-3] * 3 + [7e-4] * 3 + [4.9e-4] * 3)
    assert watch(epochs=3, lr_step=2).rates == pytest.approx([1e-3] * 6 + [7e-4] * 3)


def effect_of_lr_decay(watch):
    assert watch(epochs=2, lr_step=1, lr_decay=0.5).rates == pytest.approx([1e-3] * 3 + [5e-4] * 3)
    assert watch(epochs=2, lr_step=1, lr_decay=0.25).rates == pytest.approx([1e-3] * 3 + [2.5e-4] * 3)


def effect_of_batch_size(watch):
    assert [len(photos) for photos in watch(batch_size=5).photos] == [5, 5, 2]
    assert [len(photos) for photos in watch(batch_size=8).photos] == [8, 4]


def effect_of_size(watch):
    assert watch(size=16).sides == [16] * 3
    assert watch(size=48).sides == [48] * 3


def effect_of_progressive(watch):
    assert watch(epochs=3, size=32, batch_size=12).sides == [32, 32, 32]
    assert watch(epochs=3, size=32, batch_size=12, progressive=True).sides == [16, 16, 32]


def effect_of_jitter(watch):
    assert is_unchanged(watch(jitter=0).photos[0])
    changed = [watch(jitter=strength, jitter_of="all").photos[0].mean(dim=(1, 2, 3)) for strength in (0, 0.05, 0.9)]
    assert not torch.allclose(changed[0], changed[1], atol=1e-4)
    # a brightness factor is at most as far from 1 as the strength says
    assert ((changed[1] / changed[0] - 1).abs() < 0.06).all()
    assert ((changed[2] / changed[0] - 1).abs() > 0.1).any()


def effect_of_jitter_of(watch):
    plain, contrast, every = (
        watch(jitter=strength, jitter_of=of).photos[0] for strength, of in ((0, "all"), (0.2, "contrast"), (0.2, "all"))
    )
    means = [
        (photos * torch.tensor([0.2989, 0.587, 0.114]).view(3, 1, 1)).sum(1).mean((1, 2))
        for photos in (plain, contrast, every)
    ]
    # contrast moves pixels about their photo's mean luma, which stays but for what is clipped; brightness moves that
    assert not torch.allclose(plain, contrast, atol=1e-3)
    assert torch.allclose(means[0], means[1], atol=0.01)
    assert not torch.allclose(means[0], means[2], atol=0.03)
    assert torch.equal(watch(jitter=0.2).photos[0], contrast)


def effect_of_gamma(watch):
    for gamma in (0.5, 5.0):
        seen = watch(loss="focal", gamma=gamma)
        terms = [-((1 - p) ** gamma) * math.log(p) for p in true_probabilities(seen)[0]]
        assert seen.losses[0][2] == pytest.approx(sum(terms) / len(terms), rel=1e-4)
        assert seen.info["options"]["gamma"] == gamma


def effect_of_class_weights(watch):
    for typed, weights in (("1,2,4", [1, 2, 4]), ("3,1,1", [3, 1, 1])):
        for loss, power in (("weighted", 0), ("focal", 2)):
            seen = watch(loss=loss, class_weights=typed)
            true, classes = true_probabilities(seen)
            terms = [-((1 - p) ** power) * math.log(p) for p in true]
            expected = weighted_mean(terms, [weights[c] for c in classes])
            assert seen.losses[0][2] == pytest.approx(expected, rel=1e-4)
            assert seen.info["class_weights"] == weights
    median, inverse = (
        watch(loss="weighted", class_weights=scheme).info["class_weights"] for scheme in ("median", "inverse")
    )
    counts = watch().info["class_pixels"]["trainval"]
    # all drawn photos hold all classes, so frequencies are shares
    shares = [counts[name] / sum(counts.values()) for name in ("pet", "background", "border")]
    assert median == pytest.approx([sorted(shares)[1] / share for share in shares], abs=1e-4)
    assert inverse == pytest.approx([1 / (3 * share) for share in shares], abs=1e-4)
    assert watch(loss="weighted").info["class_weights"] == median


def effect_of_network(watch):
    plain, linear = watch(network="segnet"), watch(network="segnet-linear")
    # the last convolution has three biases instead of three BatchNorms' weights and biases
    assert plain.info["parameters"] - linear.info["parameters"] == 3
    assert "decoder.3.0.0.weight" in plain.checkpoint
    assert linear.checkpoint["decoder.3.0.bias"].shape == (3,)


def effect_of_final_relu(watch):
    assert watch(final_relu=True).losses[0][0].min() == 0
    assert watch(final_relu=False).losses[0][0].min() < 0


def effect_of_schedule(watch):
    assert watch(epochs=2, schedule="step").rates == pytest.approx([1e-3] * 6)
    cosine = [1e-3 * (1 + math.cos(math.pi * batch / 6)) / 2 for batch in range(6)]
    assert watch(epochs=2, schedule="cosine").rates == pytest.approx(cosine)


def effect_of_warmup(watch):
    assert watch(epochs=2, warmup=1).rates == pytest.approx([1e-3 / 3, 2e-3 / 3, *[1e-3] * 4])
    assert watch(epochs=2, warmup=2).rates == pytest.approx([1e-3 * (batch + 1) / 6 for batch in range(6)])


def effect_of_weight_decay(watch):
    none, some = watch(weight_decay=0), watch(weight_decay=0.5)
    assert (none.decays, some.decays) == ([0.0] * 3, [0.5] * 3)
    assert some.weights[-1].norm() < none.weights[-1].norm()


def effect_of_crop(watch):
    assert is_unchanged(watch(jitter=0, crop=1).photos[0])
    assert not is_unchanged(watch(jitter=0, crop=0.3).photos[0])


def effect_of_label_smoothing(watch):
    for share in (0.1, 0.4):
        seen = watch(label_smoothing=share)
        probabilities, truth = pixels(*seen.losses[0][:2])
        terms = []
        for row, true in zip(probabilities.tolist(), truth.tolist(), strict=True):
            targets = [share / 3 + (1 - share) * (c == true) for c in range(3)]
            terms.append(-sum(target * math.log(p) for target, p in zip(targets, row, strict=True)))
        assert seen.losses[0][2] == pytest.approx(sum(terms) / len(terms), rel=1e-4)


def effect_of_soft_iou(watch):
    for weight in (0.5, 2.0):
        seen = watch(soft_iou=weight)
        probabilities, truth = pixels(*seen.losses[0][:2])
        ious = []
        for c in range(3):
            both = probabilities[truth == c, c].sum().item()
            ious.append(both / (probabilities[:, c].sum().item() + (truth == c).sum().item() - both))
        entropy = -sum(math.log(p) for p in true_probabilities(seen)[0]) / len(truth)
        assert seen.losses[0][2] == pytest.approx(entropy + weight * (1 - sum(ious) / 3), rel=1e-4)


def effect_of_ema(watch):
    for decay in (0.0, 0.5):
        seen = watch(ema=decay, lr=0.05)
        expected = seen.weights[0]
        for weights in seen.weights[1:]:
            expected = decay * expected + (1 - decay) * weights
        torch.testing.assert_close(seen.checkpoint["encoder.0.0.0.weight"].float(), expected, rtol=2e-3, atol=1e-3)


def effect_of_holdout(watch):
    whole, held = watch(), watch(holdout=True)
    assert (whole.scored, held.scored) == ([8, 8], [2, 2])
    assert whole.info["class_pixels"].keys() == {"trainval", "test"}
    assert held.info["class_pixels"].keys() == {"trainval", "holdout"}
    assert [len(photos) for photos in held.photos] == [5, 5]


def effect_of_limit(watch):
    assert [len(photos) for photos in watch(limit=3).photos] == [3]
    assert [len(photos) for photos in watch(limit=7).photos] == [5, 2]


def effect_of_val_limit(watch):
    assert watch(epochs=2, val_limit=3).scored == [3, 3, 8]
    assert watch(epochs=2, val_limit=5).scored == [5, 5, 8]


def effect_of_exclude(watch, tiny_pets, tmp_path_factory):
    path = tmp_path_factory.mktemp("lists") / "names.txt"
    path.write_text("# wrong trimaps\nAbyssinian_3\n\n  pug_1 # no pet\nAbyssinian_1\n")
    seen = watch(exclude=path)
    assert sum(len(photos) for photos in seen.photos) == 10
    assert seen.scored == [7, 7]
    assert seen.info["options"]["exclude"] == ["Abyssinian_1", "Abyssinian_3", "pug_1"]
    assert seen.info["excluded_photos"] == {"trainval": 2, "test": 1}
    assert "pug_1" not in (seen.folder / "images.csv").read_text()
    assert "pug_2" in (seen.folder / "images.csv").read_text()
    # the holdout is what it is without: Abyssinian_1 and _11
    held = watch(exclude=path, holdout=True)
    assert (held.scored, sum(len(photos) for photos in held.photos)) == ([1, 1], 9)
    assert held.info["excluded_photos"] == {"trainval": 1, "holdout": 1}


def effect_of_skip_bad(watch, own_pets):
    name = list_path(own_pets, TRAINVAL).read_text().split()[0]
    photo_path(own_pets, name).write_bytes(b"no photo")
    with pytest.raises(InputError, match=f"{name}.* cannot be read"):
        watch(data=own_pets)
    seen = watch(data=own_pets, skip_bad=True)
    assert seen.info["skipped_pairs"] == {"trainval": 1, "test": 0}
    assert [len(photos) for photos in seen.photos] == [3]


def effect_of_border_width(watch, own_photos):
    def border_pixels(**given: float) -> int:
        return watch(data=own_photos, **given).info["class_pixels"]["trainval"]["border"]

    narrow, usual, wide = (border_pixels(border_width=width) for width in (0.1, 0.2, 0.4))
    assert 0 < narrow < usual < wide
    assert border_pixels() < narrow


def effect_of_precision(watch):
    whole, half = watch(precision="fp32").losses[0][0], watch(precision="bf16").losses[0][0]
    assert torch.equal(half, half.bfloat16().float())
    assert not torch.equal(whole, whole.bfloat16().float())


def effect_of_keep_epochs(watch):
    dropped, kept = watch(epochs=2), watch(epochs=2, keep_epochs=True)
    assert not (dropped.folder / "weights").exists()
    names = [path.name for path in sorted((kept.folder / "weights").iterdir())]
    assert names == ["epoch-001.safetensors", "epoch-002.safetensors"]
    first, last = (load_file(kept.folder / "weights" / name) for name in names)
    assert not torch.equal(first["encoder.0.0.0.weight"], last["encoder.0.0.0.weight"])
    assert torch.equal(last["encoder.0.0.0.weight"], kept.checkpoint["encoder.0.0.0.weight"])


EFFECTS = {
    name.removeprefix("effect_of_"): test for name, test in list(globals().items()) if name.startswith("effect_of_")
}


def test_every_option_has_an_effect_that_is_looked_at():
    assert EFFECTS.keys() == {each.name for each in fields(Options)}


@pytest.mark.parametrize("name", EFFECTS)
def test_an_option_does_what_it_says(name, watch, request):
    wanted = EFFECTS[name].__code__.co_varnames[: EFFECTS[name].__code__.co_argcount]
    EFFECTS[name](*(request.getfixturevalue(argument) for argument in wanted))


# ---- defaults

# the recipe of the article's authors, as its text and their notebooks say it; then what this project does beside it
ARTICLE = {
    "epochs": 20,
    "lr": 0.001,
    "lr_step": 7,
    "lr_decay": 0.7,
    "batch_size": 64,
    "size": 128,
    "jitter": 0.3,
    "jitter_of": "contrast",
}
BESIDE = {
    "recipe": "article",
    "seed": 0,
    "progressive": False,
    "gamma": 2.0,
    "network": "segnet",
    "final_relu": True,
    "schedule": "step",
    "warmup": 0.0,
    "weight_decay": 0.0,
    "crop": 1.0,
    "label_smoothing": 0.0,
    "soft_iou": 0.0,
    "ema": 0.0,
    "holdout": False,
    "limit": None,
    "val_limit": None,
    "exclude": (),
    "border_width": 0.045,
    "skip_bad": False,
    "precision": "auto",
    "keep_epochs": False,
}
BEST = {
    "lr": 0.002,
    "schedule": "cosine",
    "warmup": 1.0,
    "weight_decay": 0.05,
    "crop": 0.5,
    "soft_iou": 1.0,
    "final_relu": False,
    "ema": 0.99,
    "jitter_of": "all",
}


@pytest.mark.parametrize("loss", LOSSES)
def test_the_defaults_are_the_articles(loss):
    weights = {"class_weights": "median" if loss == "weighted" else "none"}
    assert vars(resolve({"loss": loss})) == {"loss": loss} | ARTICLE | BESIDE | weights


def test_the_best_recipe_is_what_its_runs_chose():
    assert RECIPES == {"article": {}, "best": BEST}
    chosen = vars(resolve({"loss": "ce", "recipe": "best", "crop": 0.7}))
    assert chosen == {"loss": "ce", "class_weights": "none"} | ARTICLE | BESIDE | BEST | {"recipe": "best", "crop": 0.7}


@pytest.mark.parametrize("loss", ["ce", "dice"])
def test_the_value_that_means_nothing_may_be_given_to_every_loss(loss):
    given = {"loss": loss, "gamma": 2.0, "class_weights": "none", "label_smoothing": 0.0}
    assert resolve(given) == resolve({"loss": loss})


@pytest.mark.parametrize(
    ("name", "value"),
    [("network", "unet"), ("loss", "tversky"), ("schedule", "poly"), ("precision", "fp16"), ("jitter_of", "hue")],
)
def test_a_value_of_another_version_is_refused(watch, name, value):
    info = watch().info
    info["options"][name] = value
    with pytest.raises(InputError, match=f"{name} = {value}, which this version does not have: update Borderline"):
        read_options(info)


def test_a_recipe_says_nothing_to_a_network_that_does_not_take_it():
    options = resolve({"loss": "ce", "recipe": "best", "network": "segnet-linear"})
    assert options.network_config == {}
    assert options.soft_iou == 1.0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"loss": "ce", "gamma": 3.0}, "--loss ce takes no --gamma: leave it out, or use --loss focal"),
        ({"loss": "dice", "gamma": 0.0}, "--loss dice takes no --gamma"),
        ({"loss": "ce", "class_weights": "median"}, "--loss ce takes no --class-weights: .*--loss weighted or focal"),
        ({"loss": "dice", "class_weights": "median"}, "--loss dice takes no --class-weights"),
        ({"loss": "focal", "label_smoothing": 0.1}, "--loss focal takes no --label-smoothing: .*--loss ce or weighted"),
        ({"loss": "weighted", "class_weights": "none"}, "--loss weighted needs --class-weights"),
        (
            {"loss": "ce", "network": "segnet-linear", "final_relu": True},
            "--network segnet-linear takes no --final-relu",
        ),
        ({"loss": "ce", "size": 100}, "--size 100 does not divide by 16: try 96"),
        ({"loss": "ce", "warmup": 3.0, "epochs": 2}, "--warmup 3 is longer than the run"),
        ({}, "--loss is missing: choose from ce, weighted, focal"),
    ],
)
def test_options_that_do_not_go_together_are_refused_in_one_line(given, said):
    with pytest.raises(InputError, match=said) as refused:
        resolve(given)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("--ema=1", "1 is not a number of 0 or more and below 1"),
        ("--crop=0", "0 is not a number above 0 and of 1 or less"),
        ("--jitter=50", "50 is not a number of 0 or more and of 1 or less"),
        ("--label-smoothing=1", "1 is not a number of 0 or more and below 1"),
        ("--lr=nan", "nan is not a number above 0"),
        ("--lr=inf", "inf is not a number above 0"),
        ("--gamma=-1", "-1 is not a number of 0 or more"),
        ("--epochs=0", "0 is not a whole number above 0"),
        ("--epochs=1.5", "1.5 is not a whole number above 0"),
        (f"--seed={2**63}", "is not a whole number of 0 or more and below 2**63"),
        ("--class-weights=1,2", "1,2 is neither median, inverse, none nor three numbers above 0"),
        ("--class-weights=1,0,2", "1,0,2 is neither"),
        ("--schedule=linear", "choose from"),
        (
            "--exclude=nowhere.txt",
            "nowhere.txt cannot be read (No such file or directory): give a file of photos' names",
        ),
        ("--exclude=.", ". cannot be read (Is a directory)"),
        ("--jitter-of=hue", "choose from"),
        ("--border-width=0", "0 is not a number above 0 and below 0.5"),
        ("--border-width=4.5", "4.5 is not a number above 0 and below 0.5"),
    ],
)
def test_a_number_out_of_its_range_is_refused_in_one_line(command, tmp_path, typed, said):
    ended = command(run, "--loss", "weighted", typed, "--out", tmp_path, "--data", tmp_path / "nowhere")
    assert ended.status == 2
    assert said in ended.error
    assert list(tmp_path.iterdir()) == []


# ---- what a run's record says


# what the runs of the first version recorded; every later option says what was before it
FIRST = (
    *("loss", "epochs", "seed", "lr", "lr_step", "lr_decay", "batch_size", "size", "progressive", "jitter", "gamma"),
    *("class_weights", "precision", "limit", "val_limit", "skip_bad", "keep_epochs"),
)
BEFORE = {
    "recipe": "article",
    "jitter_of": "all",
    "exclude": (),
    "network": "segnet",
    "final_relu": True,
    "schedule": "step",
    "warmup": 0.0,
    "weight_decay": 0.0,
    "crop": 1.0,
    "label_smoothing": 0.0,
    "soft_iou": 0.0,
    "ema": 0.0,
    "holdout": False,
    "border_width": 0.045,
}


def shipped() -> list[Run]:
    return find_runs([RESULTS, RESULTS.parent / "holdout"])[0]


@pytest.mark.parametrize("today", [False, True], ids=["as they are", "other defaults today"])
def test_an_option_that_came_after_a_shipped_run_has_the_value_of_its_day(monkeypatch, today):
    if today:
        others = {name: copy.copy(each) for name, each in FIELDS.items()}
        for name in others.keys() - {"loss", "class_weights"}:
            others[name].default = "another"
        monkeypatch.setattr(options_module, "FIELDS", others)
    older = 0
    for each in shipped():
        recorded = each.info["options"]
        assert recorded.keys() >= set(FIRST)
        used = used_options(each.info)
        assert used["precision"] == each.info["environment"]["precision"]
        assert used["size"] in (64, 128)
        for name in used.keys() - {"precision", "size"}:
            assert used[name] == (recorded[name] if name in recorded else BEFORE[name]), name
        older += recorded.keys() < FIELDS.keys()
    assert older


def test_every_later_option_says_what_was_before_it():
    assert {name: FIELDS[name].metadata.get("before") for name in FIELDS if name not in FIRST} == BEFORE


def test_what_a_run_records_is_read_again_as_it_was_given(watch):
    given = {"loss": "focal", "class_weights": "1,2.5,4", "progressive": True, "size": 32, "epochs": 3, "seed": 5}
    seen = watch(**given)
    assert seen.info["options"]["size"] == [16, 16, 32]
    again = read_options(seen.info)
    expected = {"loss": "focal", "class_weights": (1.0, 2.5, 4.0), "batch_size": 5, "precision": "fp32"}
    assert again == resolve(given | expected)
    assert run_name(again) == "focal-s5"


def test_auto_is_decided_when_a_run_begins_and_kept(watch, monkeypatch):
    for precision in ("fp32", "bf16"):
        monkeypatch.setattr(begin, "choose_precision", lambda device, precision=precision: precision)
        info = watch(precision="auto").info
        assert info["options"]["precision"] == info["environment"]["precision"] == precision


def test_an_option_of_another_version_is_kept_and_sets_runs_apart(watch):
    seen = watch()
    info = seen.info
    info["options"]["mixup"] = 0.2
    assert used_options(info)["mixup"] == 0.2
    with pytest.raises(InputError, match="mixup"):
        read_options(info)
    (seen.folder / "run.json").write_text(json.dumps(info | {"status": "interrupted"}))
    with pytest.raises(InputError, match=f"{seen.folder}.*mixup.*update Borderline"):
        run.main(["--resume", str(seen.folder)])


def test_only_what_changes_nothing_learnt_is_without_effect():
    assert set(WITHOUT_EFFECT) == {"seed", "val_limit", "keep_epochs"}

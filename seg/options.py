"""What a run can be told: every option with its default, range and meaning, and what follows from them.

The command line, the grids, `run.json`, the training loop and the losses all read this one class, so what is recorded
is what is trained. Nothing here imports torch: the command line's help answers at once.
"""

import math
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from seg.labelled.masks import BORDER_WIDTH
from seg.losses import LOSSES
from seg.networks import NETWORKS
from seg.pets import CLASS_NAMES

SCHEDULES = ("step", "cosine")
PRECISIONS = ("auto", "fp32", "bf16")
WEIGHTINGS = ("median", "inverse", "none")
JITTERED = ("contrast", "all")
# More would be no run that anyone waits for, and a network at a larger side fills the memory
MOST_EPOCHS = 1_000_000
MOST_SIDE = 1024

# of a class: what float32 holds as a normal number
SMALLEST_WEIGHT, LARGEST_WEIGHT = 1.2e-38, 3.4e38

# what each part of the command line's help is called
RECIPE, BEYOND, DATA, KEPT = "recipe", "beyond the article", "data", "precision and weights"

# What a recipe changes of the defaults; a given option goes before it. `best` is an attempt, not a recommendation: its
# pieces were chosen by pixel accuracy alone, on held-out photos, after 3 short epochs (see
# `experiments/grids/holdout.toml`), with customary values where those say nothing; by border F1 it was worse than
# the defaults. It was chosen with jitter of all three and keeps that: a name means what it meant.
RECIPES = {
    "article": {},
    "best": {
        "lr": 2e-3,
        "schedule": "cosine",
        "warmup": 1.0,
        "weight_decay": 0.05,
        "crop": 0.5,
        "soft_iou": 1.0,
        "final_relu": False,
        "ema": 0.99,
        "jitter_of": "all",
    },
}


def option(group: str, help: str, **more: Any) -> Any:
    """A field of `Options`.

    Args:
        group: the part of the command line's help it stands in.
        help: its meaning.
        more: `default`; `choices`; the range of a number: `above`, `least`, `below`, `most`; `parse`, from text to
            value, raising ValueError with what it should have been; `metavar`; `before`, the value that runs had which
            were made before the option was; `sets_apart=False` where it changes nothing that is learnt.
    """
    given = {"default": more.pop("default")} if "default" in more else {}
    return field(metadata={"group": group, "help": help, **more}, **given)


def parse_class_weights(text: str) -> str | tuple[float, ...]:
    """A weighting scheme's name, or one positive number a class.

    Raises:
        ValueError: it is neither.
    """
    if text in WEIGHTINGS:
        return text
    try:
        weights = tuple(float(part) for part in text.split(","))
    except ValueError:
        weights = ()
    if len(weights) != len(CLASS_NAMES) or not all(SMALLEST_WEIGHT < weight < LARGEST_WEIGHT for weight in weights):
        names, schemes = ",".join(CLASS_NAMES), ", ".join(WEIGHTINGS)
        raise ValueError(f"{text} is neither {schemes} nor three numbers above 0 like 1,0.5,2 ({names})")
    return weights


def parse_exclusion(text: str) -> tuple[str, ...]:
    """The names of the photos that are to be left out, sorted, each once.

    Args:
        text: the path of a text file that has a name a line, where # begins a comment; else names with commas between.

    Raises:
        ValueError: it is neither.
    """
    try:
        lines = Path(text).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:  # a ValueError: not UTF-8, or no path at all
        if "," not in text:
            reason = getattr(error, "strerror", None) or "it is no text file"
            raise ValueError(f"{text} cannot be read ({reason}): give a file of photos' names, one a line") from error
        lines = text.split(",")
    names = {line.partition("#")[0].strip() for line in lines}
    return tuple(sorted(names - {""}))


@dataclass(frozen=True, kw_only=True)
class Options:
    """Every option of a run; the defaults are the recipe of the article's authors.

    Their photos are resized with nearest neighbour, here antialiased bilinear: see `seg.batches.resize_photos`.
    """

    loss: str = option(RECIPE, "the loss to train with (needed)", choices=tuple(LOSSES))
    recipe: str = option(
        RECIPE,
        "what the other options are where they are not given; best is no recommendation: chosen by pixel accuracy "
        "alone, after 3 short epochs, it found the border worse",
        default="article",
        choices=tuple(RECIPES),
        before="article",
    )
    epochs: int = option(RECIPE, "", default=20, above=0, most=MOST_EPOCHS)
    seed: int = option(RECIPE, "of weights and batches", default=0, least=0, below=2**63, sets_apart=False)
    lr: float = option(RECIPE, "the learning rate", default=1e-3, above=0)
    lr_step: int = option(RECIPE, "epochs between decays", default=7, above=0)
    lr_decay: float = option(RECIPE, "factor of a decay", default=0.7, above=0)
    batch_size: int = option(RECIPE, "", default=64, above=0)
    size: int = option(RECIPE, "photos' side in pixels", default=128, above=0, most=MOST_SIDE)
    progressive: bool = option(
        RECIPE,
        "early epochs at half the size, then three quarters, the last 15 %% at the whole size: for a CPU",
        default=False,
    )
    jitter: float = option(RECIPE, "strength of the colour jitter", default=0.3, least=0, most=1)
    jitter_of: str = option(
        RECIPE,
        "what is jittered: contrast alone, as the article's authors do, or all: brightness, contrast and saturation",
        default="contrast",
        choices=JITTERED,
        before="all",
    )
    gamma: float = option(RECIPE, "focal loss's focusing parameter; 0 is cross-entropy", default=2.0, least=0)
    class_weights: str | tuple[float, ...] | None = option(
        RECIPE,
        "median, inverse, none, or three numbers: pet,background,border (default: median for weighted)",
        default=None,
        parse=parse_class_weights,
        metavar="WEIGHTS",
    )
    network: str = option(BEYOND, "what is trained", default="segnet", choices=tuple(NETWORKS), before="segnet")
    final_relu: bool = option(BEYOND, "end the network in a ReLU, as the article does", default=True, before=True)
    schedule: str = option(
        BEYOND,
        "of the learning rate: in steps, or a cosine to 0 (Loshchilov and Hutter 2017)",
        default="step",
        choices=SCHEDULES,
        before="step",
    )
    warmup: float = option(
        BEYOND,
        "epochs in which the learning rate grows linearly to what the schedule says",
        default=0.0,
        least=0,
        before=0.0,
    )
    weight_decay: float = option(
        BEYOND,
        "decoupled from the gradient, as in AdamW (Loshchilov and Hutter 2019)",
        default=0.0,
        least=0,
        before=0.0,
    )
    crop: float = option(
        BEYOND,
        "train on random crops of at least this share of the photo; 1 is the whole",
        default=1.0,
        above=0,
        most=1,
        metavar="SHARE",
        before=1.0,
    )
    label_smoothing: float = option(
        BEYOND,
        "share of the target spread over all classes (Szegedy et al. 2016)",
        default=0.0,
        least=0,
        below=1,
        metavar="SHARE",
        before=0.0,
    )
    soft_iou: float = option(
        BEYOND, "add this much soft IoU loss to the loss", default=0.0, least=0, metavar="WEIGHT", before=0.0
    )
    ema: float = option(
        BEYOND,
        "score and keep a moving average of the weights, of this decay a step; 0 keeps the weights themselves",
        default=0.0,
        least=0,
        below=1,
        metavar="DECAY",
        before=0.0,
    )
    holdout: bool = option(
        DATA,
        "score a fixed tenth of the training split, left out of training, and never read the test split",
        default=False,
        before=False,
    )
    limit: int | None = option(DATA, "train on a fixed sample of this many photos", default=None, above=0)
    val_limit: int | None = option(
        DATA,
        "score a fixed sample of this many photos after each epoch, and all after the last",
        default=None,
        above=0,
        sets_apart=False,
    )
    exclude: tuple[str, ...] = option(
        DATA,
        "a text file of photos' names, one a line, or names with commas between: of the photos that the other options "
        "choose, these are neither trained on nor scored",
        default=(),
        parse=parse_exclusion,
        metavar="LIST",
        before=(),
    )
    border_width: float = option(
        DATA,
        "of one's own photos, where masks have no border: its width, as a share of the photo's side",
        default=BORDER_WIDTH,
        above=0,
        below=0.5,
        metavar="SHARE",
        before=BORDER_WIDTH,
    )
    skip_bad: bool = option(DATA, "leave out pairs that cannot be used, and count them", default=False)
    precision: str = option(KEPT, "auto: bf16 where the device has it", default="auto", choices=PRECISIONS)
    keep_epochs: bool = option(KEPT, "keep the weights of every epoch", default=False, sets_apart=False)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Side in pixels of the photos the network sees, one an epoch."""
        if not self.progressive:
            return (self.size,) * self.epochs
        return progressive_sizes(self.epochs, self.size, NETWORKS[self.network].stride)

    def network_size(self, epoch: int) -> int:
        """Side in pixels that the network is run at after this epoch; 0 is the untrained model."""
        return self.sizes[max(epoch, 1) - 1]

    def learning_rate_at(self, epoch: int, batch: int, batches: int) -> float:
        """The learning rate of that batch, from 0, of that epoch, from 1."""
        done = epoch - 1 + batch / batches
        if self.schedule == "cosine":
            factor = (1 + math.cos(math.pi * done / self.epochs)) / 2
        else:
            factor = self.lr_decay ** ((epoch - 1) // self.lr_step)
        if self.warmup:
            factor *= min(1.0, (done + 1 / batches) / self.warmup)
        return self.lr * factor

    @property
    def network_config(self) -> dict[str, Any]:
        """The options that the network takes, by name."""
        return {name: getattr(self, name) for name in NETWORKS[self.network].takes}


FIELDS = {each.name: each for each in fields(Options)}


def as_option(value: Any) -> Any:
    """A value of TOML or JSON as `Options` holds it."""
    return tuple(value) if isinstance(value, list) else value


def progressive_sizes(epochs: int, size: int, stride: int) -> tuple[int, ...]:
    """A cheaper schedule: half the size first, then three quarters, the last 15 % of the epochs whole.

    Progressive resizing as in Tan and Le 2021, section 4. For 20 epochs at 128: 14 at 64, 3 at 96,
    3 at 128. Sides are rounded down to multiples of the network's stride.
    """
    whole = min(epochs, max(1, round(0.15 * epochs)))
    three_quarters = min(epochs - whole, whole)
    half = epochs - whole - three_quarters
    smaller = [max(stride, int(size * share) // stride * stride) for share in (0.5, 0.75)]
    return (smaller[0],) * half + (smaller[1],) * three_quarters + (size,) * whole

"""What a run can be told: the options of `experiments.run` and of a grid, the recipes, and what goes together."""

import argparse

from experiments.command_line import not_negative, positive, share
from seg import InputError
from seg.losses import LOSSES
from seg.pets import CLASS_NAMES
from seg.training import SCHEDULES, Recipe, progressive_sizes

# The article's recipe, and how much of the data to use; every run records all of these.
DEFAULTS = {
    "loss": None,
    "recipe": "article",
    "epochs": 20,
    "seed": 0,
    "lr": 1e-3,
    "schedule": "step",
    "lr_step": 7,
    "lr_decay": 0.7,
    "warmup": 0.0,
    "weight_decay": 0.0,
    "batch_size": 64,
    "size": 128,
    "progressive": False,
    "crop": 1.0,
    "jitter": 0.3,
    "gamma": 2.0,
    "class_weights": None,
    "label_smoothing": 0.0,
    "soft_iou": 0.0,
    "final_relu": True,
    "ema": 0.0,
    "precision": "auto",
    "holdout": False,
    "limit": None,
    "val_limit": None,
    "skip_bad": False,
    "keep_epochs": False,
}

# What a recipe changes of the defaults; a typed option goes before it. `best` is what scored best on held-out photos,
# see `experiments/grids/holdout.toml`, with customary values where those short runs say nothing.
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
    },
}


def resolve(given: dict) -> dict:
    """Every option of a new run, from those given: defaults, then the recipe's, then the given.

    Raises:
        InputError: an option is missing, or two do not go together.
    """
    recipe = RECIPES[given.get("recipe", DEFAULTS["recipe"])]
    options = DEFAULTS | recipe | {name: value for name, value in given.items() if name in DEFAULTS}
    if options["loss"] is None:
        raise InputError(f"--loss is missing: choose from {', '.join(LOSSES)}")
    if options["class_weights"] is None:
        options["class_weights"] = "median" if options["loss"] == "weighted" else "none"
    weighted = options["class_weights"] != "none"
    if options["loss"] == "ce" and weighted:
        raise InputError("--loss ce takes no --class-weights: use --loss weighted")
    if options["loss"] == "weighted" and not weighted:
        raise InputError("--loss weighted needs --class-weights other than none: use --loss ce for no weights")
    if options["loss"] != "focal" and options["gamma"] != DEFAULTS["gamma"]:
        raise InputError(f"--gamma belongs to --loss focal: --loss {options['loss']} has none")
    if options["loss"] == "focal" and options["label_smoothing"]:
        raise InputError("--loss focal takes no --label-smoothing: leave it out, or use --loss ce")
    if options["seed"] >= 2**63:
        raise InputError(f"--seed {options['seed']} is too large: choose one below 2**63")
    if options["size"] % 16:
        raise InputError(f"--size {options['size']} does not divide by 16: try {max(16, options['size'] // 16 * 16)}")
    if options["warmup"] > options["epochs"]:
        raise InputError(f"--warmup {options['warmup']:g} is longer than the run: --epochs is {options['epochs']}")
    return options


def recorded(options: dict) -> dict:
    """Options as `run.json` holds them: a progressive run's size is its whole schedule."""
    return options | {"size": list(_sizes(options)) if options["progressive"] else options["size"]}


def reread(options: dict) -> dict:
    """Options as they were given, from those of a `run.json`; options newer than the run have their defaults."""
    options = DEFAULTS | options
    return options | {"size": photo_size(options)}


def run_name(given: dict) -> str:
    """The name of a run that is given none: `ce-s0`, `ce-best-s0`, `focal-holdout-s1`."""
    options = DEFAULTS | given
    recipe = [] if options["recipe"] == DEFAULTS["recipe"] else [options["recipe"]]
    holdout = ["holdout"] if options["holdout"] else []
    return "-".join([options["loss"], *recipe, *holdout, f"s{options['seed']}"])


def training_recipe(options: dict, precision: str) -> Recipe:
    return Recipe(
        sizes=_sizes(options),
        seed=options["seed"],
        batch_size=options["batch_size"],
        learning_rate=options["lr"],
        schedule=options["schedule"],
        learning_rate_step=options["lr_step"],
        learning_rate_decay=options["lr_decay"],
        warmup=options["warmup"],
        weight_decay=options["weight_decay"],
        smallest_crop=options["crop"],
        jitter=options["jitter"],
        final_relu=options["final_relu"],
        averaging=options["ema"],
        precision=precision,
    )


def photo_size(options: dict) -> int:
    """Side in pixels of the photos that are scored, and of the last epoch's training photos."""
    return options["size"][-1] if isinstance(options["size"], list) else options["size"]


def _sizes(options: dict) -> tuple[int, ...]:
    if isinstance(options["size"], list):
        return tuple(options["size"])
    if options["progressive"]:
        return progressive_sizes(options["epochs"], options["size"])
    return (options["size"],) * options["epochs"]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add one option for each of DEFAULTS; those not typed are absent from the parsed namespace."""
    omit = argparse.SUPPRESS  # so that --resume can tell what was typed from what was not
    recipe = parser.add_argument_group("recipe")
    recipe.add_argument("--loss", choices=LOSSES, default=omit, help="the loss to train with (needed)")
    recipe.add_argument(
        "--recipe",
        choices=tuple(RECIPES),
        default=omit,
        help="what the other options are where they are not given (default: article)",
    )
    recipe.add_argument("--epochs", type=positive(int), default=omit, help="(default: 20)")
    recipe.add_argument("--seed", type=not_negative(int), default=omit, help="of weights and batches (default: 0)")
    recipe.add_argument("--lr", type=positive(float), default=omit, help="the learning rate (default: 0.001)")
    recipe.add_argument("--lr-step", type=positive(int), default=omit, help="epochs between decays (default: 7)")
    recipe.add_argument("--lr-decay", type=positive(float), default=omit, help="factor of a decay (default: 0.7)")
    recipe.add_argument("--batch-size", type=positive(int), default=omit, help="(default: 64)")
    recipe.add_argument("--size", type=positive(int), default=omit, help="photos' side in pixels (default: 128)")
    recipe.add_argument(
        "--progressive",
        action="store_true",
        default=omit,
        help="early epochs at half the size, then three quarters, the last 15 %% at --size: for a CPU",
    )
    recipe.add_argument("--jitter", type=not_negative(float), default=omit, help="colour jitter (default: 0.3)")
    recipe.add_argument("--gamma", type=not_negative(float), default=omit, help="focal loss's gamma (default: 2)")
    recipe.add_argument(
        "--class-weights",
        type=_weights,
        default=omit,
        metavar="WEIGHTS",
        help="median, inverse, none, or three numbers: pet,background,border (default: median for weighted)",
    )
    beyond = parser.add_argument_group("beyond the article")
    beyond.add_argument(
        "--schedule", choices=SCHEDULES, default=omit, help="of the learning rate: in steps, or a cosine to 0"
    )
    beyond.add_argument(
        "--warmup", type=not_negative(float), default=omit, help="epochs in which the learning rate grows (default: 0)"
    )
    beyond.add_argument(
        "--weight-decay", type=not_negative(float), default=omit, help="decoupled, as in AdamW (default: 0)"
    )
    beyond.add_argument(
        "--crop",
        type=share,
        default=omit,
        metavar="SHARE",
        help="train on random crops of at least this share of the photo (default: 1, the whole)",
    )
    beyond.add_argument(
        "--label-smoothing", type=share, default=omit, metavar="SHARE", help="of ce and weighted (default: 0)"
    )
    beyond.add_argument(
        "--soft-iou",
        type=not_negative(float),
        default=omit,
        metavar="WEIGHT",
        help="add this much soft IoU loss to the loss (default: 0)",
    )
    beyond.add_argument(
        "--final-relu",
        action=argparse.BooleanOptionalAction,
        default=omit,
        help="end the network in a ReLU, as the article does",
    )
    beyond.add_argument(
        "--ema",
        type=share,
        default=omit,
        metavar="DECAY",
        help="score and keep a moving average of the weights (default: 0, the weights themselves)",
    )
    data = parser.add_argument_group("data")
    data.add_argument(
        "--holdout",
        action="store_true",
        default=omit,
        help="score a fixed tenth of the training split, left out of training, and never read the test split",
    )
    data.add_argument("--limit", type=positive(int), default=omit, help="train on a fixed sample of this many photos")
    data.add_argument(
        "--val-limit",
        type=positive(int),
        default=omit,
        help="score a fixed sample of this many photos after each epoch, and all after the last",
    )
    data.add_argument(
        "--skip-bad", action="store_true", default=omit, help="leave out pairs that cannot be used, and count them"
    )
    kept = parser.add_argument_group("precision and weights")
    kept.add_argument(
        "--precision", choices=("auto", "fp32", "bf16"), default=omit, help="auto: bf16 where the device has it"
    )
    kept.add_argument("--keep-epochs", action="store_true", default=omit, help="keep the weights of every epoch")


def _weights(text: str) -> str | list[float]:
    if text in ("median", "inverse", "none"):
        return text
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != len(CLASS_NAMES) or not all(0 < number < float("inf") for number in numbers):
        raise argparse.ArgumentTypeError(
            f"{text} is neither median, inverse, none nor three numbers above 0 like 1,0.5,2 (pet,background,border)"
        )
    return numbers

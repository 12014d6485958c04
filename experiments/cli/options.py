"""Options as people give them, on the command line and in a grid."""

import argparse
import re
from collections.abc import Callable
from dataclasses import MISSING, Field, replace
from typing import Any, cast, get_args

from experiments.cli.command_line import number
from seg import InputError
from seg.losses import LOSSES, losses_taking
from seg.networks import NETWORKS
from seg.options import FIELDS, RECIPES, Options, as_option

# Of a run's folder, whose files have longer names yet
MOST_LETTERS, MOST_BYTES = 100, 200
# By Windows, whatever ending follows
_RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10))}


def resolve(given: dict) -> Options:
    """Every option of a new run, from those given: defaults, then the recipe's, then the given.

    Args:
        given: by option; names that are no option are passed over.

    Raises:
        InputError: an option is missing, or two do not go together.
    """
    given = {name: as_option(value) for name, value in given.items() if name in FIELDS}
    if "loss" not in given:
        raise InputError(f"--loss is missing: choose from {', '.join(LOSSES)}")
    loss, network = LOSSES[given["loss"]], NETWORKS[given.get("network", FIELDS["network"].default)]
    for name, value in given.items():
        _check_taken(name, value, given["loss"], given.get("network", FIELDS["network"].default))
    recipe = RECIPES[given.get("recipe", FIELDS["recipe"].default)]
    # what a recipe says of another network or loss does not matter
    recipe = {
        name: value for name, value in recipe.items() if _takers(name) is None or name in (*loss.takes, *network.takes)
    }
    options = Options(**recipe | given)
    if options.class_weights is None:
        options = replace(options, class_weights=loss.class_weights)
    if loss.class_weights != "none" and options.class_weights == "none":
        raise InputError(f"--loss {options.loss} needs --class-weights other than none: use --loss ce for no weights")
    if options.size % network.stride:
        side = max(network.stride, options.size // network.stride * network.stride)
        raise InputError(f"--size {options.size} does not divide by {network.stride}: try {side}")
    if options.warmup > options.epochs:
        raise InputError(f"--warmup {options.warmup:g} is longer than the run: --epochs is {options.epochs}")
    return options


def _takers(name: str) -> tuple[str, list[str]] | None:
    """What takes an option, `loss` or `network`, and which of them; None for an option of every run."""
    networks = [network for network, entry in NETWORKS.items() if name in entry.takes]
    if networks:
        return "network", networks
    losses = losses_taking(name)
    return ("loss", losses) if losses else None


def _check_taken(name: str, value: Any, loss: str, network: str) -> None:
    takers = _takers(name)
    if takers is None:
        return
    kind, names = takers
    chosen = {"loss": loss, "network": network}[kind]
    # a grid may give all losses the value that means nothing to some
    neutral = kind == "loss" and value in (FIELDS[name].default, "none")
    if chosen not in names and not neutral:
        dashed = name.replace("_", "-")
        raise InputError(f"--{kind} {chosen} takes no --{dashed}: leave it out, or use --{kind} {' or '.join(names)}")


def folder_name(text: str) -> str:
    """An argparse type: the name of a run's folder, which is no path.

    Raises:
        ArgumentTypeError: it cannot be one.
    """
    shown = text if text.isprintable() and len(text) <= MOST_LETTERS else ascii(text)[:MOST_LETTERS]
    if not re.fullmatch(r"\w[\w .+-]*", text):
        raise argparse.ArgumentTypeError(f"{shown} cannot be a folder's name: use letters, digits, - and .")
    if len(text) > MOST_LETTERS or len(text.encode()) > MOST_BYTES:
        raise argparse.ArgumentTypeError(f"{shown} is too long for a folder's name: use at most {MOST_LETTERS} letters")
    if text.rstrip(" .") != text or text.partition(".")[0].rstrip().upper() in _RESERVED:
        raise argparse.ArgumentTypeError(f"{shown} cannot be a folder's name on Windows: use another")
    return text


def run_name(options: Options) -> str:
    """The name of a run that is given none: `ce-s0`, `ce-best-s0`, `focal-segnet-linear-s0`, `focal-holdout-s1`."""
    said = [options.loss]
    said += [getattr(options, name) for name in ("recipe", "network") if getattr(options, name) != FIELDS[name].default]
    return "-".join([*said, *(["holdout"] if options.holdout else []), f"s{options.seed}"])


# ---- on the command line


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add every option; those not typed are absent from the parsed namespace."""
    groups: dict[str, argparse._ArgumentGroup] = {}
    for name, each in FIELDS.items():
        group = each.metadata["group"]
        if group not in groups:
            groups[group] = parser.add_argument_group(group)
        # absent, so that --resume can tell what was typed from what was not
        add_option(groups[group], name, default=argparse.SUPPRESS)


def add_option(parser: argparse._ActionsContainer, name: str, **settings: Any) -> None:
    """Add one option of a run, for a command that shares it; `settings` are argparse's, over its own."""
    parser.add_argument(f"--{name.replace('_', '-')}", **_argument(FIELDS[name]) | settings)


def _argument(each: Field) -> dict[str, Any]:
    """argparse's settings of an option."""
    said, kind = each.metadata, next(iter(get_args(each.type)), each.type)
    settings: dict[str, Any] = {"help": _help(each)}
    if kind is bool:
        return settings | {"action": argparse.BooleanOptionalAction if each.default else "store_true"}
    if "choices" in said:
        return settings | {"choices": said["choices"]}
    if "metavar" in said:
        settings["metavar"] = said["metavar"]
    if "parse" in said:
        return settings | {"type": _parsed(said["parse"])}
    limits = {name: said[name] for name in ("above", "least", "below", "most") if name in said}
    return settings | {"type": number(cast(Any, kind), **limits)}


def _help(each: Field) -> str:
    """Its meaning, which losses or networks take it, and its default."""
    takers = _takers(each.name)
    words = [each.metadata["help"]] if each.metadata["help"] else []
    words += [f"(of {', '.join(takers[1])})"] if takers else []
    if each.default not in (MISSING, None, ()) and not isinstance(each.default, bool):
        words.append(
            f"(default: {each.default:g})" if isinstance(each.default, float) else f"(default: {each.default})"
        )
    return " ".join(words)


def _parsed(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return read

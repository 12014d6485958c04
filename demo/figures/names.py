"""What configurations are called in sentences and figures: by their loss, in words, and by what tells them apart."""

import json
import re
from collections.abc import Mapping, Sequence

from experiments.comparison.configurations import Configuration
from experiments.store.recorded_options import WITHOUT_EFFECT, used_options
from seg.losses import LOSSES

# More than these make no name any more
MOST_OPTIONS = 2
# A longer list is only counted
MOST_VALUES = 4


def loss_in_words(loss: str) -> str:
    """`cross-entropy`, `class weights`; a loss that only another version knows by its own name."""
    return LOSSES[loss].noun.removeprefix("unweighted ") if loss in LOSSES else loss


def names_in_words(found: Sequence[Configuration]) -> list[str]:
    """Of each configuration its loss in words, and where another has the same loss, what it differs in from that."""
    return [_name(c, [other for other in found if other.loss == c.loss]) for c in found]


def with_seeds(name: str, seeds: Sequence[int]) -> str:
    """`focal loss, seed 0`, or `cross-entropy, 2 seeds`."""
    return f"{name}, seed {seeds[0]}" if len(seeds) == 1 else f"{name}, {len(seeds)} seeds"


def sentence_case(text: str) -> str:
    """The text as a sentence or a label begins."""
    return text[:1].upper() + text[1:]


def in_markdown(text: str) -> str:
    """A sentence for a component that reads Markdown: no name in it is a link, a picture, code or HTML."""
    return re.sub(r"[\\`*_\[\]<$|]", lambda mark: f"\\{mark[0]}", text)


def without_run_names(text: str, names: Mapping[str, str]) -> str:
    """The text with runs and configurations called by these names, and no Markdown around them.

    Args:
        names: in words, by the name of a run or of a configuration.
    """
    known = {**{loss: loss_in_words(loss) for loss in LOSSES}, **names}
    text = re.sub(r"`([^`]+)`", lambda quoted: known.get(quoted[1], quoted[0]), text)
    for name in sorted(names, key=len, reverse=True):
        # only what no sentence has by chance: `focal` might be meant as it is
        if re.search(r"[-_\d]", name):
            text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", names[name].replace("\\", r"\\"), text)
    return text


def names_of_runs(found: Sequence[Configuration]) -> dict[str, str]:
    """What `without_run_names` takes: each configuration and each of its runs in words."""
    names: dict[str, str] = {}
    for configuration, name in zip(found, names_in_words(found), strict=True):
        names |= {run.name: f"{name}, seed {run.seed}" for run in configuration.runs}
        names[configuration.name] = name
    return names


def _name(configuration: Configuration, alike: list[Configuration]) -> str:
    loss = loss_in_words(configuration.loss)
    if len(alike) == 1:
        return loss
    told = [_told_apart(each, alike) for each in alike]
    own = told[[each is configuration for each in alike].index(True)]
    return f"{loss} ({own if told.count(own) == 1 else configuration.runs[0].name})"


def _told_apart(configuration: Configuration, alike: list[Configuration]) -> str:
    """The options in which those of one loss differ, as this one has them; the epochs trained where these do."""
    options = [used_options(each.runs[0].info) for each in alike]
    own = used_options(configuration.runs[0].info)
    names = [name for name in own if name not in {*WITHOUT_EFFECT, "seed", "epochs", "exclude"}]
    differing = [name for name in names if len({json.dumps(each.get(name)) for each in options}) > 1]
    told = [option_in_words(name, own[name]) for name in differing[:MOST_OPTIONS]]
    if len({each.epochs for each in alike}) > 1:
        told.append("1 epoch" if configuration.epochs == 1 else f"{configuration.epochs} epochs")
    return ", ".join(told)


def option_in_words(name: str, value: object) -> str:
    """`batch size 32`; of an option that is on or off `crop`, or `no crop`."""
    words = name.replace("_", " ")
    if isinstance(value, bool) or value is None:
        return words if value else f"no {words}"
    if isinstance(value, list | tuple) and len(value) > MOST_VALUES:
        return f"{words}: {len(value)}"
    return f"{words} {value if isinstance(value, str) else json.dumps(value)}"

"""Which configurations differ in their loss alone, so that a difference in scores is the loss's."""

from experiments.comparison.analysis import Analysis
from experiments.comparison.configurations import Configuration
from experiments.store.recorded_options import WITHOUT_EFFECT, used_options
from seg.losses import BASELINE, LOSSES

# What a loss has of its own: the options that the baseline's loss takes, too, are the recipe's
OWN_OPTIONS = {"loss"} | {option for entry in LOSSES.values() for option in entry.takes} - set(LOSSES[BASELINE].takes)


def comparable(analysis: Analysis) -> list[Configuration]:
    """The configurations that differ from the one compared with in the loss alone, up to the epoch compared."""
    first = analysis.baseline
    if first is None:
        return []
    others = [configuration for configuration in analysis.configurations if configuration is not first]
    others = [configuration for configuration in others if configuration.loss != first.loss]
    return [c for c in others if not differences_beside_loss(c, first, until=analysis.footing.epoch)]


def last_layer(analysis: Analysis) -> Configuration | None:
    """The configuration that differs from the one compared with in nothing but the network's last layer."""
    first = analysis.baseline
    if first is None:
        return None
    for configuration in analysis.configurations:
        network = used_options(configuration.runs[0].info)["network"]
        if configuration.loss == first.loss and network == "segnet-linear":
            differing = differences_beside_loss(configuration, first, until=analysis.footing.epoch)
            if all(text.startswith(("network ", "final relu ")) for text in differing):
                return configuration
    return None


def differences_beside_loss(configuration: Configuration, first: Configuration, until: int | None = None) -> list[str]:
    """The options beside the loss in which two configurations differ, each in words: `precision fp32, not bf16`.

    Args:
        until: the epoch up to which they are compared; None for all of their training.
    """
    ours, theirs = (used_options(each.runs[0].info) for each in (configuration, first))
    left_out = {*OWN_OPTIONS, *WITHOUT_EFFECT} | ({"epochs"} if _alike_until(until, configuration, first) else set())
    names = [name for name in theirs | ours if name not in left_out]
    values = {name: (ours.get(name, "none"), theirs.get(name, "none")) for name in names}
    return [
        # a list of names would be no sentence
        "other photos left out" if name == "exclude" else f"{name.replace('_', ' ')} {one}, not {other}"
        for name, (one, other) in values.items()
        if one != other
    ]


def _alike_until(epoch: int | None, one: Configuration, other: Configuration) -> bool:
    """Whether the number of epochs that each was to be trained for has made no difference before that epoch's end."""
    if epoch is None:
        return False
    runs = one.runs[0], other.runs[0]
    sides = [[run.network_side(done) for done in range(1, epoch + 1)] for run in runs]
    return sides[0] == sides[1] and all(used_options(run.info)["schedule"] == "step" for run in runs)

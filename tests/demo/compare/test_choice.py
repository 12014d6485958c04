"""Seeds of one configuration are one choice, and the best of each loss is chosen first."""

import shutil

from demo.catalogue import Catalogue
from demo.compare.choice import run_choices
from demo.compare.updates import refresh_epochs

BOTH = ["ce-s0", "focal-s0"]


def line_names(value: dict) -> list[str]:
    return [trace["name"] for trace in value["data"]]


def test_seeds_of_one_configuration_are_one_choice(own_runs, change_options, parts):
    second = shutil.copytree(own_runs / "ce-s0", own_runs / "ce-s1")
    change_options(second, seed=1)
    chosen = run_choices(Catalogue((own_runs,)), None)
    assert chosen["choices"] == [("ce · seeds 0, 1 · 2 epochs", "ce-s0"), ("focal-s0 · 3 epochs", "focal-s0")]
    assert chosen["value"] == BOTH
    # a link that names any of its seeds chooses the configuration
    assert run_choices(Catalogue((own_runs,)), ["ce-s1"])["value"] == ["ce-s0"]
    shown = refresh_epochs(parts, Catalogue((own_runs,)), ["ce-s0"], "pixel_accuracy", None)
    assert line_names(shown[parts.lines]) == ["ce, lowest to highest seed", "ce"]


def test_page_opens_on_the_best_trained_of_each_loss(own_runs, change_options):
    other = shutil.copytree(own_runs / "ce-s0", own_runs / "ce-b-s0")
    change_options(other, epochs=9)
    assert run_choices(Catalogue((own_runs,)), ["gone-s0"])["value"] == BOTH

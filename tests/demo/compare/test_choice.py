"""Seeds of one configuration are one choice; one of each loss is chosen first, all of them on one footing."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from demo.catalogue import Catalogue
from demo.compare.choice import apart_sentence, chosen_configurations, run_choices
from demo.compare.updates import refresh_epochs
from experiments.comparison.configurations import configurations

BOTH = ["ce-s0", "focal-s0"]


def line_names(value: dict) -> list[str]:
    return [trace["name"] for trace in value["data"]]


@pytest.fixture
def alike(even_runs, tmp_path) -> Path:
    """A folder of runs that end alike, to change."""
    return Path(shutil.copytree(even_runs, tmp_path / "alike"))


def test_seeds_of_one_configuration_are_one_choice(own_runs, change_options, parts):
    second = shutil.copytree(own_runs / "ce-s0", own_runs / "ce-s1")
    change_options(second, seed=1)
    chosen = run_choices(Catalogue((own_runs,)), None)
    assert chosen["choices"] == [
        ("Cross-entropy, seeds 0 and 1 · 2 epochs", "ce-s0"),
        ("Focal loss, seed 0 · 3 epochs", "focal-s0"),
    ]
    assert chosen["value"] == ["ce-s0"]  # two runs, and one that ended elsewhere
    # a link that names any of its seeds chooses the configuration
    assert run_choices(Catalogue((own_runs,)), ["ce-s1"])["value"] == ["ce-s0"]
    shown = refresh_epochs(parts, Catalogue((own_runs,)), ["ce-s0"], "pixel_accuracy", None)
    assert line_names(shown[parts.lines]) == ["cross-entropy, lowest to highest seed", "cross-entropy"]


def test_page_opens_on_the_best_trained_of_each_loss(alike, change_options):
    other = shutil.copytree(alike / "ce-s0", alike / "ce-b-s0")
    change_options(other, epochs=9)
    assert run_choices(Catalogue((alike,)), ["gone-s0"])["value"] == BOTH


def test_a_short_run_never_takes_the_place_of_one_that_others_can_be_compared_with(alike, change_options):
    short = shutil.copytree(alike / "ce-s0", alike / "a-s0")
    pd.read_csv(short / "epochs.csv").head(2).to_csv(short / "epochs.csv", index=False)
    change_options(short, epochs=1)
    scored = Catalogue((alike,)).scored()
    chosen = run_choices(Catalogue((alike,)), None)
    assert chosen["value"] == BOTH
    assert ("Cross-entropy (1 epoch), seed 0 · 1 epoch", "a-s0") in chosen["choices"]
    found = configurations(scored)
    said = apart_sentence(scored, chosen_configurations(found, BOTH))
    assert said == "Set apart, on another footing: cross-entropy (1 epoch), seed 0 (1 epoch at 32 x 32, 8 photos)."
    # whoever chooses knows what is left out
    assert apart_sentence(scored, chosen_configurations(found, ["ce-s0"])) == ""

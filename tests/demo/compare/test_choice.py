"""Seeds of one configuration are compared together, and runs on another footing are named."""

import shutil
from pathlib import Path

import pandas as pd

from demo.catalogue import Catalogue
from demo.compare.choice import apart_sentence, chosen_configurations, further_seeds

BOTH = ["ce-s0", "focal-s0"]


def test_the_chosen_seeds_of_one_configuration_are_one(own_runs, change_options):
    change_options(Path(shutil.copytree(own_runs / "ce-s0", own_runs / "ce-s1")), seed=1)
    scored = Catalogue((own_runs,)).scored()

    def seeds(names: list[str]) -> list[list[int]]:
        return [configuration.seeds for configuration in chosen_configurations(scored, names)]

    assert seeds(["ce-s0", "ce-s1", "focal-s0"]) == [[0, 1], [0]]
    assert seeds(["ce-s1"]) == [[1]]
    assert seeds(["gone-s0"]) == []


def test_what_stands_on_another_footing_is_named_where_nobody_chose(even_runs, tmp_path, change_options):
    folder = Path(shutil.copytree(even_runs, tmp_path / "alike"))
    short = Path(shutil.copytree(folder / "ce-s0", folder / "a-s0"))
    pd.read_csv(short / "epochs.csv").head(2).to_csv(short / "epochs.csv", index=False)
    change_options(short, epochs=1)
    scored = Catalogue((folder,)).scored()
    said = apart_sentence(scored, BOTH)
    assert said == "Set apart, on another footing: cross-entropy (1 epoch), seed 0 (1 epoch at 32 x 32, 8 photos)."
    # whoever chooses knows what is left out
    assert apart_sentence(scored, ["ce-s0"]) == ""


def test_seeds_that_were_not_chosen_are_found_beside_those_that_were(own_runs, change_options):
    for seed in (1, 2):
        change_options(Path(shutil.copytree(own_runs / "ce-s0", own_runs / f"ce-s{seed}")), seed=seed)
    change_options(Path(shutil.copytree(own_runs / "ce-s0", own_runs / "ce-b4")), batch_size=4)
    scored = Catalogue((own_runs,)).scored()

    def further(*names: str) -> list[tuple[str, list[str]]]:
        found = further_seeds(scored, chosen_configurations(scored, names))
        return [(configuration.name, [run.name for run in runs]) for configuration, runs in found]

    assert further("ce-s1", "focal-s0") == [("ce", ["ce-s0", "ce-s2"])]
    assert further("ce-s0", "ce-s1", "ce-s2", "focal-s0") == []

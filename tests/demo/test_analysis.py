"""An analysis is remembered until a file changes."""

import shutil

import pandas as pd

from demo.analysis import cached_analysis
from experiments.store.runs import read_run


def test_analysis_is_computed_anew_when_a_file_changes(tiny_runs, tmp_path):
    own_runs = shutil.copytree(tiny_runs, tmp_path / "runs")
    runs = [read_run(own_runs / name) for name in ("ce-s0", "focal-s0")]
    before = cached_analysis(runs)
    images = pd.read_csv(own_runs / "focal-s0" / "images.csv")
    images["border_as_border"], images["border_as_pet"] = images["border_as_pet"], images["border_as_border"]
    images.to_csv(own_runs / "focal-s0" / "images.csv", index=False)
    assert cached_analysis(runs) is not before

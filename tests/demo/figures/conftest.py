"""Runs to draw, and how to read what was drawn."""

import json
import math
import shutil
from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go
import pytest

from demo.figures.view import View
from experiments.comparison.analysis import analyse
from experiments.comparison.configurations import configurations
from experiments.store.runs import read_run


@pytest.fixture
def seeds(even_runs, tmp_path):
    """`ce` of two seeds that differ, and `focal-s0`."""
    shutil.copytree(even_runs, tmp_path / "runs")
    folder = shutil.copytree(tmp_path / "runs" / "ce-s0", tmp_path / "runs" / "ce-s1")
    info = json.loads((folder / "run.json").read_text())
    info["options"]["seed"] = 1
    (folder / "run.json").write_text(json.dumps(info))
    epochs = pd.read_csv(folder / "epochs.csv")
    (0.9 * epochs).assign(epoch=epochs["epoch"]).to_csv(folder / "epochs.csv", index=False)
    return [read_run(tmp_path / "runs" / name) for name in ("ce-s0", "ce-s1", "focal-s0")]


@pytest.fixture
def found(seeds):
    return configurations(seeds)


@pytest.fixture
def analysis(seeds):
    return analyse(seeds)


@pytest.fixture
def trace() -> Callable[[View, str], go.Scatter | go.Bar]:
    """`trace(view, name)`: what a figure draws under that name."""
    return lambda view, name: next(trace for trace in view.figure.data if trace.name == name)


@pytest.fixture
def numbers() -> Callable[..., list[float]]:
    """`numbers(values)`: the values drawn, NaN for those that Plotly leaves out."""
    return lambda values: [math.nan if value is None else value for value in values]

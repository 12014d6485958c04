"""What the app computes when Which loss? is opened over many runs: `python -m tools.benchmark which-loss`."""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import gradio as gr
import torch

from demo import analysis
from demo.catalogue import Catalogue
from demo.compare.layout import lay_out
from demo.compare.updates import refresh_answer, refresh_epochs
from demo.selection.described import selection_value
from demo.selection.followed import Selected
from demo.tabs import Updates
from experiments.benchmarks.compare import EPOCHS, RUNS, pandas_peer, write_runs
from experiments.benchmarks.side_by_side import Measured, Row, at_most, measure
from experiments.comparison.bootstrap import forget_draws
from tools.timing import Timing


def time_tab(options: argparse.Namespace) -> list[Timing | Measured]:
    """Open it for the first time, and again, with the runs that it chooses by itself."""
    with tempfile.TemporaryDirectory(prefix="borderline-benchmark-") as folder, gr.Blocks():
        runs = Path(folder)
        write_runs(runs, RUNS, EPOCHS)
        tab = Tab(runs)
        path, peer = f"Which loss? with {RUNS} runs x {EPOCHS} epochs", pandas_peer(runs)
        rows = [
            Row(f"{path}, first", "s", tab.open_first, peer, at_most("s", 1)),
            Row(f"{path}, by another page", "ms", tab.open_elsewhere, peer),
            Row(f"{path}, again", "ms", tab.look_again, peer, at_most("ms", 100)),
        ]
        return [measure(row, torch.device("cpu"), options.times) for row in rows]


class Tab:
    """The tab without a browser before it: what its events are answered."""

    def __init__(self, folder: Path) -> None:
        self._catalogue = Catalogue((folder,))
        self._parts = lay_out()
        self._shown: dict[Any, Any] = {}

    def open_first(self) -> Updates:
        """As by an app that has just started, what it computes with imported."""
        self._catalogue = Catalogue(self._catalogue.folders)
        forget_draws()
        for known in vars(analysis).values():
            if hasattr(known, "cache_clear"):
                known.cache_clear()
        return self.open_elsewhere()

    def open_elsewhere(self) -> Updates:
        """By a page that shows nothing yet."""
        self._shown = {}
        return self.look_again()

    def look_again(self) -> Updates:
        """By a page that shows what it was told last: the bar with all runs, then the tab."""
        selected = Selected(runs=selection_value(self._catalogue)["first"])
        states: list[Any] = [self._parts.drawn, self._parts.explained]
        drawn, explained = (self._shown.get(state) for state in states)
        updates = refresh_epochs(self._parts, self._catalogue, selected, drawn)
        updates |= refresh_answer(self._parts, self._catalogue, selected, explained)
        self._shown |= updates
        return updates

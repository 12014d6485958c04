"""Runs to compare, and the tab's components without a page."""

import json
from collections.abc import Callable
from pathlib import Path

import gradio as gr
import pytest

from demo.compare.layout import Parts, lay_out
from experiments.store.runs import Run, read_run


@pytest.fixture
def parts() -> Parts:
    with gr.Blocks():
        return lay_out()


@pytest.fixture
def runs(even_runs) -> list[Run]:
    """Both end after the third epoch."""
    return [read_run(even_runs / name) for name in ("ce-s0", "focal-s0")]


@pytest.fixture
def change_options() -> Callable[..., None]:
    """`change_options(folder, seed=1)` makes a run say that it had those options."""

    def change(folder: Path, **options: object) -> None:
        info = json.loads((folder / "run.json").read_text())
        info["options"] |= options
        (folder / "run.json").write_text(json.dumps(info))

    return change

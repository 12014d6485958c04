"""The tab's components without a page, and what the files say."""

from collections.abc import Callable
from pathlib import Path

import gradio as gr
import pandas as pd
import pytest

from demo.catalogue import Catalogue
from demo.spot.layout import Parts, lay_out


@pytest.fixture
def parts() -> Parts:
    with gr.Blocks():
        return lay_out()


@pytest.fixture
def catalogue(tiny_runs) -> Catalogue:
    return Catalogue((tiny_runs,))


@pytest.fixture
def border_f1() -> Callable[[Path], pd.Series]:
    """`border_f1(folder)`: of each photo, from the counts of `images.csv`."""

    def of_photos(folder: Path) -> pd.Series:
        images = pd.read_csv(folder / "images.csv", index_col="name")
        hits = images["border_as_border"]
        return 2 * hits / (images.filter(like="border_as_").sum(axis=1) + images.filter(like="_as_border").sum(axis=1))

    return of_photos

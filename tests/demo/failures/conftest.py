"""The tiny runs, and what their files say of the photos."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from demo.catalogue import Catalogue


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

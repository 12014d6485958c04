"""The photo of `tests/demo/conftest.py` as two runs' networks see it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.catalogue import Catalogue
from demo.segment.answers import Session, show_answers
from demo.stage.photos import Offered
from seg.inference import Segmenter


@pytest.fixture
def catalogue(tiny_runs) -> Catalogue:
    return Catalogue((tiny_runs,))


@pytest.fixture
def last() -> Callable[..., dict]:
    """`last(catalogue, photo, names, session)`: the value that stays."""

    def show(catalogue: Catalogue, path: Path, names: list[str], session: Session | None = None) -> dict:
        return list(show_answers(catalogue, session or Session(), Offered(path.name, path), names))[-1]

    return show


@pytest.fixture
def expected_mask(tiny_runs, photo) -> Callable[[str], np.ndarray]:
    """`expected_mask("ce-s0")`: what that run's network says of the photo."""

    def predict(run: str) -> np.ndarray:
        with Image.open(photo) as image:
            return Segmenter.load(tiny_runs / run / "model.safetensors").predict(image).mask

    return predict


@pytest.fixture
def segmented(catalogue, photo, last) -> Session:
    session = Session()
    last(catalogue, photo, ["ce-s0", "focal-s0"], session)
    return session

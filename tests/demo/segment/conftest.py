"""The photo of `tests/demo/conftest.py` as two checkpoints see it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.catalogue import Catalogue
from demo.segment.masks import show_masks
from demo.segment.session import Session
from seg.inference import Segmenter


@pytest.fixture
def catalogue(tiny_runs) -> Catalogue:
    return Catalogue((tiny_runs,))


@pytest.fixture
def last() -> Callable[..., str]:
    """`last(catalogue, photo, names, session)`: the result that stays."""

    def show(catalogue: Catalogue, path: Path | None, names: list[str], session: Session | None = None) -> str:
        return list(show_masks(catalogue, session or Session(), path and str(path), names))[-1]

    return show


@pytest.fixture
def expected_mask(tiny_runs, photo) -> Callable[[str], np.ndarray]:
    """`expected_mask("ce-s0")`: what that checkpoint says of the photo."""

    def predict(checkpoint: str) -> np.ndarray:
        with Image.open(photo) as image:
            return Segmenter.load(tiny_runs / checkpoint / "model.safetensors").predict(image).mask

    return predict


@pytest.fixture
def segmented(catalogue, photo, last) -> Session:
    session = Session()
    last(catalogue, photo, ["ce-s0", "focal-s0"], session)
    return session

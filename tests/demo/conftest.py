"""A photo that somebody hands to the app."""

from pathlib import Path

import pytest
from PIL import Image

from seg.pets import photo_path


@pytest.fixture
def photo(tmp_path, tiny_pets) -> Path:
    """A photo that a camera held upright stored on its side: 30 x 50 as seen."""
    path = tmp_path / "upright.jpg"
    with Image.open(photo_path(tiny_pets, "pug_1")) as image:
        sideways = image.resize((50, 30))
    exif = Image.Exif()
    exif[0x0112] = 6
    sideways.save(path, exif=exif)
    return path

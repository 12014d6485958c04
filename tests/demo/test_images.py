"""A picture in the page is the picture."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from demo.images import data_uri


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "P"), ("PNG", "RGBA"), ("JPEG", "RGB")])
def test_a_data_uri_holds_the_picture_in_the_format_it_names(kind, mode):
    image = Image.linear_gradient("L").resize((20, 10)).convert(mode)
    head, text = data_uri(image, kind).split(",")
    assert head == f"data:image/{kind.lower()};base64"
    read = Image.open(io.BytesIO(base64.b64decode(text, validate=True)))
    assert (read.format, read.mode, read.size) == (kind, mode, (20, 10))
    assert np.abs(np.asarray(read).astype(int) - np.asarray(image).astype(int)).max() <= (6 if kind == "JPEG" else 0)


def test_options_are_those_of_the_format():
    image = Image.effect_noise((60, 60), 80).convert("RGB")
    assert len(data_uri(image, "JPEG", quality=20)) < len(data_uri(image, "JPEG", quality=90))

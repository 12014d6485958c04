"""A photo that is read in strips, which takes little memory, is the photo that is read whole."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from seg.photo import open_photo
from seg.pixels.rgb import as_rgb


def drawn(mode: str) -> Image.Image:
    values = np.random.default_rng(0).integers(0, 256, (11, 7, 4), dtype=np.uint8)
    photo = Image.fromarray(values)  # RGBA
    if mode == "I;16":
        return Image.fromarray(values[..., 0].astype(np.uint16) * 250)
    if mode == "P":
        photo = photo.convert("RGB").quantize(8)
        photo.info["transparency"] = 3
        return photo
    return photo.convert(mode)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
@pytest.mark.parametrize("profile", [False, True])
def test_every_mode_and_way_up(tmp_path, monkeypatch, mode, orientation, profile):
    monkeypatch.setattr("seg.pixels.rgb._STRIP", 15)  # two rows and a pixel
    path, exif = tmp_path / "photo.png", Image.Exif()
    exif[0x0112] = orientation
    options = {"icc_profile": ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()} if profile else {}
    drawn(mode).save(path, "PNG", exif=exif, **options)
    with Image.open(io.BytesIO(path.read_bytes())) as photo:
        expected = as_rgb(photo)
    found = open_photo(path)
    assert (found.mode, found.size, found.info) == ("RGB", expected.size, {})
    assert found.size == ((7, 11) if orientation < 5 else (11, 7))
    np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))

"""A person's photo is read as they see it, the dataset's as its trimaps lie over it, and what is none is refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seg.photo import BadPhoto, open_photo, read_square, stored_size
from seg.pixels.rgb import as_rgb


def noise(width: int, height: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


# ---- as a person sees it


@pytest.fixture(params=range(1, 9))
def turned(request, tmp_path) -> tuple[Path, Image.Image, Image.Image]:
    """The file of a camera held in one of eight ways; the photo as it is stored, and as it is seen."""
    upright = Image.new("RGB", (40, 24), "white")
    upright.paste("red", (0, 0, 10, 8))  # the corner tells all eight orientations apart
    # what a camera stores is what undoes the rotation a viewer applies
    undo = {
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    stored = upright
    for operation in undo.get(request.param, []):
        stored = stored.transpose(operation)
    exif = Image.Exif()
    exif[0x0112] = request.param
    stored.save(tmp_path / "photo.png", exif=exif)
    return tmp_path / "photo.png", stored, upright


def test_a_persons_photo_is_upright(turned):
    path, _, upright = turned
    seen = open_photo(path)
    assert seen.mode == "RGB"
    np.testing.assert_array_equal(np.asarray(seen), np.asarray(upright))


def test_networks_are_trained_on_what_a_person_sees(turned):
    path, stored, upright = turned
    small = upright.resize((8, 8), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(read_square(path, 8), np.asarray(small))
    np.testing.assert_array_equal(np.asarray(as_rgb(open_photo(path))), np.asarray(upright))  # not turned again
    assert stored_size(path) == stored.size


def test_transparent_pixels_become_white():
    photo = Image.new("RGBA", (2, 1), (255, 0, 0, 255))
    photo.putpixel((1, 0), (255, 0, 0, 0))
    assert [as_rgb(photo).getpixel((x, 0)) for x in (0, 1)] == [(255, 0, 0), (255, 255, 255)]


def test_palette_with_a_transparent_colour_becomes_white():
    photo = Image.new("P", (2, 1), 0)
    photo.putpalette([10, 20, 30, 40, 50, 60])
    photo.putpixel((1, 0), 1)
    photo.info["transparency"] = 1
    assert [as_rgb(photo).getpixel((x, 0)) for x in (0, 1)] == [(10, 20, 30), (255, 255, 255)]


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "I"])
def test_sixteen_bit_grey_keeps_its_shades(tmp_path, mode):
    photo = Image.new(mode, (3, 1))
    for x, value in enumerate((0, 32896, 65535)):
        photo.putpixel((x, 0), value)
    assert [as_rgb(photo).getpixel((x, 0))[0] for x in range(3)] == [0, 128, 255]


def test_sixteen_bit_png_keeps_its_shades(tmp_path):
    Image.fromarray(np.array([[0, 32896, 65535]], dtype=np.uint16)).save(tmp_path / "grey.png")
    with Image.open(tmp_path / "grey.png") as photo:
        assert [as_rgb(photo).getpixel((x, 0)) for x in range(3)] == [(0,) * 3, (128,) * 3, (255,) * 3]


# ---- as networks are trained on it


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "CMYK"])
def test_a_square_is_what_pillow_makes_of_the_stored_pixels(tmp_path, mode):
    photo = Image.fromarray(noise(31, 22)).convert(mode)
    photo.save(tmp_path / "photo.tiff")
    expected = photo.convert("RGB").resize((16, 16), Image.Resampling.BILINEAR)
    square = read_square(tmp_path / "photo.tiff", 16)
    assert (square.shape, square.dtype) == ((16, 16, 3), np.uint8)
    np.testing.assert_array_equal(square, np.asarray(expected))


def test_what_is_transparent_is_white_where_people_look_and_where_networks_are_trained(tmp_path):
    Image.new("RGBA", (4, 4), (10, 20, 30, 0)).save(tmp_path / "photo.png")
    assert read_square(tmp_path / "photo.png", 4)[0, 0].tolist() == [255, 255, 255]
    assert open_photo(tmp_path / "photo.png").getpixel((0, 0)) == (255, 255, 255)


# ---- what is refused


def truncated(path: Path) -> None:
    Image.fromarray(noise(60, 60)).save(path, "JPEG")
    path.write_bytes(path.read_bytes()[:-400])


def cut_header(path: Path) -> None:
    """The length that a PNG's first chunk declares is too short."""
    Image.new("RGB", (9, 9)).save(path, "PNG")
    content = bytearray(path.read_bytes())
    content[11] = 5
    path.write_bytes(content)


BAD = {
    "missing": lambda path: None,
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("404 not found"),
    "truncated": truncated,
    "cut header": cut_header,
    "a folder": lambda path: path.mkdir(),
}


@pytest.mark.parametrize("read", [open_photo, lambda path: read_square(path, 8)])
@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_whole_image_is_refused_by_its_name_in_one_line(tmp_path, read, kind):
    path = tmp_path / "photo.jpg"
    BAD[kind](path)
    with pytest.raises(BadPhoto) as caught:
        read(path)
    missing = kind == "missing"
    assert str(caught.value).startswith(f"{path} {'is missing' if missing else 'cannot be read as an image ('}")
    assert "\n" not in str(caught.value)
    # what an app may show of it, to which the name of a file on its server is nothing
    assert caught.value.wrong == ("is missing" if missing else "cannot be read as an image")
    assert caught.value.missing == missing
    assert not caught.value.too_large


def test_a_photo_of_too_many_pixels_is_refused_before_it_is_decoded(tmp_path):
    path = tmp_path / "photo.png"
    Image.new("1", (2000, 1500)).save(path)
    path.write_bytes(path.read_bytes()[:60])  # there is nothing to decode
    with pytest.raises(BadPhoto) as caught:
        open_photo(path, 2_999_999)
    assert (caught.value.wrong, caught.value.too_large) == ("has 3 megapixels", True)
    with pytest.raises(BadPhoto, match="cannot be read as an image"):
        open_photo(path, 3_000_000)


@pytest.mark.parametrize("read", [open_photo, lambda path: read_square(path, 8)])
def test_a_photo_that_unpacks_to_more_than_pillow_takes_is_too_large(tmp_path, read):
    path = tmp_path / "photo.png"
    Image.new("1", (13_400, 13_400)).save(path)
    with pytest.raises(BadPhoto, match=r"photo\.png is too large") as caught:
        read(path)
    assert caught.value.too_large

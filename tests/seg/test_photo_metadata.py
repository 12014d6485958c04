"""What a file says beside its pixels never decides whether these can be used, and HEIC is read where it can be."""

import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from seg.photo import BadPhoto, open_photo, seen_size, small_photo
from seg.pixels import rgb

PROJECT = Path(__file__).parents[2]
SHORT, ASCII, RATIONAL, SRATIONAL, LONG, UNDEFINED, FLOAT, DOUBLE = 3, 2, 5, 10, 4, 7, 11, 12
ORIENTATION, X_RESOLUTION, EXIF_FOLDER, GPS_FOLDER, SOFTWARE, EXPOSURE = 0x0112, 0x011A, 0x8769, 0x8825, 0x0131, 0x9204


def exif(*entries: tuple[int, int, int, bytes], orientation: int = 6, after: bytes = b"") -> bytes:
    """EXIF with an orientation and these entries: tag, type, count, and the four bytes of their value or its place."""
    all_entries = sorted([(ORIENTATION, SHORT, 1, struct.pack("<HH", orientation, 0)), *entries])
    folder = struct.pack("<H", len(all_entries))
    for tag, kind, count, value in all_entries:
        folder += struct.pack("<HHI", tag, kind, count) + value
    return b"Exif\0\0" + b"II*\0" + struct.pack("<I", 8) + folder + struct.pack("<I", 0) + after


def at(entries: int) -> bytes:
    """The place of what follows a folder of so many entries and the orientation."""
    return struct.pack("<I", 8 + 2 + 12 * (entries + 1) + 4)


FAR = struct.pack("<I", 0x7FFFFFFF)
ODD = {
    "nothing odd": exif(),
    "a rational over zero": exif((X_RESOLUTION, RATIONAL, 1, at(1)), after=struct.pack("<II", 1, 0)),
    "zero over zero": exif((X_RESOLUTION, RATIONAL, 1, at(1)), after=struct.pack("<II", 0, 0)),
    "a negative zero": exif((EXPOSURE, SRATIONAL, 1, at(1)), after=struct.pack("<ii", 0, -1)),
    "a negative where none may be": exif((X_RESOLUTION, SRATIONAL, 1, at(1)), after=struct.pack("<ii", -72, 1)),
    "a rational beyond its type": exif((X_RESOLUTION, SRATIONAL, 1, at(1)), after=struct.pack("<ii", -(2**31), -1)),
    "text where a number belongs": exif((X_RESOLUTION, ASCII, 4, b"72\0\0")),
    "a number where text belongs": exif((SOFTWARE, SHORT, 1, b"\7\0\0\0")),
    "no number": exif((X_RESOLUTION, FLOAT, 1, struct.pack("<f", float("nan")))),
    "infinitely much": exif((X_RESOLUTION, DOUBLE, 1, at(1)), after=struct.pack("<d", float("inf"))),
    "a type that there is not": exif((SOFTWARE, 99, 1, b"\0\0\0\0")),
    "a value beyond the end": exif((SOFTWARE, ASCII, 100, FAR)),
    "more values than bytes": exif((SOFTWARE, LONG, 0x3FFFFFFF, at(1))),
    "no value": exif((X_RESOLUTION, RATIONAL, 0, b"\0\0\0\0")),
    "a folder beyond the end": exif((EXIF_FOLDER, LONG, 1, FAR)),
    "a folder in itself": exif((EXIF_FOLDER, LONG, 1, struct.pack("<I", 8))),
    "a place that is text": exif((GPS_FOLDER, ASCII, 4, b"here")),
    "text that is none": exif((SOFTWARE, ASCII, 4, b"\xff\xfe\xfd\0")),
    "bytes in thousands": exif((SOFTWARE, UNDEFINED, 50_000, at(1)), after=bytes(50_000)),
}
UNDERSTOOD_BY_NOBODY = {
    "no EXIF at all": b"Exif\0\0",
    "garbage": b"Exif\0\0" + bytes(range(256)),
    "half a head": b"Exif\0\0II*",
    "an orientation of 0": exif(orientation=0),
    "an orientation of 9": exif(orientation=9),
    "an orientation of 65535": exif(orientation=65_535),
    "orientation as text": b"Exif\0\0II*\0" + struct.pack("<IHHHI4sI", 8, 1, ORIENTATION, ASCII, 2, b"6\0\0\0", 0),
    "orientation as a rational over zero": b"Exif\0\0II*\0"
    + struct.pack("<IHHHIIIII", 8, 1, ORIENTATION, RATIONAL, 1, 26, 0, 6, 0),
}


def stored(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


@pytest.fixture
def picture() -> Image.Image:
    values = np.random.default_rng(0).integers(0, 256, (6, 10, 3), dtype=np.uint8)
    return Image.fromarray(values).resize((40, 24))


@pytest.mark.parametrize("said", ODD.values(), ids=ODD)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_odd_exif_neither_refuses_a_photo_nor_hides_which_way_is_up(tmp_path, picture, kind, said):
    path = tmp_path / "photo"
    picture.save(path, kind, exif=said, **({"quality": 100} if kind != "PNG" else {}))
    pixels = stored(path)
    assert pixels.shape == (24, 40, 3)
    np.testing.assert_array_equal(np.asarray(open_photo(path)), np.rot90(pixels, -1))
    assert seen_size(path) == (24, 40)
    assert small_photo(path, 10).size[0] < small_photo(path, 10).size[1]


@pytest.mark.parametrize("said", UNDERSTOOD_BY_NOBODY.values(), ids=UNDERSTOOD_BY_NOBODY)
def test_an_orientation_that_is_none_turns_nothing(tmp_path, picture, said):
    picture.save(tmp_path / "photo.jpg", exif=said)
    np.testing.assert_array_equal(np.asarray(open_photo(tmp_path / "photo.jpg")), stored(tmp_path / "photo.jpg"))
    assert seen_size(tmp_path / "photo.jpg") == (40, 24)


@given(st.binary(max_size=300), st.booleans())
def test_whatever_stands_in_exif_the_pixels_are_all_there(tmp_path_factory, content, begun):
    path = tmp_path_factory.mktemp("odd") / "photo.png"
    Image.fromarray(np.arange(12, dtype=np.uint8).reshape(3, 4)).save(
        path, exif=b"Exif\0\0" + (b"II*\0\x08\0\0\0" if begun else b"") + content
    )
    seen = open_photo(path)
    assert sorted(seen.getchannel(0).tobytes()) == list(range(12))
    assert seen_size(path) == seen.size


@pytest.mark.parametrize("orientation", [1, 6])
def test_nothing_that_stood_beside_the_pixels_is_handed_on(tmp_path, picture, orientation):
    text = PngInfo()
    text.add_text("Comment", "at home")
    said = exif((SOFTWARE, ASCII, 4, b"mine"), orientation=orientation)
    picture.save(tmp_path / "photo.png", exif=said, pnginfo=text, icc_profile=b"profile", dpi=(72, 72))
    photo = open_photo(tmp_path / "photo.png")
    assert photo.info == {}
    assert len(photo.getexif()) == 0


# ---- text and profiles


@pytest.mark.parametrize("chunk", ["text", "packed text", "international text", "profile", "all of them"])
def test_a_png_with_megabytes_of_text_is_read(tmp_path, picture, chunk):
    text, more, long = PngInfo(), {}, "a" * 3_000_000
    if chunk in ("text", "all of them"):
        text.add_text("Comment", long)
    if chunk in ("packed text", "all of them"):
        text.add_text("Description", long, zip=True)
    if chunk in ("international text", "all of them"):
        text.add_itxt("XML:com.adobe.xmp", long, zip=True)
    if chunk in ("profile", "all of them"):
        more["icc_profile"] = np.random.default_rng(0).bytes(2_000_000)
    picture.save(tmp_path / "photo.png", pnginfo=text, exif=exif(), **more)
    np.testing.assert_array_equal(np.asarray(open_photo(tmp_path / "photo.png")), np.rot90(np.asarray(picture), -1))
    assert seen_size(tmp_path / "photo.png") == (24, 40)


def test_sixty_five_megabytes_of_text_in_many_pieces_are_passed_over(tmp_path, picture):
    text = PngInfo()
    for number in range(70):
        text.add_text(f"piece {number}", "a" * 1_000_000, zip=True)
    picture.save(tmp_path / "photo.png", pnginfo=text)
    np.testing.assert_array_equal(np.asarray(open_photo(tmp_path / "photo.png")), np.asarray(picture))


# ---- colours


def profile(*, exchanged: bool = True) -> bytes:
    """sRGB's profile under another name, with the places of red and blue exchanged."""
    content = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    (count,) = struct.unpack_from(">I", content, 128)
    places = {bytes(content[at : at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    if exchanged:
        red, blue = (bytes(content[places[tag] + 4 : places[tag] + 12]) for tag in (b"rXYZ", b"bXYZ"))
        content[places[b"rXYZ"] + 4 : places[b"rXYZ"] + 12] = blue
        content[places[b"bXYZ"] + 4 : places[b"bXYZ"] + 12] = red
    # the same letters in the text, one byte or two each
    return bytes(content).replace(b"sRGB", b"mine").replace("sRGB".encode("utf-16-be"), "mine".encode("utf-16-be"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_photo_has_the_colours_that_its_profile_means(tmp_path, kind, mode):
    if (kind, mode) == ("JPEG", "RGBA"):
        pytest.skip("JPEG has no transparency")
    lossless = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100, "subsampling": 0}}.get(kind, {})
    Image.new(mode, (20, 10), (250, 100, 20)).save(tmp_path / "photo", kind, icc_profile=profile(), **lossless)
    assert np.abs(np.asarray(open_photo(tmp_path / "photo"), float) - (20, 100, 250)).max() < 4
    small = np.asarray(small_photo(tmp_path / "photo", 5), float)
    assert np.abs(small - (20, 100, 250)).max() < 4


def test_a_profile_that_changes_nothing_changes_nothing(tmp_path, picture):
    for name, content in (("srgb", None), ("like it", profile(exchanged=False)), ("damaged", profile()[:300])):
        content = content or ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        picture.save(tmp_path / "photo.png", icc_profile=content)
        far = np.asarray(open_photo(tmp_path / "photo.png"), float) - np.asarray(picture)
        assert np.abs(far).max() <= (2 if name == "like it" else 0)


def test_a_profile_is_understood_once_until_it_is_forgotten(tmp_path, monkeypatch):
    understood, build = [], ImageCms.buildTransform
    monkeypatch.setattr(ImageCms, "buildTransform", lambda *given: understood.append(given) or build(*given))
    for name in ("one.png", "two.png"):
        Image.new("RGB", (20, 10), (250, 100, 20)).save(tmp_path / name, icc_profile=profile())

    def seen(name: str) -> tuple:
        return open_photo(tmp_path / name).getpixel((0, 0))

    rgb.forget_profiles()
    assert seen("one.png") == seen("two.png") == seen("one.png")
    assert len(understood) == 1
    rgb.forget_profiles()
    seen("one.png")
    assert len(understood) == 2
    monkeypatch.setattr(rgb, "_MOST_REMEMBERED", len(profile()) - 1)
    assert seen("two.png") == seen("two.png")
    assert len(understood) == 4


def test_a_profile_of_other_pixels_is_passed_over(tmp_path):
    Image.new("L", (4, 4), 100).save(tmp_path / "photo.png", icc_profile=profile())
    assert np.asarray(open_photo(tmp_path / "photo.png")).reshape(-1, 3).tolist() == [[100] * 3] * 16


# ---- HEIC

HEAD = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


def test_without_its_package_heic_is_refused_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (tmp_path / "photo.heic").write_bytes(HEAD)
    for read in (open_photo, seen_size):
        with pytest.raises(BadPhoto) as refused:
            read(tmp_path / "photo.heic")
        said = "is HEIC, and the package that reads it, pillow-heif, is not installed"
        assert refused.value.wrong == said and "\n" not in str(refused.value)
    # called otherwise it is the same, and what is called so and is none is no HEIC
    (tmp_path / "photo.heic").rename(tmp_path / "photo.jpg")
    with pytest.raises(BadPhoto, match="is HEIC"):
        open_photo(tmp_path / "photo.jpg")
    (tmp_path / "other.heic").write_bytes(b"no photo")
    with pytest.raises(BadPhoto, match="cannot be read as an image"):
        open_photo(tmp_path / "other.heic")


READ = """
import sys
import numpy as np
import pillow_heif
from PIL import Image, ImageCms
from seg.labelled.own import pictures
from seg.photo import open_photo, seen_size
from pathlib import Path

folder = Path(sys.argv[1])
picture = Image.new("RGB", (64, 32), "red")
picture.paste("blue", (0, 0, 32, 32))
pillow_heif.from_pillow(picture).save(folder / "photo.heic", quality=-1)
seen = open_photo(folder / "photo.heic")
print(seen.size, seen_size(folder / "photo.heic"), seen.mode, list(pictures(folder)))
print(np.abs(np.asarray(seen, float) - np.asarray(picture, float)).max() < 12)
"""


@pytest.mark.long
def test_with_its_package_heic_is_read(tmp_path):
    """The real package, in an environment of its own beside this one."""
    beside = tmp_path / "beside"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", beside, "--no-deps", "pillow-heif>=1,<2"]
    subprocess.run(list(map(str, install)), check=True, capture_output=True)
    (tmp_path / "photos").mkdir()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(beside), str(PROJECT)])}
    command = [sys.executable, "-c", READ, str(tmp_path / "photos")]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "(64, 32) (64, 32) RGB ['photo']\nTrue\n"

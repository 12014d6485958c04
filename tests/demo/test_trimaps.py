"""Training, Watch and Failures take the same trimaps, refuse the same ones, and say the same."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.catalogue import Catalogue
from demo.failures.photo import photo_value
from demo.labelled import Labelled
from demo.watch.probe_photos import ProbePhotos
from seg.cache import load_split
from seg.pets import BadPair, photo_path, trimap_path
from tests.demo.stage.test_pane import decoded

NAME, SIDE = "Bengal_35", 16
HOLDS = ": a trimap holds 1 (pet), 2 (background) and 3 (border)"


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def two_bits(stored: np.ndarray, path: Path) -> None:
    """A palette PNG of four pixels a byte, as optimisers of pictures write it."""
    height, width = stored.shape
    quads = np.pad(stored, ((0, 0), (0, -width % 4))).reshape(height, -1, 4) @ np.array([64, 16, 4, 1])
    rows = b"".join(b"\0" + row.astype(np.uint8).tobytes() for row in quads)
    header = struct.pack(">IIBBBBB", width, height, 2, 3, 0, 0, 0)
    palette = chunk(b"PLTE", bytes(range(12)))
    content = chunk(b"IHDR", header) + palette + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + content)


def with_gamma(stored: np.ndarray, path: Path) -> None:
    Image.fromarray(stored).save(path)
    content = path.read_bytes()
    path.write_bytes(content[:33] + chunk(b"gAMA", struct.pack(">I", 100_000)) + content[33:])


def with_palette(stored: np.ndarray, path: Path) -> None:
    image = Image.fromarray(stored)
    image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
    image.save(path)


def mapped(*values: int) -> Callable[[np.ndarray, Path], None]:
    """Pet, background and border stored as these values."""
    return lambda stored, path: Image.fromarray(np.array([0, *values], np.uint8)[stored]).save(path)


def in_mode(mode: str) -> Callable[[np.ndarray, Path], None]:
    return lambda stored, path: Image.fromarray(stored).convert(mode).save(path)


def truncated(stored: np.ndarray, path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


ODD = {
    "as drawn": lambda stored, path: None,
    "palette": with_palette,
    "palette of 2 bits": two_bits,
    "16 bits": lambda stored, path: Image.fromarray(stored.astype(np.uint16)).save(path),
    "gamma": with_gamma,
    "optimised": lambda stored, path: Image.fromarray(stored).save(path, optimize=True),
}
BAD = {
    "masks of 0 and 255": (mapped(255, 0, 255), f"has the values 0, 255{HOLDS}"),
    "numbered from 0": (mapped(0, 1, 2), f"has the values 0, 1, 2{HOLDS}"),
    "one pixel more": (mapped(1, 2, 4), f"has the values 1, 2, 4{HOLDS}"),
    "16 bits in full range": (
        lambda stored, path: Image.fromarray(stored.astype(np.uint16) * 257).save(path),
        f"has the values 257, 514, 771{HOLDS}",
    ),
    "1 bit": (lambda stored, path: Image.fromarray(stored == 1).save(path), f"has the values 0, 1{HOLDS}"),
    "colours": (in_mode("RGB"), f"has RGB pixels{HOLDS}"),
    "colours and transparency": (in_mode("RGBA"), f"has RGBA pixels{HOLDS}"),
    "grey and transparency": (in_mode("LA"), f"has LA pixels{HOLDS}"),
    "turned": (lambda stored, path: Image.fromarray(stored.T).save(path), "its photo"),
    "half of it": (lambda stored, path: Image.fromarray(stored[: len(stored) // 2]).save(path), "its photo"),
    "truncated": (truncated, "cannot be read"),
    "text": (lambda stored, path: path.write_text("404 not found"), "cannot be read"),
    "empty": (lambda stored, path: path.write_bytes(b""), "cannot be read"),
    "missing": (lambda stored, path: path.unlink(), "is missing"),
}


@pytest.fixture
def stored(own_pets) -> np.ndarray:
    with Image.open(trimap_path(own_pets, NAME)) as image:
        return np.asarray(image)


@pytest.fixture
def truth(own_pets, tmp_path) -> Callable:
    """The scrubber's tile of the photo's truth, None where it has none."""

    def read() -> np.ndarray | None:
        layout = {"tile": SIDE, "columns": 7, "tiles": [{"name": NAME, "source": "test"}]}
        mosaic = ProbePhotos(Labelled(own_pets), served=tmp_path).truth(layout)
        assert (mosaic.path is not None,) == mosaic.present
        return mosaic.path and np.asarray(Image.open(mosaic.path))[:SIDE, :SIDE]

    return read


@pytest.mark.parametrize("kind", ODD)
def test_a_trimap_of_the_right_values_is_taken_everywhere(own_pets, tmp_path, stored, truth, kind):
    ODD[kind](stored, trimap_path(own_pets, NAME))
    resized = np.asarray(Image.fromarray(stored).resize((SIDE, SIDE), Image.Resampling.NEAREST)) - 1

    split = load_split(own_pets, "test", SIDE, cache=tmp_path / "cache")
    np.testing.assert_array_equal(split.masks[split.names.index(NAME)], resized)

    np.testing.assert_array_equal(truth(), resized)

    looked = photo_value(Catalogue((tmp_path,)), Labelled(own_pets), NAME, [])
    np.testing.assert_array_equal(decoded(looked["photo"]["truth"], stored.shape), stored - 1)
    assert looked["said"] == ""


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_trimap_is_refused_everywhere_in_the_same_words(own_pets, tmp_path, stored, truth, kind):
    draw, said = BAD[kind]
    path = trimap_path(own_pets, NAME)
    draw(stored, path)

    with pytest.raises(BadPair) as caught:
        load_split(own_pets, "test", SIDE, cache=tmp_path / "cache")
    sentence = str(caught.value)
    assert sentence.startswith(f"{path} ")
    assert said in sentence
    assert "\n" not in sentence
    rest = load_split(own_pets, "test", SIDE, skip_bad=True, cache=tmp_path / "cache")
    assert (NAME in rest.names, rest.skipped) == (False, [sentence])

    assert truth() is None

    looked = photo_value(Catalogue((tmp_path,)), Labelled(own_pets), NAME, [])
    assert looked["photo"]["truth"] is None
    assert looked["said"] == sentence.replace(f"{path.parent}/", "")  # where it lies is no visitor's affair


def test_a_trimap_whose_photo_changes_its_size_is_no_truth_any_longer(own_pets, tmp_path):
    layout = {"tile": SIDE, "columns": 7, "tiles": [{"name": NAME, "source": "test"}]}
    photos = ProbePhotos(Labelled(own_pets), served=tmp_path)
    assert photos.truth(layout).present == (True,)
    path = photo_path(own_pets, NAME)
    with Image.open(path) as photo:
        photo.transpose(Image.Transpose.ROTATE_90).save(path)
    assert photos.truth(layout).present == (False,)

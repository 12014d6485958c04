import numpy as np
import pytest
import skimage
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from experiments.store import probe
from experiments.store.probe import COLUMNS, SAMPLES, VALIDATION_NAMES, load_probe, mosaic, read_layout, sample_photos
from seg.cache import load_split
from seg.networks.segnet import SegNet
from seg.pets import list_path

# trimaps of the test split known to be all background
EMPTY_TRIMAPS = {
    "Egyptian_Mau_20",
    "Persian_259",
    "japanese_chin_199",
    "keeshond_7",
    "saint_bernard_60",
    "saint_bernard_78",
    "wheaten_terrier_195",
}


@pytest.fixture(scope="module")
def test_split(tiny_pets):
    return load_split(tiny_pets, "test", 32)


def test_the_sample_of_scikit_image_is_its_cat():
    with Image.open(sample_photos()["chelsea"]) as photo:
        assert np.array_equal(np.asarray(photo), skimage.data.chelsea())


def test_a_sample_that_its_package_dropped_is_left_out(monkeypatch, test_split):
    gone = (("chelsea", "skimage", "data/gone.png"), ("lion", "no_such_package", "lion.jpg"))
    monkeypatch.setattr(probe, "SAMPLES", gone)
    assert sample_photos() == {}
    assert [tile["source"] for tile in load_probe(test_split).tiles] == ["test", "test"]


def test_the_probe_lists_validation_photos_first_then_samples(test_split):
    loaded = load_probe(test_split)
    samples = [(name, package) for name, package, _ in SAMPLES if name in sample_photos()]
    assert [(tile["name"], tile["source"]) for tile in loaded.tiles] == [
        ("Bengal_35", "test"),
        ("beagle_47", "test"),
        *samples,
    ]
    where = test_split.names.index("beagle_47")
    assert np.array_equal(loaded.photos[1], test_split.photos[where])
    assert loaded.photos.shape == (2 + len(samples), 3, 32, 32)
    assert loaded.layout() == {"tile": 32, "columns": COLUMNS, "tiles": loaded.tiles}


@pytest.mark.parametrize("photos", [0, 1, 3])
def test_predictions_are_a_palette_image_of_the_models_classes(narrow, photos, test_split):
    torch.manual_seed(0)
    model = SegNet()
    chosen = probe.Probe(test_split.photos[:photos].copy(), [{"name": str(n), "source": "test"} for n in range(photos)])
    image = chosen.predict(model, torch.device("cpu"), 16, "fp32")
    assert image.mode == "P"
    assert image.size == (7 * 32, 32)
    grid = np.asarray(image)
    assert (grid[:, photos * 32 :] == 1).all()
    assert set(np.unique(grid)) <= {0, 1, 2}
    assert not model.training


@given(count=st.integers(0, 16), side=st.integers(1, 5), seed=st.integers(0, 2**32 - 1))
def test_a_mosaic_holds_each_tile_at_its_row_and_column(count, side, seed):
    tiles = np.random.default_rng(seed).integers(0, 3, (count, side, side), dtype=np.uint8)
    rows = max(1, (count + 6) // 7)
    expected = np.full((rows * side, 7 * side), 1, np.uint8)
    for index in range(count):
        for y in range(side):
            for x in range(side):
                expected[index // 7 * side + y, index % 7 * side + x] = tiles[index, y, x]
    assert np.array_equal(mosaic(tiles), expected)


def test_the_validation_photos_are_21_breeds_of_the_test_split_without_known_noise(real_pets):
    listing = list_path(real_pets, "test").read_text().split("\n")
    breeds = {line.split()[0]: line.split()[1] for line in listing if line}
    assert set(VALIDATION_NAMES) <= breeds.keys()
    assert len({breeds[name] for name in VALIDATION_NAMES}) == len(VALIDATION_NAMES) == 21
    assert not EMPTY_TRIMAPS & set(VALIDATION_NAMES)


@pytest.mark.parametrize("text", [None, "{", "[]", '{"tile": 32}'])
def test_a_run_without_a_layout_that_can_be_read_has_none(tmp_path, text):
    (tmp_path / "predictions").mkdir()
    if text is not None:
        (tmp_path / "predictions" / "probe.json").write_text(text)
    assert read_layout(tmp_path) is None

import json
from pathlib import Path

import numpy as np
import pytest
import skimage
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from experiments.store import probe
from experiments.store.probe import COLUMNS, SAMPLES, VALIDATION_NAMES, load_probe, mosaic, read_layout, sample_photos
from experiments.store.runs import BadRun
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


def test_a_run_that_kept_no_predictions_has_no_layout(tmp_path):
    assert read_layout(tmp_path) is None


TILE = {"name": "Bengal_35", "source": "test"}
GOOD = {"tile": 32, "columns": 7, "tiles": [TILE]}


def with_layout(folder: Path, text: str | bytes) -> Path:
    (folder / "predictions").mkdir(exist_ok=True)
    (folder / "predictions" / "probe.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "line 1 is no JSON"),
        ("{", "line 1 is no JSON"),
        (json.dumps(GOOD)[:40], "line 1 is no JSON"),
        (b"\xff\xfe", "it is not UTF-8 text"),
        ("[" * 100_000, "it is nested too deeply"),
        ('{"tile": ' + "[" * 30 + "]" * 30 + "}", "it is nested too deeply"),
        ("[]", "tile is None"),
        ("null", "tile is None"),
        ("3", "tile is None"),
        (json.dumps(GOOD | {"tile": "32"}), "tile is '32', which is no whole number from 1 to 1024"),
        (json.dumps(GOOD | {"tile": 32.0}), "tile is 32.0"),
        (json.dumps(GOOD | {"tile": True}), "tile is True"),
        (json.dumps(GOOD | {"tile": 0}), "tile is 0"),
        (json.dumps(GOOD | {"tile": -32}), "tile is -32"),
        (json.dumps(GOOD | {"tile": 10**30}), "is too large a number"),
        (json.dumps(GOOD | {"tile": 10**9}), "tile is 1000000000"),
        ('{"tile": ' + "9" * 5000 + "}", "it has a number of thousands of digits"),
        (json.dumps(GOOD | {"tile": float("nan")}), "tile is None"),
        (json.dumps(GOOD | {"tile": float("inf")}), "Infinity is no number of JSON"),
        ('{"tile": 1e999}', "inf is too large a number"),
        (json.dumps(GOOD | {"columns": None}), "columns is None"),
        (json.dumps(GOOD | {"columns": 0}), "columns is 0"),
        (json.dumps(GOOD | {"tiles": {}}), "tiles is no list"),
        (json.dumps(GOOD | {"tiles": "Bengal_35"}), "tiles is no list"),
        (json.dumps(GOOD | {"tiles": [3]}), "name is None"),
        (json.dumps(GOOD | {"tiles": [{"name": "Bengal_35"}]}), "source is None"),
        (json.dumps(GOOD | {"tiles": [TILE | {"name": ["Bengal_35"]}]}), "name is a list"),
        (json.dumps(GOOD | {"tiles": [TILE | {"name": "x" * 100_000}]}), "name is 'xxx"),
        (json.dumps(GOOD | {"tiles": [TILE | {"name": "two\nlines"}]}), "name is 'two\\nlines'"),
        (json.dumps(GOOD | {"tiles": [TILE | {"name": "\ud800"}]}), "is no text"),
        (json.dumps(GOOD | {"tiles": [TILE] * 1001}), "tiles is no list of at most 1000"),
        (json.dumps(GOOD | {"tile": 1024, "tiles": [TILE] * 100}), "it has more than 64 million pixels"),
    ],
)
def test_a_layout_that_is_none_is_told_by_file_in_one_line(tmp_path, text, why):
    with pytest.raises(BadRun) as refused:
        read_layout(with_layout(tmp_path, text))
    said = str(refused.value)
    assert said.startswith(f"{tmp_path / 'predictions' / 'probe.json'} is no layout of a mosaic (")
    assert why in said
    assert "\n" not in said
    assert len(said) < 1000
    assert said.isprintable()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
SHAPED = st.fixed_dictionaries(
    {
        "tile": st.integers(1, 64) | JSON,
        "columns": st.integers(1, 9) | JSON,
        "tiles": st.lists(st.fixed_dictionaries({"name": st.text(max_size=9), "source": st.text(max_size=9)}) | JSON)
        | JSON,
    }
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=SHAPED | JSON)
def test_whatever_it_holds_a_layout_can_be_drawn_or_is_refused(tmp_path, content):
    try:
        layout = read_layout(with_layout(tmp_path, json.dumps(content)))
    except BadRun:
        return
    tiles = np.zeros((len(layout["tiles"]), layout["tile"], layout["tile"]), np.uint8)
    assert mosaic(tiles, layout["columns"]).shape[1] == layout["columns"] * layout["tile"]
    assert all(tile["name"].encode() and tile["source"].encode() for tile in layout["tiles"])

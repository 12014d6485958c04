"""Margins are read back as they were written, of the photos of `images.csv` alone, and say which pass they are of."""

import io
import json
import zipfile

import numpy as np
import pandas as pd
import pytest

from experiments.store.runs import BadRun, Run, read_run
from experiments.store.scored.margins import OTHER_PASS, convert_raw_margins, read_margins
from experiments.store.scored.photo_scores import read_images
from seg.thresholds.margins import BINS, EDGES, KINDS
from tests.experiments.conftest import counts_beside


def histograms(photos: int, pixels: int, seed: int = 0) -> np.ndarray:
    """(N, 3, 122) of photos of so many pixels, all of one of them in one bin."""
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(pixels, rng.dirichlet(np.ones(KINDS * BINS)), photos).reshape(-1, KINDS, BINS)
    drawn[0] = 0
    drawn[0, 1, 61] = pixels
    return drawn


def arrays(run: Run) -> dict[str, np.ndarray]:
    with np.load(run.folder / "margins.npz", allow_pickle=False) as found:
        return dict(found)


def rewrite(run: Run, **changes: np.ndarray | None) -> None:
    """Write the file again with other arrays; one that is None is left out."""
    kept = {name: array for name, array in (arrays(run) | changes).items() if array is not None}
    np.savez_compressed(run.folder / "margins.npz", **kept)


# ---- what is whole


@pytest.mark.parametrize(("side", "kind"), [(8, np.uint8), (16, np.uint16), (128, np.uint16), (512, np.uint32)])
def test_counts_are_read_back_in_the_smallest_kind_that_a_photo_of_the_side_cannot_overflow(write_run, side, kind):
    scored, tuning = histograms(6, side * side), histograms(4, side * side, seed=1)
    run = write_run("x", counts_beside(scored), margins=scored, tuning=tuning)
    found = read_margins(run)
    assert (found.scored.dtype, found.tuning.dtype) == (kind, kind)
    assert (found.scored == scored).all()
    assert (found.tuning == tuning).all()
    assert found.photos.tolist() == [f"Bengal_{number}" for number in range(6)]
    assert not found.other_pass


def test_no_array_needs_pickle_and_all_of_them_are_named(run):
    with zipfile.ZipFile(run.folder / "margins.npz") as file:
        assert all(entry.compress_type == zipfile.ZIP_DEFLATED for entry in file.infolist())
    found = arrays(run)  # which allows no pickle
    assert all(array.dtype.kind in "uUf" for array in found.values())
    assert set(found) == {"edges", "scored", "scored_names", "tuning", "tuning_names", "about"}
    assert found["tuning_names"].tolist() == [f"pug_{number}" for number in range(6)]
    assert (found["edges"] == EDGES.numpy()).all()
    said = json.loads(str(found["about"]))
    assert said == {"precision": "fp32", "commit": "0000000", "source": "the pass that images.csv is of"}


def test_a_run_of_the_whole_dataset_has_about_a_megabyte(write_run):
    """3,669 photos and 368 to tune on: of a photo 250 bytes or so."""
    rng = np.random.default_rng(0)
    shape = np.exp(-np.abs(np.arange(BINS) - [[70], [20], [50]]) / 9)
    shares = (shape * rng.gamma(0.3, 1, (200, *shape.shape))).reshape(200, -1)
    drawn = rng.multinomial(128 * 128, shares / shares.sum(axis=1, keepdims=True)).reshape(200, KINDS, BINS)
    run = write_run("x", counts_beside(drawn), margins=drawn)
    both = 200 * 2  # photos scored, and as many to tune on
    assert (run.folder / "margins.npz").stat().st_size / both < 350


def test_a_run_without_margins_has_a_gap(run):
    (run.folder / "margins.npz").unlink()
    assert read_margins(run) is None
    assert read_margins(run, "controls/mirrored") is None


def test_a_controls_margins_are_its_own(run, counts):
    found = read_margins(run, "controls/mirrored-renormed")
    assert (found.scored.sum(axis=(1, 2)) == counts.sum(axis=(1, 2))).all()


# ---- what is not


@pytest.mark.parametrize(
    "photos",
    [lambda names: names[::-1], lambda names: names[:-1], lambda names: [*names[:-1], "Bengal_9"]],
    ids=["in another order", "one fewer", "one other"],
)
def test_margins_of_other_photos_than_images_csv_are_refused(run, refusal, photos):
    table = (run.folder / "images.csv").read_text().splitlines()
    rows = {line.split(",")[0]: line for line in table[1:]}
    names = photos(list(rows))
    chosen = [rows.get(name, rows["Bengal_5"].replace("Bengal_5", name)) for name in names]
    (run.folder / "images.csv").write_text("\n".join([table[0], *chosen, ""]))
    assert read_images(run).index.tolist() == names
    assert f"{run.folder / 'margins.npz'} is of other photos than images.csv" in refusal(read_margins, run)


@pytest.mark.parametrize("counted", ["border_as_pet", "pet_as_pet"], ids=["border", "other"])
def test_margins_of_other_pixels_than_images_csv_counts_are_refused(run, refusal, counted):
    path = run.folder / "images.csv"
    table = pd.read_csv(path, dtype={"commit": str})
    table.loc[3, counted] += 1
    table.to_csv(path, index=False)
    assert f"{run.folder / 'margins.npz'} is of other photos than images.csv" in refusal(read_margins, run)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"scored": np.zeros((6, 3, 121), dtype=np.uint16)}, "has other histograms"),
        ({"scored": np.zeros((6, 122), dtype=np.uint16)}, "has other histograms"),
        ({"scored": np.uint16(7)}, "has other histograms"),
        ({"tuning": np.zeros((6, 2, 122), dtype=np.uint16)}, "has other histograms"),
        ({"scored": np.zeros((6, 3, 122), dtype=np.int64)}, "has other histograms"),
        ({"tuning": np.full((6, 3, 122), 0.5)}, "has other histograms"),
        ({"edges": np.arange(-60, 61) / 5}, "has other bins"),
        ({"edges": np.arange(3)}, "has other bins"),
        ({"scored": np.zeros((5, 3, 122), dtype=np.uint16)}, "has other bins"),
        ({"edges": None}, "cannot be read"),
        ({"scored": None}, "cannot be read"),
        ({"tuning": None}, "cannot be read"),
        ({"scored_names": None}, "cannot be read"),
        ({"about": None}, "cannot be read"),
        ({"about": np.array("{")}, "cannot be read"),
        ({"about": np.array("[1]")}, "cannot be read"),
        ({"about": np.array("{}")}, "cannot be read"),
        ({"scored": np.array([{"a": 1}], dtype=object)}, "cannot be read"),
    ],
    ids=lambda given: given if isinstance(given, str) else "-".join(given),
)
def test_what_this_version_does_not_read_is_told(run, refusal, changes, said):
    rewrite(run, **changes)
    assert f"{run.folder / 'margins.npz'} {said}" in refusal(read_margins, run)


def test_a_single_array_in_the_files_place_is_told(run, refusal):
    content = io.BytesIO()
    np.save(content, np.zeros(3))
    (run.folder / "margins.npz").write_bytes(content.getvalue())
    assert "cannot be read" in refusal(read_margins, run)


def test_a_flipped_bit_is_refused_or_changes_nothing(run, refusal):
    """Every byte: what is read is what was written, or it is told."""
    path = run.folder / "margins.npz"
    whole, before = path.read_bytes(), read_margins(run)
    refused = 0
    for place in range(0, len(whole), 13):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << place % 8)]) + whole[place + 1 :])
        try:
            found = read_margins(run)
        except BadRun as error:
            assert str(path) in str(error)
            refused += 1
        else:
            assert (found.scored == before.scored).all()
            assert (found.tuning == before.tuning).all()
            assert found.photos.equals(before.photos)
    assert refused > len(whole) / 52


# ---- as a script beside the project writes them


def write_raw(run: Run, **changes: np.ndarray | None) -> dict[str, np.ndarray]:
    edges = np.concatenate([[-np.inf], EDGES.numpy(), [np.inf]]).astype(np.float32)
    raw = {"test": histograms(6, 900).astype(np.uint16), "train": histograms(5, 900, seed=1).astype(np.uint16)}
    raw |= {"edges": edges} | changes
    np.savez_compressed(run.folder / "margins-raw.npz", **{name: a for name, a in raw.items() if a is not None})
    return raw


def test_raw_margins_are_converted_and_say_that_they_are_of_another_pass(write_run):
    run = write_run("x", counts_beside(histograms(6, 900)))
    raw = write_raw(run)
    (run.folder / "run.json").write_text(
        json.dumps(json.loads((run.folder / "run.json").read_text()) | {"environment": {"commit": "abcdef0123"}})
    )
    (run.folder / "margins.npz").unlink()
    run = read_run(run.folder)
    assert convert_raw_margins(run) == run.folder / "margins.npz"
    found = read_margins(run)
    assert (found.scored == raw["test"]).all()
    assert (found.tuning == raw["train"]).all()
    assert found.source == OTHER_PASS
    assert found.other_pass
    said = json.loads(str(arrays(run)["about"]))
    assert (said["precision"], said["commit"]) == ("fp32", "abcdef0")
    assert said["source"].startswith("another pass than that of images.csv")
    assert (run.folder / "margins-raw.npz").is_file()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"test": None}, "cannot be read"),
        ({"train": None}, "cannot be read"),
        ({"edges": None}, "cannot be read"),
        ({"test": np.array([{}], dtype=object)}, "cannot be read"),
        ({"test": np.zeros((5, 3, 122), dtype=np.uint16)}, "other photos than images.csv"),
        ({"test": histograms(6, 900, seed=2).astype(np.uint16)}, "is of other photos than images.csv"),
        ({"test": np.zeros((6, 3, 121), dtype=np.uint16)}, "has other histograms"),
        ({"train": np.zeros((6, 122), dtype=np.uint16)}, "has other histograms"),
        ({"train": np.full((6, 3, 122), 0.5)}, "has other histograms"),
        ({"edges": EDGES.numpy()}, "has other bins"),
    ],
    ids=lambda given: given if isinstance(given, str) else "-".join(given),
)
def test_raw_margins_that_are_not_such_are_told_and_leave_the_margins_alone(run, changes, said):
    before = (run.folder / "margins.npz").read_bytes()
    write_raw(run, **changes)
    with pytest.raises(BadRun, match=said) as refused:
        convert_raw_margins(run)
    assert str(run.folder / "margins-raw.npz") in str(refused.value)
    assert "\n" not in str(refused.value)
    assert (run.folder / "margins.npz").read_bytes() == before


def test_without_raw_margins_there_is_nothing_to_convert(run):
    with pytest.raises(BadRun, match=r"has no margins-raw\.npz to convert"):
        convert_raw_margins(run)


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04"])
def test_damaged_raw_margins_are_told(run, content):
    (run.folder / "margins-raw.npz").write_bytes(content)
    with pytest.raises(BadRun, match=r"margins-raw\.npz cannot be read"):
        convert_raw_margins(run)

"""What an archive of masks holds, beside what a slow count of its pixels says."""

import csv
import io
import math
import zipfile
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.segment import archive
from demo.segment.archive import file_names, write_archive
from demo.stage.photos import Offered
from seg.labelled.pairs import pairs_of
from seg.pets import photo_path

BOTH = ["ce-s0", "focal-s0"]
COLUMNS = "photo,run,pet,background,border,border_recall,border_precision,border_f1,border_iou,pixel_accuracy"


@pytest.fixture
def runs(catalogue):
    return [run for run in catalogue.with_checkpoint() if run.name in BOTH]


@pytest.fixture
def labelled(tiny_pets) -> Offered:
    return Offered("pug 2", photo_path(tiny_pets, "pug_2"), pairs_of(tiny_pets, ["pug_2"])[0])


@pytest.fixture
def written(tmp_path, runs):
    """`written(photos)`: the archive's files by name, and how far it was each time it told."""

    def write(photos, *, folders=True, most_bytes=10**9) -> tuple[dict[str, bytes], list[int]]:
        target = tmp_path / "masks.zip"
        told = [c.photos for c in write_archive(target, photos, runs, folders=folders, most_bytes=most_bytes)]
        with zipfile.ZipFile(target) as file:
            assert file.testzip() is None
            return {name: file.read(name) for name in file.namelist()}, told

    return write


def table(files: dict[str, bytes]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files["scores.csv"].decode())))


def counted(mask: np.ndarray, label: np.ndarray) -> dict[str, float]:
    """Scores from single pixels, one after the other."""
    both = found = true = right = 0
    for predicted, actual in zip(mask.ravel().tolist(), label.ravel().tolist(), strict=True):
        both += predicted == actual == 2
        found += predicted == 2
        true += actual == 2
        right += predicted == actual
    return {
        "border_recall": both / true if true else math.nan,
        "border_precision": both / found if found else math.nan,
        "border_f1": 2 * both / (true + found) if true + found else math.nan,
        "border_iou": both / (true + found - both) if true + found else math.nan,
        "pixel_accuracy": right / mask.size,
    }


def test_a_folder_a_photo_holds_mask_and_cut_out_of_each_run(written, labelled, photo):
    files, told = written([Offered(photo.name, photo), labelled])
    pictures = {
        f"{name}/{run}-{what}.png" for name in ("upright", "pug 2") for run in BOTH for what in ("mask", "cutout")
    }
    assert set(files) == pictures | {"README.txt", "scores.csv"}
    assert told == [1, 2]


def test_scores_are_of_the_masks_in_the_archive_at_the_photos_own_size(written, labelled, photo):
    files, _ = written([labelled, Offered(photo.name, photo)])
    assert files["scores.csv"].decode().splitlines()[0] == COLUMNS
    rows = table(files)
    assert [(row["photo"], row["run"]) for row in rows] == [(p, run) for p in ("pug 2", "upright.jpg") for run in BOTH]
    label = np.asarray(Image.open(labelled.pair.label)).astype(int) - 1
    for row in rows[:2]:
        mask = np.asarray(Image.open(io.BytesIO(files[f"pug 2/{row['run']}-mask.png"])))
        assert mask.shape == label.shape
        for name, value in counted(mask, label).items():
            assert row[name] == ("" if math.isnan(value) else f"{value:.6f}"), name
    for row in rows:
        folder = Path(row["photo"]).stem
        mask = np.asarray(Image.open(io.BytesIO(files[f"{folder}/{row['run']}-mask.png"]))).ravel().tolist()
        for number, name in enumerate(("pet", "background", "border")):
            assert float(row[name]) == pytest.approx(mask.count(number) / len(mask), abs=1e-6)
    for row in rows[2:]:  # nobody knows its label
        assert [row[name] for name in COLUMNS.split(",")[5:]] == [""] * 5


def test_scores_of_masks_made_by_hand(written, labelled, monkeypatch):
    label = np.array([[2, 2, 2, 0, 1]], np.uint8)
    monkeypatch.setattr(archive, "mask_of", lambda *_: nullcontext(np.array([[2, 2, 0, 2, 2]], np.uint8)))
    monkeypatch.setattr(archive, "picture_of", lambda photo: Image.new("RGB", (5, 1)))
    monkeypatch.setattr(archive, "shown_photo", lambda photo: (None, label))
    row = table(written([labelled])[0])[0]
    assert [row[name] for name in COLUMNS.split(",")[2:]] == [
        "0.200000",
        "0.000000",
        "0.800000",
        "0.666667",
        "0.500000",
        "0.571429",
        "0.400000",
        "0.400000",
    ]


def test_readme_says_what_the_files_the_classes_and_the_runs_are(written, labelled, runs):
    text = written([labelled], folders=False)[0]["README.txt"].decode()
    assert text.startswith("What 2 networks of Borderline see in pug 2.\n")
    for said in ("PHOTO-RUN-mask.png", "scores.csv", "as trained"):
        assert said in text
    for line in ("  0  pet         #9B7BFF", "  1  background  #000000", "  2  border      #FFD60A"):
        assert line in text.splitlines()
    for run in runs:
        last = run.epochs.iloc[-1]
        [line] = [line for line in text.splitlines() if line.startswith(f"  {run.name}: ")]
        assert f"Loss {run.loss}, seed 0, {last['epoch']:.0f} of " in line
        assert f"border recall {100 * last['border_recall']:.1f} %" in line
        assert f"pixel accuracy {100 * last['pixel_accuracy']:.1f} %" in line
    assert "Left out" not in text


def test_one_broken_photo_is_told_and_the_others_are_there(written, labelled, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG")
    files, told = written([Offered("broken.png", broken), labelled])
    assert told == [1, 2]
    assert {row["photo"] for row in table(files)} == {"pug 2"}
    lost = files["README.txt"].decode().split("Left out\n")[1].splitlines()
    assert len(lost) == 2
    assert lost[0].startswith("  broken.png, ce-s0: broken.png ")


def test_no_more_is_added_to_a_file_that_has_grown_large(written, labelled, photo):
    files, told = written([labelled, Offered(photo.name, photo)], most_bytes=1)
    assert told == [1, 2]
    assert {name for name in files if name.endswith("png")} == {"pug 2/ce-s0-mask.png", "pug 2/ce-s0-cutout.png"}
    assert files["README.txt"].decode().count("the file had") == 3


def test_nothing_is_left_of_an_archive_that_nobody_waits_for(tmp_path, labelled, runs):
    target = tmp_path / "masks.zip"
    writing = write_archive(target, [labelled, labelled], runs, folders=True, most_bytes=10**9)
    next(writing)
    assert target.is_file()
    writing.close()
    assert not target.exists()


def test_names_are_files_names_on_every_system_and_no_two_are_alike():
    titles = ["cat.jpg", "Cat.png", "..", 'a:b|"c".jpg', "cat (2).jpg", "deep/down\\there.png"]
    assert file_names([Offered(title, Path()) for title in titles]) == [
        "cat",
        "Cat (2)",
        "photo",
        "a_b__c_",
        "cat (2) (2)",
        "down_there",
    ]

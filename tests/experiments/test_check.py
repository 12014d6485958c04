"""`python -m experiments.check` names all that is wrong at once, and says so by its status."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments import check, measure, report, run

PROJECT = Path(__file__).parents[2]


def checked(data: Path) -> tuple[int, list[str]]:
    command = [sys.executable, "-m", "experiments.check", "--data", data]
    ended = subprocess.run([str(part) for part in command], cwd=PROJECT, capture_output=True, text=True)
    return ended.returncode, ended.stdout.splitlines()


def test_where_nothing_is_wrong_it_says_so(own_photos, tiny_pets):
    assert checked(own_photos) == (0, [f"{own_photos}: 12 photos, nothing is wrong"])
    assert checked(tiny_pets) == (0, [f"{tiny_pets}: 20 photos, nothing is wrong"])


def test_every_fault_is_a_line(own_photos):
    for number in (1, 2, 3):
        Image.fromarray(np.full((96, 96), 9, np.uint8)).save(own_photos / "masks" / f"blob-00{number}.png")
    (own_photos / "masks" / "blob-004.png").unlink()
    status, lines = checked(own_photos)
    assert status == 1
    assert [f"blob-00{number}" in line for number, line in enumerate(lines[:-1], start=1)] == [True] * 4
    assert lines[-1] == f"{own_photos}: 12 photos, 4 things are wrong"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
@pytest.mark.parametrize("name", [b"caf\xe9", b"two\nlines", "\u202epart".encode()])
def test_a_name_that_cannot_be_shown_is_told_before_training_and_can_be_left_out(
    own_photos, tmp_path, command, narrow, name
):
    for folder, ending in (("photos", b".jpg"), ("masks", b".png")):
        old = own_photos / folder / os.fsdecode(b"blob-001" + ending)
        old.rename(old.with_name(os.fsdecode(name + ending)))
    told = f"has {ascii(os.fsdecode(name))}, whose name cannot be shown: rename it"
    status, lines = checked(own_photos)
    assert (status, len(lines), told in lines[0]) == (1, 2, True)
    options = ["--loss", "ce", "--data", own_photos, "--out", tmp_path / "runs", "--size", "16", "--epochs", "1"]
    assert told in command(run, *options).error
    assert command(run, *options, "--skip-bad").status == 0


def test_training_says_where_all_is_named(command, own_photos, tmp_path):
    (own_photos / "masks" / "blob-004.png").unlink()
    ended = command(run, "--loss", "ce", "--data", own_photos, "--out", tmp_path, "--size", "16")
    assert ended.status == 2
    assert f"`python -m experiments.check --data {own_photos}` names all" in ended.error


def test_a_folder_without_photos_is_one_line(command, tmp_path):
    ended = command(check, "--data", tmp_path)
    assert ended.status == 2
    assert "has no oxford-iiit-pet/ folder: pass --data DIR" in ended.error


def test_it_is_not_its_own_remedy(command, own_photos):
    (own_photos / "masks").rename(own_photos / "labels")
    ended = command(check, "--data", own_photos)
    assert (ended.status, ended.error) == (2, f"error: {own_photos / 'masks'} is missing")


def test_what_is_said_of_the_dataset_is_not_measured_on_ones_own_photos(command, own_photos, tmp_path):
    ended = command(measure, "outline-width", "--data", own_photos, "--out", tmp_path / "table.csv")
    assert ended.status == 2 and "holds one's own photos, measurements are of the dataset's" in ended.error
    assert not (tmp_path / "table.csv").exists()


def test_a_report_is_on_the_datasets_photos(command, own_photos, tmp_path, narrow):
    pytest.importorskip("matplotlib")
    typed = ["--loss", "ce", "--size", "16", "--epochs", "1", "--data", own_photos, "--out", tmp_path / "runs"]
    ended = command(run, *typed)
    assert ended.status == 0
    assert f"--runs {tmp_path / 'runs'} --data {own_photos}`" in ended.out.replace("\n", " ")
    ended = command(report, "--runs", tmp_path / "runs", "--out", tmp_path)
    assert ended.status == 2 and "photos of one's own, and a report is on the dataset's" in ended.error
    assert not (tmp_path / "RESULTS.md").exists()


def test_pairs_that_are_left_out_are_counted(command, own_photos, tmp_path, narrow):
    for number in (1, 2):
        (own_photos / "masks" / f"blob-00{number}.png").unlink()
    typed = ["--loss", "ce", "--size", "16", "--epochs", "1", "--data", own_photos, "--out", tmp_path, "--skip-bad"]
    ended = command(run, *typed)
    assert ended.status == 0 and "left out: 2 pairs that cannot be used" in ended.told

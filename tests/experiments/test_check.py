"""`python -m experiments.check` names all that is wrong at once, and says so by its status."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from experiments import check, run

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


def test_training_says_where_all_is_named(command, own_photos, tmp_path):
    (own_photos / "masks" / "blob-004.png").unlink()
    ended = command(run, "--loss", "ce", "--data", own_photos, "--out", tmp_path, "--size", "16")
    assert ended.status == 2
    assert f"`python -m experiments.check --data {own_photos}` names all" in ended.error


def test_a_folder_without_photos_is_one_line(command, tmp_path):
    ended = command(check, "--data", tmp_path)
    assert ended.status == 2
    assert "has no oxford-iiit-pet/ folder: pass --data DIR" in ended.error

"""README's lines for the shell, typed as they stand there."""

import csv
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seg.inference import Segmenter
from seg.pets import photo_path

PROJECT = Path(__file__).parents[3]
RESULTS = PROJECT / "experiments" / "results"
SECTION = re.search(r"^## From the shell\n(.*?)^## ", (PROJECT / "README.md").read_text(), re.MULTILINE | re.DOTALL)[1]
LINES = re.search(r"^```\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)[1].splitlines()


@pytest.fixture(scope="module")
def typed(script, tiny_pets, tmp_path_factory) -> tuple[Path, list[str]]:
    """The folder in which the lines were typed, one after another, and what each printed."""
    folder = tmp_path_factory.mktemp("typed")
    (folder / "photos" / "far").mkdir(parents=True)
    for source, name in (("pug_1", "cat.jpg"), ("pug_2", "photos/pug.jpg"), ("beagle_47", "photos/far/pug.jpg")):
        shutil.copy(photo_path(tiny_pets, source), folder / name)
    variables = {"PYTHONPATH": str(PROJECT), "PATH": f"{script.parent}{os.pathsep}{os.environ['PATH']}"}
    told = []
    for line in LINES:
        ended = subprocess.run(
            line, shell=True, cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True
        )
        assert ended.returncode == 0, f"{line}\n{ended.stderr}"
        told.append(ended.stdout)
    return folder, told


def rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_the_first_lists_all_commands(typed):
    assert re.findall(r"^  (app|run|segment|compare) ", typed[1][0], re.MULTILINE) == [
        "app",
        "compare",
        "run",
        "segment",
    ]


def test_the_second_writes_the_files_that_its_remark_names(typed):
    mask, listing = re.findall(r"segments/\S+\.(?:png|csv)", LINES[1])
    with Image.open(typed[0] / "cat.jpg") as photo:
        wanted = Segmenter.load(RESULTS / "ce-s0" / "model.safetensors").predict(photo).mask
    np.testing.assert_array_equal(np.asarray(Image.open(typed[0] / mask)), wanted)
    (row,) = rows(typed[0] / listing)
    assert float(row["pet"]) == pytest.approx((wanted == 0).mean(), abs=1e-6)


def test_the_third_does_so_for_a_folder_and_two_networks_at_another_threshold(typed):
    seen = typed[0] / "seen"
    names = {f"{folder}pug-{run}-border+0.4" for folder in ("", "far/") for run in ("ce-s0", "focal-s0")}
    pictures = {path.relative_to(seen).as_posix() for path in seen.rglob("*.png")}
    assert pictures == {f"{name}-{kind}.png" for name in names for kind in ("overlay", "cutout")}
    assert {row["file"] for row in rows(seen / "segments.csv")} == {f"{name}-overlay.png" for name in names}


def test_what_it_says_of_modules_is_so(borderline):
    module = re.search(r"`borderline run` is `python -m (\S+)`", SECTION)[1]
    ended = borderline("run", "--help")
    assert module == "experiments.run"
    assert "--loss" in ended.stdout

"""What the page's scripts compute, tested by Node's own test runner."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from seg.losses import LOSSES

FOLDER = Path(__file__).parent
PROJECT = FOLDER.parents[1]
OLDEST = 18


@pytest.fixture(scope="module")
def node() -> str:
    path = shutil.which("node")
    if path is None:
        pytest.skip("no Node on this machine")
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    if int(re.match(r"v(\d+)", said)[1]) < OLDEST:
        pytest.skip(f"Node {said.strip()} is too old: {OLDEST} is needed")
    return path


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.test.js")), ids=lambda file: file.name.removesuffix(".test.js"))
def test_by_node(node, file):
    ended = subprocess.run([node, "--test", file], cwd=PROJECT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_legend_has_a_shape_for_every_loss(node):
    told = (
        'import("./demo/figures/js/legend.js").then(({ SHAPES }) => console.log(JSON.stringify(Object.keys(SHAPES))))'
    )
    ended = subprocess.run([node, "--eval", told], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert {entry.marker for entry in LOSSES.values()} <= set(json.loads(ended.stdout))

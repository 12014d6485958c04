"""What the page's scripts compute, tested by Node's own test runner."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.labelled import Labelled
from demo.stage.answer import pane_of
from demo.stage.pane import shrink
from demo.stage.photos import offered_photos, shown_photo
from experiments.cli.command_line import RESULTS
from seg.inference import Segmenter, SmallPrediction
from seg.losses import LOSSES
from seg.pets import BORDER

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


def test_the_browser_paints_the_servers_own_mask(node, tmp_path):
    """A shipped network's answer for a sample photo, decoded as the page does, at several thresholds."""
    photo = next(iter(offered_photos(Labelled(tmp_path)).values()))
    shown, _ = shown_photo(photo)
    with Image.open(photo.path) as image:
        prediction = Segmenter.load(RESULTS / "ce-s0" / "model.safetensors").predict(image)
    value = pane_of(SmallPrediction(prediction.probabilities, image.size), shown.shown, None).as_value()
    shifts = [-1.5, -0.4, 0, 0.4, 1.5]
    told = f"""
        import {{ classTable, readPane }} from "./demo/stage/js/planes.js";
        const {{ whole }} = await readPane({json.dumps(value)}, {json.dumps(shown.shown)});
        for (const shift of {shifts}) {{
            const table = classTable(shift);
            process.stdout.write(Uint8Array.from(whole.pixels, (place) => table[place]));
        }}"""
    script = tmp_path / "decode.mjs"
    script.write_text(told.replace('"./demo', f'"{PROJECT.as_uri()}/demo'))
    ended = subprocess.run([node, script], cwd=PROJECT, capture_output=True, check=True)
    width, height = shown.shown
    painted = np.frombuffer(ended.stdout, np.uint8).reshape(len(shifts), height, width)
    for shift, classes in zip(shifts, painted, strict=True):
        logits = np.log(np.maximum(prediction.probabilities.astype(np.float64), 1e-300))
        logits[BORDER] += shift
        mask = prediction.mask if shift == 0 else logits.argmax(axis=0)
        agreeing = (classes == shrink(mask.astype(np.uint8), shown.shown)).mean()
        assert agreeing == 1 if shift == 0 else agreeing >= 0.999

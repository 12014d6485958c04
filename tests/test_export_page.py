"""`docs/export.md` is done as it stands, in a folder that holds a photo and nothing else."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.store.probe import sample_photos
from seg.inference import Segmenter

PROJECT = Path(__file__).parents[1]
PAGE = (PROJECT / "docs" / "export.md").read_text()
(COMMAND,) = re.findall(r"```bash\n(.*)\n```", PAGE)
(CODE,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def run(*command: str, folder: Path) -> str:
    # of this environment, whose packages may lie in several folders
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(PROJECT), *filter(None, sys.path)])}
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    return ended.stdout


@pytest.mark.long
def test_the_page_segments_a_photo_as_the_project_does(tmp_path):
    for package in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(package, reason="pip install -r requirements-export.txt")
    with Image.open(sample_photos()["chelsea"]) as photo:
        photo.save(tmp_path / "cat.jpg", quality=95)
    python, *options = COMMAND.split()
    assert python == "python"
    told = run(sys.executable, *options, folder=tmp_path)
    assert "Tried under ONNX Runtime" in told
    size = re.search(r"`ce-s0\.onnx` of (\d+) MB", PAGE)
    assert int(size[1]) == round((tmp_path / "ce-s0.onnx").stat().st_size / 1e6)

    without_torch = "import sys; sys.modules.update(torch=None, seg=None, experiments=None)\n"
    run(sys.executable, "-c", without_torch + CODE, folder=tmp_path)
    segmenter = Segmenter.load(PROJECT / "experiments" / "results" / "ce-s0" / "model.safetensors", precision="fp32")
    with Image.open(tmp_path / "cat.jpg") as photo, Image.open(tmp_path / "mask.png") as mask:
        expected, found = segmenter.predict(photo).mask, np.asarray(mask)
    assert found.shape == expected.shape
    assert (found == expected).mean() >= 0.999  # Pillow enlarges with other roundings


def test_the_page_names_what_the_command_has():
    assert (PROJECT / "experiments" / f"{COMMAND.split()[2].rpartition('.')[2]}.py").is_file()
    assert (PROJECT / re.search(r"pip install -r (\S+)`", PAGE)[1]).is_file()

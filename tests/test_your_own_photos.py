"""`docs/your-own-photos.md` is done as it stands, from its first line to its last, in an empty folder."""

import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pandas as pd
import pytest

PROJECT = Path(__file__).parents[1]
PAGE = (PROJECT / "docs" / "your-own-photos.md").read_text()
COMMANDS = [line for block in re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """`shell(line)` starts a line of the page in a folder that was empty before the first, as a person's shell does."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(sys.executable)
    (folder / "here").mkdir()
    environment = {
        **os.environ,
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        # of an environment, not of what the link to its Python leads to
        "PYTHONPATH": os.pathsep.join([str(PROJECT), *filter(None, sys.path)]),
        "BORDERLINE_CACHE": str(folder / "cache"),
    }

    def start(line: str) -> subprocess.Popen:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(line, shell=True, cwd=folder / "here", env=environment, **pipes)

    start.folder = folder / "here"
    return start


@pytest.mark.long
def test_every_line_does_what_the_page_says(shell, free_port):
    *lines, last = COMMANDS
    said = {}
    for line in lines:
        process = shell(line)
        said[line], _ = process.communicate(timeout=500)
        assert process.returncode == 0, f"{line}\n{said[line]}"

    assert "own: 60 photos, nothing is wrong" in said["python -m experiments.check --data own"]
    for run in ("ce-s0", "focal-s0"):
        images = pd.read_csv(shell.folder / "runs" / run / "images.csv")
        assert len(images) == 12  # a fifth of sixty
    compared = said["python -m experiments.compare --runs runs"]
    assert "95 % interval" in compared and "over 12 photos" in compared
    assert len(re.findall(r"blob-\d+", said["python -m experiments.compare --runs runs --hardest 3"])) == 3
    theirs = next(text for line, text in said.items() if line.endswith("theirs --runs runs --data own"))
    # the first run's own masks, but for what half precision and another size round
    scores = theirs.partition("\nScores\n")[2].partition("\nIn per cent")[0]
    rows = {line.split()[0]: line.split() for line in scores.splitlines() if line.strip()}
    pixel_accuracies = [float(rows["ce"][3]), float(rows["theirs"][3])]
    assert pixel_accuracies[0] == pytest.approx(pixel_accuracies[1], abs=2)

    assert last == "python app.py --runs runs --data own"
    port = free_port()
    app = shell(f"exec {last.replace('app.py', str(PROJECT / 'app.py'))} --port {port}")
    try:
        for _ in range(240):
            assert app.poll() is None, app.stdout.read()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=5) as page:
                    assert b"Borderline" in page.read()
                    break
            except OSError:
                time.sleep(0.5)
        else:
            pytest.fail("the app did not answer within two minutes")
    finally:
        app.terminate()
        app.wait(timeout=30)


def test_the_page_names_no_command_that_there_is_not():
    named = set(re.findall(r"python -m experiments\.(\w+)", PAGE))
    assert named and all((PROJECT / "experiments" / f"{name}.py").is_file() for name in named)

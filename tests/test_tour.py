"""The tour leads where it says: its code stands in the project, its commands run, its figures are there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
TOUR = PROJECT / "docs" / "tour.md"
STOPS = {stop.partition("\n")[0]: stop for stop in TOUR.read_text().split("\n## ")[1:]}
CODE = re.compile(r"In `([\w/.]+)`:\n\n```python\n(.*?)```", re.DOTALL)
COMMANDS = re.compile(r"```bash\n(.*?)```", re.DOTALL)
FIGURES = re.compile(r"!\[[^]]+\]\(([^)]+)\)")


def test_each_stop_but_the_last_has_its_code_and_a_command():
    *stops, last = STOPS.values()
    assert len(stops) == 7
    assert all(CODE.search(stop) and COMMANDS.search(stop) for stop in stops)
    assert "python app.py" in last


@pytest.mark.parametrize("title", STOPS)
def test_code_and_figures_stand_where_the_tour_says(title):
    for file, code in CODE.findall(STOPS[title]):
        assert code in (PROJECT / file).read_text()
    for figure in FIGURES.findall(STOPS[title]):
        assert (TOUR.parent / figure).is_file()


@pytest.mark.long
def test_the_commands_run_in_their_order(tiny_pets, tmp_path):
    """In a folder of their own, as the tour has them; its `data` is a drawn dataset."""
    (tmp_path / "data").symlink_to(tiny_pets)
    told = {}
    for title, stop in STOPS.items():
        for command in (line for block in COMMANDS.findall(stop) for line in block.splitlines()):
            ended = subprocess.run(
                command.replace("python ", f"{sys.executable} ", 1),
                shell=True,
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(PROJECT), "BORDERLINE_CACHE": str(tmp_path / "cache")},
                capture_output=True,
                text=True,
            )
            assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"
            told[title] = told.get(title, "") + ended.stdout
    first, trained, scored, hardest, *_ = told.values()
    assert first.strip() == "15274892"
    assert (tmp_path / "runs" / "ce-s0" / "epochs.csv").is_file()
    assert "finished" in trained
    assert "border F1" in scored
    assert len(re.findall(r"\w+_\d+", hardest)) >= 5

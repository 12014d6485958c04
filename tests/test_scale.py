"""`docs/scale.md` is done as it stands, on a drawn dataset, tiny grids in the place of the shipped, and no cluster."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from experiments.store.runs import read_run

PROJECT = Path(__file__).parents[1]
PAGE = (PROJECT / "docs" / "scale.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
(ARRAY,) = (block for block in BLOCKS if block.startswith("#!"))
COMMANDS = [line for block in BLOCKS if block != ARRAY for line in block.splitlines()]
# One run in several processes: begun, and gone on with
(TORCHRUN, RESUMED) = (line for line in COMMANDS if line.startswith("torchrun"))
COMMANDS = [line for line in COMMANDS if line not in (TORCHRUN, RESUMED)]
# Files of these names go before the shipped grids
GRIDS = {
    "gpu": 'runs = [{ name = "a", loss = "ce" }]',
    "cpu": 'runs = [{ name = "b", loss = "ce" }, { name = "c", loss = "focal" }]',
    "holdout": 'runs = [{ name = "d", loss = "ce", holdout = true }]',
}
DEFAULTS = "[defaults]\nsize = 16\nbatch-size = 6\nepochs = 1\n"
# What a cluster does with it: each of the array's tasks, here one after the other
SBATCH = """#!/bin/bash
for task in $(seq "${1#--array=1-}"); do
  SLURM_ARRAY_TASK_ID=$task SLURM_CPUS_PER_TASK=1 bash "$2" || exit
done
"""


@pytest.fixture
def shell(tmp_path, tiny_pets, narrow_processes) -> SimpleNamespace:
    """A person's shell in a folder that holds `data`, the grids and `array.sh`; `sbatch` is a stand-in."""
    here, programs = tmp_path / "here", tmp_path / "bin"
    here.mkdir()
    programs.mkdir()
    (programs / "python").symlink_to(sys.executable)
    (programs / "sbatch").write_text(SBATCH)
    (programs / "sbatch").chmod(0o755)
    (here / "data").symlink_to(tiny_pets)
    (here / "array.sh").write_text(ARRAY)
    for name, runs in GRIDS.items():
        (here / name).write_text(f"{runs}\n{DEFAULTS}")
    environment = os.environ | {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        # of an environment, not of what the link to its Python leads to
        "PYTHONPATH": os.pathsep.join([narrow_processes["PYTHONPATH"], *filter(None, sys.path)]),
    }

    def run(line: str) -> str:
        ended = subprocess.run(line, shell=True, cwd=here, env=environment, capture_output=True, text=True)
        assert ended.returncode == 0, f"{line}\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout

    return SimpleNamespace(here=here, run=run, environment=environment)


def finished(here: Path) -> set[str]:
    """The names of all runs that are there, each of which is finished."""
    runs = [read_run(path.parent) for path in (here / "runs").rglob("run.json")]
    assert {run.status for run in runs} <= {"finished"}
    return {run.name for run in runs}


@pytest.mark.long
def test_every_command_does_what_the_page_says(shell):
    trained = {}
    for line in COMMANDS:
        if "xargs" in line:  # in the place of the cluster, not after it
            shutil.rmtree(shell.here / "runs" / "holdout")
        before = finished(shell.here)
        shell.run(line)
        trained[line] = finished(shell.here) - before
    assert list(trained.values()) == [
        {"focal-s0"},
        {"a-s0"},
        {"b-s0", "c-s0"},
        set(),
        {"d-s0"},
        {"d-s0"},
        {"ce-s0"},
    ]


@pytest.mark.long
def test_several_processes_train_a_run_and_go_on_with_it(shell):
    (shell.here.parent / "bin" / "torchrun").write_text(
        f'#!/bin/bash\nexec {sys.executable} -m torch.distributed.run "$@"\n'
    )
    (shell.here.parent / "bin" / "torchrun").chmod(0o755)
    small = " --size 16 --epochs 2 --precision fp32 --device cpu"
    killed = {"KILLED_IN_BATCH": "2", "KILLED_RANK": "1"}
    ended = subprocess.run(TORCHRUN + small, shell=True, cwd=shell.here, env=shell.environment | killed, check=False)
    assert ended.returncode == 1
    assert read_run(shell.here / "runs" / "focal-s0").status == "failed"
    shell.run(RESUMED)
    assert finished(shell.here) == {"focal-s0"}


@pytest.mark.long
def test_a_job_whose_time_is_over_saves_its_run(shell):
    grid = shell.here / "holdout"
    grid.write_text(grid.read_text().replace("epochs = 1", "epochs = 3"))
    print_commands = next(line for line in COMMANDS if "--print-commands" in line)
    shell.run(print_commands)
    task = {"SLURM_ARRAY_TASK_ID": "1", "SLURM_CPUS_PER_TASK": "1", "SECONDS_A_BATCH": "0.5"}
    job = subprocess.Popen(["bash", "array.sh"], cwd=shell.here, env=shell.environment | task)
    folder = shell.here / "runs" / "holdout" / "d-s0"
    deadline = time.monotonic() + 60
    while not (folder / "state.safetensors").exists():
        assert job.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    job.send_signal(signal.SIGTERM)
    assert job.wait(timeout=60) == 130
    assert read_run(folder).status == "interrupted"

    shell.run(print_commands)
    assert "--resume=" in (shell.here / "commands.txt").read_text()
    shell.run(next(line for line in COMMANDS if line.startswith("sbatch")))
    assert finished(shell.here) == {"d-s0"}


def test_the_script_for_slurm_is_one(tmp_path):
    (tmp_path / "array.sh").write_text(ARRAY)
    subprocess.run(["bash", "-n", "array.sh"], cwd=tmp_path, check=True)
    directives, _, body = ARRAY.partition("\n\n")
    assert all(line.startswith("#SBATCH --") for line in directives.splitlines()[1:])
    assert "#SBATCH" not in body  # Slurm reads none after the first command
    assert all("array.sh" not in line or line.startswith("sbatch ") for line in COMMANDS)


def test_the_page_names_no_option_that_there_is_not():
    said = {}
    for command in ("run", "sweep"):
        asked = [sys.executable, "-m", "experiments." + command, "--help"]
        said[command] = set(
            re.findall(r"--[a-z-]+", subprocess.run(asked, cwd=PROJECT, capture_output=True, text=True).stdout)
        )
    lines = re.findall(r"-m experiments\.(\w+) (.*)", PAGE)
    assert {command for command, _ in lines} == {"run", "sweep"}
    for command, options in lines:
        assert set(re.findall(r"(?<!\S)--[a-z-]+", options)) <= said[command]
    in_text = re.findall(r"`(--[a-z-]+)[^`]*`", PAGE)
    assert set(in_text) <= said["sweep"] | said["run"]
    assert "--print-commands" in in_text

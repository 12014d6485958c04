"""The commit that a run records is that of the code which trained it."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

from experiments import run
from experiments.store.runs import read_run
from experiments.training import begin
from experiments.training.environment import commit
from seg.labelled import workers
from tests.conftest import NARROW

PROJECT = Path(__file__).parents[3]

COMMITS = """
import sys
from pathlib import Path
import torch
from experiments.training.environment import environment

for name in ("README.md", "experiments/comparison/answer/verdict.py", "seg/losses.py"):
    path = Path(name)
    text = path.read_text()
    path.write_text(text + "# changed\\n")
    print(environment(torch.device("cpu"), "fp32")["commit"])
    path.write_text(text)
print(environment(torch.device("cpu"), "fp32")["commit"])
"""


def test_the_commit_is_recorded_and_whether_the_code_differs_from_it(tmp_path):
    for folder in ("seg", "experiments"):
        left_out = shutil.ignore_patterns("__pycache__", "results", "holdout")
        shutil.copytree(PROJECT / folder, tmp_path / folder, ignore=left_out)
    (tmp_path / "README.md").write_text("A copy.\n")
    git = ["git", "-C", tmp_path, "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "A copy"]):
        subprocess.run([*git, *words], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    told = subprocess.run([sys.executable, "-c", COMMITS], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert told.stdout.split() == [head, f"{head}+changes", f"{head}+changes", head]


def test_code_that_is_installed_inside_another_checkout_has_no_commit(tmp_path):
    for folder in ("seg", "experiments"):
        left_out = shutil.ignore_patterns("__pycache__", "results", "holdout")
        shutil.copytree(PROJECT / folder, tmp_path / "site-packages" / folder, ignore=left_out)
    (tmp_path / "theirs.py").write_text("")
    git = ["git", "-C", tmp_path, "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "theirs.py"], ["commit", "-qm", "Another project"]):
        subprocess.run([*git, *words], check=True)
    asked = "import torch; from experiments.training.environment import environment as e; "
    asked += "print(e(torch.device('cpu'), 'fp32')['commit'])"
    command = [sys.executable, "-c", asked]
    told = subprocess.run(command, cwd=tmp_path / "site-packages", capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "None"


def test_a_copy_that_another_project_has_committed_has_no_commit(tmp_path):
    for folder in ("seg", "experiments"):
        left_out = shutil.ignore_patterns("__pycache__", "results", "holdout")
        shutil.copytree(PROJECT / folder, tmp_path / "vendor" / folder, ignore=left_out)
    git = ["git", "-C", tmp_path, "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "Another project"]):
        subprocess.run([*git, *words], check=True)
    asked = [sys.executable, "-c", "from experiments.training.environment import commit; print(commit())"]
    told = subprocess.run(asked, cwd=tmp_path / "vendor", capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "None"


def test_the_commit_is_the_project_s_whatever_repository_the_environment_names(tmp_path, monkeypatch):
    expected = commit()
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for name, value in (("GIT_DIR", tmp_path / ".git"), ("GIT_WORK_TREE", tmp_path), ("GIT_INDEX_FILE", "nowhere")):
        monkeypatch.setenv(name, str(value))
    assert commit() == expected


# ---- the cores that a process may use


def one_core() -> None:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux keeps a process to some cores")
def test_a_process_that_is_kept_to_one_core_counts_one():
    asked = [sys.executable, "-c", "from seg.labelled.workers import usable_cores; print(usable_cores())"]
    told = subprocess.run(asked, cwd=PROJECT, capture_output=True, text=True, check=True, preexec_fn=one_core)
    assert told.stdout.strip() == "1"


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, 64),
        ({"cpu.max": "max 100000\n"}, 64),
        ({"cpu.max": "200000 100000\n"}, 2),
        ({"cpu.max": "150000 100000\n"}, 2),
        ({"cpu.max": "10000 100000\n"}, 1),
        ({"cpu.max": "9900000 100000\n"}, 64),
        ({"cpu.max": "nonsense"}, 64),
        ({"cpu.max": "100000 0"}, 64),
        ({"cpu.cfs_quota_us": "300000\n", "cpu.cfs_period_us": "100000\n"}, 3),
        ({"cpu.cfs_quota_us": "-1\n", "cpu.cfs_period_us": "100000\n"}, 64),
    ],
)
def test_a_container_s_share_of_the_cores_is_counted(tmp_path, monkeypatch, files, cores):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(workers, "_QUOTA", str(tmp_path / "cpu.max"))
    monkeypatch.setattr(workers, "_QUOTA_BEFORE", str(tmp_path / "cpu.cfs_{}_us"))
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(64)))
    assert workers.usable_cores() == cores


def test_elsewhere_the_machine_s_cores_are_counted(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    monkeypatch.setattr(workers, "_quota", lambda: None)
    assert workers.usable_cores() == 3
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert workers.usable_cores() == 1


@pytest.mark.parametrize(("said", "threads"), [(None, 1), ("5", 5)])
def test_a_run_computes_with_no_more_threads_than_that_unless_it_is_told(
    tiny_pets, tmp_path, monkeypatch, said, threads
):
    """64 cores, of which a container has one."""
    monkeypatch.setattr(begin, "usable_cores", lambda: 1)
    monkeypatch.delenv("OMP_NUM_THREADS")
    if said:
        monkeypatch.setenv("OMP_NUM_THREADS", said)
    monkeypatch.setattr("seg.networks.segnet.STAGES", NARROW)
    torch.set_num_threads(5)
    try:
        options = ["--loss", "ce", "--size", "16", "--epochs", "1", "--device", "cpu", "--out", tmp_path]
        assert run.main([str(each) for each in [*options, "--data", tiny_pets]]) == 0
    finally:
        torch.set_num_threads(1)
    assert read_run(tmp_path / "ce-s0").info["environment"]["threads"] == threads


def test_threads_make_everything_in_its_order_or_nobody_does(monkeypatch):
    def square(number: int) -> int:
        return number**2

    assert list(workers.in_threads(square, range(50))) == [number**2 for number in range(50)]
    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert list(workers.in_threads(square, iter(range(50)))) == [number**2 for number in range(50)]


def refuse(thread: object) -> None:
    raise RuntimeError("can't start new thread")

"""The commit that a run records is that of the code which trained it."""

import shutil
import subprocess
import sys
from pathlib import Path

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

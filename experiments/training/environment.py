"""What `run.json` records of where and with what a run is trained: machine, versions, commit."""

import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import torch

from experiments.store.environment import processor, processor_and_threads
from experiments.store.runs import Run

PACKAGES = ("torch", "torchvision", "numpy", "focal-loss-torch", "safetensors")


def environment(device: torch.device, precision: str, ranks: int = 1) -> dict:
    """Where and with what a run is trained, as `run.json` records it.

    Args:
        ranks: how many processes train it together.
    """
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else processor()
    return {
        "device": device.type,
        "device_name": name,
        "threads": torch.get_num_threads(),
        **({"processes": ranks} if ranks > 1 else {}),
        "precision": precision,
        "commit": commit(),
        "python": platform.python_version(),
        "system": platform.system(),
        "packages": {package: version(package) for package in PACKAGES},
    }


def note_differences(run: Run, now: dict) -> None:
    """Say in one line in what the run goes on otherwise than it was begun: the same seed then rounds otherwise."""
    before, after = (_circumstances(each) for each in (run.environment, now))
    changed = [f"{name} {before[name]}, now {after[name]}" for name in before if before[name] != after.get(name)]
    if changed:
        print(
            f"note: {run.name} was begun with {'; '.join(changed)}: it will not be bit for bit what it would have been",
            file=sys.stderr,
        )


def _circumstances(environment: dict) -> dict[str, str]:
    """What an environment of `run.json` says of all that rounding depends on, where it says it."""
    device, threads = processor_and_threads(environment)
    said = {"precision": environment.get("precision"), "device": device, "threads": threads}
    said |= {"processes": environment.get("processes", 1)}
    packages = environment.get("packages")
    said |= packages if isinstance(packages, dict) else {}
    return {name: str(value) for name, value in said.items() if value is not None}


def commit() -> str | None:
    """The project's commit, with `+changes` where the code differs from it; None outside a checkout.

    An installed package, or a copy, may lie inside the checkout of something else, whose commit says nothing of it.
    """
    project = Path(__file__).parents[2]
    # in a hook these name the repository that the hook is of
    asked = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(project), *arguments], capture_output=True, encoding="utf-8", check=True, env=asked
        ).stdout.strip()

    try:
        git("ls-files", "--error-unmatch", __file__)
        if git("rev-parse", "--show-prefix"):  # a folder in the repository of something else
            return None
        changed = git("status", "--porcelain", "--untracked-files=no", "--", "seg", "experiments/*.py")
        return git("rev-parse", "HEAD") + ("+changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return None

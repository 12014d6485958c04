"""The command `borderline` without an installation: the script that pip would write, before this checkout."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
SCRIPT = f"""#!{sys.executable}
import sys
from demo.command import main
if __name__ == "__main__":
    sys.exit(main())
"""


@pytest.fixture(scope="session")
def script(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("bin") / "borderline"
    path.write_text(SCRIPT)
    path.chmod(0o755)
    return path


@pytest.fixture
def borderline(script, tmp_path) -> Callable[..., subprocess.CompletedProcess]:
    """`borderline("run", "--help")`: what that process leaves, begun in a folder that is not the project's."""

    def start(*options: object, project: Path = PROJECT, **variables: str) -> subprocess.CompletedProcess:
        command = [sys.executable, script, *map(str, options)]
        environment = {**os.environ, "PYTHONPATH": str(project), "COLUMNS": "120", **variables}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)

    return start

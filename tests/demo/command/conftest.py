"""The command `borderline` without an installation, the script that pip would write; and the app on odd machines."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
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


@dataclass
class App:
    """The app as a process, and all that it has printed so far."""

    process: subprocess.Popen
    url: str
    log: Path

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def answers(self, path: str = "/", **headers: str) -> httpx.Response:
        return httpx.get(self.url + path, headers=headers, timeout=30, trust_env=False)

    def end(self, number: int) -> tuple[int, float]:
        """Its status, and the seconds that it took to end."""
        asked = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(30), time.monotonic() - asked


@pytest.fixture
def start_app(free_port, tiny_runs, tmp_path) -> Iterator[Callable[..., App]]:
    """`start_app("--mcp", variables={"LC_ALL": "C"})` starts the app so, and waits until it answers.

    Its settings: `host` as it stands in an address, `port`, which is passed as an option unless it is given, a variable
    of None for one that is to be missing, `before`, the start of the command, and `folder`, where it is begun.
    """
    apps = []

    def start(
        *options: object,
        variables: Mapping[str, str | None] = {},
        host: str = "127.0.0.1",
        port: int | None = None,
        before: Sequence[object] = (),
        folder: Path = PROJECT,
    ) -> App:
        where = () if port else ("--port", port := free_port())
        command = [*before, sys.executable, PROJECT / "app.py", *where, "--runs", tiny_runs, "--no-fetch", *options]
        changed = os.environ | {"TMPDIR": str(tmp_path), "GRADIO_TEMP_DIR": None} | variables
        environment = {name: value for name, value in changed.items() if value is not None}
        log = tmp_path / f"said-{len(apps)}"
        with log.open("wb") as said:
            process = subprocess.Popen(list(map(str, command)), cwd=folder, env=environment, stdout=said, stderr=said)
        app = App(process, f"http://{host}:{port}", log)
        apps.append(app)
        for _ in range(240):
            assert process.poll() is None, app.said()
            try:
                app.answers()
                return app
            except httpx.TransportError:
                time.sleep(0.25)
        pytest.fail("the app did not answer within a minute")

    yield start
    for app in apps:
        app.process.kill()
        app.process.wait()

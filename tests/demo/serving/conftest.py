"""The real app over runs of which some are links, with a folder of its own for temporary files."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import httpx
import pytest


class Served:
    """The app: a client of it, where its files are, and what it has printed."""

    def __init__(self, url: str, process: subprocess.Popen, files: Path) -> None:
        self.client = httpx.Client(base_url=url, timeout=60)
        self.url = url
        self.files = files
        self.process = process
        self.printed: list[str] = []
        Thread(target=lambda: self.printed.extend(process.stdout), daemon=True).start()

    def upload(self, content: bytes, name: str = "cat.png") -> Path:
        (path,) = self.client.post("/gradio_api/upload", files={"files": (name, content)}).raise_for_status().json()
        return Path(path)

    def post(self, path: str, body: object) -> httpx.Response:
        # ASCII, also of what is no text
        return self.client.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})

    def call(self, component: dict, function: str, data: object) -> httpx.Response:
        """What the page asks as `server.FUNCTION(data)`."""
        asked = {"data": data, "component_id": component["id"], "fn_name": function, "session_hash": "somebody"}
        return self.post("/gradio_api/component_server", asked)

    def components(self) -> Iterator[tuple[dict, str]]:
        """Each part of the page that asks something, and the name of what it asks."""
        for component in self.client.get("/config").json()["components"]:
            for function in component["props"].get("server_fns") or ():
                yield component, function

    def component(self, function: str) -> dict:
        return next(component for component, name in self.components() if name == function)

    def segment(self, photo: Path, run: str = "ce-s0") -> tuple[dict, dict]:
        """The mask's file and the report that `/segment` gives."""
        file = {"path": str(photo), "meta": {"_type": "gradio.FileData"}}
        answer = self.post("/gradio_api/run/segment", {"data": [file, run]})
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


@pytest.fixture(scope="module")
def linked_runs(tiny_runs, tmp_path_factory) -> Path:
    """`ce-s0` of files; `linked`, a link to a run; `stored`, each of whose files is a link to one without an ending.

    Beside what the page shows they have what it does not.
    """
    runs, aside = tmp_path_factory.mktemp("linked") / "runs", tmp_path_factory.mktemp("aside")
    shutil.copytree(tiny_runs / "ce-s0", runs / "ce-s0")
    shutil.copytree(tiny_runs / "focal-s0", aside / "focal-s0")
    (runs / "linked").symlink_to(aside / "focal-s0")
    for number, path in enumerate(path for path in (tiny_runs / "ce-s0").rglob("*") if path.is_file()):
        link = runs / "stored" / path.relative_to(tiny_runs / "ce-s0")
        link.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, aside / f"{number:064x}")
        link.symlink_to(aside / f"{number:064x}")
    for path in ("state.safetensors", ".env", "weights/epoch-001.safetensors", "wandb/debug.log", "epoch-001.png"):
        (runs / "ce-s0" / path).parent.mkdir(exist_ok=True)
        (runs / "ce-s0" / path).write_text("secret")
    (runs / ".env").write_text("secret")
    (runs / "ce-s0" / "predictions" / "epoch-099.png").symlink_to(runs / ".env")
    return runs


@pytest.fixture(scope="module")
def start_app(launch, free_port) -> Iterator[Callable[..., Served]]:
    """`start_app(runs, files, ...)` starts the real app, which keeps its temporary files in a folder of `files`."""

    def start(runs: Path, files: Path, *options: object) -> Served:
        port = free_port()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GRADIO_TEMP_DIR", str(files))
            process = launch(port, "--runs", runs, *options)
        return Served(f"http://127.0.0.1:{port}", process, files)

    yield start


@pytest.fixture(scope="module")
def app(start_app, linked_runs, tiny_pets, tmp_path_factory) -> Served:
    return start_app(linked_runs, tmp_path_factory.mktemp("files"), "--data", tiny_pets)

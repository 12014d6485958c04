"""A disk that is full refuses in a sentence, and is used again once there is room."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo.serving.test_served import png

SAID = "The disk of the machine that Borderline runs on is full: try again later."


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory) -> Iterator[Path]:
    """A disk of 4 MB."""
    folder = tmp_path_factory.mktemp("small-disk")
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "borderline-test", str(folder)]
    if os.name != "posix" or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("no disk of a limited size can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


@pytest.mark.long
def test_a_full_disk_is_told_and_heals_once_there_is_room(start_app, linked_runs, small_disk, tiny_pets):
    app = start_app(linked_runs, small_disk, "--data", tiny_pets)
    photo = app.upload(png())
    filling = small_disk / "filling"
    with pytest.raises(OSError, match="No space left"), open(filling, "wb", buffering=0) as file:
        while True:
            file.write(bytes(2**10))
    before = set(small_disk.rglob("*"))
    answer = app.client.post("/gradio_api/upload", files={"files": ("a.png", bytes(100_000))})
    assert (answer.status_code, answer.text) == (507, SAID)
    asked = {"path": str(photo), "meta": {"_type": "gradio.FileData"}}
    assert app.post("/gradio_api/run/segment", {"data": [asked, "ce-s0"]}).json()["error"] == SAID
    assert app.client.get("/").status_code == 200
    left = {path for path in set(small_disk.rglob("*")) - before if not path.name.startswith("tmp")}
    assert left == set()  # no half of anything; what Gradio forgets goes within a minute or two
    assert not [line for line in app.printed if "Traceback" in line]
    filling.unlink()
    assert app.upload(bytes(100_000)).stat().st_size == 100_000
    assert app.segment(photo)[1]["size"] == [40, 30]

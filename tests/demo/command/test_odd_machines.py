"""The app on machines that lack what others have: it starts, shows its signs as they are, segments, and ends."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from gradio_client import Client, handle_file

from demo.scripts import MODULES
from seg.pets import photo_path
from tests.demo.command.conftest import PROJECT, App

# A user whom the machine does not know, as in a container that was given a number
NOBODY = """
import pwd

def unknown(number):
    raise KeyError(number)

pwd.getpwuid = unknown
"""

# What a machine of another country takes text for where nobody says what it is
ANOTHER_COUNTRYS = """
import builtins, io, locale, os

ENCODING = os.environ["COUNTRYS_ENCODING"]
opened = io.open

def open_there(file, mode="r", buffering=-1, encoding=None, *rest, **named):
    if "b" not in mode and encoding in (None, "locale"):
        encoding = ENCODING
    return opened(file, mode, buffering, encoding, *rest, **named)

builtins.open = io.open = open_there
io.text_encoding = lambda encoding, stacklevel=2: encoding or ENCODING
locale.getencoding = lambda: ENCODING
locale.getpreferredencoding = lambda do_setlocale=True: ENCODING
"""


def works(app: App, pets: Path, folder: Path) -> None:
    """All signs arrive as they were written, and a photo is segmented; then it ends as it was asked to."""
    texts = app.answers("/config").text
    for sign in ("–", "×", "…"):
        assert sign in texts or sign.encode("unicode_escape").decode() in texts, f"{sign} is not on the page"
    assert not any(wrong in texts for wrong in ("Ã", "â€"))
    script = texts.split("scripts/")[1].partition("/")[0]
    for name in ("js/state.js", "stage/js/stage.js"):
        assert app.answers(f"/scripts/{script}/{name}").content == MODULES[name]
    client = Client(app.url, verbose=False, download_files=str(folder / "downloads"))
    mask, report = client.predict(handle_file(photo_path(pets, "pug_1")), "ce-s0", api_name="/segment")
    assert report["checkpoint"] == "ce-s0"
    assert Path(mask).stat().st_size > 0
    status, _ = app.end(signal.SIGTERM)
    assert status == 0, app.said()
    assert "Traceback" not in app.said()


def beside(folder: Path, code: str) -> dict[str, str]:
    """Variables with which a process runs this code before anything else."""
    (folder / "sitecustomize.py").write_text(code, encoding="utf-8")
    return {"PYTHONPATH": os.pathsep.join([str(folder), str(PROJECT)])}


def test_no_home_no_known_user_no_letter_beyond_ascii_and_another_folder(start_app, tiny_pets, tmp_path):
    plain = {"HOME": None, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    works(start_app(variables=plain | beside(tmp_path, NOBODY), folder=tmp_path), tiny_pets, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("encoding", ["cp932", "cp949", "gbk", "big5", "cp1252"])
def test_machines_of_other_countries(start_app, tiny_pets, tmp_path, encoding):
    variables = {"COUNTRYS_ENCODING": encoding, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    works(start_app(variables=variables | beside(tmp_path, ANOTHER_COUNTRYS)), tiny_pets, tmp_path)


# Everything is read-only but one folder, in a view of the disk that is this process's alone
READ_ONLY = 'mount --make-rprivate / && mount --bind "$0" "$0" && mount -o remount,ro,bind / && exec "$@"'


@pytest.mark.long
def test_a_disk_that_nobody_may_write_to_but_for_a_temporary_folder(start_app, tiny_pets, tmp_path):
    before = ["unshare", "--mount", "sh", "-c", READ_ONLY, tmp_path]
    probe = [*map(str, before), "sh", "-c", f"! touch {PROJECT}/app.py 2>/dev/null"]
    if shutil.which("unshare") is None or subprocess.run(probe, capture_output=True).returncode != 0:
        pytest.skip("this user may make no view of the disk of its own")
    works(start_app(before=before), tiny_pets, tmp_path)


def test_no_folder_for_temporary_files_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    for named in (tmp_path / "file", tmp_path / "file" / "below"):
        ended = subprocess.run(
            [sys.executable, "app.py"],
            cwd=PROJECT,
            env=os.environ | {"GRADIO_TEMP_DIR": str(named)},
            capture_output=True,
            encoding="utf-8",
        )
        assert ended.returncode == 2
        assert ended.stderr == (
            f"python app.py: GRADIO_TEMP_DIR: {named} is no folder that can be written to: set it to one\n"
        )

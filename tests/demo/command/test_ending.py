"""The app is asked to end while it serves: what is at work is answered, the status is 0, and 5 seconds are enough."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file

from seg.pets import photo_path
from tests.demo.command.conftest import PROJECT, App

# A network that takes its time, in the process that finds this, and says when it has begun
SLOW = """
import os, time
from pathlib import Path
from seg.inference import Segmenter

predict = Segmenter.predict_small

def predict_slowly(*arguments, **named):
    Path(os.environ["BEGUN"]).touch()
    time.sleep(float(os.environ["SECONDS_A_PHOTO"]))
    return predict(*arguments, **named)

Segmenter.predict_small = predict_slowly
"""


@pytest.fixture
def start(start_app, tmp_path) -> Callable[..., App]:
    """`start(seconds=3)` starts the app, whose networks take so long a photo."""

    def begin(seconds: float = 0, **settings) -> App:
        (tmp_path / "sitecustomize.py").write_text(SLOW)
        path = os.pathsep.join([str(tmp_path), str(PROJECT)])
        slow = {"PYTHONPATH": path, "SECONDS_A_PHOTO": str(seconds), "BEGUN": str(tmp_path / "begun")}
        return start_app(variables=slow, **settings)

    return begin


@pytest.fixture
def asking(tiny_pets, tmp_path) -> Callable[[App], list]:
    """`asking(app)` has a program ask for a mask, and returns once a network is at work, a list for the answer."""

    def ask(app: App) -> list:
        answers: list = []
        client = Client(app.url, verbose=False, download_files=str(tmp_path / "downloads"))

        def work() -> None:
            try:
                answers.append(
                    client.predict(handle_file(photo_path(tiny_pets, "pug_1")), "ce-s0", api_name="/segment")
                )
            except Exception as error:
                answers.append(error)

        threading.Thread(target=work, daemon=True).start()
        for _ in range(200):
            if (tmp_path / "begun").exists():
                return answers
            time.sleep(0.05)
        raise AssertionError("no network was asked")

    return ask


def test_what_is_at_work_is_answered_first(start, asking):
    app = start(seconds=1.5)
    # a page that is open, and hears that the app lives, holds nothing up
    with httpx.stream("GET", f"{app.url}/gradio_api/heartbeat/a-page", timeout=30):
        answers = asking(app)
        status, seconds = app.end(signal.SIGTERM)
    assert status == 0
    assert seconds < 5
    (mask, report), *_ = answers
    assert report["checkpoint"] == "ce-s0"
    assert Path(mask).stat().st_size > 0  # the file was still to be had


@pytest.mark.long
def test_work_without_an_end_is_cut_off(start, asking):
    app = start(seconds=60)
    asking(app)
    status, seconds = app.end(signal.SIGTERM)
    assert status == 0
    assert 3 < seconds < 7  # what it was given, and not more


@pytest.mark.long
@pytest.mark.parametrize("name", ["SIGINT", "SIGHUP"])
def test_other_ways_to_ask(start, name):
    status, seconds = start().end(getattr(signal, name))
    assert status == 0
    assert seconds < 2  # nothing was at work


@pytest.mark.long
def test_what_it_was_started_to_ignore_does_not_end_it(start):
    app = start(before=("nohup",))
    app.process.send_signal(signal.SIGHUP)
    time.sleep(1)
    assert httpx.get(app.url, timeout=30).status_code == 200
    assert app.end(signal.SIGTERM)[0] == 0

"""The app as a process: its options, and its API through gradio_client."""

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from seg.inference import Segmenter
from seg.pets import photo_path

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def runs(tmp_path_factory, tiny_runs) -> Path:
    """A folder of runs that tests add to."""
    return Path(shutil.copytree(tiny_runs, tmp_path_factory.mktemp("served") / "runs"))


@pytest.fixture(scope="module")
def client(serve, runs, tmp_path_factory) -> Client:
    return Client(serve("--runs", runs), verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))


def test_segment_returns_the_checkpoints_mask_of_the_photo_and_a_report(client, tiny_runs, tiny_pets):
    photo = photo_path(tiny_pets, "beagle_48")
    mask_path, report = client.predict(handle_file(photo), "ce-s0", api_name="/segment")
    with Image.open(mask_path) as mask, Image.open(photo) as original:
        assert mask.mode == "P"
        assert mask.size == original.size == tuple(report["size"])
        values = np.asarray(mask)
        expected = Segmenter.load(tiny_runs / "ce-s0" / "model.safetensors").predict(original).mask
    np.testing.assert_array_equal(values, expected)
    assert report["checkpoint"] == "ce-s0"
    assert sum(report["share"].values()) == pytest.approx(1)
    for value, name in enumerate(("pet", "background", "border")):
        assert report["share"][name] == pytest.approx((expected == value).mean())
    assert report["milliseconds"] > 0


def test_segment_with_an_unknown_checkpoint_says_which_there_are(client, tiny_pets):
    photo = photo_path(tiny_pets, "beagle_48")
    with pytest.raises(AppError, match="no checkpoint dice-s0: choose from ce-s0, focal-s0"):
        client.predict(handle_file(photo), "dice-s0", api_name="/segment")


def test_runs_lists_last_scores(client, tiny_runs):
    listed = {run["name"]: run for run in client.predict(api_name="/runs")}
    last = pd.read_csv(tiny_runs / "focal-s0" / "epochs.csv").iloc[-1]
    focal = listed["focal-s0"]
    assert (focal["loss"], focal["seed"], focal["epochs"], focal["status"]) == ("focal", 0, 3, "finished")
    assert focal["has_checkpoint"] is True
    for score in ("pixel_accuracy", "border_recall", "border_precision", "border_f1", "border_iou"):
        expected = None if pd.isna(last[score]) else pytest.approx(last[score])
        assert focal[score] == expected


def test_new_run_appears_and_a_broken_one_does_not_hide_the_others(client, runs):
    shutil.copytree(runs / "ce-s0", runs / "ce-again")
    (runs / "broken").mkdir()
    (runs / "broken" / "run.json").write_text(json.dumps({"status": "finished"}))
    assert {run["name"] for run in client.predict(api_name="/runs")} == {"ce-s0", "ce-again", "focal-s0"}


def test_only_the_three_endpoints_are_public(client):
    assert set(client.view_api(return_format="dict")["named_endpoints"]) == {"/segment", "/runs", "/compare"}


def test_page_of_the_api_has_examples_of_the_project(client):
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    photo, checkpoint = endpoints["/segment"]["parameters"]
    assert photo["example_input"]["path"] == "cat.jpg"
    assert checkpoint["example_input"] == "ce-s0"
    assert endpoints["/compare"]["parameters"][0]["example_input"] == "ce-s0, weighted-s0"


def test_compare_takes_names_of_runs_or_none_for_all(client):
    everything = client.predict("", api_name="/compare")
    assert everything["compared_with"] == "ce"
    # focal loss was trained for another number of epochs, so it is set apart
    assert everything["answer"][0].startswith("So far the question is open")
    assert everything["apart"] == ["focal-s0"]
    one = client.predict("focal-s0", api_name="/compare")
    assert {row["configuration"] for row in one["scores"]} == {"focal"}
    with pytest.raises(AppError, match="dice-s0"):
        client.predict("ce-s0, dice-s0", api_name="/compare")


def test_the_endpoint_compares_and_names_what_it_does_not_know(client, tiny_runs):
    content = client.predict("ce-s0", api_name="/compare")
    photos = pd.read_csv(tiny_runs / "ce-s0" / "images.csv")
    assert content["photos"] == len(photos)
    correct = photos[["pet_as_pet", "background_as_background", "border_as_border"]].to_numpy().sum()
    pixels = photos.filter(like="_as_").to_numpy().sum()
    row = next(r for r in content["scores"] if (r["configuration"], r["score"]) == ("ce", "pixel_accuracy"))
    assert row["mean"] == pytest.approx(correct / pixels)
    with pytest.raises(AppError, match=r"no scores of dice-s0: choose from .*ce-s0, focal-s0"):
        client.predict("dice-s0", api_name="/compare")


def test_curl_alone_gets_a_mask(client, tiny_pets, tmp_path):
    """As the page of the API says: a photo is sent, a call begun, and its answer read as it comes."""
    if shutil.which("curl") is None:
        pytest.skip("no curl on this machine")

    def curl(path: str, *options: object) -> str:
        line = ["curl", "--silent", "--fail", "--noproxy", "*", f"{client.src}gradio_api/{path}", *map(str, options)]
        return subprocess.run(line, capture_output=True, encoding="utf-8", check=True, timeout=60).stdout

    (sent,) = json.loads(curl("upload", "-F", f"files=@{photo_path(tiny_pets, 'pug_1')}"))
    asked = json.dumps({"data": [{"path": sent, "meta": {"_type": "gradio.FileData"}}, "ce-s0"]})
    event = json.loads(curl("call/segment", "-H", "Content-Type: application/json", "-d", asked))["event_id"]
    told = curl(f"call/segment/{event}")
    assert "event: complete" in told
    mask, report = json.loads(told.rpartition("data: ")[2])
    assert report["checkpoint"] == "ce-s0"
    curl(f"file={mask['path']}", "-o", tmp_path / "mask.png")
    with Image.open(tmp_path / "mask.png") as image:
        assert (image.mode, list(image.size)) == ("P", report["size"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--port", "http"], "http is not a port"),
        (["--port", "70000"], "70000 is not a port"),
        (["--runs", "nowhere"], "nowhere is not a folder"),
        (["--colour", "red"], "--colour"),
    ],
)
def test_bad_option_ends_with_one_line_and_status_2(options, said):
    ended = subprocess.run([sys.executable, "app.py", *options], cwd=PROJECT, capture_output=True, text=True)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_port_in_use_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = subprocess.run([sys.executable, "app.py", "--port", port], cwd=PROJECT, capture_output=True, text=True)
    assert ended.returncode == 2
    assert ended.stderr == f"python app.py: port {port} on 127.0.0.1 cannot be used: pass another --port\n"

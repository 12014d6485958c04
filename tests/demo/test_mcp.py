"""`python app.py --mcp` serves tools to agents; without the package it needs, it says which."""

import asyncio
import base64
import contextlib
import io
import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import numpy as np
import pandas as pd
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from jsonschema import Draft202012Validator
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult
from PIL import Image

from demo.agents import tools
from demo.agents.photo import received
from demo.agents.server import agents_server
from demo.catalogue import Catalogue
from seg import InputError
from seg.inference import Segmenter
from seg.pets import photo_path

PROJECT = Path(__file__).parents[2]
PATH = "/gradio_api/mcp/"


class Served:
    """The app over some runs: its address, and what it has printed."""

    def __init__(self, url: str, process: subprocess.Popen) -> None:
        self.url = url
        self.printed: list[str] = []
        Thread(target=lambda: self.printed.extend(process.stdout), daemon=True).start()

    def ask(self, question: Callable) -> object:
        """What `await question(session)` gives, of a client of the protocol that is connected to the app."""

        async def connected() -> object:
            streams = streamable_http_client(f"{self.url}{PATH}")
            async with streams as (read, write, _), ClientSession(read, write) as session:
                await session.initialize()
                return await question(session)

        # in a thread of its own: the browser's tests leave a loop running in this one
        with ThreadPoolExecutor() as thread:
            return thread.submit(lambda: asyncio.run(connected())).result()

    def call(self, tool: str, **arguments: object) -> CallToolResult:
        return self.ask(lambda session: session.call_tool(tool, arguments))

    def json_of(self, tool: str, **arguments: object) -> dict:
        answer = self.call(tool, **arguments)
        assert not answer.isError, answer.content[0].text
        return json.loads(answer.content[-1].text)

    def refusal_of(self, tool: str, **arguments: object) -> str:
        answer = self.call(tool, **arguments)
        (content,) = answer.content
        assert answer.isError
        return content.text


@pytest.fixture(scope="module")
def app(launch, free_port, even_runs) -> Served:
    port = free_port()
    return Served(f"http://127.0.0.1:{port}", launch(port, "--mcp", "--runs", even_runs))


def data_url(photo: Image.Image, kind: str = "PNG") -> str:
    file = io.BytesIO()
    photo.save(file, kind)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(file.getvalue()).decode()}"


def downloaded(url: str) -> Image.Image:
    with urllib.request.urlopen(url) as answer:
        return Image.open(io.BytesIO(answer.read()))


def test_agents_find_these_tools_described_with_valid_schemas_and_nothing_else(app):
    listed = {tool.name: tool for tool in app.ask(lambda session: session.list_tools()).tools}
    assert listed.keys() == {"segment_photo", "list_runs", "compare_runs", "hardest", "suspects", "epochs"}
    for tool in listed.values():
        assert tool.description and "\n" not in tool.description
        assert tool.annotations.readOnlyHint
        Draft202012Validator.check_schema(tool.inputSchema)
    runs = listed["compare_runs"].inputSchema["properties"]["runs"]
    assert (runs["type"], runs["items"]) == ("array", {"type": "string"})
    assert listed["segment_photo"].inputSchema["required"] == ["photo"]
    assert "data: URL" in listed["segment_photo"].description
    assert "border_f1" in listed["hardest"].inputSchema["properties"]["by"]["enum"]
    top = listed["suspects"].inputSchema["properties"]["top"]
    assert (top["minimum"], top["maximum"]) == (1, 100)


def test_programs_see_the_three_endpoints_and_none_of_the_tools(app):
    client = Client(app.url, verbose=False)
    assert set(client.view_api(return_format="dict")["named_endpoints"]) == {"/segment", "/runs", "/compare"}
    # nor is there Gradio's own server of tools, which would offer the three again
    assert httpx.get(f"{app.url}/gradio_api/mcp/schema").status_code == 404


def test_a_photo_as_a_data_url_is_segmented_by_the_run_that_is_named(app, tiny_runs, tiny_pets):
    with Image.open(photo_path(tiny_pets, "pug_1")) as file:
        photo = file.convert("RGB").resize((1300, 700))
    expected = Segmenter.load(tiny_runs / "focal-s0" / "model.safetensors").predict(photo).mask
    answer = app.call("segment_photo", photo=data_url(photo), run="focal-s0")
    image, text = answer.content
    report = json.loads(text.text)
    assert (report["checkpoint"], report["size"]) == ("focal-s0", [1300, 700])
    assert report["milliseconds"] > 0
    for value, name in enumerate(("pet", "background", "border")):
        assert report["share"][name] == pytest.approx((expected == value).mean(), abs=1e-4)
    with downloaded(report["mask"]) as mask:
        assert (mask.format, mask.mode) == ("PNG", "P")
        np.testing.assert_array_equal(np.asarray(mask), expected)

    assert image.mimeType == "image/jpeg"
    with Image.open(io.BytesIO(base64.b64decode(image.data))) as overlay:
        assert overlay.size == (1024, 551)
        seen = np.asarray(overlay, float).reshape(-1, 3)
    # half the photo's colour and half the class's; the background is the photo
    small = np.asarray(Image.fromarray(expected).resize((1024, 551), Image.Resampling.NEAREST)).ravel()
    plain = np.asarray(photo.resize((1024, 551)), float).reshape(-1, 3)
    for value, colour in ((0, (155, 123, 255)), (1, None), (2, (255, 214, 10))):
        due = plain if colour is None else (plain + np.array(colour)) / 2
        assert np.median(np.abs(seen - due)[small == value]) < 8


def test_without_a_run_the_first_of_the_page_segments_an_upright_phone_photo_that_was_uploaded(app, photo):
    with open(photo, "rb") as file:
        (path,) = httpx.post(f"{app.url}/gradio_api/upload", files={"files": file}).json()
    for uploaded in (path, f"{app.url}/gradio_api/file={path}"):
        report = app.json_of("segment_photo", photo=uploaded)
        assert (report["checkpoint"], report["size"]) == ("ce-s0", [30, 50])
        assert report["mask"].endswith("upright-ce-s0.png")


class _Photo(BaseHTTPRequestHandler):
    """Serves a PNG at /cat.png, sends on to it, or elsewhere, and sends too much, with and without saying so."""

    def do_GET(self) -> None:
        match self.path:
            case "/cat.png":
                self.answer(200)
                Image.new("RGB", (9, 7)).save(self.wfile, "PNG")
            case "/on":
                self.answer(302, Location="cat.png")
            case "/round":
                self.answer(302, Location="/round")
            case "/inside":
                self.answer(302, Location=f"http://127.0.0.2:{self.server.server_port}/cat.png")
            case "/large":
                self.answer(200, **{"Content-Length": str(65 * 2**20)})
            case "/endless":
                self.answer(200)
                with contextlib.suppress(OSError):
                    while True:
                        self.wfile.write(bytes(2**20))
            case "/silent":
                time.sleep(5)
            case _:
                self.answer(404)

    def answer(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def elsewhere() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Photo)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_photo_at_an_address_is_fetched_but_none_of_this_machines_network(app, elsewhere, monkeypatch):
    said = app.refusal_of("segment_photo", photo=f"{elsewhere}/cat.png")
    assert said.startswith(f"{elsewhere}/cat.png cannot be fetched from here (")
    monkeypatch.setattr("safehttpx.is_public_ip", lambda address: True)
    content, name = asyncio.run(received(f"{elsewhere}/cat.png"))
    assert name == "cat.png"
    with Image.open(io.BytesIO(content)) as photo:
        assert photo.size == (9, 7)
    with pytest.raises(InputError, match=r"/dog\.png answers 404"):
        asyncio.run(received(f"{elsewhere}/dog.png"))


def test_an_address_may_send_one_on_but_not_to_this_machines_network_nor_for_ever(elsewhere, monkeypatch):
    monkeypatch.setattr("safehttpx.is_public_ip", lambda address: address == "127.0.0.1")
    content, name = asyncio.run(received(f"{elsewhere}/on"))
    with Image.open(io.BytesIO(content)) as photo:
        assert (name, photo.size) == ("on", (9, 7))
    with pytest.raises(InputError, match=r"/inside cannot be fetched from here \("):
        asyncio.run(received(f"{elsewhere}/inside"))
    with pytest.raises(InputError, match=r"/round is sent on more than 20 times"):
        asyncio.run(received(f"{elsewhere}/round"))


@pytest.mark.parametrize("path", ["large", "endless"])
def test_of_a_file_that_is_too_large_no_more_is_read_than_may_be(path, elsewhere, monkeypatch):
    monkeypatch.setattr("safehttpx.is_public_ip", lambda address: True)
    with pytest.raises(InputError, match=rf"/{path} is larger than 64 MiB: scale the photo down"):
        asyncio.run(received(f"{elsewhere}/{path}"))


def test_an_address_that_does_not_answer_is_given_up(elsewhere, monkeypatch):
    monkeypatch.setattr("safehttpx.is_public_ip", lambda address: True)
    monkeypatch.setattr("demo.agents.photo.MOST_SECONDS", 0.2)
    with pytest.raises(InputError, match=r"/silent takes over 0\.2 seconds"):
        asyncio.run(received(f"{elsewhere}/silent"))


def test_one_photo_is_fetched_at_a_time(even_runs, monkeypatch):
    under_way, most = 0, 0

    async def slowly(text: str) -> tuple[bytes, str]:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.05)
        under_way -= 1
        raise InputError("no photo")

    monkeypatch.setattr("demo.agents.server.received", slowly)
    server = agents_server(Catalogue((even_runs,)))

    async def thrice() -> list:
        asked = (server.call_tool("segment_photo", {"photo": "http://a/b"}) for _ in range(3))
        return await asyncio.gather(*asked, return_exceptions=True)

    assert [str(refused) for refused in asyncio.run(thrice())] == ["no photo"] * 3
    assert most == 1


@pytest.mark.parametrize(
    "name", ["cat.png", "..", ".", "", "x" * 300, "\U0001f431" * 200, "a\0b.png", "a/../../b", "\ud800"]
)
def test_whatever_a_photo_or_a_run_is_called_its_mask_has_a_file(name, own_runs, monkeypatch, tmp_path):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    listed = Catalogue.with_checkpoint
    # as a run on the Hub is called where another has its name
    slashed = lambda self: [replace(run, name=f"{run.name} (alice/net)") for run in listed(self)]  # noqa: E731
    monkeypatch.setattr(Catalogue, "with_checkpoint", slashed)
    file = io.BytesIO()
    Image.new("RGB", (9, 7)).save(file, "PNG")
    _, mask, report = tools.segmented(Catalogue((own_runs,)), file.getvalue(), name, "ce-s0 (alice/net)")
    assert report["checkpoint"] == "ce-s0 (alice/net)"
    with Image.open(mask) as image:
        assert image.size == (9, 7)
    path = Path(mask)
    assert path.parents[1] == tmp_path / "cache"
    assert path.name.endswith("-ce-s0 (alice_net).png")
    if name == "cat.png":
        assert path.name.startswith("cat-")
    assert [each for each in (tmp_path / "cache").rglob("*") if each.is_file()] == [path]


def test_own_photos_have_no_breed(own_runs):
    for run in ("ce-s0", "focal-s0"):
        path = own_runs / run / "run.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"own_photos": True}))
    (photo, *_) = tools.suspect_photos(Catalogue((own_runs,)), ["ce-s0"], 1)["photos"]
    assert photo.keys() == {"photo", "score", "reason"}


def test_small_numbers_keep_their_digits_and_whole_ones_are_left():
    content = {"rate": 0.00049, "smaller": 1.23456e-5, "share": 0.123456, "photos": 123456, "counted": 123456.0}
    told = tools.rounded(content)
    assert told == {"rate": 0.00049, "smaller": 1.235e-5, "share": 0.1235, "photos": 123456, "counted": 123456}
    assert isinstance(told["photos"], int)


def test_lists_of_runs_are_taken_as_lists_and_answers_are_json(app):
    assert [run["name"] for run in app.json_of("list_runs")["runs"]] == ["ce-s0", "focal-s0"]
    everything = app.json_of("compare_runs")
    assert everything["runs"] == ["ce-s0", "focal-s0"]
    assert everything["compared_with"] == "ce"
    one = app.json_of("compare_runs", runs=["focal-s0"])
    assert {row["configuration"] for row in one["scores"]} == {"focal"}
    assert set(one["operating"]["focal"]) == {"argmax", "tuned", "best"}
    assert {"border_f1", "shift"} <= set(one["operating"]["focal"]["tuned"])


def test_the_hardest_photos_are_those_of_the_files_counts(app, even_runs):
    answer = app.json_of("hardest", runs=["focal-s0"], by="pixel_accuracy", top=3)
    images = pd.read_csv(even_runs / "focal-s0" / "images.csv", index_col="name")
    counts = images.filter(like="_as_")
    right = counts[["pet_as_pet", "background_as_background", "border_as_border"]].sum(axis=1)
    accuracy = (right / counts.sum(axis=1)).drop([name for name in images.index if name in answer["left_out"]])
    assert [photo["photo"] for photo in answer["photos"]] == accuracy.sort_values().head(3).index.tolist()
    assert answer["photos"][0]["mean"] == pytest.approx(accuracy.min(), abs=1e-4)


def test_suspects_say_why_and_as_many_as_were_asked_for(app):
    answer = app.json_of("suspects", top=2)
    assert (len(answer["photos"]), answer["of"]) == (2, 8)
    assert answer["photos"][0]["score"] <= answer["photos"][1]["score"]
    assert all(photo["reason"] for photo in answer["photos"])


def test_scores_by_epoch_are_those_of_the_file(app, even_runs):
    answer = app.json_of("epochs", run="focal-s0", scores=["border_f1", "val_loss"])
    rows = pd.read_csv(even_runs / "focal-s0" / "epochs.csv")
    assert answer["epoch"] == [0, 1, 2, 3]
    assert answer.keys() == {"run", "status", "epochs_trained", "epoch", "border_f1", "val_loss"}
    assert answer["val_loss"] == pytest.approx(rows["val_loss"].tolist(), abs=1e-4)


def test_of_a_long_run_a_hundred_epochs_are_told_and_the_last_is_one(own_runs):
    path = own_runs / "ce-s0" / "epochs.csv"
    rows = pd.read_csv(path)
    pd.concat([rows.iloc[[1]]] * 1501).assign(epoch=range(1501)).to_csv(path, index=False)
    told = tools.epochs_of(Catalogue((own_runs,)), "ce-s0", [])["epoch"]
    assert (len(told), told[0], told[-1]) == (100, 0, 1500)
    assert set(np.diff(told)) == {15, 16}


REFUSED = [
    ("compare_runs", {"runs": ["dice-s0"]}, "no scores of dice-s0: choose from ce-s0, focal-s0"),
    ("compare_runs", {"runs": "ce-s0"}, "runs: Input should be a valid list"),
    ("compare_runs", {"runs": [1]}, "runs.0: Input should be a valid string"),
    ("hardest", {"runs": ["dice-s0"]}, "no run dice-s0: choose from ce-s0, focal-s0"),
    ("hardest", {"by": "epoch"}, "photos are not ranked by epoch: choose from pixel_accuracy, "),
    ("hardest", {"top": 101}, "top: Input should be less than or equal to 100"),
    ("suspects", {"top": 0}, "top: Input should be greater than or equal to 1"),
    ("epochs", {}, "run: Field required"),
    ("epochs", {"run": "dice-s0"}, "no run dice-s0: choose from ce-s0, focal-s0"),
    ("epochs", {"run": "ce-s0", "scores": ["wit"]}, "no score wit of ce-s0: choose from epoch, "),
    ("segment_photo", {"photo": ""}, "no photo: give a data: URL"),
    ("segment_photo", {"photo": "data:image/png;base64,aGVsbG8="}, "photo cannot be read as an image: save it as "),
    ("segment_photo", {"photo": "data:image/png;base64,!"}, "the data: URL is not base64"),
    ("segment_photo", {"photo": "data:image/svg+xml,<svg/>"}, "data:image/svg+xml,<svg/> is no data: URL of an image"),
    ("segment_photo", {"photo": str(PROJECT / "app.py")}, f"{PROJECT / 'app.py'} is no photo that can be reached"),
    ("segment_photo", {"photo": data_url(Image.new("L", (2, 2))), "run": "dice-s0"}, "no checkpoint dice-s0: choose "),
    ("segment_photo", {"photo": data_url(Image.new("1", (8000, 7000)))}, "photo has 56"),
]


def test_what_is_refused_is_told_in_a_sentence_and_is_no_fault_for_the_log(app, photo, tmp_path):
    for tool, arguments, said in REFUSED:
        refused = app.refusal_of(tool, **arguments)
        assert refused.startswith(said)
        assert "\n" not in refused
    assert app.refusal_of("wit") == "Unknown tool: wit"
    client = Client(app.url, verbose=False)
    (tmp_path / "notes.jpg").write_text("no photo")
    for given, run, said in (
        (photo, "dice-s0", "no checkpoint dice-s0"),
        (tmp_path / "notes.jpg", "ce-s0", "cannot be read as an image"),
    ):
        with pytest.raises(AppError, match=said):
            client.predict(handle_file(given), run, api_name="/segment")
    with pytest.raises(AppError, match="no checkpoint dice-s0"):
        client.predict(None, "dice-s0", api_name="/segment")
    with pytest.raises(AppError, match="no scores of dice-s0"):
        client.predict("dice-s0", api_name="/compare")
    assert "Traceback" not in "".join(app.printed)


@pytest.mark.parametrize("file", ["images.csv", "model.safetensors"])
def test_runs_without_details_or_checkpoints_refuse_what_needs_them(own_runs, file):
    for run in ("ce-s0", "focal-s0"):
        (own_runs / run / file).unlink()
    server = agents_server(Catalogue((own_runs,)))
    asked = ("hardest", {}) if file == "images.csv" else ("segment_photo", {"photo": data_url(Image.new("L", (2, 2)))})
    with pytest.raises(InputError, match="no run has scores of single photos|no run here has a checkpoint yet"):
        asyncio.run(server.call_tool(*asked))


def test_what_nobody_expected_is_printed_with_where_it_happened(even_runs, monkeypatch, capsys):
    monkeypatch.setattr(tools, "listed_runs", lambda catalogue: 1 / 0)
    with pytest.raises(InputError, match="which is its own fault: its log says how"):
        asyncio.run(agents_server(Catalogue((even_runs,))).call_tool("list_runs", {}))
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_readme_lists_the_tools_and_the_address_that_a_client_is_told(app):
    readme = (PROJECT / "README.md").read_text()
    section = readme.partition("## From Python")[2].partition("## Find your way")[0]
    asked = section.partition("tools of their own")[2]
    listed = {tool.name for tool in app.ask(lambda session: session.list_tools()).tools}
    assert set(re.findall(r"`([a-z_]+)`", asked.partition("from")[0])) == listed
    told = json.loads(asked.partition("```json")[2].partition("```")[0])
    (client,) = told["mcpServers"].values()
    assert client["url"].replace("http://127.0.0.1:7860", app.url) == f"{app.url}{PATH}"


def test_without_its_package_the_option_says_what_to_install():
    code = (
        "import importlib.util, sys, app; importlib.util.find_spec = lambda name: None; sys.argv = ['app', '--mcp']; "
    )
    command = [sys.executable, "-c", code + "app.main()"]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert ended.returncode == 2
    assert ended.stderr == "python app.py: --mcp needs one more package: pip install -r requirements-mcp.txt\n"

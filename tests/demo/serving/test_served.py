"""What of this machine's files the app answers with, to whom, and how."""

import io
import shutil
import socket
import struct
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

LIMIT = 20 * 2**20


def png(colour: str = "red", size: tuple[int, int] = (40, 30)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def file_address(path: object) -> str:
    return f"/gradio_api/file={quote(str(path))}"


# ---- files, not folders


@pytest.mark.parametrize(("folder", "run"), [("ce-s0", "ce-s0"), ("linked", "linked"), ("stored", "stored")])
def test_every_prediction_of_a_run_is_served_also_where_it_is_a_link(app, linked_runs, folder, run):
    for epoch in range(3):
        answer = app.client.get(f"/predictions/{run}/{epoch}.png?v=1")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        assert answer.content == (linked_runs / folder / "predictions" / f"epoch-{epoch:03d}.png").read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        *("state.safetensors", ".env", "../.env", "weights/epoch-001.safetensors", "wandb/debug.log", "epoch-001.png"),
        *("run.json", "epochs.csv", "model.safetensors", "predictions/epoch-001.png", "predictions", "."),
    ],
)
def test_nothing_of_a_run_is_served_by_its_path(app, linked_runs, path):
    for folder in ("ce-s0", "linked", "stored"):
        asked = linked_runs / folder / path
        for each in {asked, asked.resolve()}:
            for prefix in (
                "/gradio_api/file=",
                "/gradio_api/file/",
                "/gradio_api/file=./",
                "/static/../",
                "/assets/..",
            ):
                answer = app.client.get(f"{prefix}{quote(str(each))}")
                assert answer.status_code in (403, 404), (each, prefix)
                assert b"secret" not in answer.content


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/predictions/ce-s0/99.png", 403),  # a link to what is no picture
        ("/predictions/ce-s0/98.png", 404),
        ("/predictions/nothing/1.png", 404),
        ("/predictions/..%2Fruns%2Fce-s0/1.png", 404),
        (f"/predictions/ce-s0/{10**40}.png", 404),
        ("/mosaics/..%2F.borderline-server", 404),
        ("/mosaics/.borderline-server", 404),
        ("/gradio_api/file=http://127.0.0.1/", 403),
        ("/gradio_api/file=https://huggingface.co/robots.txt", 403),  # no errands for strangers
        ("/gradio_api/file=%00", 403),
        (f"/gradio_api/file={'x' * 5000}", 403),
        ("/gradio_api/file=", 403),
        *((f"/{closed}", 404) for closed in ("monitoring", "monitoring/summary", "monitoring/x", "token")),
        *(
            (f"/gradio_api/{closed}", 404)
            for closed in ("runs", "deep_link?session_hash=x", "proxy=http://x", "vibe-code")
        ),
    ],
)
def test_what_the_page_does_not_ask_is_not_answered(app, address, status):
    answer = app.client.get(address)
    assert answer.status_code == status
    assert "secret" not in answer.text


def test_the_page_is_sent_no_path_of_this_machine(app, linked_runs):
    for address in ("/", "/config", "/gradio_api/info"):
        text = app.client.get(address).text
        assert not [path for path in (linked_runs.parent, app.files, Path(shutil.__file__).parent) if str(path) in text]


# ---- one visitor's, and no other's


def test_equal_photos_of_two_visitors_are_two_files_of_which_either_goes_alone(app):
    mine, theirs = app.upload(png()), app.upload(png())
    assert mine != theirs
    (one,) = {path.parents[2] for path in (mine, theirs)}
    exported = app.call(app.component("write_animation"), "write_animation", {"frames": [str(mine)], "kind": "gif"})
    animation = exported.json()["url"]
    assert not mine.exists() and not mine.parents[1].exists()
    assert theirs.read_bytes() == png()
    # nor do their animations meet
    other = app.call(app.component("write_animation"), "write_animation", {"frames": [str(theirs)], "kind": "gif"})
    assert other.json()["url"] != animation
    assert app.client.get(animation).content == app.client.get(other.json()["url"]).content
    assert one.is_dir()


def test_equal_masks_of_two_callers_have_addresses_that_do_not_follow_from_the_photo(app):
    (mine, _), (theirs, _) = (app.segment(app.upload(png("green"))) for _ in range(2))
    assert Path(mine["path"]).name == Path(theirs["path"]).name
    assert Path(mine["path"]).parent != Path(theirs["path"]).parent
    assert app.client.get(mine["url"]).content == app.client.get(theirs["url"]).content
    # and each once: Gradio has made no copy
    assert len(list(app.files.rglob(Path(mine["path"]).name))) == 2


def test_only_what_was_uploaded_is_taken_and_nothing_else_is_removed(app, linked_runs):
    asked = {"frames": [str(linked_runs / "ce-s0" / "predictions" / "epoch-001.png")], "kind": "gif"}
    assert "not uploaded here" in app.call(app.component("write_animation"), "write_animation", asked).json()["error"]
    assert Path(asked["frames"][0]).is_file()


# ---- how


@pytest.mark.parametrize(
    ("name", "content", "shown"),
    [
        ("a.png", png(), "image/png"),
        ("a.html", b"<script>parent.stolen = 1</script>", None),
        ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', None),
        ("a.xhtml", b'<html xmlns="http://www.w3.org/1999/xhtml"/>', None),
        ("a.xml", b"<a/>", None),
        ("a.js", b"1", None),
        ("a.pdf", b"%PDF", None),
        ("a.svgz", b"1", None),
        ("a", b"<html>", None),
    ],
)
def test_pictures_are_shown_and_all_else_is_saved(app, name, content, shown):
    headers = app.client.get(file_address(app.upload(content, name))).headers
    assert headers["content-type"] == shown or (shown is None and headers["content-type"] == "application/octet-stream")
    assert headers["content-disposition"].startswith("inline" if shown else "attachment")
    assert headers["content-security-policy"].startswith("sandbox; default-src 'none'; frame-ancestors")


def test_every_answer_tells_browsers_to_guess_nothing_and_frame_nothing(app):
    script = app.client.get("/").text.split("scripts/")[1].split("\\")[0].split('"')[0]
    for address in (
        "/",
        f"/scripts/{script}",
        "/config",
        "/gradio_api/file=x",
        "/monitoring",
        "/nowhere",
        "/theme.css",
    ):
        headers = app.client.get(address).headers
        assert headers["x-content-type-options"] == "nosniff", address
        assert headers["referrer-policy"] == "same-origin", address
        assert "frame-ancestors 'self'" in headers["content-security-policy"], address


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "10.0.0.1", "@", "[::2]"]
)
def test_under_a_foreign_name_nothing_is_answered(app, host):
    for address in ("/", "/config", "/gradio_api/queue/status"):
        answer = app.client.get(address, headers={"Host": host})
        assert (answer.status_code, answer.text.split(":")[0]) == (403, "Borderline answers on this machine alone")


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:7860", "127.0.0.1:1", "127.8.9.1", "[::1]:7860", "app.localhost"]
)
def test_under_any_name_of_this_machine_it_is(app, host):
    assert app.client.get("/gradio_api/app_id", headers={"Host": host}).status_code == 200


# ---- uploads


def test_an_upload_may_have_20_megabytes_and_not_a_byte_more(app):
    assert app.upload(bytes(LIMIT), "a.bin").stat().st_size == LIMIT
    before = set(app.files.rglob("*"))
    answer = app.client.post("/gradio_api/upload", files={"files": ("a.bin", bytes(LIMIT + 1))})
    assert (answer.status_code, answer.text) == (
        413,
        "The file is larger than 20 MB: save it smaller, or scale it down.",
    )
    # nor do many small ones together
    many = [("files", (f"{number}.bin", bytes(2**20))) for number in range(25)]
    assert app.client.post("/gradio_api/upload", files=many).status_code == 413
    assert set(app.files.rglob("*")) == before


@pytest.mark.parametrize(
    "sent",
    [
        {"content": b"", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"content": b"--x\r\nnonsense", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}},
        {"content": b"x"},
        {"json": {"files": 1}},
        {"files": {"other": ("a.png", b"1")}},
        {"data": {"files": "x"}, "files": {"o": b""}},
        {"files": {"files": ("..", b"1")}, "params": {"upload_id": "x"}},
    ],
    ids=str,
)
def test_what_is_no_upload_is_told_so_and_leaves_nothing(app, sent):
    before = set(app.files.rglob("*"))
    answer = app.client.post("/gradio_api/upload", **sent)
    assert (answer.status_code, answer.text.split(":")[0]) == (400, "No file was sent")
    assert set(app.files.rglob("*")) == before


def test_an_upload_that_is_cut_off_leaves_nothing(app):
    before = set(app.files.rglob("*"))
    address = urlsplit(app.url)
    head = (
        f"POST /gradio_api/upload HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: 5000000\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="files"; filename="cut.png"\r\n\r\n'
    )
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(head.encode() + bytes(1_000_000))
        _wait(lambda: len(set(app.files.rglob("*")) - before) > 1)
    _wait(lambda: set(app.files.rglob("*")) == before)


def _wait(until) -> None:
    for _ in range(100):
        with suppress(FileNotFoundError):  # gone while it is looked at
            if until():
                return
        time.sleep(0.1)
    pytest.fail("it did not happen within ten seconds")


# ---- what somebody tidies away


def test_a_folder_of_temporary_files_that_is_tidied_away_is_made_anew(app):
    def watch() -> dict:
        config = app.client.get("/config").json()
        (event,) = (
            each
            for each in config["dependencies"]
            if each["backend_fn"] and each["outputs"] and _named(config, each) == "watch-view"
        )
        asked = {"data": [{"runs": ["ce-s0"]}], "fn_index": event["id"], "session_hash": "x"}
        return app.post("/gradio_api/run/predict", asked).json()["data"][0]["runs"][0]

    def _named(config: dict, event: dict) -> str:
        shown = {component["id"]: component["props"].get("elem_id") for component in config["components"]}
        return shown[event["outputs"][0]]

    assert app.client.get(f"/{watch()['photos']}").headers["content-type"] == "image/jpeg"
    for path in app.files.iterdir():
        shutil.rmtree(path)
    assert app.client.get("/").status_code == 200
    assert app.client.get(f"/{watch()['photos']}").headers["content-type"] == "image/jpeg"
    assert app.client.get(f"/{watch()['truth']}").headers["content-type"] == "image/png"
    _, report = app.segment(app.upload(png()))
    assert report["size"] == [40, 30]
    frames = [str(app.upload(png()))]
    exported = app.call(app.component("write_animation"), "write_animation", {"frames": frames, "kind": "webp"}).json()
    assert app.client.get(exported["url"]).headers["content-type"] == "image/webp"


# ---- photos as phones and editors write them, through the server


def test_one_bad_entry_of_a_photo_s_metadata_refuses_nothing(app):
    # upright by its orientation, and a rational that divides by minus nothing
    entries = struct.pack("<IH", 8, 2) + struct.pack("<HHII", 0x112, 3, 1, 6) + struct.pack("<HHII", 0x9204, 10, 1, 38)
    exif = b"Exif\0\0II*\0" + entries + b"\0" * 4 + struct.pack("<ii", -1, 0)
    file = io.BytesIO()
    Image.new("RGB", (80, 60)).save(file, "JPEG", exif=exif)
    _, report = app.segment(app.upload(file.getvalue(), "phone.jpg"))
    assert report["size"] == [60, 80]


def test_a_long_text_in_a_png_refuses_nothing(app):
    text, file = PngInfo(), io.BytesIO()
    text.add_text("parameters", "a" * 1_200_000, zip=True)
    Image.new("RGB", (80, 60)).save(file, "PNG", pnginfo=text)
    mask, report = app.segment(app.upload(file.getvalue(), "made.png"))
    assert report["size"] == [80, 60]
    assert b"parameters" not in app.client.get(mask["url"]).content

"""Whatever is sent, wherever: an answer below 500, or a sentence; and nothing in the log for what others did wrong."""

import asyncio
import re
import time

import gradio as gr
import pytest

from demo.catalogue import Catalogue
from demo.failures.photo import photo_value
from demo.labelled import Labelled
from demo.serving.words import FAULT, MOST_LETTERS, NOT_UNDERSTOOD, PlainBlocks, sentence, spoken
from experiments.store.runs import BadRun
from seg import InputError
from seg.pets import BadPair, trimap_path

# What no page of the app sends, at least not there
VALUES = [
    *(None, True, 0, -1, 1.5, 1e308, 10**30, float("nan"), float("inf"), "", "x", "\0", "\ud83d", "../../etc/passwd"),
    *([], [[]], [None], ["a"], {}, {"a": 1}, {"path": 5}, {"path": "/etc/passwd"}, {"path": "x" * 5000}),
    {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
    {"path": "http://127.0.0.1/", "meta": {"_type": "gradio.FileData"}},
    {"runs": 5, "epoch": []},
    {"runs": [[]], "epoch": -1, "photoFile": {"path": []}, "photo": {}},
    {"photos": 5},
    {"photos": [{"path": 5}, None, []]},
    {"photo": None, "runs": None},
    {"photo": "pug_1", "runs": [5], "run": 5},
    {"frames": 5, "kind": "gif"},
    {"frames": [{}, 5], "kind": "gif"},
    {"frames": [], "kind": []},
    {"run": 5, "path": 5},
    {"run": "ce-s0", "path": "x", "epoch": 1e300},
    {"run": "ce-s0", "path": "x", "epoch": float("nan")},
    {"what": [], "checkpoint": {}, "shift": []},
]
# Of Python, of Gradio, of this machine
INTERNAL = re.compile(
    r"Traceback|(Error|Exception):|has no attribute|NoneType|subscriptable|unhashable|<class|<gradio|site-packages"
    r"|preprocess|cache folder|\.py\b|/(root|home|tmp|usr)/|Original error|not allowed"
)


def complain(answer, said) -> str:
    """What is wrong with an answer; empty where nothing is."""
    if answer.status_code >= 500 and not isinstance(said, str):
        return f"{answer.status_code}: {answer.text[:200]}"
    words = said if isinstance(said, str) else answer.text if answer.status_code >= 400 else ""
    if found := INTERNAL.search(words):
        return f"{found[0]!r} in {words[:200]}"
    if FAULT in words or len(words) > MOST_LETTERS or "\n" in words:
        return words[:400]
    return ""


@pytest.fixture(scope="module", autouse=True)
def nothing_is_printed(app):
    yield
    time.sleep(0.5)
    assert not [line for line in app.printed if "Traceback" in line or "Error" in line]


def test_every_function_that_the_page_calls_takes_anything(app):
    wrong = {}
    for component, function in app.components():
        for value in VALUES:
            answer = app.call(component, function, value)
            said = answer.json().get("error") if answer.status_code == 200 else None
            if complaint := complain(answer, said):
                wrong[function, str(value)[:60]] = complaint
    assert wrong == {}


def test_every_event_of_the_page_takes_anything(app):
    wrong = {}
    for number, event in enumerate(app.client.get("/config").json()["dependencies"]):
        for value in VALUES:
            for data in ([value] * len(event["inputs"]), []):
                asked = {"data": data, "fn_index": event["id"], "event_data": value, "session_hash": f"s{number}"}
                answer = app.post("/gradio_api/run/predict", asked)
                if complaint := complain(answer, answer.json().get("error")):
                    wrong[event["api_name"], str(asked)[:90]] = complaint
    assert wrong == {}


@pytest.mark.parametrize("name", ["segment", "runs", "compare", "nothing", "..%2Fx"])
def test_every_endpoint_takes_anything(app, name):
    wrong = {}
    for value in VALUES:
        for body in (value, {"data": value}, {"data": [value]}, {"data": [value, value]}, {"photo": value}):
            for way in ("run", "call", "call/v2"):
                answer = app.post(f"/gradio_api/{way}/{name}", body)
                found = answer.json()
                if way != "run" and answer.status_code == 200:
                    answer = app.client.get(f"/gradio_api/call/{name}/{found['event_id']}")
                    complaint = FAULT in answer.text or INTERNAL.search(answer.text.partition("event: error")[2])
                else:
                    complaint = complain(answer, found.get("error"))
                if complaint:
                    wrong[way, str(body)[:90]] = str(complaint), answer.text[:200]
    assert wrong == {}


@pytest.mark.parametrize(
    "path",
    ["component_server", "queue/join", "cancel", "reset", "stream/x", "stream/x/close", "call/v2", "run/predict"],
)
def test_every_other_address_takes_anything(app, path):
    for value in VALUES:
        for body in (value, {"data": value, "component_id": value, "fn_name": value, "session_hash": value}):
            answer = app.post(f"/gradio_api/{path}", body)
            assert answer.status_code < 500 and not INTERNAL.search(answer.text), (body, answer.text)
    for content in (b"\xff{", b"", b"[" * 5000):
        answer = app.client.post(f"/gradio_api/{path}", content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code < 500 and not INTERNAL.search(answer.text), (content, answer.text)
    form = app.client.post(f"/gradio_api/{path}", data={"fn_name": "x"}, files={"files": b"x"})
    assert form.status_code < 500


@pytest.mark.parametrize(
    "address", ["queue/data", "queue/data?session_hash=nobody", "upload_progress", "call/segment/nobody", "heartbeat"]
)
def test_who_asks_for_what_there_is_not_is_told_so(app, address):
    answer = app.client.get(f"/gradio_api/{address}")
    assert answer.status_code < 500 and not INTERNAL.search(answer.text)


def test_more_than_any_page_sends_is_refused_before_it_is_read_whole(app):
    for path in ("component_server", "queue/join", "run/segment", "call/compare"):
        answer = app.post(f"/gradio_api/{path}", {"data": ["x" * 3_000_000]})
        assert (answer.status_code, answer.json()["detail"]) == (413, "More was sent than this address takes.")
    assert app.client.get("/gradio_api/app_id").status_code == 200


def test_a_photo_that_cannot_be_read_is_told_by_its_name_alone(app):
    photo = app.upload(b"no photo", "notes.jpg")
    file = {"path": str(photo), "meta": {"_type": "gradio.FileData"}}
    answer = app.post("/gradio_api/run/segment", {"data": [file, "ce-s0"]})
    assert answer.json()["error"] == "notes.jpg cannot be read as an image: save it as JPEG or PNG and try again"
    elsewhere = app.post("/gradio_api/run/segment", {"data": [{**file, "path": "http://127.0.0.1/cat.png"}, "ce-s0"]})
    assert elsewhere.json()["error"].startswith("Files at an address are not fetched from here")
    another = app.post("/gradio_api/run/segment", {"data": [{**file, "path": "/etc/passwd"}, "ce-s0"]})
    assert another.json()["error"] == NOT_UNDERSTOOD


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("/srv/data/masks/a.png is 3 x 4, its photo /srv/data/photos/a.jpg", "a.png is 3 x 4, its photo a.jpg"),
        ("look (/home/me/x.png) or '/tmp/y.png'", "look (x.png) or 'y.png'"),
        (r"C:\Users\me\x.png cannot be read", "x.png cannot be read"),
        *(
            (same, same)
            for same in ("look at /?view=api", "http://a.example/b/c.png", "hf://a/b", "and/or 3/4", "a/b.png")
        ),
    ],
)
def test_files_are_called_by_their_names_alone(told, said):
    assert sentence(BadPair(told)) == said
    assert sentence(InputError(told)) == told  # what somebody has sent is said again as it was


def test_a_label_that_is_damaged_is_told_without_where_it_lies(own_pets, tiny_runs):
    trimap_path(own_pets, "Bengal_35").write_bytes(b"no trimap")
    said = photo_value(Catalogue((tiny_runs,)), Labelled(own_pets), "Bengal_35", [])["said"]
    assert said.startswith("Bengal_35.png ") and str(own_pets) not in said


# ---- what nobody expects


def test_a_fault_is_one_sentence_and_the_log_has_the_rest(capsys):
    def fail(asked: object) -> dict:
        return {"never": asked.nothing}

    assert spoken(fail)(5) == {"error": FAULT}
    assert "AttributeError: 'int' object has no attribute 'nothing'" in capsys.readouterr().err


def test_what_somebody_did_wrong_is_said_and_not_logged(capsys):
    def refuse(asked: object) -> dict:
        raise InputError(f"{asked} is no photo")

    assert spoken(refuse)("x") == {"error": "x is no photo"}
    assert sentence(gr.Error("choose another", print_exception=False)) == "choose another"
    assert sentence(OSError(28, "No space left on device", "/srv/x")).startswith("The disk of the machine")
    assert capsys.readouterr().err == ""


def test_an_event_that_fails_says_so_without_naming_the_folder_of_runs(tmp_path, capsys):
    with PlainBlocks(Catalogue((tmp_path,))) as blocks:
        said = gr.Textbox()

        def refuse(text: str) -> str:
            raise BadRun(f"{tmp_path}/ce-s0/run.json is damaged")

        said.change(refuse, said, said, api_name="refuse")
        said.change(lambda text: text.nothing, said, said, api_name="fail")
    for name, expected in (("refuse", "ce-s0/run.json is damaged"), ("fail", FAULT)):
        event = next(each for each in blocks.fns.values() if each.api_name == name)
        with pytest.raises(gr.Error) as told:
            asyncio.run(blocks.process_api(event, ["x"]))
        assert (told.value.message, told.value.print_exception) == (expected, False)
    assert capsys.readouterr().err.count("Traceback") == 1

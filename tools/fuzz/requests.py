"""Requests that no page of ours sends, to every event, endpoint and server function of a running app."""

import contextlib
import io
import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import httpx
from PIL import Image

from demo.page import build_interface, page_settings
from tools.fuzz.mutations import HOSTILE, damaged_value
from tools.fuzz.trying import LINE, Attack, Broke

# Words of a programmer, and places on the server's disk: nobody who uses the app is told any
NO_SENTENCE = re.compile(
    r"Traceback|\b[A-Z]\w*(Error|Exception)\b|NoneType|object at 0x|\bline \d+\b|site-packages|/tmp/|/home/|/root/|"
    r"\b(str|int|float|dict|list|tuple)\b' |'(str|int|float|dict|list)'|unexpected keyword|positional argument"
)
# What the page's own requests are made of
SAID = {
    "runs": ["ce-s0", "focal-s0"],
    "run": "ce-s0",
    "photo": "dog",
    "photos": ["dog"],
    "photoFile": {"path": "photo.png", "title": "mine"},
    "path": "photo.png",
    "title": "mine",
    "epoch": 1,
    "score": "border_f1",
    "photoScore": "border_f1",
    "details": "open",
    "side": 96,
    "kind": "gif",
    "name": "borderline",
    "milliseconds": 350,
    "frames": ["photo.png"],
    "what": "mask",
    "checkpoint": "ce-s0",
    "shift": 0.1,
    "tile": 0,
}


@contextmanager
def requests(folder: Path, runs: Path) -> Iterator[Attack]:
    """A real server, and a visitor who sends what comes to hand."""
    page = build_interface([runs], folder / "no dataset")
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, show_error=True, ssr_mode=False, **page_settings())
    try:
        with httpx.Client(base_url=url, timeout=60) as client:
            Image.linear_gradient("L").resize((40, 30)).save(folder / "photo.png")
            with open(folder / "photo.png", "rb") as file:
                [uploaded] = client.post("gradio_api/upload", files={"files": file}).json()
            events = [(number, len(event.inputs)) for number, event in page.fns.items() if event.fn is not None]
            functions = [
                (number, function.__name__)
                for number, block in page.blocks.items()
                for function in getattr(block, "server_fns", None) or ()
            ]

            def attack(random: Random) -> str:
                said = io.StringIO()
                with contextlib.redirect_stderr(said):
                    if random.random() < 0.5:
                        outcome = _server_function(client, random, *random.choice(functions), uploaded)
                    else:
                        outcome = _event(client, random, *random.choice(events), uploaded)
                if "Traceback" in said.getvalue():
                    raise Broke("a traceback in the server's log", said.getvalue()[-600:])
                return outcome

            yield attack
    finally:
        page.close(verbose=False)


def _server_function(client: httpx.Client, random: Random, block: int, name: str, uploaded: str) -> str:
    asked = {"component_id": block, "fn_name": name, "session_hash": "fuzz", "data": _said(random, uploaded)}
    answer = _post(client, "gradio_api/component_server", asked, name)
    if answer.status_code != 200:
        return "refused"
    value = answer.json()
    if isinstance(value, dict) and value.get("error") is not None:
        _sentence(value["error"], name, asked["data"], uploaded)
        return "refused"
    return "answered"


def _event(client: httpx.Client, random: Random, number: int, inputs: int, uploaded: str) -> str:
    session = secrets.token_hex(5)
    count = inputs if random.random() < 0.9 else random.randrange(4)
    asked = {
        "data": [_said(random, uploaded) for _ in range(count)],
        "fn_index": number,
        "session_hash": session,
        "event_data": _said(random, uploaded) if random.random() < 0.7 else None,
    }
    answer = _post(client, "gradio_api/queue/join", asked, f"event {number}")
    if answer.status_code != 200:
        return "refused"
    with client.stream("GET", "gradio_api/queue/data", params={"session_hash": session}) as lines:
        for line in lines.iter_lines():
            message = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
            if message.get("msg") in ("process_completed", "unexpected_error"):
                break
    if message.get("success", True) and message["msg"] == "process_completed":
        return "answered"
    output = message.get("output") or message
    _sentence(output.get("error") or message.get("message"), f"event {number}", asked, uploaded)
    return "refused"


def _post(client: httpx.Client, path: str, asked: Any, what: str) -> httpx.Response:
    answer = client.post(path, content=json.dumps(asked), headers={"content-type": "application/json"})
    if answer.status_code >= 500:
        raise Broke(f"{answer.status_code} from {what}", f"{answer.text[:200]} for {json.dumps(asked)[:300]}")
    if answer.status_code != 200 and NO_SENTENCE.search(answer.text):
        raise Broke(f"a programmer's words from {what}", f"{answer.status_code} {answer.text[:300]}")
    return answer


def _sentence(said: object, what: str, asked: object, uploaded: str) -> None:
    # where uploads lie the upload has told: it may be repeated
    told = str(Path(uploaded).parents[2])
    words = str(said or "").replace(told, "")
    for letters in range(5, len(told)):  # in short
        words = words.replace(f"{told[:letters]}...", "")
    if not isinstance(said, str) or not words.strip() or len(words) > LINE or NO_SENTENCE.search(words):
        raise Broke(f"no sentence for a person from {what}", f"{str(said)[:400]!r} for {json.dumps(asked)[:300]}")


def _said(random: Random, uploaded: str) -> Any:
    """What a page might say, with something in it another thing; or anything at all."""
    if random.random() < 0.15:
        return random.choice(HOSTILE)
    keys = random.sample(list(SAID), random.randrange(1, len(SAID) + 1)) if random.random() < 0.3 else list(SAID)
    said = json.loads(json.dumps({key: SAID[key] for key in keys}).replace("photo.png", uploaded))
    for _ in range(random.choice((0, 1, 1, 2, 4))):
        said = damaged_value(random, said)
    return said if random.random() < 0.9 else random.choice([said, [said], json.dumps(said), uploaded, "ce-s0"])

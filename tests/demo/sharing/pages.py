"""A page as the server sees it: a session with its heartbeat, events and their answers, over plain HTTP."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import httpx


class Page:
    """A page that somebody has opened; it counts as open within `opened`."""

    def __init__(self, url: str) -> None:
        self.session = secrets.token_hex(6)
        self.http = httpx.Client(base_url=url, timeout=120)
        config = self.http.get("/config").json()
        self._events = config["dependencies"]
        self._components = {part["props"].get("elem_id"): part["id"] for part in config["components"]}

    @contextmanager
    def opened(self) -> Iterator["Page"]:
        with self.http.stream("GET", f"/gradio_api/heartbeat/{self.session}") as heartbeat:
            lines = heartbeat.iter_lines()  # it is closed with the last that holds it
            next(lines)
            yield self
            del lines

    def event(self, part: str, name: str) -> dict:
        target = [self._components[part], name]
        return next(event for event in self._events if target in event["targets"])

    def upload(self, content: bytes, name: str = "photo.png") -> str:
        return self.http.post("/gradio_api/upload", files={"files": (name, content)}).raise_for_status().json()[0]

    def join(self, event: dict, *data: object, said: object = None) -> None:
        inputs = [*data, *[None] * (len(event["inputs"]) - len(data))]
        body = {"data": inputs, "fn_index": event["id"], "session_hash": self.session, "event_data": said}
        self.http.post("/gradio_api/queue/join", json=body).raise_for_status()

    def answers(self) -> Iterator[dict]:
        """What comes until the last of what was asked is done."""
        with self.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.session}) as stream:
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    message = json.loads(line[5:])
                    if message["msg"] == "close_stream":
                        return
                    yield message

    def select(self, tab: str, **said: object) -> list[dict]:
        """All that comes where the tab is shown with what is chosen."""
        self.join(self.event(f"follow-{tab}", "select"), said)
        return list(self.answers())

    def call(self, part: str, function: str, data: object) -> httpx.Response:
        """What the page calls as `server.FUNCTION(data)`."""
        asked = {"data": data, "component_id": self._components[part], "fn_name": function}
        return self.http.post("/gradio_api/component_server", json=asked | {"session_hash": self.session})

"""A server on this machine that stands in for the Hugging Face Hub: as much of it as fetching a repository takes."""

import hashlib
import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest.mock import patch
from urllib.parse import unquote, urlsplit

COMMIT, OLDER = "a1" * 20, "b2" * 20
# What the Hub answers in the place of a repository: the status, and its own word for it
REFUSALS = {"nobody/private": (401, ""), "nobody/gated": (403, "GatedRepo"), "nobody/broken": (503, "")}
KINDS = ("models", "datasets", "spaces")


@dataclass
class HubServer:
    """What is served, and what was asked for.

    Attributes:
        repositories: by kind and name, such as `models/somebody/runs`, the folder of each revision.
        sent: the path of each file that was sent, in its repository.
        cut: whether files end halfway.
    """

    url: str = ""
    repositories: dict[str, dict[str, Path]] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    cut: bool = False

    def add(self, name: str, folder: Path, older: Path | None = None) -> None:
        """Serve a folder as the main branch of a repository, and perhaps another as its branch `older`."""
        revisions = {"main": folder, COMMIT: folder}
        if older is not None:
            revisions |= {"older": older, OLDER: older}
        self.repositories[name if name.startswith(KINDS) else f"models/{name}"] = revisions


@contextmanager
def fetching_from(url: str, cache: Path) -> Iterator[None]:
    """While inside, this process and those it starts fetch from the Hub at this address, into this cache."""
    from huggingface_hub import constants

    settings = {"HF_ENDPOINT": url, "HF_HUB_CACHE": str(cache), "no_proxy": "127.0.0.1", "HF_TOKEN": ""}
    # read when huggingface_hub is imported
    files = f"{url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    here = {"ENDPOINT": url, "HUGGINGFACE_CO_URL_TEMPLATE": files, "HF_HUB_CACHE": str(cache)}
    with patch.dict(os.environ, settings), patch.multiple(constants, **here):
        yield


@contextmanager
def serving_hub() -> Iterator[HubServer]:
    """While inside, the server answers at its `url`."""
    state = HubServer()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_) -> None:
            pass

        def do_HEAD(self) -> None:
            self.answer()

        def do_GET(self) -> None:
            self.answer()

        def answer(self) -> None:
            path = unquote(urlsplit(self.path).path)
            asked = re.fullmatch(r"/api/(\w+)/([^/]+/[^/]+)/(revision|tree)/([^/]+)", path)
            if asked:
                kind, name, what, revision = asked.groups()
            else:
                file_asked = re.fullmatch(r"/(?:(datasets|spaces)/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
                if file_asked is None:  # what its client asks for beside
                    return self.refuse(404, "")
                kind, name, revision, file = file_asked.groups()
            revisions = state.repositories.get(f"{kind or 'models'}/{name}")
            if revisions is None:
                return self.refuse(*REFUSALS.get(name, (404, "RepoNotFound")))
            if revision not in revisions:
                return self.refuse(404, "RevisionNotFound")
            folder = revisions[revision]
            commit = COMMIT if folder == revisions["main"] else OLDER
            if not asked:
                return self.send_file(folder / file, file, commit)
            if what == "revision":
                return self.send_json({"id": name, "sha": commit, "siblings": [], "private": False, "tags": []})
            return self.send_json([described(folder, each) for each in sorted(folder.rglob("*")) if each.is_file()])

        def refuse(self, status: int, code: str) -> None:
            self.send_response(status)
            if code:
                self.send_header("X-Error-Code", code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def send_json(self, value: object) -> None:
            content = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def send_file(self, path: Path, name: str, commit: str) -> None:
            if not path.is_file():
                return self.refuse(404, "EntryNotFound")
            content = path.read_bytes()
            self.send_response(200)
            self.send_header("ETag", f'"{tag(path)}"')
            self.send_header("X-Repo-Commit", commit)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command == "GET":
                state.sent.append(name)
                self.wfile.write(content[: len(content) // 2] if state.cut else content)
                self.close_connection = state.cut
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


def tag(path: Path) -> str:
    return hashlib.sha1(path.read_bytes()).hexdigest()


def described(folder: Path, path: Path) -> dict:
    """As the Hub lists a file."""
    name = path.relative_to(folder).as_posix()
    return {"type": "file", "path": name, "size": path.stat().st_size, "oid": tag(path)}

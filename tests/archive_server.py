"""A server on this machine that stands in for Oxford's: it has ranges, and faults where a test wants them."""

import hashlib
import re
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from seg.pets import dataset_folder

ARCHIVES = ("images.tar.gz", "annotations.tar.gz")

# What an app's process runs before anything else: its dataset's own address is that of a test's server
ELSEWHERE = """
from torchvision.datasets import OxfordIIITPet
from experiments.fetching import download
OxfordIIITPet._RESOURCES = {resources!r}
download.WAITS = (0, 0, 0)
from demo.photos import download
download.PAUSES = (1,)
"""


@dataclass
class ArchiveServer:
    """What is served, how, and what was asked for.

    Attributes:
        folder: of the archives.
        cuts: how many answers end early; -1 for all.
        after: bytes after which an answer that ends early does; a fraction of what was asked for.
        ranges: whether the rest of a file can be asked for.
        tag: of every file, or None where the server tells none; and `changed`, when it was.
        if_range: whether it sends the rest of a file only where it is still of the same tag, as a server should.
        repeats: whether it says with the rest of a file again what it is the rest of: tag, date and whole length.
        status: of every answer, where it is not 200 or 206; `head`, of those to `HEAD` alone.
        whole: of an answer with a whole file.
        page: whether a web page comes in every file's place, as of a network that wants a login first.
        elsewhere: the folder on another server that every file has moved to.
        seconds: to wait between pieces of 1 KB.
        asked: the name of each file that was asked for, and the first byte.
        sent: bytes sent of each file.
    """

    folder: Path
    url: str = ""
    cuts: int = 0
    after: float = 0.5
    ranges: bool = True
    tag: str | None = '"1"'
    changed: str | None = None
    if_range: bool = True
    repeats: bool = True
    status: int = 0
    head: int = 0
    whole: int = 200
    page: bool = False
    elsewhere: str = ""
    seconds: float = 0.0
    asked: list[tuple[str, int]] = field(default_factory=list)
    sent: dict[str, int] = field(default_factory=dict)

    @property
    def resources(self) -> tuple[tuple[str, str], ...]:
        """As torchvision's `OxfordIIITPet._RESOURCES`."""
        sums = {name: hashlib.md5((self.folder / name).read_bytes()).hexdigest() for name in ARCHIVES}
        return tuple((f"{self.url}/{name}", sums[name]) for name in ARCHIVES)


def pack(dataset: Path, folder: Path) -> None:
    """The two archives of a dataset in torchvision's layout."""
    for archive in ARCHIVES:
        name = archive.removesuffix(".tar.gz")
        with tarfile.open(folder / archive, "w:gz") as tar:
            tar.add(dataset_folder(dataset) / name, name)


@contextmanager
def serving(folder: Path) -> Iterator[ArchiveServer]:
    """While inside, the files of this folder are served."""
    state = ArchiveServer(folder)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_) -> None:
            pass

        def do_HEAD(self) -> None:
            self.answer(with_body=False)

        def do_GET(self) -> None:
            self.answer(with_body=True)

        def answer(self, with_body: bool) -> None:
            path = folder / Path(self.path).name
            status = state.status if with_body else state.status or state.head
            if status or not path.is_file():
                self.send_error(status or 404)
                return
            if state.elsewhere:
                self.send_response(302)
                self.send_header("Location", f"{state.elsewhere}/{path.name}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if state.page:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(b"<html>Log in" if with_body else b"")
                return
            content = path.read_bytes()
            asked = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
            same = not state.if_range or self.headers["If-Range"] in (None, state.tag, state.changed)
            start = int(asked[1]) if asked and state.ranges and same else None
            if start is not None and start >= len(content):
                self.send_error(416)
                return
            self.send_response(state.whole if start is None else 206)
            said = start is None or state.repeats
            for name, value in (("ETag", state.tag), ("Last-Modified", state.changed)):
                if value and said:
                    self.send_header(name, value)
            if start is not None:
                whole = len(content) if said else "*"
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{whole}")
            body = content[start or 0 :]
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if with_body:
                state.asked.append((path.name, start or 0))
                self.send(path.name, body)

        def send(self, name: str, body: bytes) -> None:
            if state.cuts:
                state.cuts -= 1
                body = body[: int(len(body) * state.after)]
            for first in range(0, len(body), 1024):
                piece = body[first : first + 1024]
                self.wfile.write(piece)
                state.sent[name] = state.sent.get(name, 0) + len(piece)
                time.sleep(state.seconds)

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_) -> None:
            """A client that hangs up early is no error."""

    server = Server(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    # seconds between looks for its end
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()

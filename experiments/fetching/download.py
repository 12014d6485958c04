"""One file by HTTP, in as many pieces as the network needs: what was cut goes on where it stopped, also another day.

A file `NAME` that is not whole yet lies beside its place as `NAME.part`, and `NAME.part.json` says of which version of
the file it is: where the server has another one by now, or cannot send the rest alone, the file begins anew.
"""

import errno
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, astuple, dataclass
from http.client import HTTPException, HTTPResponse, InvalidURL
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from seg import InputError

# The seconds before a connection is tried again: so many times in a row without a byte
WAITS = (1, 2, 4, 8)
# Seconds without a byte after which a connection is lost
SILENCE = 20
PIECE = 1 << 16
# Not an answer to the request, but one to a busy or broken server
PASSING = {408, 425, 429, 500, 502, 503, 504}
# Of the file, and not of the request
ABSENT = {404, 410}

Value = TypeVar("Value")


class FetchFailed(InputError):
    """The dataset did not arrive."""


class Cut(FetchFailed):
    """The network or the server failed: what has arrived is kept, and a later call goes on from there."""


class NotThere(FetchFailed):
    """The server does not give this file to anybody."""


class NoPlace(FetchFailed):
    """The files cannot be written where they are to be."""


class Damaged(FetchFailed):
    """What arrived is not the dataset; it was deleted."""


class Cancelled(Exception):
    """Somebody has asked to stop: what has arrived is kept."""


@dataclass(frozen=True)
class Version:
    """Which version of a file a server has.

    Attributes:
        tag: its ETag; None where the server does not say it, as the others.
        changed: when it was changed, its Last-Modified.
        length: in bytes.
    """

    tag: str | None
    changed: str | None
    length: int | None

    @property
    def condition(self) -> str | None:
        """What the server compares before it sends the rest; a weak tag is of a file that is only much the same."""
        return self.changed if self.tag is None else None if self.tag.startswith("W/") else self.tag

    def may_be(self, other: "Version") -> bool:
        """Whether nothing that both say differs: the answer to a condition need not repeat what it has compared."""
        pairs = zip(astuple(self), astuple(other), strict=True)
        return all(None in pair or pair[0] == pair[1] for pair in pairs)


@dataclass
class _Part:
    """The file as far as it has arrived."""

    path: Path

    def __post_init__(self) -> None:
        self.record = self.path.with_name(f"{self.path.name}.json")

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    def version(self) -> Version | None:
        """Of which version it is; None where nothing has arrived."""
        try:
            return Version(**json.loads(self.record.read_text(encoding="utf-8"))) if self.size else None
        except (OSError, ValueError, TypeError):  # killed while it was written
            return None

    def begin(self, version: Version) -> None:
        self.delete()
        self.record.write_text(json.dumps(asdict(version)), encoding="utf-8")

    def delete(self) -> None:
        self.path.unlink(missing_ok=True)
        self.record.unlink(missing_ok=True)


def part_path(target: Path) -> Path:
    """Where a file lies until it is whole."""
    return target.with_name(f"{target.name}.part")


def delete_part(target: Path) -> None:
    """Forget what has arrived of a file."""
    _Part(part_path(target)).delete()


def length_of(url: str, cancelled: threading.Event) -> int | None:
    """How many bytes the file has; None where the server does not say, whatever it says to who asks for the file.

    Raises:
        Cut: the connection was lost, and again at every new attempt.
        NotThere: the server has no such file.
        Cancelled: as asked.
    """

    def ask() -> int | None:
        with _open(url, method="HEAD") as response:
            return None if _is_page(response) else _length(response)

    try:
        return _persist(ask, lambda: 0, cancelled)
    except (Cut, NotThere) as error:
        # a server that refuses the question may give the file
        if isinstance(error.__cause__, urllib.error.HTTPError) and error.__cause__.code not in ABSENT:
            return None
        raise


def download_part(url: str, target: Path, arrived: Callable[[int], None], cancelled: threading.Event) -> Path:
    """Download what is not there yet of the file's part.

    Args:
        url: `http` or `https`.
        target: the file's place, where nothing is written: its part lies beside it.
        arrived: is told the part's size in bytes, again and again.
        cancelled: once it is set, no more is read.

    Returns:
        The part, as long as the server says that the file is.

    Raises:
        Cut: the connection was lost, and again at every new attempt.
        NotThere: the server refuses the file.
        Cancelled: as asked; on a silent connection once it counts as lost.
        OSError: the part cannot be written.
    """
    part = _Part(part_path(target))
    _persist(lambda: _read(url, part, arrived, cancelled), lambda: part.size, cancelled)
    return part.path


def _persist(attempt: Callable[[], Value], size: Callable[[], int], cancelled: threading.Event) -> Value:
    """What the attempt gives, made again where the connection is lost, until that has brought no more several times."""
    vain, most = 0, size()
    while True:
        if cancelled.is_set():
            raise Cancelled
        try:
            return attempt()
        except Cut:
            # the most: a server that always begins anew may get less far than before, and then further
            vain, most = (0 if size() > most else vain + 1), max(size(), most)
            if vain == len(WAITS):
                raise
            cancelled.wait(WAITS[vain])


def _read(url: str, part: _Part, arrived: Callable[[int], None], cancelled: threading.Event) -> None:
    """Read from one connection into the part, until the file is whole.

    Raises:
        Cut: the connection was lost.
    """
    known = part.version()
    if known is None:
        part.delete()
    elif known.length == part.size:
        return
    with _open(url, known, part.size) as response:
        if _is_page(response):
            raise Cut(f"{_host(url)} sends a web page in the file's place, as a login or a proxy does")
        version = Version(response.headers["ETag"], response.headers["Last-Modified"], _length(response))
        length = version.length
        if response.status != 206:
            part.begin(version)
        elif known is None or not version.may_be(known) or _first_byte(response) != part.size:
            part.delete()
            raise Cut(f"{_host(url)} has another file by now than the one that was begun")
        elif length is None:
            length = known.length
        with open(part.path, "ab") as file:
            arrived(file.tell())
            while piece := _piece(response, url):
                file.write(piece)
                arrived(file.tell())
                if cancelled.is_set():
                    raise Cancelled
            size = file.tell()
    if length is not None and size < length:
        raise Cut(f"the connection to {_host(url)} was lost after {size / 1e6:,.0f} of {length / 1e6:,.0f} MB")


def _piece(response: HTTPResponse, url: str) -> bytes:
    """What has arrived meanwhile; nothing at the end."""
    try:
        return response.read1(PIECE)
    except (OSError, HTTPException) as error:
        raise Cut(f"the connection to {_host(url)} was lost ({_reason(error)})") from error


def _open(url: str, known: Version | None = None, start: int = 0, method: str = "GET") -> HTTPResponse:
    """The server's answer: the whole file, or what comes after so many bytes where that is of the version known."""
    request = urllib.request.Request(url, method=method, headers={"User-Agent": "borderline"})
    if known is not None:
        request.add_header("Range", f"bytes={start}-")
        if known.condition is not None:
            request.add_header("If-Range", known.condition)
    try:
        return urllib.request.urlopen(request, timeout=SILENCE)
    except urllib.error.HTTPError as error:
        if error.code == 416 and known is not None:  # nothing lies behind this byte: the file has become shorter
            return _open(url)
        if error.code in PASSING:
            raise Cut(f"{_host(url)} cannot answer now ({error.code} {error.reason})") from error
        # of a move that leads back, Python has two lines to say
        reason = str(error.reason).partition("\n")[0]
        raise NotThere(f"{url} is not to be had ({error.code} {reason})") from error
    except (InvalidURL, ValueError) as error:  # what it is, or where it has moved to, is no address
        raise NotThere(f"{url} is not to be had ({error})") from error
    except (OSError, HTTPException) as error:
        raise Cut(f"{_host(url)} does not answer ({_reason(error)})") from error


def _is_page(response: HTTPResponse) -> bool:
    return response.headers.get_content_type() == "text/html"


def _length(response: HTTPResponse) -> int | None:
    """Of the whole file, in bytes."""
    said = (response.headers["Content-Range"] or "").rpartition("/")[2]
    said = said if response.status == 206 else response.headers["Content-Length"]
    return int(said) if said and said.isdecimal() else None


def _first_byte(response: HTTPResponse) -> int:
    said = (response.headers["Content-Range"] or "").removeprefix("bytes ").partition("-")[0]
    return int(said) if said.isdecimal() else -1


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _reason(error: Exception) -> str:
    """What the system says, without what Python wraps around it."""
    inner = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(inner, TimeoutError):
        return f"silent for {SILENCE} seconds"
    return str(getattr(inner, "strerror", None) or inner or type(inner).__name__)


def no_place(root: Path, error: OSError) -> NoPlace:
    """What it says of a folder that this happened in."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NoPlace(f"the disk of {root} is full: the photos need 2 GB while they are unpacked")
    return NoPlace(f"{root} cannot be written ({error.strerror or error})")

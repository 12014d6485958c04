"""A photo that an agent hands over as text: the image itself, an address of it, or a file it has uploaded."""

import base64
import binascii
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urljoin

import anyio
import httpx
from safehttpx import AsyncSecureTransport, async_validate_url

from demo.serving.folder import files_folder
from demo.serving.words import in_short
from demo.stage.photos import Offered
from demo.uploads import uploaded_file
from seg import InputError

WAYS = (
    "a data: URL (data:image/jpeg;base64,...), an http(s) address, or, for a file, what uploading it returned: "
    "POST it to /gradio_api/upload of this app, as the form's field `files`"
)
# Of a photo, however it comes: 50 megapixels as a data: URL
MOST_BYTES = 64 * 2**20
# For one that is fetched, all in all: others wait
MOST_SECONDS = 60
_MOST_REDIRECTS = 20
# Where the app serves files that were uploaded to it
_SERVED = "/gradio_api/file="


async def received(text: str) -> tuple[bytes, str]:
    """The file that the text is, or leads to; and its name, which may be anything.

    Raises:
        InputError: there is none, or it cannot be fetched.
    """
    text = text.strip()
    if not text:
        raise InputError(f"no photo: give {WAYS}")
    if text.startswith("data:"):
        return _decoded(text), "photo"
    path = _uploaded(text)
    if path is not None:
        return path.read_bytes(), path.name
    if text.startswith(("http://", "https://")):
        return await _fetched(text), PurePosixPath(httpx.URL(text).path).name
    raise InputError(f"{in_short(text)} is no photo that can be reached from here: give {WAYS}")


@contextmanager
def kept(content: bytes) -> Iterator[Offered]:
    """A photo in a file of this content, which lasts as long as it is used inside."""
    # the server's own folder, with which it goes where the server is killed
    with tempfile.TemporaryDirectory(dir=files_folder()) as folder:
        path = Path(folder, "photo")
        path.write_bytes(content)
        yield Offered("photo", path)


def _decoded(url: str) -> bytes:
    head, comma, content = url.partition(",")
    if not comma or not head.endswith(";base64"):
        raise InputError(
            f"{in_short(url)} is no data: URL of an image: write data:image/jpeg;base64, and the file after"
        )
    try:
        return base64.b64decode("".join(content.split()), validate=True)
    except binascii.Error as error:
        raise InputError(f"the data: URL is not base64 ({error}): encode the file again") from error


def _uploaded(text: str) -> Path | None:
    """The file of this path or address that was uploaded to this app; None where there is none."""
    try:
        return uploaded_file(unquote(text.partition(_SERVED)[2]) or text)
    except (InputError, OSError, ValueError):  # also a path that is none
        return None


async def _fetched(url: str) -> bytes:
    try:
        with anyio.fail_after(MOST_SECONDS):
            return await _answer(url)
    except InputError:
        raise
    except TimeoutError as error:
        raise InputError(f"{in_short(url)} takes over {MOST_SECONDS} seconds: send the photo as a data: URL") from error
    except Exception as error:  # whatever an address, a network or a server can do wrong
        raise InputError(
            f"{in_short(url)} cannot be fetched from here ({error}): send the photo as a data: URL"
        ) from error


async def _answer(url: str) -> bytes:
    """What lies at an address, or where it sends one on to."""
    at = url
    for _ in range(_MOST_REDIRECTS + 1):
        # only from the public internet: nobody reads this machine's network through the app
        transport = AsyncSecureTransport(await async_validate_url(httpx.URL(at).host))
        # not packed: what arrives is as large as what it is read into
        client = httpx.AsyncClient(transport=transport, headers={"Accept-Encoding": "identity"})
        async with client, client.stream("GET", at) as answer:
            if not answer.has_redirect_location:
                return await _content(url, answer)
            at = urljoin(at, answer.headers["Location"])
    raise InputError(f"{in_short(url)} is sent on more than {_MOST_REDIRECTS} times: give the address that it leads to")


async def _content(url: str, answer: httpx.Response) -> bytes:
    if not answer.is_success:
        raise InputError(f"{in_short(url)} answers {answer.status_code}: give another address")
    content = bytearray()
    told = int(answer.headers.get("Content-Length", 0))
    if told <= MOST_BYTES:
        async for part in answer.aiter_bytes():
            content += part
            if len(content) > MOST_BYTES:
                break
    if max(told, len(content)) > MOST_BYTES:
        raise InputError(f"{in_short(url)} is larger than {MOST_BYTES // 2**20} MiB: scale the photo down")
    return bytes(content)

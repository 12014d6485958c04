"""A photo that an agent hands over as text: the image itself, an address of it, or a file it has uploaded."""

import base64
import binascii
import tempfile
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import httpx
from gradio.processing_utils import async_ssrf_protected_get
from PIL import Image

from demo.photo import open_photo
from demo.uploads import uploaded_file
from seg import InputError

WAYS = (
    "a data: URL (data:image/jpeg;base64,...), an http(s) address, or, for a file, what uploading it returned: "
    "POST it to /gradio_api/upload of this app, as the form's field `files`"
)
# Where the app serves files that were uploaded to it
_SERVED = "/gradio_api/file="


async def received(text: str) -> tuple[bytes, str]:
    """The file that the text is, or leads to; and its name.

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
        return await _fetched(text), PurePosixPath(unquote(urlsplit(text).path)).name or "photo"
    raise InputError(f"{_short(text)} is no photo that can be reached from here: give {WAYS}")


def opened(content: bytes, name: str) -> Image.Image:
    """The photo in a file of this content and name, as a person sees it.

    Raises:
        InputError: it is not an image, damaged, or larger than the app takes.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(content)
        return open_photo(path)


def _decoded(url: str) -> bytes:
    head, comma, content = url.partition(",")
    if not comma or not head.endswith(";base64"):
        raise InputError(f"{_short(url)} is no data: URL of an image: write data:image/jpeg;base64, and the file after")
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
        # only from the public internet: nobody reads this machine's network through the app
        answer = await async_ssrf_protected_get(url)
        answer.raise_for_status()
    except httpx.HTTPStatusError as error:
        raise InputError(f"{_short(url)} answers {error.response.status_code}: give another address") from error
    except Exception as error:  # Gradio raises its plainest kind, too
        raise InputError(
            f"{_short(url)} cannot be fetched from here ({error}): send the photo as a data: URL"
        ) from error
    return answer.content


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."

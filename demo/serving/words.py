"""What a person or a program is told where the app cannot do what was asked: one sentence, never Python's words."""

import hashlib
import re
import sys
import traceback
from collections.abc import Callable
from functools import wraps
from typing import Any

import gradio as gr
from fastapi.exceptions import RequestValidationError
from gradio.processing_utils import check_all_files_in_cache
from gradio.route_utils import FnIndexInferError
from gradio_client.utils import is_file_obj_with_meta, traverse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.catalogue import Catalogue
from demo.serving.folder import disk_full
from seg import InputError

NOT_UNDERSTOOD = "What was sent is not what this address takes: reload the page, or look at its API (/?view=api)."
FAULT = "Borderline could not do this, which is its own fault: its log says how."
NOT_FETCHED = "Files at an address are not fetched from here: upload the file, and send what that returns."
TOO_MUCH = "More was sent than this address takes."
NOT_HERE = "There is nothing at this address."
# Those before a file's name, from the root of a disk on
_FOLDERS = re.compile(r"(?<![\w/.:<>-])(?:[A-Za-z]:)?[/\\](?:[^/\\\s]+[/\\])+")
# Of a sentence: it may repeat what was sent
MOST_LETTERS = 400
# Of anything but a file: what the page sends has a hundredth of it
MOST_BYTES = 2 * 2**20
# Addresses that take more, and count it themselves
_COUNTED = ("/gradio_api/upload", "/gradio_api/mcp")
# What its routes raise of a name, a number or a session that there is not
_NOT_FOUND = (FnIndexInferError, LookupError, TypeError, ValueError, AttributeError, AssertionError)
# What Gradio answers and this page never asks: its own reports, editors, histories, and other sites' files
CLOSED = (
    *("/monitoring", "/pwa_icon", "/login", "/token"),
    *(
        f"/gradio_api/{name}"
        for name in (
            *("custom_component", "deep_link", "dev/", "login_check", "process_recording", "profiling", "proxy="),
            *("run-history", "runs", "stream/", "token", "undo-vibe-edit", "user", "vibe-"),
        )
    ),
)


class PlainBlocks(gr.Blocks):
    """The page's blocks, whose events say in a sentence why they cannot.

    What a person or a program did wrong, an InputError, is said as it is, and leaves nothing in the log. Of all else
    the log has the traceback, and they are told that it has.
    """

    def __init__(self, catalogue: Catalogue, **settings: Any) -> None:
        """
        Args:
            catalogue: the runs that the page shows.
        """
        self.catalogue = catalogue
        super().__init__(**settings)

    async def preprocess_data(self, *arguments: Any, **named: Any) -> list[Any]:
        try:
            _refuse_addresses(arguments, named)
            return await super().preprocess_data(*arguments, **named)
        except InputError:
            raise
        except Exception as error:  # values of another kind, fewer of them, files of somebody else
            raise InputError(str(disk_full(error) or NOT_UNDERSTOOD)) from error

    async def process_api(self, block_fn: Any, *arguments: Any, **named: Any) -> dict[str, Any]:
        asked = self.fns.get(block_fn) if isinstance(block_fn, int) else block_fn
        try:
            if asked is None or asked.fn is None:  # what the browser does by itself
                raise InputError(NOT_UNDERSTOOD)
            _check_files(named.get("event_data"))
            return await super().process_api(block_fn, *arguments, **named)
        except Exception as error:
            raise gr.Error(sentence(error, self.catalogue), print_exception=False) from error


def _refuse_addresses(*values: object) -> None:
    """Nobody has this machine fetch what lies elsewhere, which may be of any size: agents have a way that counts it.

    Raises:
        InputError: a file is named by its address.
    """

    def refuse(file: dict) -> None:
        if file["path"].lower().startswith(("http:", "https:")):
            raise InputError(NOT_FETCHED)

    traverse(values, refuse, is_file_obj_with_meta)


def _check_files(event: Any) -> None:
    """Refuse an event that names files of others, as Gradio does, and in our words."""
    said: Any = None if event is None else event._data
    try:
        check_all_files_in_cache(said)
    except Exception as error:
        raise InputError(NOT_UNDERSTOOD) from error


def in_short(said: str, letters: int = 60) -> str:
    """What a visitor has sent, as a sentence repeats it."""
    return said if len(said) <= letters else f"{said[: letters - 3]}..."


def sentence(error: Exception, catalogue: Catalogue | None = None) -> str:
    """What is said of an error; one that nobody expected is printed, with where it happened.

    Args:
        catalogue: whose files are called as below the folder of all runs.
    """
    said = (
        error.message if isinstance(error, gr.Error) else error if isinstance(error, InputError) else disk_full(error)
    )
    if said is None:
        traceback.print_exception(error, file=sys.stderr)
        return FAULT
    words = " ".join(str(said).split())
    if catalogue is not None:
        words = catalogue.for_visitors(words)
    if isinstance(error, InputError) and type(error) is not InputError:  # of a file here, not of what was sent
        words = without_folders(words)
    return in_short(words, MOST_LETTERS)


def without_folders(text: str) -> str:
    """The text, each file of this machine called by its name alone: where it lies is no visitor's affair."""
    return _FOLDERS.sub("", text)


def spoken(function: Callable[[Any], dict]) -> Callable[[Any], dict]:
    """A function that the page calls, which answers `error`, in a sentence, where it cannot."""

    @wraps(function)
    def answered(asked: Any) -> dict:
        try:
            return function(asked)
        except Exception as error:
            return {"error": sentence(error)}

    return answered


def mark_of(*things: object) -> str:
    """A word that is another where these are others, and tells nothing of them: no path of this machine leaves it."""
    return hashlib.blake2s(repr(things).encode(errors="surrogatepass"), digest_size=9).hexdigest()


async def refuse_values(_: Request, __: Exception) -> Response:
    """Of an address whose values are of another kind."""
    return JSONResponse({"detail": NOT_UNDERSTOOD}, 422)


REFUSALS: dict[Any, Any] = {RequestValidationError: refuse_values}


class Spoken:
    """ASGI middleware that answers in a sentence where Gradio's routes fail, and where nothing is to be found."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
        if path.startswith(CLOSED):
            await JSONResponse({"detail": NOT_HERE}, 404)(scope, receive, send)
            return
        answer = _Answer(send)
        counted = receive if path.startswith(_COUNTED) else answer.bounded(receive)
        try:
            await self.app(scope, counted, answer.send)
        except Exception as error:
            if answer.begun:  # a stream whose client, or whose session, is gone
                if _only(error) is None:
                    sentence(error)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return
            status, said = _said(scope["method"], error)
            await JSONResponse({"detail": said}, status)(scope, receive, send)
        else:
            if answer.too_much and not answer.begun:
                await JSONResponse({"detail": TOO_MUCH}, 413)(scope, receive, send)


class _Answer:
    """What is sent in answer to one request, of which no more is read than MOST_BYTES."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = self.too_much = False

    async def send(self, message: Message) -> None:
        if self.too_much and not self.begun:
            return  # whatever is made of half a request
        self.begun = True
        await self._send(message)

    def bounded(self, receive: Receive) -> Receive:
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MOST_BYTES and not self.begun:
                self.too_much = True
                return {"type": "http.request", "body": b"", "more_body": False}
            return message

        return counted


def _said(method: str, error: Exception) -> tuple[int, str]:
    """Status and sentence for an error that a route has not caught."""
    known = _only(error)
    if known is not None:
        return known.status_code, NOT_UNDERSTOOD
    if disk_full(error):
        return 507, sentence(error)
    if method == "POST" and isinstance(error, _NOT_FOUND):
        return 400, NOT_UNDERSTOOD
    return 500, sentence(error)


def _only(error: BaseException) -> HTTPException | None:
    """The refusal that this error is, or has come of, also within a group of such."""
    if isinstance(error, BaseExceptionGroup):
        found = [_only(each) for each in error.exceptions]
        return found[0] if all(found) else None
    if isinstance(error, RuntimeError) and error.__cause__ is not None:  # one that came too late
        return _only(error.__cause__)
    return error if isinstance(error, HTTPException) else None

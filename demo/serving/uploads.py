"""What visitors send: each upload into a folder of its own, so that nobody meets another's by sending the same photo.

Gradio names a file by its content: equal photos of two visitors would be one file, which either could delete.
"""

from gradio.route_utils import upload_fn
from gradio.routes import file_upload_statuses
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message

from demo.serving.folder import new_folder
from seg import InputError

# Of one photo, if nobody says otherwise
MOST_BYTES = 20 * 2**20
# Of a form beside its files
_FORM_BYTES = 64 * 2**10
# Of what is too large, so much is still taken, and thrown away: a browser that may not send on does not read the answer
_DRAINED = 10
NO_UPLOAD = "No file was sent: send a form whose field `files` holds one."


def upload_routes() -> list[Route]:
    """What takes the place of Gradio's own address for uploads."""
    return [Route(f"/gradio_api/upload{end}", _upload, methods=["POST"]) for end in ("", "/")]


def too_large(most: float) -> str:
    """What is said of a file that is larger than so many bytes."""
    size = f"{most / 2**20:.3g} MB" if most >= 2**20 else f"{most / 2**10:.3g} kB"
    return f"The file is larger than {size}: save it smaller, or scale it down."


class _TooLarge(Exception):
    """More was sent than is taken."""


async def _upload(request: Request) -> Response:
    """Keep what is sent, and answer with its paths, as Gradio's own address does; what is cut off leaves nothing."""
    most = request.app.get_blocks().max_file_size or float("inf")
    body = _Body(request, most + _FORM_BYTES)
    progress = request.query_params.get("upload_id")
    try:
        with new_folder() as folder:
            paths, unmoved, _ = await upload_fn(
                body.bounded(), str(folder), most, progress, upload_progress=file_upload_statuses if progress else None
            )
            if not paths or unmoved:
                raise MultiPartException(NO_UPLOAD)
        return JSONResponse(paths)
    except InputError as error:  # the disk is full
        return PlainTextResponse(str(error), 507)
    except (_TooLarge, MultiPartException) as error:
        if isinstance(error, _TooLarge) or "maximum allowed size of" in str(error.message):
            await body.drain(_DRAINED * most)
            return PlainTextResponse(too_large(most), 413)
        return PlainTextResponse(NO_UPLOAD, 400)
    except (HTTPException, ClientDisconnect, KeyError, TypeError, ValueError, UnicodeError):  # no form, or half of one
        return PlainTextResponse(NO_UPLOAD, 400)
    finally:
        if progress:
            file_upload_statuses.set_done(progress)


class _Body:
    """What is sent with a request, of which so many bytes are taken."""

    def __init__(self, request: Request, most: float) -> None:
        self.request = request
        self.most = most
        self.taken = 0
        self.ended = False

    def bounded(self) -> Request:
        """The same request; who reads more than may be sent is stopped by _TooLarge."""

        async def receive() -> Message:
            message = await self._next()
            if self.taken > self.most:
                raise _TooLarge
            return message

        return Request(self.request.scope, receive)

    async def drain(self, most: float) -> None:
        """Take the rest, up to so many bytes, and throw it away."""
        while not self.ended and self.taken < most:
            await self._next()

    async def _next(self) -> Message:
        message = await self.request.receive()
        self.taken += len(message.get("body", b""))
        self.ended = not message.get("more_body", False)
        return message

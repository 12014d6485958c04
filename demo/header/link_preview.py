"""What a link to the page looks like where it is shared: title, description and picture, in the page's first HTML.

Gradio's own tags there speak of Gradio. What `gr.Blocks(head=...)` adds, a script adds, which no reader of links runs.
"""

import html
import re
from pathlib import Path

from gradio.route_utils import get_root_url
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TITLE = "Borderline: which loss sees the border of a pet?"
DESCRIPTION = (
    "SegNet learns to outline cats and dogs with three losses. Try them on your own photo, compare how well each finds "
    "the border, and watch them learn epoch by epoch."
)
# `python -m tools.link_picture` makes it
PICTURE = Path(__file__).with_name("link_picture.jpg")
SIZE = (1200, 630)

_GRADIOS = re.compile(rb'\s*<meta\s+(?:property="og:|name="twitter:)[^>]*>')


def preview_routes() -> list[Route]:
    """What serves the picture, for the app that Gradio makes."""

    async def picture(_: Request) -> FileResponse:
        return FileResponse(PICTURE, media_type="image/jpeg", headers={"Cache-Control": "public, max-age=86400"})

    return [Route(f"/{PICTURE.name}", picture)]


def preview_tags(root: str) -> str:
    """The tags, for the page at this address, which has no slash at its end."""
    picture = f"{root}/{PICTURE.name}"
    named = {
        "description": DESCRIPTION,
        "twitter:card": "summary_large_image",
        "twitter:title": TITLE,
        "twitter:description": DESCRIPTION,
        "twitter:image": picture,
    }
    properties = {
        "og:type": "website",
        "og:site_name": "Borderline",
        "og:title": TITLE,
        "og:description": DESCRIPTION,
        "og:url": f"{root}/",
        "og:image": picture,
        "og:image:type": "image/jpeg",
        "og:image:width": SIZE[0],
        "og:image:height": SIZE[1],
        "og:image:alt": "A photo of a cheetah's cub with the outlines that three networks have found",
    }
    return "".join(
        f'<meta {kind}="{name}" content="{html.escape(str(value))}" />'
        for kind, tags in (("name", named), ("property", properties))
        for name, value in tags.items()
    )


class LinkPreview:
    """ASGI middleware that puts the project's tags in the place of Gradio's, in the page itself and nothing else."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        prefix = scope.get("root_path", "")
        if scope["type"] != "http" or scope["path"].removeprefix(prefix) not in ("", "/"):
            await self.app(scope, receive, send)
            return
        start: Message = {}
        body = bytearray()

        async def hold_back(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if message["type"] != "http.response.body":
                await send(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            whole = bytes(body)
            if Headers(raw=start["headers"]).get("content-type", "").startswith("text/html") and whole:
                whole = _with_tags(whole, get_root_url(Request(scope), "/", prefix))  # type: ignore[arg-type]
                MutableHeaders(raw=start["headers"])["content-length"] = str(len(whole))
            await send(start)
            await send({"type": "http.response.body", "body": whole})

        await self.app(scope, receive, hold_back)


def _with_tags(page: bytes, root: str) -> bytes:
    head, end, rest = page.partition(b"</head>")
    # behind what a browser must read first: the encoding, and what addresses are relative to
    first, style, others = _GRADIOS.sub(b"", head).partition(b"<style")
    return first + preview_tags(root).encode() + style + others + end + rest

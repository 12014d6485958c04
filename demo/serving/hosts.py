"""Who may speak to the app under which name, and where its page may be framed."""

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Where the Hub shows a Space, in a frame
HUB = ("https://huggingface.co", "https://*.huggingface.co", "https://hf.co")
FOREIGN = (
    "Borderline answers on this machine alone: open it as http://127.0.0.1, or start it with --root-path and the whole "
    "address that a proxy or a tunnel gives it, or with another --host."
)


def local_names(host: str, root_path: str = "", *, shared: bool = False) -> tuple[str, ...] | None:
    """The names beside this machine's own under which an app that listens on this address answers; None: under any.

    A page of another site can have its own name lead to this machine, and then read what the app answers.

    Args:
        root_path: the address at which a proxy in front of the app is reached, where that is a whole one.
        shared: it is also reached through a tunnel.
    """
    if shared or not is_local(host):
        return None
    name = urlsplit(root_path).hostname
    return (name,) if name else ()


def is_local(name: str) -> bool:
    """Whether this name or address is this machine's own, for itself."""
    name = name.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def frame_ancestors(*, on_spaces: bool) -> str:
    """The sites that may frame the page, as `Content-Security-Policy` has it."""
    return " ".join(["frame-ancestors", "'self'", *(HUB if on_spaces else ())])


class Guarded:
    """ASGI middleware: no answer under a foreign name; headers that keep a browser from guessing, telling, framing."""

    def __init__(self, app: ASGIApp, names: Sequence[str] | None = None, *, on_spaces: bool = False) -> None:
        """
        Args:
            names: see `local_names`.
        """
        self.app = app
        self.names = names
        self.headers = {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Content-Security-Policy": frame_ancestors(on_spaces=on_spaces),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message.setdefault("headers", []))
                own = headers.get("content-security-policy")
                headers.update(self.headers)
                if own:
                    headers["content-security-policy"] = f"{own}; {self.headers['Content-Security-Policy']}"
            await send(message)

        host = Headers(scope=scope).get("host")
        if host and self.names is not None and not self._is_known(host):
            await PlainTextResponse(FOREIGN, 403)(scope, receive, guarded)
        else:
            await self.app(scope, receive, guarded)

    def _is_known(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return is_local(name) or name in (self.names or ())

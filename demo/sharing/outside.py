"""What is asked outside the queue: functions that the page calls, and direct calls. Of each kind so much at once."""

import asyncio

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.sharing.turns import FULL

# By what an address goes on with: at work at once, and waiting
BOUNDS = {
    "/gradio_api/component_server": (8, 256),
    "/gradio_api/run/": (2, 64),
    "/gradio_api/api/": (2, 64),
    "/gradio_api/mcp": (4, 64),
}


class Outside:
    """ASGI middleware that has requests wait where as many as may be are at work, and refuses those beyond in words."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._places = {address: asyncio.Semaphore(at_once) for address, (at_once, _) in BOUNDS.items()}
        self._there = dict.fromkeys(BOUNDS, 0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = _bound_of(scope)
        if address is None:
            await self._app(scope, receive, send)
            return
        if self._there[address] >= sum(BOUNDS[address]):
            await JSONResponse({"error": FULL, "detail": FULL}, 503)(scope, receive, send)
            return
        self._there[address] += 1
        try:
            async with self._places[address]:
                await self._app(scope, receive, send)
        finally:
            self._there[address] -= 1


def _bound_of(scope: Scope) -> str | None:
    if scope["type"] != "http" or scope["method"] != "POST":
        return None
    return next((address for address in BOUNDS if address in scope["path"]), None)

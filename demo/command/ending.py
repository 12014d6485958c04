"""How the app ends when it is asked to: what it is at work on is finished first, for a few seconds at most."""

import atexit
import contextlib
import os
import sys
import time

import gradio as gr
from starlette.types import ASGIApp, Receive, Scope, Send

# Seconds that a service manager or a person waits without thinking that it hangs
PATIENCE = 5.0
# Seconds without work after which nothing more is expected: a page fetches the pictures of its answer after it
REST = 0.5


class Work:
    """How many requests are being answered now, beside those that stay open as long as a page does."""

    def __init__(self) -> None:
        self.requests = 0


class CountWork:
    """Middleware that counts into a `Work`."""

    def __init__(self, app: ASGIApp, work: Work) -> None:
        self._app = app
        self._work = work

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _stays_open(scope):
            await self._app(scope, receive, send)
            return
        self._work.requests += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._work.requests -= 1


def _stays_open(scope: Scope) -> bool:
    """Whether it is a page's sign of life, or an agent that listens."""
    path = scope["path"]
    return "/gradio_api/heartbeat/" in path or (scope["method"] == "GET" and "/gradio_api/mcp" in path)


def serve_until(asked: list[int], blocks: gr.Blocks, work: Work) -> None:
    """Let an app that was launched serve until a signal is in `asked`; then finish what it is at work on.

    Nothing new is refused meanwhile, so that a page can fetch what it was told of; after `PATIENCE` seconds the rest
    is cut off.
    """
    while not asked:
        time.sleep(0.1)
    until = time.monotonic() + PATIENCE
    if work.requests:
        with contextlib.suppress(OSError):  # its terminal may be what was closed
            print("finishing what is at work, for 5 seconds at most; Ctrl-C stops at once", file=sys.stderr)
        _wait_for_rest(work, until - REST)
    # Gradio's own way of closing waits for the open pages first
    blocks.server_app.stop_event.set()
    blocks.server.should_exit = True
    blocks.server.thread.join(max(0.0, until - time.monotonic()))


def _wait_for_rest(work: Work, until: float) -> None:
    quiet_since = time.monotonic()
    while (now := time.monotonic()) < until and now - quiet_since < REST:
        if work.requests:
            quiet_since = now
        time.sleep(0.05)


def leave() -> None:
    """End the process with status 0, though its threads may still compute: they are neither waited for nor torn out
    of libraries that do not bear it."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    atexit._run_exitfuncs()  # temporary folders go
    os._exit(0)

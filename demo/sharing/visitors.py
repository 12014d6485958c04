"""Who is here: which pages and clients are connected, and what the server keeps of those that have left, for how long.

A page holds one request open for as long as it is open (Gradio's heartbeat), and clients one while they wait for an
answer.
"""

import asyncio
import re
import sys
import time
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from gradio.state_holder import SessionState, StateHolder
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.sharing.room import give_back, keep_little

# Of a client that is not connected: one that only changes its network comes back within that
SECONDS_KEPT = 40
SECONDS_BETWEEN_LOOKS = 5
# The answer to a program (`/call`) that has not begun to fetch it: it may be doing something else first
SECONDS_UNFETCHED = 600
# At most so many are kept, connected or not; the one that asked for nothing for longest goes first
MOST_SESSIONS = 1000

_HEARTBEAT = re.compile(r"/gradio_api/heartbeat/([^/]+)$")
_ANSWER = re.compile(r"/gradio_api/call/(?:v2/)?[^/]+/([^/]+)$")
_ANSWERS = "/gradio_api/queue/data"


class Visitors:
    """Those who are connected, by the session that their client has named, or the one job that it waits for."""

    def __init__(self) -> None:
        self._pages: Counter[str] = Counter()
        self._streams: Counter[str] = Counter()
        self._left: dict[str, float] = {}  # when the last connection of a session has ended

    def has_page(self, session: str) -> bool:
        """Whether a page of the session is open."""
        return self._pages[session] > 0

    def listens(self, session: str) -> bool:
        """Whether the session's answers are being fetched as they come."""
        return self._streams[session] > 0

    def is_connected(self, session: str) -> bool:
        """Whether anything of the session is open."""
        return self.has_page(session) or self.listens(session)

    def has_left(self, session: str, last_asked: float, seconds: float | None = None) -> bool:
        """Whether the session has neither been connected nor asked for anything for so long.

        Args:
            last_asked: when it last did, as `time.monotonic` has it.
            seconds: SECONDS_KEPT if None.
        """
        last = max(last_asked, self._left.get(session, 0))
        kept = SECONDS_KEPT if seconds is None else seconds
        return not self.is_connected(session) and time.monotonic() - last > kept

    def came(self, session: str) -> bool:
        """Whether the session is or was connected."""
        return session in self._left or self.is_connected(session)

    @asynccontextmanager
    async def connected(self, session: str, *, page: bool) -> AsyncIterator[None]:
        """The session has a page open inside, or waits for answers."""
        kind = self._pages if page else self._streams
        kind[session] += 1
        try:
            yield
        finally:
            kind[session] -= 1
            if not kind[session]:
                del kind[session]
            self._left[session] = time.monotonic()

    def forget(self, session: str) -> None:
        """Nothing is known of the session any more."""
        self._left.pop(session, None)

    def gone(self) -> list[str]:
        """The sessions that were connected once, and are not now."""
        return [session for session in self._left if not self.is_connected(session)]


class Connections:
    """ASGI middleware that tells the visitors of the queue (`demo.sharing.turns`) who is connected."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        named = _named(scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        if named is None:
            await self._app(scope, receive, send)
            return
        session, page = named
        visitors = scope["app"].get_blocks()._queue.visitors
        async with visitors.connected(session, page=page):
            await self._app(scope, receive, send)


def _named(scope: Scope) -> tuple[str, bool] | None:
    """The session that a request keeps connected, and whether it is a page's; None for any other request."""
    path = scope["path"]
    heartbeat, answer = _HEARTBEAT.search(path), _ANSWER.search(path)
    if heartbeat:
        return heartbeat[1], True
    if answer:
        return answer[1], False
    if path.endswith(_ANSWERS):
        session = parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [""])[0]
        return session, False
    return None


class _Session(SessionState):
    """What an event needs of a session: not, as Gradio's, every value that the page has ever been sent."""

    def __init__(self, blocks: Any) -> None:
        super().__init__(blocks)
        self.config_values = {}

    def __setitem__(self, key: int, value: Any) -> None:
        super().__setitem__(key, value)
        self.config_values.clear()

    def _update_config(self, key: int) -> None:
        """Nothing reads it."""

    def _update_value_in_config(self, key: int, value: Any) -> None:
        """Nothing reads it."""


class Sessions(StateHolder):
    """The sessions of a server, at most `capacity`."""

    def __getitem__(self, session_id: str) -> SessionState:
        with self.lock:
            if session_id not in self.session_data:
                self.session_data[session_id] = _Session(self.blocks)
        return super().__getitem__(session_id)

    def forget(self, session: str) -> None:
        """Keep nothing of a session."""
        with self.lock:
            self.session_data.pop(session, None)
            self.time_last_used.pop(session, None)

    def last_asked(self, session: str) -> float:
        """When the session last asked for anything, as `time.monotonic` has it; 0 where it is not known."""
        used = self.time_last_used.get(session)
        return 0 if used is None else time.monotonic() - (datetime.now() - used).total_seconds()


@asynccontextmanager
async def forgetting(app: Any, forget_all: Callable[[], None]) -> AsyncIterator[None]:
    """While the server runs, nothing is kept of sessions that have left.

    Args:
        app: the one that Gradio has made.
        forget_all: called when the last has left, for what is remembered of what all of them have asked.
    """
    keep_little()
    blocks = app.get_blocks()
    app.state_holder = sessions = Sessions()
    blocks.state_session_capacity = MOST_SESSIONS
    sessions.set_blocks(blocks)

    async def look_again_and_again() -> None:
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
            try:
                if await forget_those_who_left(app):
                    if not app.state_holder.session_data:
                        forget_all()
                    give_back()
            except Exception as error:  # of one look: the next must not be missed
                traceback.print_exception(error, file=sys.stderr)

    looking = asyncio.create_task(look_again_and_again())
    try:
        yield
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking


async def forget_those_who_left(app: Any) -> int:
    """Drop the state of each session that has left, what waits for it and what it waits for; how many have."""
    blocks, sessions = app.get_blocks(), app.state_holder
    queue, visitors = blocks._queue, blocks._queue.visitors
    forgotten = 0
    known = [*sessions.session_data, *queue.pending_messages_per_session, *queue.pending_event_ids_session]
    for session in dict.fromkeys([*known, *visitors.gone()]):
        asked = max(sessions.last_asked(session), queue.last_asked(session))
        # a program that names no session waits for one job, and is called as it is
        unfetched = queue.pending_event_ids_session.get(session) == {session} and not visitors.came(session)
        if not visitors.has_left(session, asked, SECONDS_UNFETCHED if unfetched else SECONDS_KEPT):
            continue
        await queue.clean_events(session_hash=session)
        queue.forget(session)
        sessions.forget(session)
        visitors.forget(session)
        blocks.pending_streams.pop(session, None)
        blocks.pending_diff_streams.pop(session, None)
        forgotten += 1
    return forgotten

"""What the server does while it serves: it tidies its folder."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from demo.serving.folder import mend, tidy

# Between looks
SECONDS = 60


@asynccontextmanager
async def keeping_order(_: object) -> AsyncIterator[None]:
    """While inside, the server's folder is made anew where it is gone, and what nobody needs goes."""
    task = asyncio.create_task(_again_and_again())
    try:
        yield
    finally:
        task.cancel()


async def _again_and_again() -> None:
    while True:
        await asyncio.sleep(SECONDS)
        await anyio.to_thread.run_sync(_once)


def _once() -> None:
    try:
        mend()
        tidy()
    except OSError as error:  # such as a full disk: the next look may do better
        print(f"temporary files could not be tidied: {error}")

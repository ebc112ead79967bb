"""Handlers that block (SQL, files, pictures) run in threads, so that the event loop stays free.

The framework's own way, ``sync_to_thread=True``, wraps a handler twice where two of them share a
path, and the second then answers with a coroutine (seen in Litestar 2.25).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial, wraps
from typing import ParamSpec, TypeVar

from anyio.to_thread import run_sync

P = ParamSpec("P")
T = TypeVar("T")


def in_thread(handler: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """The handler as a coroutine function that runs it in a worker thread."""

    @wraps(handler)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return await run_sync(partial(handler, *args, **kwargs))

    return run

"""Handlers that block (SQL, files, pictures) run in threads, so that the event loop stays free.

The framework's own way, ``sync_to_thread=True``, wraps a handler twice where two of them share a
path, and the second then answers with a coroutine (seen in Litestar 2.25).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial, wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

# More than previews may wait, so that they never hold up the rest.
_POOL = ThreadPoolExecutor(64, thread_name_prefix="handler")


def in_thread(handler: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """The handler as a coroutine function that runs it in a worker thread."""

    @wraps(handler)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(_POOL, partial(handler, *args, **kwargs))

    return run

"""A movie on the wire while it is made: a thread makes it, the event loop sends it.

A few pieces at the most wait between the two, so a slow client slows the work and takes no memory. A
client that goes away stops it. Work that fails on its way breaks the connection off, so that what
has come cannot be taken for all.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing
from threading import Event, Semaphore, Thread
from typing import TypeAlias

from litestar.types import Receive, Scope, Send

from footage.api.delivery import IS_HEAD
from footage.telemetry import metrics
from footage.telemetry.logs import event

_PIECES_AHEAD = 8
_log = logging.getLogger(__name__)

Message: TypeAlias = bytes | Exception | None
"""A piece of the movie, what went wrong, or its end."""


class MovieResponse:
    """The answer as an ASGI application.

    ``make`` gives the movie's pieces, in a thread; ``right`` is held as long as that runs.
    """

    def __init__(
        self,
        make: Callable[[], Iterator[bytes]],
        right: AbstractContextManager[None],
        headers: Mapping[str, str],
    ) -> None:
        self._make = make
        self._right = right
        self._headers = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; raises what went wrong where nothing was sent yet."""
        if scope.get("state", {}).get(IS_HEAD):
            await self._head(send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        work = _Work(self._make, self._right)
        leaving = asyncio.create_task(_left(receive))
        try:
            await self._send(work, leaving, send, scope["path"])
        finally:
            leaving.cancel()
            work.stop()

    async def _send(self, work: _Work, leaving: asyncio.Task[None], send: Send, path: str) -> None:
        piece = await work.next(leaving)
        if isinstance(piece, Exception):
            metrics.EXPORTS.labels("broken").inc()
            raise piece
        await self._head(send)
        while isinstance(piece, bytes):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            piece = await work.next(leaving)
        if isinstance(piece, Exception):
            metrics.EXPORTS.labels("broken").inc()
            event(_log, logging.ERROR, "export.broken", path=path, reason=str(piece))
            # Without a last chunk: the server closes the connection, and the client sees it.
            return
        if leaving.done():
            metrics.EXPORTS.labels("left").inc()
            event(_log, logging.INFO, "export.left", path=path)
            return
        metrics.EXPORTS.labels("done").inc()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _head(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})


async def _left(receive: Receive) -> None:
    """Return when the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


class _Work:
    """The thread that makes a movie, and the few pieces that wait to be sent."""

    def __init__(self, make: Callable[[], Iterator[bytes]], right: AbstractContextManager[None]) -> None:
        self._make = make
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Queue[Message] = asyncio.Queue()
        self._room = Semaphore(_PIECES_AHEAD)
        self._stopped = Event()
        # Here, so that whoever asks hears at once that there is no room.
        right.__enter__()
        self._right = right
        Thread(target=self._run, name="export", daemon=True).start()

    async def next(self, leaving: asyncio.Task[None]) -> Message:
        """What comes next; None also where the client left."""
        if leaving.done():
            return None
        waiting = asyncio.ensure_future(self._ready.get())
        await asyncio.wait((waiting, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            waiting.cancel()
            return None
        self._room.release()
        return waiting.result()

    def stop(self) -> None:
        """End the work after the piece that it is at."""
        self._stopped.set()
        self._room.release()

    def _run(self) -> None:
        try:
            with closing(self._make()) as pieces:  # type: ignore[type-var]
                for piece in pieces:
                    if not self._put(piece):
                        return
            self._put(None)
        except Exception as error:  # noqa: BLE001 the loop raises it
            self._put(error)
        finally:
            self._right.__exit__(None, None, None)

    def _put(self, message: Message) -> bool:
        """Hand it to the loop when there is room; False where nobody wants it any more."""
        self._room.acquire()
        if self._stopped.is_set():
            return False
        try:
            self._loop.call_soon_threadsafe(self._ready.put_nowait, message)
        except RuntimeError:
            # The server has stopped, and its loop with it.
            return False
        return True

"""The threads that draw pictures, and the memory of those drawn before: both bounded.

Single pictures and storyboard sheets share them. Beyond the pool and its queue callers hear Busy at
once, which is kinder than a queue that grows. A sheet, which is many pictures, hands them in a few
at a time, so that a single picture never waits for a whole sheet.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import BoundedSemaphore, Lock
from typing import TypeVar
from uuid import UUID

from cachetools import LRUCache

T = TypeVar("T")


class Busy(Exception):
    """The pool and its queue are full."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG and the wall time of the (first) frame it shows."""

    jpeg: bytes
    frame_ms: int


class DrawingPool:
    """``threads`` that draw, ``queue`` pictures that may wait for them. Calls come from any thread."""

    def __init__(self, *, threads: int, queue: int, cache_bytes: int) -> None:
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="preview")
        self._pictures = BoundedSemaphore(threads + queue)
        self._sheets = BoundedSemaphore(1 + queue // 2)
        self._cache: LRUCache[tuple[UUID, str], Picture] = LRUCache(
            cache_bytes, getsizeof=lambda picture: len(picture.jpeg)
        )
        self._cache_lock = Lock()

    @property
    def cached_bytes(self) -> int:
        """Bytes of the pictures that are kept in memory."""
        return int(self._cache.currsize)

    def cached(self, archive_id: UUID, tag: str) -> Picture | None:
        """The picture of that tag, where it was drawn before and is still in memory."""
        with self._cache_lock:
            return self._cache.get((archive_id, tag))

    def keep(self, archive_id: UUID, tag: str, picture: Picture) -> None:
        """Keep it in memory, as long as there is room."""
        with self._cache_lock:
            if len(picture.jpeg) <= self._cache.maxsize:
                self._cache[archive_id, tag] = picture

    def draw(self, picture: Callable[[], T]) -> T:
        """Draw one picture, now or after those that wait. Raises Busy, and what ``picture`` raises."""
        if not self._pictures.acquire(blocking=False):
            raise Busy("all preview decoders are busy")
        try:
            return self._pool.submit(picture).result()
        finally:
            self._pictures.release()

    def draw_sheet(self, start: Callable[[], Iterable[Callable[[], None]]]) -> None:
        """Draw the pictures that ``start`` gives, at most as many at a time as there are threads.

        ``start`` is called when the sheet has its place, so that nothing is held by one that is
        refused. Raises Busy where too many sheets are in work, and what the first picture that fails
        raises, after those that were begun.
        """
        if not self._sheets.acquire(blocking=False):
            raise Busy("too many storyboard sheets are being drawn")
        begun: deque[Future[None]] = deque()
        try:
            for picture in start():
                if len(begun) >= self._threads:
                    begun.popleft().result()
                begun.append(self._pool.submit(picture))
            while begun:
                begun.popleft().result()
        finally:
            for future in begun:
                future.exception()
            self._sheets.release()

    def close(self) -> None:
        """Wait for pictures in progress and let go of the threads."""
        self._pool.shutdown()

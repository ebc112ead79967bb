"""Writes in a thread of their own, so that disk and muxer work at the same time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, Self

P = ParamSpec("P")


class WriteBehind:
    """Runs calls one after the other in one thread, at most ``ahead`` of them waiting.

    Where the queue is full the caller waits. An error of a call comes out of a later ``run`` or
    of ``wait``, and the calls behind it are not made. Use as a context manager.
    """

    def __init__(self, *, ahead: int) -> None:
        self._ahead = ahead
        self._waiting: deque[Future[object]] = deque()
        self._failed = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="write-behind")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown()

    def run(self, call: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Make the call soon. Raises what an earlier one raised."""
        if len(self._waiting) >= self._ahead:
            self._waiting.popleft().result()
        self._waiting.append(self._thread.submit(self._unless_failed, lambda: call(*args, **kwargs)))

    def wait(self) -> None:
        """Return when all calls were made. Raises what the first one to fail raised."""
        while self._waiting:
            self._waiting.popleft().result()

    def _unless_failed(self, call: Callable[[], object]) -> None:
        if self._failed:
            return
        try:
            call()
        except BaseException:
            self._failed = True
            raise

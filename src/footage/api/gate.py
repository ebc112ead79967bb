"""The gate before every request: too large, too many, too often, or too slow.

It stands before the token is looked at, so it costs little, and a refused request costs nobody else.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from litestar.types import Receive, Scope

from footage.api.client_address import Network, client_address
from footage.api.errors import HeadersTooLarge, Refusal, TooBusy, TooMany, TooSlow, UrlTooLong
from footage.api.limits import Counts, Limit, Limits, Rates, site_of
from footage.telemetry import metrics

_SIGNATURE = re.compile(rb"(?:^|&)signature=([^&]*)")
_FREE = frozenset({"/healthz", "/readyz"})
"""Whoever watches over the server asks these, however busy it is."""
_PREVIEWS = ("/preview", "/storyboard.jpg")
_EXPORTS = ("/export.mp4",)
_LOOKS = 4
"""How often, in the time that a client may take nothing, it is looked at."""


@dataclass(slots=True, eq=False)
class Sending:
    """An answer on its way; ``since`` when its client has taken nothing, None where nothing waits."""

    task: asyncio.Task[Any]
    since: float | None = None
    is_left: bool = False


class Gate:
    """Lets requests of one worker in. Everything runs on its event loop."""

    def __init__(
        self,
        limits: Limits,
        proxies: Sequence[Network],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits
        self._proxies = proxies
        self._clock = clock
        self._open = 0
        self._sendings: set[Sending] = set()
        self._by_address = Rates(limits.rate_per_address)
        self._by_token = Rates(limits.rate_per_token)
        self._counts = {
            Limit.TOKEN_REQUESTS: (Counts(), limits.requests_per_token),
            Limit.TOKEN_PREVIEWS: (Counts(), limits.previews_per_token),
            Limit.TOKEN_EXPORTS: (Counts(), limits.exports_per_token),
        }

    def enter(self, scope: Scope) -> list[tuple[Counts, bytes]]:
        """Let a request in; what ``leave`` is given when it is done. Raises a Refusal."""
        query: bytes = scope["query_string"]
        if scope["path"] in _FREE:
            self._open += 1
            return []
        self._check_sizes(scope, query)
        if self._open >= self._limits.open_requests:
            raise _limited(Limit.OPEN_REQUESTS, TooBusy("Too many requests are open, try again"))
        now_s = self._clock()
        self._check_rate(Limit.ADDRESS_RATE, self._by_address, self._site(scope), now_s)
        token = _token(query)
        if not token:
            self._open += 1
            return []
        self._check_rate(Limit.TOKEN_RATE, self._by_token, token, now_s)
        entered = self._count(scope["path"], token)
        self._open += 1
        return entered

    def leave(self, entered: list[tuple[Counts, bytes]]) -> None:
        """A request that was let in is done."""
        self._open -= 1
        for counts, token in entered:
            counts.leave(token)

    def watched(self, receive: Receive) -> Receive:
        """A receive that gives up on a body that trickles: in all it may take so long."""
        deadline: float | None = None
        is_whole = False

        async def receive_in_time() -> Any:
            nonlocal deadline, is_whole
            if is_whole:
                # What comes now is that the client leaves, whenever it does.
                return await receive()
            if deadline is None:
                deadline = asyncio.get_running_loop().time() + self._limits.body_s
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise _limited(Limit.SLOW_BODY, TooSlow("The body did not come in time")) from None
            is_whole = not message.get("more_body", False)
            return message

        return receive_in_time

    def watch(self, sending: Sending) -> None:
        """Look after an answer that begins: whoever takes nothing of it for too long is left."""
        if not self._sendings:
            self._look_again()
        self._sendings.add(sending)

    def forget(self, sending: Sending) -> None:
        """The answer is over."""
        self._sendings.discard(sending)

    def _look_again(self) -> None:
        # One timer for all: one for each piece of each answer costs a fifth of a segment's delivery.
        asyncio.get_running_loop().call_later(self._limits.reader_s / _LOOKS, self._look)

    def _look(self) -> None:
        late_s = self._clock() - self._limits.reader_s
        for sending in self._sendings:
            if sending.since is not None and sending.since < late_s and not sending.is_left:
                sending.is_left = True
                metrics.LIMITED.labels(Limit.SLOW_READER.value).inc()
                sending.task.cancel()
        if self._sendings:
            self._look_again()

    def _check_sizes(self, scope: Scope, query: bytes) -> None:
        limits = self._limits
        if len(scope.get("raw_path") or scope["path"]) + len(query) > limits.url_bytes:
            raise _limited(Limit.URL, UrlTooLong(f"A URL has at most {limits.url_bytes} bytes"))
        if sum(len(name) + len(value) for name, value in scope["headers"]) > limits.header_bytes:
            refusal = HeadersTooLarge(f"All headers together have at most {limits.header_bytes} bytes")
            raise _limited(Limit.HEADERS, refusal)

    def _site(self, scope: Scope) -> str:
        client = scope.get("client")
        peer = client[0] if client else None
        if not self._proxies:
            return site_of(peer or "")
        said = [v.decode("latin-1") for name, v in scope["headers"] if name == b"x-forwarded-for"]
        return site_of(client_address(peer, said, self._proxies))

    @staticmethod
    def _check_rate(limit: Limit, rates: Rates, client: str | bytes, now_s: float) -> None:
        wait_s = rates.wait_s(client, now_s)
        if wait_s:
            raise _limited(limit, TooMany("Too many requests, try again later", math.ceil(wait_s)))

    def _count(self, path: str, token: bytes) -> list[tuple[Counts, bytes]]:
        wanted = [Limit.TOKEN_REQUESTS]
        if path.endswith(_PREVIEWS):
            wanted.append(Limit.TOKEN_PREVIEWS)
        elif path.endswith(_EXPORTS):
            wanted.append(Limit.TOKEN_EXPORTS)
        entered: list[tuple[Counts, bytes]] = []
        for limit in wanted:
            counts, most = self._counts[limit]
            if not counts.enter(token, most):
                for others, _ in entered:
                    others.leave(token)
                raise _limited(limit, TooMany("Too many of this link's requests are open", 1))
            entered.append((counts, token))
        return entered


def _limited(limit: Limit, refusal: Refusal) -> Refusal:
    metrics.LIMITED.labels(limit.value).inc()
    return refusal


def _token(query: bytes) -> bytes | None:
    """The signature that a request carries, good or not."""
    if b"%" in query or b"+" in query:
        # However it is written, it is the same one.
        values = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
        return values.get("signature", "").encode("latin-1", "replace")
    match = _SIGNATURE.search(query)
    return match[1] if match else None

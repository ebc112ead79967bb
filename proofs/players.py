"""Many players in one process, each with a connection of its own, that behave as real ones do.

``python -m proofs.players PLAN``: reads a plan (JSON) and prints what became of it (JSON). A player
opens a playlist somewhere in the past, loads three segments at once and then one as each is played,
and now and then seeks, asks for the timeline and the size, or looks at a picture; one in ten is live.
"""

from __future__ import annotations

import asyncio
import random
import re
import sys
import time
from collections import Counter
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import msgspec
from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector

_SEGMENT = re.compile(r"#EXTINF:([0-9.]+),[^\n]*\n(?:#[^\n]*\n)*([^#\n]+)")
_AHEAD = 3
"""A player buffers so many segments before it begins."""
_WINDOW_MS = 600_000
_SEEK_SHARE, _LIVE_SHARE = 0.02, 0.1
_TOLD_FAULTS = 20
_TIMEOUT_S = 30.0


class Film(msgspec.Struct, frozen=True):
    """An archive as a player knows it: its signed link, and the part of it that is watched."""

    url: str
    token: dict[str, str]
    from_ms: int
    to_ms: int


class Plan(msgspec.Struct, frozen=True):
    """How many players watch what, for how long; they join over ``join_s``."""

    films: list[Film]
    players: int
    seconds: float
    join_s: float
    seed: int


class Outcome(msgspec.Struct):
    """Answers by kind and status, how long segments took, and what must not be."""

    answers: dict[str, int]
    segment_ms: list[float]
    size_bytes: int
    faults: list[str]


class _Audience:
    """What all players found."""

    def __init__(self) -> None:
        self.answers: Counter[str] = Counter()
        self.segment_ms: list[float] = []
        self.size_bytes = 0
        self.faults: Counter[str] = Counter()

    def outcome(self) -> Outcome:
        faults = [f"{count} times {fault}" for fault, count in self.faults.most_common(_TOLD_FAULTS)]
        return Outcome(dict(sorted(self.answers.items())), self.segment_ms, self.size_bytes, faults)


class _Player:
    """One of them."""

    def __init__(self, film: Film, dice: random.Random, audience: _Audience, client: ClientSession) -> None:
        self._film = film
        self._dice = dice
        self._audience = audience
        self._client = client

    async def watch(self, until_s: float) -> None:
        """Play until a moment of the steady clock."""
        is_live = self._dice.random() < _LIVE_SHARE
        while time.monotonic() < until_s:
            if is_live:
                await self._watch_live(until_s)
            else:
                await self._watch_past(until_s)

    async def _watch_past(self, until_s: float) -> None:
        """From a moment on to the end of a window, or until something else is wanted."""
        film, dice = self._film, self._dice
        start_ms = dice.randrange(film.from_ms, film.to_ms)
        span = {"start": start_ms, "duration": _WINDOW_MS}
        await self._get("timeline", "timeline", span)
        await self._get("preview", "preview", {"time": start_ms})
        playlist = await self._get("playlist", "index.m3u8", {**span, "discontinuity": dice.choice("01")})
        if playlist is None:
            await asyncio.sleep(1)
            return
        due_s = time.monotonic()
        for number, (duration_s, uri) in enumerate(_segments(playlist)):
            if number >= _AHEAD:
                due_s += duration_s
                await asyncio.sleep(max(due_s - time.monotonic(), 0))
            if time.monotonic() > until_s or dice.random() < _SEEK_SHARE:
                return
            await self._segment(uri)
        await self._get("size", "size", span)

    async def _watch_live(self, until_s: float) -> None:
        """The newest segments as they come."""
        known: set[str] = set()
        while time.monotonic() < until_s:
            playlist = await self._get("live", "live.m3u8", {})
            for _, uri in _segments(playlist or b""):
                if uri not in known:
                    known.add(uri)
                    await self._segment(uri)
            await asyncio.sleep(2)

    async def _segment(self, uri: str) -> None:
        began = time.perf_counter()
        if await self._get("segment", uri, None) is not None:
            self._audience.segment_ms.append(round((time.perf_counter() - began) * 1000, 2))

    async def _get(self, kind: str, path: str, query: dict[str, Any] | None) -> bytes | None:
        """A body; None, and a note of it, where there is none. ``query`` is None for a whole URI."""
        audience, film = self._audience, self._film
        parameters = None if query is None else {**film.token, **query}
        try:
            async with self._client.get(urljoin(f"{film.url}/", path), params=parameters) as answer:
                body = await answer.read()
        except (ClientError, TimeoutError) as error:
            audience.answers[f"{kind} {type(error).__name__}"] += 1
            audience.faults[f"{kind}: {type(error).__name__}"] += 1
            return None
        audience.answers[f"{kind} {answer.status}"] += 1
        audience.size_bytes += len(body)
        if answer.status == HTTPStatus.OK:
            return body
        # What retention removed meanwhile is gone, and is said to be.
        if answer.status != HTTPStatus.NOT_FOUND:
            audience.faults[f"{kind}: {answer.status} {body[:200]!r}"] += 1
        return None


def _segments(playlist: bytes) -> list[tuple[float, str]]:
    return [(float(seconds), uri) for seconds, uri in _SEGMENT.findall(playlist.decode())]


async def run(plan: Plan) -> Outcome:
    """Let all of them watch."""
    audience = _Audience()
    until_s = time.monotonic() + plan.seconds

    async def play(number: int) -> None:
        dice = random.Random(plan.seed + number)
        await asyncio.sleep(plan.join_s * number / plan.players)
        # A player keeps one connection, or two.
        connections = TCPConnector(limit=2, keepalive_timeout=60)
        async with ClientSession(connector=connections, timeout=ClientTimeout(total=_TIMEOUT_S)) as client:
            film = plan.films[number % len(plan.films)]
            await _Player(film, dice, audience, client).watch(until_s)

    async with asyncio.TaskGroup() as group:
        for number in range(plan.players):
            group.create_task(play(number))
    return audience.outcome()


def main() -> None:
    """Read the plan, and print the outcome."""
    plan = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Plan)
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(run(plan))))


if __name__ == "__main__":
    main()

"""Where a segment ends and where a run ends. Pure: it decides on times and codecs alone.

A segment is whole GOPs, so that it decodes alone, of about the wanted length. A run ends where
the source jumps in time or its codecs change, for a player must be told of either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from footage.timeline import Codecs


class GopLike(Protocol):
    """What the cutter sees of a GOP; times in ticks."""

    @property
    def start(self) -> int: ...  # noqa: D102
    @property
    def end(self) -> int: ...  # noqa: D102
    @property
    def codecs(self) -> Codecs: ...  # noqa: D102
    @property
    def continuous(self) -> bool: ...  # noqa: D102


G = TypeVar("G", bound=GopLike)


@dataclass(frozen=True, slots=True)
class Piece(Generic[G]):
    """The GOPs of one segment, and whether a new run begins with it."""

    gops: tuple[G, ...]
    begins_run: bool

    @property
    def start(self) -> int:
        """Where it starts, in the source's ticks."""
        return self.gops[0].start

    @property
    def end(self) -> int:
        """Where it ends, in the source's ticks."""
        return self.gops[-1].end


class Cutter(Generic[G]):
    """Gathers GOPs into pieces of about ``segment_ticks``.

    A piece ends after the GOP that brings it nearest to that length, judged by the length of the
    GOP itself; a GOP that is longer is a piece of its own.
    """

    def __init__(self, segment_ticks: int) -> None:
        self._segment_ticks = segment_ticks
        self._gops: list[G] = []
        self._codecs: Codecs | None = None
        self._begins_run = True

    def push(self, gop: G) -> list[Piece[G]]:
        """Take a GOP; return the pieces that it completes."""
        done = []
        if not gop.continuous or gop.codecs != self._codecs:
            done += self.flush()
            self._begins_run = True
        self._codecs = gop.codecs
        self._gops.append(gop)
        length = gop.end - self._gops[0].start
        if length + (gop.end - gop.start) // 2 >= self._segment_ticks:
            done += self.flush()
        return done

    def flush(self) -> list[Piece[G]]:
        """End the piece in progress, if there is one."""
        if not self._gops:
            return []
        piece = Piece(tuple(self._gops), self._begins_run)
        self._gops = []
        self._begins_run = False
        return [piece]

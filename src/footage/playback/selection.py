"""A wanted span becomes what is played: the entries that timeline, playlist and size share.

Pure. Promises 1 and 2 of the contract are kept here: one list of entries is worked out once, and
each of the three answers is read off it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from footage.archive.read import Part


@dataclass(frozen=True, slots=True)
class Entry:
    """One run as a span sees it, placed in the playlist of that span.

    ``time_ms`` is wall time, ``offset_ms`` the place in the playlist. ``shift_ms`` is how much
    earlier its timestamps must be for the media time of the playlist to have no hole.
    """

    part: Part
    offset_ms: int
    shift_ms: int

    @property
    def time_ms(self) -> int:
        """Wall time at which its first segment starts."""
        return self.part.span.start_ms

    @property
    def end_ms(self) -> int:
        """Wall time at which its last segment ends."""
        return self.part.span.end_ms

    @property
    def duration_ms(self) -> int:
        """Its length, in wall time and in the playlist alike."""
        return self.part.span.duration_ms

    def plays_after(self, other: Entry) -> bool:
        """True where a decoder set up for ``other`` can go on with this."""
        return self.part.run.codecs.fingerprint == other.part.run.codecs.fingerprint


def select(parts: Sequence[Part]) -> list[Entry]:
    """Place ascending parts one after the other."""
    entries = []
    offset_ms = 0
    for part in parts:
        from_first = part.span.start_ms - parts[0].span.start_ms
        entries.append(Entry(part, offset_ms, from_first - offset_ms))
        offset_ms += part.span.duration_ms
    return entries


def size_bytes(parts: Sequence[Part]) -> int:
    """The bytes of all segments of the parts."""
    return sum(part.size_bytes for part in parts)

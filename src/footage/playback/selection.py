"""A wanted span becomes what is played: the entries that timeline, playlist and size share.

Pure. Promises 1 and 2 of the contract are kept here: one list of entries is worked out once, and
each of the three answers is read off it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from footage.archive.read import Part
from footage.timeline import Codecs


class Entry(NamedTuple):
    """One run as a span sees it, placed in the playlist of that span.

    ``time_ms`` and ``end_ms`` are wall time, ``offset_ms`` the place in the playlist.
    ``shift_ms`` is how much earlier its timestamps must be for the media time of the playlist to
    have no hole.
    """

    codecs: Codecs
    time_ms: int
    end_ms: int
    offset_ms: int
    shift_ms: int

    @property
    def duration_ms(self) -> int:
        """Its length, in wall time and in the playlist alike."""
        return self.end_ms - self.time_ms

    def plays_after(self, other: Entry) -> bool:
        """True where a decoder set up for ``other`` can go on with this."""
        return self.codecs.fingerprint == other.codecs.fingerprint


def select(parts: Sequence[Part]) -> list[Entry]:
    """Place ascending parts one after the other."""
    entries = []
    offset_ms = 0
    first_ms = parts[0].start_ms if parts else 0
    for run, start_ms, end_ms, _ in parts:
        shift_ms = start_ms - first_ms - offset_ms
        entries.append(Entry(run.codecs, start_ms, end_ms, offset_ms, shift_ms))
        offset_ms += end_ms - start_ms
    return entries


def size_bytes(parts: Sequence[Part]) -> int:
    """The bytes of all segments of the parts."""
    return sum(part.size_bytes for part in parts)

"""Does the index know what the storage holds? A cheap look: days of archives, not blocks.

An index that lost much (restored from long ago, made anew in part) would have retention remove the little
that it knows, to make room for what it does not. So nothing is removed by one that knows less than half.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from footage.archive.index import KeptArchive

_DAY_MS = 86_400_000
_FEW = 4
"""So few unknown days tell nothing: removal itself leaves some, for a while."""


@dataclass(frozen=True, slots=True)
class Emptier:
    """Of ``found`` days of footage in the storage the index knows ``known``."""

    known: int
    found: int


def compare(archives: Iterable[KeptArchive], days: Iterable[tuple[UUID, str]]) -> Emptier | None:
    """None where the index knows at least half of the days that the storage holds."""
    spans = {one.archive.id: (one.totals.first_ms, one.totals.last_ms) for one in archives}
    known = found = 0
    for archive_id, day in days:
        found += 1
        span = spans.get(archive_id)
        if span is not None:
            start_ms = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)
            known += start_ms < span[1] and start_ms + _DAY_MS > span[0]
    return Emptier(known, found) if found - known >= _FEW and known * 2 < found else None

"""Does the index know what the storage holds? A cheap look: days of archives, not blocks.

An index that lost much (restored from long ago, made anew in part) would have retention remove the little
that it knows, to make room for what it does not. So nothing is removed by one that knows less than half.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from footage.archive.index import KeptArchive, LeavingBlock

_DAY_MS = 86_400_000
_EPOCH = date(1970, 1, 1)
_FEW = 4
"""So few unknown days tell nothing."""


@dataclass(frozen=True, slots=True)
class Emptier:
    """Of ``found`` days of footage in the storage the index knows ``known``."""

    known: int
    found: int


def compare(
    archives: Iterable[KeptArchive],
    days: Iterable[tuple[UUID, str]],
    *,
    leaving: Iterable[LeavingBlock],
    gone: Collection[UUID],
) -> Emptier | None:
    """None where the index knows at least half of the days that the storage holds.

    It knows what is ``leaving`` too, and all of archives that are ``gone``: their bytes are still there.
    """
    spans = {one.archive.id: (one.totals.first_ms, one.totals.last_ms) for one in archives}
    on_their_way = {(block.archive_id, block.start_ms // _DAY_MS) for block in leaving}
    known = found = 0
    for archive_id, text in days:
        found += 1
        day = (date.fromisoformat(text) - _EPOCH).days
        first_ms, last_ms = spans.get(archive_id, (0, 0))
        is_kept = day * _DAY_MS < last_ms and (day + 1) * _DAY_MS > first_ms
        known += is_kept or archive_id in gone or (archive_id, day) in on_their_way
    return Emptier(known, found) if found - known >= _FEW and known * 2 < found else None

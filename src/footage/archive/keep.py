"""Locks, and how long footage is kept and why: what the doors ask of retention."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from footage.archive.index import KeeperIndex, LockIndex
from footage.archive.index.kept import Totals
from footage.archive.keeper_report import Report
from footage.archive.retention import Limit
from footage.archive.retention_words import kept_words, refusal_words, store_words
from footage.timeline import Archive, Camera, Lock, Span

_DAY_MS = 86_400_000
_NEAR_MS = 600_000
"""A camera is at a limit of time where it is this near: blocks are whole, and turns come now and then."""
_NEAR = 0.97
"""The same for bytes."""


@dataclass(frozen=True, slots=True)
class KeptFor:
    """How long one camera's footage is kept: its target and what is there, and the limit that it is at.

    ``limit`` is None where nothing keeps it from growing. ``text`` says all of it.
    """

    target_ms: int | None
    target_bytes: int | None
    kept_ms: int
    limit: Limit | None
    locked_bytes: int
    text: str


@dataclass(frozen=True, slots=True)
class StoreFull:
    """The limit of the store that keeps cameras from keeping more, and how long each keeps at most.

    Both are None where the store presses nobody. ``text`` says it.
    """

    limit: Limit | None
    reach_ms: int | None
    text: str


class Retention:
    """Asked from any thread. Raises Unavailable."""

    def __init__(self, locks: LockIndex, keeper: KeeperIndex) -> None:
        self._locks = locks
        self._keeper = keeper

    def lock(
        self, archive: Archive, span: Span, reason: str, *, now_ms: int, until_ms: int | None = None
    ) -> Lock:
        """Lock a span: nothing removes it while the lock stands (invariant 6). Raises UnknownCamera."""
        lock = Lock(uuid4(), span, reason, until_ms, now_ms)
        self._locks.add_lock(archive, lock)
        return lock

    def locks(self, archive: Archive, now_ms: int) -> list[Lock]:
        """The locks of an archive that stand, by start."""
        return self._locks.locks(archive, now_ms)

    def unlock(self, archive: Archive, lock_id: UUID) -> bool:
        """Remove a lock; False where there is no such lock."""
        return self._locks.drop_lock(archive, lock_id)

    def locked_bytes(self, now_ms: int) -> Mapping[int, int]:
        """Bytes that locks keep, by number of the archive."""
        return self._locks.locked_bytes(now_ms)

    def lock_bytes(self, archive: Archive, locks: Sequence[Lock]) -> list[int]:
        """Bytes of the blocks that each of the locks keeps; where locks meet, a block counts for both."""
        return self._locks.span_bytes(archive, [lock.span for lock in locks])

    def report(self) -> Report:
        """What the keeper did and refused last."""
        return Report.from_row(self._keeper.keeper().report)


def kept_for(
    camera: Camera, totals: Totals | None, report: Report, *, now_ms: int, locked_bytes: int
) -> KeptFor:
    """How long a camera's footage is kept, and why not longer."""
    keep_ms = None if camera.archive_days is None else camera.archive_days * _DAY_MS
    kept_ms = 0 if totals is None else totals.last_ms - totals.first_ms
    limit = None if totals is None else _limit(camera, keep_ms, totals, report, now_ms)
    text = kept_words(
        limit, kept_ms=kept_ms, keep_ms=keep_ms, keep_bytes=camera.archive_bytes, report=report
    )
    return KeptFor(keep_ms, camera.archive_bytes, kept_ms, limit, locked_bytes, text)


def _limit(
    camera: Camera, keep_ms: int | None, totals: Totals, report: Report, now_ms: int
) -> Limit | None:
    """The limit that a camera is at: the one that lets it keep least."""
    if camera.archive_bytes is not None and totals.size_bytes >= camera.archive_bytes * _NEAR:
        return Limit.BYTES
    kept_ms = totals.last_ms - totals.first_ms
    if report.pressing is not None and report.reach_ms is not None:
        below_target = keep_ms is None or report.reach_ms < keep_ms - _NEAR_MS
        if below_target and kept_ms >= report.reach_ms - _NEAR_MS:
            return report.pressing
    if keep_ms is not None and totals.first_ms <= now_ms - keep_ms + _NEAR_MS:
        return Limit.AGE
    return None


def store_full(report: Report, kept: Iterable[KeptFor]) -> StoreFull:
    """Whether the store is full, and for which limit: the one that any camera is at."""
    is_pressed = report.stuck_bytes > 0 or any(one.limit == report.pressing for one in kept)
    limit = report.pressing if is_pressed else None
    return StoreFull(limit, None if limit is None else report.reach_ms, store_words(limit, report))


def refused(report: Report) -> str | None:
    """Why footage is not removed although limits say so; None where nothing is refused."""
    return refusal_words(report)

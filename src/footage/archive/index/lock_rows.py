"""Spans that stay as rows: locks, and holds of whoever is at work in one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Engine, bindparam, delete, insert, select, update

from footage.archive.errors import UnknownCamera
from footage.archive.index import tables as t
from footage.archive.index.database import reading, writing
from footage.archive.index.export_rows import held_spans
from footage.archive.index.keeper_protocol import Hold
from footage.archive.index.stretches import merged, stretches
from footage.timeline import Archive, Lock, Span

_ALIVE = (
    select(t.archive.c.number)
    .join(t.camera, t.camera.c.id == t.archive.c.camera_id)
    .where(t.archive.c.number == bindparam("archive"), ~t.camera.c.removed)
)
_BEAT = update(t.hold).where(t.hold.c.id == bindparam("hold")).values(beat=t.hold.c.beat + 1)


class LockRows:
    """LockIndex over an engine."""

    _engine: Engine
    _single_reads: Engine

    def add_lock(self, archive: Archive, lock: Lock) -> None:
        """Lock a span. Raises UnknownCamera."""
        with writing(self._engine) as connection:
            _check_alive(connection, archive)
            connection.execute(
                insert(t.lock).values(
                    id=lock.id,
                    archive_number=archive.number,
                    start_ms=lock.span.start_ms,
                    end_ms=lock.span.end_ms,
                    reason=lock.reason,
                    until_ms=lock.until_ms,
                    created_ms=lock.created_ms,
                )
            )

    def locks(self, archive: Archive, now_ms: int) -> list[Lock]:
        """The locks of an archive that stand, by start."""
        wanted = select(t.lock).where(t.lock.c.archive_number == archive.number, standing_locks(now_ms))
        with reading(self._single_reads) as connection:
            rows = connection.execute(wanted.order_by(t.lock.c.start_ms, t.lock.c.id)).all()
        return [
            Lock(row.id, Span(row.start_ms, row.end_ms), row.reason, row.until_ms, row.created_ms)
            for row in rows
        ]

    def drop_lock(self, archive: Archive, lock_id: UUID) -> bool:
        """Unlock; False where there is no such lock."""
        with writing(self._engine) as connection:
            dropped = connection.execute(
                delete(t.lock).where(t.lock.c.archive_number == archive.number, t.lock.c.id == lock_id)
            )
        return bool(dropped.rowcount)

    def locked_bytes(self, now_ms: int) -> dict[int, int]:
        """Bytes of the blocks that locks keep, by number of the archive."""
        with reading(self._engine) as connection:
            locked: dict[int, list[Span]] = {}
            for number, span, is_lock in pinned_spans(connection, now_ms):
                if is_lock:
                    locked.setdefault(number, []).append(span)
            return {number: _size(connection, number, spans) for number, spans in locked.items()}

    def span_bytes(self, archive: Archive, spans: Sequence[Span]) -> list[int]:
        """Bytes of the blocks that touch each of the spans, in their order."""
        with reading(self._engine) as connection:
            return [_size(connection, archive.number, [span]) for span in spans]

    def add_hold(self, archive: Archive, hold_id: UUID, span: Span) -> None:
        """Say that somebody is at work in a span. Raises UnknownCamera."""
        with writing(self._engine) as connection:
            _check_alive(connection, archive)
            connection.execute(
                insert(t.hold).values(
                    id=hold_id,
                    archive_number=archive.number,
                    start_ms=span.start_ms,
                    end_ms=span.end_ms,
                    beat=1,
                )
            )

    def beat_holds(self, hold_ids: Collection[UUID]) -> None:
        """Say that they still are."""
        if hold_ids:
            with writing(self._engine) as connection:
                connection.execute(_BEAT, [{"hold": hold_id} for hold_id in hold_ids])

    def drop_holds(self, hold_ids: Collection[UUID]) -> None:
        """They are done, or dead."""
        if hold_ids:
            with writing(self._engine) as connection:
                connection.execute(delete(t.hold).where(t.hold.c.id.in_(hold_ids)))

    def holds(self) -> list[Hold]:
        """Every hold."""
        with reading(self._single_reads) as connection:
            rows = connection.execute(select(t.hold)).all()
        return [Hold(row.id, row.archive_number, Span(row.start_ms, row.end_ms), row.beat) for row in rows]


def standing_locks(now_ms: int) -> ColumnElement[bool]:
    """The condition on a lock that it stands."""
    return t.lock.c.until_ms.is_(None) | (t.lock.c.until_ms > now_ms)


def pinned_spans(
    connection: Connection, now_ms: int, number: int | None = None
) -> list[tuple[int, Span, bool]]:
    """Spans that stay, of all archives or one: the archive's number, the span, True for a lock."""
    locks = select(t.lock.c.archive_number, t.lock.c.start_ms, t.lock.c.end_ms).where(
        standing_locks(now_ms)
    )
    holds = select(t.hold.c.archive_number, t.hold.c.start_ms, t.hold.c.end_ms)
    if number is not None:
        locks = locks.where(t.lock.c.archive_number == number)
        holds = holds.where(t.hold.c.archive_number == number)
    found = [
        (row.archive_number, Span(row.start_ms, row.end_ms), True) for row in connection.execute(locks)
    ]
    found += [(held, span, False) for held, span in held_spans(connection, number)]
    return found + [
        (row.archive_number, Span(row.start_ms, row.end_ms), False) for row in connection.execute(holds)
    ]


def _size(connection: Connection, number: int, spans: list[Span]) -> int:
    """Bytes of the blocks that touch any of the spans."""
    size_bytes = 0
    last_ms = -1
    for span in merged(spans):
        # The block at the end of one may be the block at the start of the next.
        for stretch in stretches(
            connection, number, span, knots_ms=(span.start_ms, span.end_ms - 1, last_ms)
        ):
            if stretch.end_ms > max(span.start_ms, last_ms) and stretch.start_ms < span.end_ms:
                size_bytes += stretch.bytes_to - stretch.bytes_from
                last_ms = max(last_ms, stretch.end_ms)
    return size_bytes


def _check_alive(connection: Connection, archive: Archive) -> None:
    if connection.execute(_ALIVE, {"archive": archive.number}).first() is None:
        raise UnknownCamera(f"no camera has the id {archive.camera_id}")

"""Exports made in the background as rows: who makes which, and what they keep from being removed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, and_, delete, func, insert, or_, select, update

from footage.archive.errors import ExportsFull, Held, UnknownCamera
from footage.archive.index import tables as t
from footage.archive.index.database import reading, writing
from footage.archive.index.protocol import OpenExport
from footage.timeline import Archive, Export, ExportState, Span

_OPEN = t.export.c.state.in_([state.value for state in ExportState if state.is_open])
_KEPT = _OPEN | (t.export.c.state == ExportState.DONE.value)
_EXPORTS = (
    select(
        t.export,
        t.archive.c.id.label("archive_id"),
        t.archive.c.camera_id,
        t.archive.c.token_epoch,
    )
    .join(t.archive, t.archive.c.number == t.export.c.archive_number)
    .join(t.camera, t.camera.c.id == t.archive.c.camera_id)
)
_NEWEST_FIRST = (t.export.c.created_ms.desc(), t.export.c.id.desc())


class ExportRows:
    """ExportIndex over an engine."""

    _engine: Engine
    _single_reads: Engine

    def add_export(self, export: Export, *, max_open: int, max_bytes: int) -> None:
        """Add one that waits. Raises ExportsFull, UnknownCamera."""
        alive = (
            select(t.archive.c.number)
            .join(t.camera, t.camera.c.id == t.archive.c.camera_id)
            .where(t.archive.c.number == export.archive.number, ~t.camera.c.removed)
        )
        # Together with what is added, so that two that are added at once cannot both be the last.
        with writing(self._engine) as connection:
            if connection.execute(alive).first() is None:
                raise UnknownCamera(f"no camera has the id {export.archive.camera_id}")
            waiting = connection.execute(select(func.count()).where(_OPEN)).scalar_one()
            kept = connection.execute(select(func.sum(t.export.c.size_bytes)).where(_KEPT)).scalar_one()
            if waiting >= max_open:
                raise ExportsFull("as many exports wait as may")
            if (kept or 0) + export.size_bytes > max_bytes:
                raise ExportsFull("the exports that are kept take all the room that there is for them")
            connection.execute(insert(t.export).values(**_columns(export)))

    def export(self, archive: Archive, export_id: UUID) -> Export | None:
        """An archive's export of that id."""
        wanted = _EXPORTS.where(
            t.export.c.id == export_id, t.export.c.archive_number == archive.number, ~t.camera.c.removed
        )
        with reading(self._single_reads) as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else _export(row)

    def exports(
        self, archive: Archive, limits: Span, *, limit: int, after: tuple[int, UUID] | None = None
    ) -> list[Export]:
        """An archive's exports that reach nowhere outside ``limits``, newest first."""
        wanted = _EXPORTS.where(
            t.export.c.archive_number == archive.number,
            t.export.c.reach_from_ms >= limits.start_ms,
            t.export.c.reach_to_ms <= limits.end_ms,
            ~t.camera.c.removed,
        )
        if after is not None:
            created_ms, export_id = after
            older = t.export.c.created_ms < created_ms
            beside = and_(t.export.c.created_ms == created_ms, t.export.c.id < export_id)
            wanted = wanted.where(or_(older, beside))
        with reading(self._single_reads) as connection:
            rows = connection.execute(wanted.order_by(*_NEWEST_FIRST).limit(limit)).all()
        return [_export(row) for row in rows]

    def open_exports(self) -> list[OpenExport]:
        """All that wait or run, oldest first."""
        wanted = _EXPORTS.where(_OPEN, ~t.camera.c.removed).order_by(t.export.c.created_ms, t.export.c.id)
        with reading(self._single_reads) as connection:
            rows = connection.execute(wanted).all()
        return [OpenExport(_export(row), row.worker_id, row.beat) for row in rows]

    def claim_export(self, export: Export, worker_id: UUID) -> int | None:
        """Take up an open export that was seen to have this fence; its new fence."""
        fence = export.fence + 1
        state = ExportState.RUNNING.value
        values = {"worker_id": worker_id, "fence": fence, "beat": 0, "state": state, "read_bytes": 0}
        return fence if self._change(export.id, export.fence, **values) else None

    def beat_export(self, export_id: UUID, fence: int, read_bytes: int) -> bool:
        """Say how far an export is; False where it is no longer this worker's to make."""
        return self._change(export_id, fence, beat=t.export.c.beat + 1, read_bytes=read_bytes)

    def release_export(self, export_id: UUID, fence: int) -> None:
        """Let it wait again, for this worker or another."""
        self._change(export_id, fence, state=ExportState.WAITING.value, worker_id=None)

    def end_export(self, export: Export) -> bool:
        """Write down how an export ended; False where it was no longer this fence's to end."""
        return self._change(export.id, export.fence, **_columns(export), worker_id=None)

    def cancel_export(self, export_id: UUID, now_ms: int, expires_ms: int) -> bool:
        """End one that waits or runs; False where it had ended."""
        cancelled = {"state": ExportState.CANCELLED.value, "done_ms": now_ms, "expires_ms": expires_ms}
        with writing(self._engine) as connection:
            changed = connection.execute(
                update(t.export).where(t.export.c.id == export_id, _OPEN).values(**cancelled)
            )
        return bool(changed.rowcount)

    def drop_export(self, export_id: UUID) -> None:
        """Forget one whose files are gone."""
        with writing(self._engine) as connection:
            connection.execute(delete(t.export).where(t.export.c.id == export_id))

    def leaving_exports(self, now_ms: int) -> list[Export]:
        """Those to be forgotten: expired, or of a camera that was removed for good."""
        wanted = _EXPORTS.where(
            (t.export.c.expires_ms <= now_ms)
            | (t.camera.c.removed & t.camera.c.restorable_until_ms.is_(None))
        )
        with reading(self._single_reads) as connection:
            return [_export(row) for row in connection.execute(wanted)]

    def export_totals(self) -> dict[ExportState, tuple[int, int]]:
        """How many there are of each state, and the bytes of their files."""
        counted = select(t.export.c.state, func.count(), func.sum(t.export.c.size_bytes))
        with reading(self._single_reads) as connection:
            rows = connection.execute(counted.group_by(t.export.c.state)).all()
        return {ExportState(state): (count, int(size)) for state, count, size in rows}

    def _change(self, export_id: UUID, seen: int, /, **values: Any) -> bool:
        """Change an open export whose fence is still the one that was seen."""
        with writing(self._engine) as connection:
            changed = connection.execute(
                update(t.export)
                .where(t.export.c.id == export_id, t.export.c.fence == seen, _OPEN)
                .values(**values)
            )
        return bool(changed.rowcount)


def check_not_held(connection: Connection, archive_number: int, span: Span) -> None:
    """Raise Held where an export that waits or runs reaches into ``span`` (invariant 6)."""
    holding = select(t.export.c.id).where(
        t.export.c.archive_number == archive_number,
        t.export.c.reach_from_ms < span.end_ms,
        t.export.c.reach_to_ms > span.start_ms,
        _OPEN,
    )
    if connection.execute(holding.limit(1)).first() is not None:
        raise Held(f"an export is made of {span}: it cannot be removed before that is done")


def held_spans(connection: Connection, archive_number: int | None = None) -> list[tuple[int, Span]]:
    """What exports that wait or run reach into, of all archives or one: its number, and the span."""
    held = select(t.export.c.archive_number, t.export.c.reach_from_ms, t.export.c.reach_to_ms).where(_OPEN)
    if archive_number is not None:
        held = held.where(t.export.c.archive_number == archive_number)
    return [(number, Span(from_ms, to_ms)) for number, from_ms, to_ms in connection.execute(held)]


def cancel_all(connection: Connection, archive: Archive) -> None:
    """End all of an archive that wait or run."""
    connection.execute(
        update(t.export)
        .where(t.export.c.archive_number == archive.number, _OPEN)
        .values(state=ExportState.CANCELLED.value)
    )


def _columns(export: Export) -> dict[str, Any]:
    return {
        "id": export.id,
        "archive_number": export.archive.number,
        "shown_from_ms": export.shown.start_ms,
        "shown_to_ms": export.shown.end_ms,
        "reach_from_ms": export.reach.start_ms,
        "reach_to_ms": export.reach.end_ms,
        "is_limited": export.is_limited,
        "state": export.state.value,
        "reason": export.reason,
        "read_bytes": export.read_bytes,
        "total_bytes": export.total_bytes,
        "size_bytes": export.size_bytes,
        "sha256": export.sha256,
        "manifest_bytes": export.manifest_bytes,
        "created_ms": export.created_ms,
        "done_ms": export.done_ms,
        "expires_ms": export.expires_ms,
        "fence": export.fence,
        "beat": 0,
    }


def _export(row: Row[*tuple[Any, ...]]) -> Export:
    return Export(
        id=row.id,
        archive=Archive(row.archive_number, row.archive_id, row.camera_id, row.token_epoch),
        shown=Span(row.shown_from_ms, row.shown_to_ms),
        reach=Span(row.reach_from_ms, row.reach_to_ms),
        is_limited=row.is_limited,
        state=ExportState(row.state),
        reason=row.reason,
        read_bytes=row.read_bytes,
        total_bytes=row.total_bytes,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        manifest_bytes=row.manifest_bytes,
        created_ms=row.created_ms,
        done_ms=row.done_ms,
        expires_ms=row.expires_ms,
        fence=row.fence,
    )

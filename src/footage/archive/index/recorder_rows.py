"""Recorders as rows: who is alive, who writes which archive (invariant 8), and how it goes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Row, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from footage.archive.index import tables as t
from footage.archive.index.database import reading, writing
from footage.archive.index.protocol import ToRecord
from footage.timeline import Archive, CameraStatus, Reason, Source, State

_STATUS_FIELDS = tuple(field.name for field in fields(CameraStatus))
_ALIVE = (
    select(t.archive.c.number)
    .join(t.camera, t.camera.c.id == t.archive.c.camera_id)
    .where(~t.camera.c.removed)
)
_TO_RECORD = (
    select(
        t.archive.c.number,
        t.archive.c.id,
        t.archive.c.camera_id,
        t.archive.c.token_epoch,
        t.camera.c.title,
        t.camera.c.source_url,
        t.camera.c.transport,
        t.camera.c.is_audio_recorded,
        t.lease.c.recorder_id,
        t.lease.c.fence,
    )
    .select_from(t.archive)
    .join(t.camera, t.camera.c.id == t.archive.c.camera_id)
    .outerjoin(t.lease, t.lease.c.archive_number == t.archive.c.number)
    .where(~t.camera.c.removed, t.camera.c.is_recorded, t.camera.c.source_url.is_not(None))
    .order_by(t.archive.c.number)
)
_STATUSES = (
    select(t.recording)
    .join(t.archive, t.archive.c.number == t.recording.c.archive_number)
    .join(t.camera, t.camera.c.id == t.archive.c.camera_id)
    .where(~t.camera.c.removed)
    .order_by(t.recording.c.archive_number)
)
_BEAT = (
    update(t.recorder).where(t.recorder.c.id == bindparam("recorder")).values(beat=t.recorder.c.beat + 1)
)
_DROP_STATUS = delete(t.recording).where(t.recording.c.archive_number == bindparam("archive"))


class RecorderRows:
    """RecorderIndex over an engine."""

    _engine: Engine
    _single_reads: Engine

    def beat(self, recorder_id: UUID) -> None:
        """Say that a recorder is alive."""
        with writing(self._engine) as connection:
            if not connection.execute(_BEAT, {"recorder": recorder_id}).rowcount:
                connection.execute(insert(t.recorder), {"id": recorder_id, "beat": 1})

    def beats(self) -> dict[UUID, int]:
        """Every recorder that ever was, by how often it beat."""
        with reading(self._single_reads) as connection:
            rows = connection.execute(select(t.recorder.c.id, t.recorder.c.beat)).all()
        return {row.id: row.beat for row in rows}

    def forget_recorder(self, recorder_id: UUID) -> None:
        """A recorder ended in order: it beats no more and holds nothing."""
        with writing(self._engine) as connection:
            connection.execute(
                update(t.lease).where(t.lease.c.recorder_id == recorder_id).values(recorder_id=None)
            )
            connection.execute(delete(t.recorder).where(t.recorder.c.id == recorder_id))

    def to_record(self) -> list[ToRecord]:
        """Every camera that is to be recorded: switched on, with a source; by archive number."""
        with reading(self._single_reads) as connection:
            return [
                ToRecord(
                    archive=Archive(row.number, row.id, row.camera_id, row.token_epoch),
                    title=row.title,
                    source=Source(row.source_url, row.transport, row.is_audio_recorded),
                    holder=row.recorder_id,
                    fence=row.fence or 0,
                )
                for row in connection.execute(_TO_RECORD)
            ]

    def claim(self, archive: Archive, recorder_id: UUID, fence: int) -> int | None:
        """Take the lease whose fence was seen to be ``fence``; its new fence."""
        own = {"recorder_id": recorder_id, "fence": fence + 1}
        still_there = _ALIVE.where(t.archive.c.number == archive.number, t.archive.c.id == archive.id)
        try:
            with writing(self._engine) as connection:
                if connection.execute(still_there).first() is None:
                    return None
                taken = connection.execute(
                    update(t.lease)
                    .where(t.lease.c.archive_number == archive.number, t.lease.c.fence == fence)
                    .values(**own)
                )
                if taken.rowcount:
                    return fence + 1
                if fence:
                    return None
                connection.execute(insert(t.lease), {"archive_number": archive.number, **own})
        except IntegrityError:
            # Somebody else was the first ever.
            return None
        return fence + 1

    def release(self, archive: Archive, fence: int) -> None:
        """Give a lease back; does nothing where somebody else took it meanwhile."""
        with writing(self._engine) as connection:
            connection.execute(
                update(t.lease)
                .where(t.lease.c.archive_number == archive.number, t.lease.c.fence == fence)
                .values(recorder_id=None)
            )

    def put_statuses(self, statuses: Mapping[int, CameraStatus]) -> None:
        """Write down how the recording of some archives, by number, goes."""
        if not statuses:
            return
        with writing(self._engine) as connection:
            wanted = _ALIVE.where(t.archive.c.number.in_(statuses))
            # A camera may have been removed meanwhile.
            numbers = connection.execute(wanted).scalars().all()
            if not numbers:
                return
            connection.execute(_DROP_STATUS, [{"archive": number} for number in numbers])
            connection.execute(
                insert(t.recording),
                [{"archive_number": number, **_columns(statuses[number])} for number in numbers],
            )

    def statuses(self, archives: Collection[int] | None = None) -> dict[int, CameraStatus]:
        """How it goes, by archive number: of all, or of those. Nothing of removed cameras."""
        wanted = _STATUSES
        if archives is not None:
            wanted = wanted.where(t.recording.c.archive_number.in_(archives))
        with reading(self._single_reads) as connection:
            return {row.archive_number: _status(row) for row in connection.execute(wanted)}


def _columns(status: CameraStatus) -> dict[str, Any]:
    columns = {name: getattr(status, name) for name in _STATUS_FIELDS}
    return {**columns, "reconnects": {str(reason): n for reason, n in status.reconnects.items()}}


def _status(row: Row[*tuple[Any, ...]]) -> CameraStatus:
    columns = {name: getattr(row, name) for name in _STATUS_FIELDS}
    columns["state"] = State(row.state)
    columns["reason"] = None if row.reason is None else Reason(row.reason)
    columns["reconnects"] = {Reason(reason): count for reason, count in row.reconnects.items()}
    return CameraStatus(**columns)

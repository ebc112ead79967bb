"""What is kept of all archives at once: one statement each, whatever the number of cameras."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Engine, and_, bindparam, func, select

from footage.archive.index import tables as t
from footage.archive.index.database import reading
from footage.archive.index.kept import Totals
from footage.timeline import Archive

_OF_ARCHIVE = t.run.c.archive_number == t.archive.c.number
_ARCHIVES = (
    select(t.archive.c.number, t.archive.c.id, t.archive.c.camera_id, t.archive.c.token_epoch)
    .join(t.camera, t.camera.c.id == t.archive.c.camera_id)
    .where(~t.camera.c.removed)
)
_TOTALS = (
    select(
        t.archive.c.number,
        func.min(t.run.c.start_ms),
        func.max(t.run.c.end_ms),
        func.sum(t.run.c.bytes_to - t.run.c.bytes_from),
        func.count(),
    )
    .select_from(t.archive)
    .join(t.camera, t.camera.c.id == t.archive.c.camera_id)
    .join(t.run, _OF_ARCHIVE)
    .where(~t.camera.c.removed)
    .group_by(t.archive.c.number)
)
# Runs that begin after the moment count whole; the one before, found by one step in the index, from
# the block on that holds the moment.
_BEGUN_SINCE = (
    select(func.sum(t.run.c.bytes_to - t.run.c.bytes_from))
    .select_from(t.archive)
    .join(t.camera, t.camera.c.id == t.archive.c.camera_id)
    .join(t.run, and_(_OF_ARCHIVE, t.run.c.start_ms >= bindparam("moment")))
    .where(~t.camera.c.removed)
)
_earlier = t.run.alias("earlier")
_last_begun = (
    select(func.max(_earlier.c.start_ms))
    .where(_earlier.c.archive_number == t.archive.c.number, _earlier.c.start_ms < bindparam("moment"))
    .correlate(t.archive)
    .scalar_subquery()
)
_holding = (
    select(func.max(t.block.c.start_ms))
    .where(t.block.c.archive_number == t.archive.c.number, t.block.c.start_ms <= bindparam("moment"))
    .correlate(t.archive)
    .scalar_subquery()
)
_GOING_ON = (
    select(func.sum(t.run.c.bytes_to - t.block.c.bytes_from))
    .select_from(t.archive)
    .join(t.camera, t.camera.c.id == t.archive.c.camera_id)
    .join(t.run, and_(_OF_ARCHIVE, t.run.c.start_ms == _last_begun))
    .join(t.block, and_(t.block.c.archive_number == t.archive.c.number, t.block.c.start_ms == _holding))
    .where(~t.camera.c.removed, t.run.c.end_ms > bindparam("moment"))
)


class OverviewRows:
    """The part of FootageIndex that looks at all archives, over an engine."""

    _engine: Engine
    _single_reads: Engine

    def archives(self, cameras: Collection[UUID] | None = None) -> dict[UUID, Archive]:
        """Archives by the id of their camera: of all cameras, or of those."""
        wanted = _ARCHIVES if cameras is None else _ARCHIVES.where(t.archive.c.camera_id.in_(cameras))
        with reading(self._single_reads) as connection:
            found = [Archive(*row) for row in connection.execute(wanted)]
        return {archive.camera_id: archive for archive in found}

    def all_totals(self) -> dict[int, Totals]:
        """What is kept of each archive, by its number; those that keep nothing are left out."""
        with reading(self._single_reads) as connection:
            rows = connection.execute(_TOTALS).all()
        return {number: Totals(first, last, int(size), runs) for number, first, last, size, runs in rows}

    def bytes_since(self, moment_ms: int) -> int:
        """Bytes kept of the time from a moment on, of all archives; from the block on that holds it."""
        with reading(self._engine) as connection:
            sums = [
                connection.execute(statement, {"moment": moment_ms}).scalar()
                for statement in (_BEGUN_SINCE, _GOING_ON)
            ]
        return sum(int(size_bytes or 0) for size_bytes in sums)

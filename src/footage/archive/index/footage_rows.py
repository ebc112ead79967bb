"""Runs and blocks as rows: how they are found and let go.

Spans are found through (archive_number, start_ms) alone, never by scanning: runs of an archive do
not overlap (invariant 4), so the newest that starts at or before a moment is the only one that
can cover it. That is what keeps old archives as quick as young ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    desc,
    exists,
    func,
    literal,
    select,
    text,
    union_all,
    update,
)

from footage.archive.index import tables as t
from footage.archive.index.database import reading, writing
from footage.archive.index.export_rows import check_not_held
from footage.archive.index.kept import LeavingBlock, Totals
from footage.archive.index.protocol import BlockRow, LiveSegment, SegmentPlace, Snapshot
from footage.archive.index.segment_table import find, unpack, unpack_columns, unpack_times
from footage.timeline import Archive, Block, Codecs, Run, SegmentTable, Span

AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"

_IN_ARCHIVE = t.run.c.archive_number == bindparam("archive")
_CODECS = (
    t.codecs.c.video,
    t.codecs.c.width,
    t.codecs.c.height,
    t.codecs.c.audio,
    t.codecs.c.sample_rate,
    t.codecs.c.channels,
    t.codecs.c.fingerprint,
)

_newest_run = (
    select(func.max(t.run.c.start_ms))
    .where(_IN_ARCHIVE, t.run.c.start_ms <= bindparam("start"))
    .scalar_subquery()
)
_OVERLAPPING = (
    _IN_ARCHIVE,
    t.run.c.start_ms >= func.coalesce(_newest_run, 0),
    t.run.c.start_ms < bindparam("end"),
    t.run.c.end_ms > bindparam("start"),
)
_RUNS = (
    select(
        t.run.c.id,
        t.run.c.start_ms,
        t.run.c.end_ms,
        t.run.c.bytes_from,
        t.run.c.bytes_to,
        t.run.c.codecs_id,
    )
    .where(*_OVERLAPPING)
    .order_by(t.run.c.start_ms)
)
_OVERLAP = (
    select(t.run.c.start_ms, t.run.c.end_ms)
    .where(*_OVERLAPPING, t.run.c.id != bindparam("own"))
    .order_by(t.run.c.start_ms)
    .limit(1)
)
_TOTALS = select(
    func.min(t.run.c.start_ms),
    func.max(t.run.c.end_ms),
    func.sum(t.run.c.bytes_to - t.run.c.bytes_from),
    func.count(),
).where(_IN_ARCHIVE)


def _newest_block(*columns: ColumnElement[Any], up_to: str) -> Select[*tuple[Any, ...]]:
    """The newest block that starts at or before a moment: one step in the index."""
    return (
        select(*columns)
        .where(
            t.block.c.archive_number == bindparam("archive"),
            t.block.c.start_ms <= bindparam(up_to),
            ~t.block.c.leaving,
        )
        .order_by(t.block.c.start_ms.desc())
        .limit(1)
    )


_BLOCK_AT = _newest_block(
    t.block.c.start_ms,
    t.block.c.bytes_from,
    t.block.c.segments,
    t.block.c.keyframes,
    up_to="moment",
)
_SEGMENTS_AT = _newest_block(t.block.c.start_ms, t.block.c.segments, up_to="moment")
_SEGMENTS = (
    select(t.block.c.start_ms, t.block.c.segments)
    .where(
        t.block.c.archive_number == bindparam("archive"),
        t.block.c.start_ms
        >= func.coalesce(_newest_block(t.block.c.start_ms, up_to="start").scalar_subquery(), 0),
        t.block.c.start_ms < bindparam("end"),
        ~t.block.c.leaving,
    )
    .order_by(t.block.c.start_ms)
)
_BLOCK_ROWS = (
    select(
        t.block.c.start_ms,
        t.block.c.end_ms,
        t.block.c.bytes_from,
        t.block.c.bytes_to,
        t.block.c.leaving,
    )
    .where(t.block.c.archive_number == bindparam("archive"), t.block.c.start_ms >= bindparam("start"))
    .order_by(t.block.c.start_ms)
    .limit(bindparam("limit"))
)
_SOME_ID = bindparam("id", type_=t.archive.c.id.type)
# Where there is no archive a row comes all the same, so that the time taken does not tell.
_ARCHIVE = (
    union_all(
        select(t.archive.c.number, t.archive.c.id, t.archive.c.camera_id, t.archive.c.token_epoch)
        .join(t.camera, t.camera.c.id == t.archive.c.camera_id)
        .where(t.archive.c.id == _SOME_ID, ~t.camera.c.removed),
        select(literal(0), _SOME_ID, _SOME_ID, literal(0)),
    )
    .order_by(desc("number"))
    .limit(1)
)
_NEWEST_RECORDED = (
    select(t.block.c.sequence_from, t.block.c.discontinuity, t.block.c.start_ms, t.block.c.segments)
    .where(
        t.block.c.archive_number == bindparam("archive"),
        t.block.c.sequence_from.is_not(None),
        ~t.block.c.leaving,
    )
    .order_by(t.block.c.sequence_from.desc())
    .limit(bindparam("count"))
)

_LEAVING = select(
    t.block.c.id, t.archive.c.id, t.block.c.start_ms, t.block.c.bytes_to - t.block.c.bytes_from
).join(t.archive, t.archive.c.number == t.block.c.archive_number)
# Written as the partial index is: SQLite does not see that ``leaving = 1`` is the same.
_IS_LEAVING = text("block.leaving")
_IS_GONE = and_(t.camera.c.removed, t.camera.c.restorable_until_ms.is_(None))
"""Of a camera: nobody can take it back any more."""


class SqlSnapshot:
    """Reads over one connection, inside one transaction."""

    def __init__(self, connection: Connection, known: dict[int, Codecs]) -> None:
        self._connection = connection
        self._known = known

    def runs(self, archive: Archive, span: Span) -> list[Run]:
        """Runs that overlap ``span``, ascending."""
        if not span.duration_ms:
            return []
        rows = self._connection.execute(_RUNS, _bounds(archive, span)).all()
        return [
            Run(run_id, start_ms, end_ms, bytes_from, bytes_to, self._codecs(codecs_id))
            for run_id, start_ms, end_ms, bytes_from, bytes_to, codecs_id in rows
        ]

    def block_at(self, archive: Archive, moment_ms: int) -> Block | None:
        """The block that covers ``moment_ms``."""
        block = self.last_block_before(archive, moment_ms + 1)
        return block if block is not None and moment_ms < block.end_ms else None

    def last_block_before(self, archive: Archive, moment_ms: int) -> Block | None:
        """The newest block that starts before ``moment_ms``."""
        row = self._connection.execute(
            _BLOCK_AT, {"archive": archive.number, "moment": moment_ms - 1}
        ).one_or_none()
        return None if row is None else _block(row)

    def segments(self, archive: Archive, span: Span) -> SegmentTable:
        """Segments that start inside ``span``, ascending, of all its runs."""
        rows = self._connection.execute(_SEGMENTS, _bounds(archive, span)).all()
        table = unpack_columns([row[0] for row in rows], [row[1] for row in rows])
        first, last = table.start_ms.searchsorted([span.start_ms, span.end_ms])
        return SegmentTable(
            table.start_ms[first:last],
            table.duration_ms[first:last],
            table.size_bytes[first:last],
        )

    def newest_recorded(self, archive: Archive, count: int) -> list[LiveSegment]:
        """The last ``count`` segments that a recorder committed, ascending by sequence."""
        newest: list[LiveSegment] = []
        # As many blocks as segments at the most; what is not fetched is not read.
        bounds = {"archive": archive.number, "count": count}
        with self._connection.execute(_NEWEST_RECORDED, bounds) as rows:
            for sequence, discontinuity, start_ms, segments in rows:
                listed = [
                    LiveSegment(sequence + place, discontinuity, segment_ms, duration_ms)
                    for place, (segment_ms, duration_ms) in enumerate(unpack_times(start_ms, segments))
                ]
                newest = listed + newest
                if len(newest) >= count:
                    break
        return newest[-count:]

    def _codecs(self, codecs_id: int) -> Codecs:
        """Looked up once a process: they are few and never change."""
        codecs = self._known.get(codecs_id)
        if codecs is None:
            row = self._connection.execute(select(*_CODECS).where(t.codecs.c.id == codecs_id)).one()
            codecs = self._known[codecs_id] = Codecs(*row)
        return codecs


class FootageRows:
    """FootageIndex over an engine."""

    _engine: Engine
    _single_reads: Engine
    _codecs: dict[int, Codecs]

    def archive(self, archive_id: UUID) -> Archive | None:
        """The archive of that public id; None also where its camera was removed."""
        with reading(self._single_reads) as connection:
            found = Archive(*connection.execute(_ARCHIVE, {"id": archive_id}).one())
        return found if found.number else None

    def totals(self, archive: Archive) -> Totals | None:
        """What is kept in all, without reading blocks; None where nothing is."""
        with reading(self._single_reads) as connection:
            row = connection.execute(_TOTALS, {"archive": archive.number}).one()
        return Totals(row[0], row[1], int(row[2]), row[3]) if row[3] else None

    def place(self, archive: Archive, start_ms: int) -> SegmentPlace | None:
        """Where the segment is that starts at exactly ``start_ms``."""
        with reading(self._single_reads) as connection:
            row = connection.execute(
                _SEGMENTS_AT, {"archive": archive.number, "moment": start_ms}
            ).one_or_none()
        found = None if row is None else find(row[0], row[1], start_ms)
        if row is None or found is None:
            return None
        duration_ms, size_bytes, crc32, at_bytes = found
        return SegmentPlace(start_ms, duration_ms, size_bytes, crc32, row[0], at_bytes)

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Reads that belong together."""
        with reading(self._engine) as connection:
            yield SqlSnapshot(connection, self._codecs)

    def overlap(self, archive: Archive, span: Span) -> Span | None:
        """The first kept run that overlaps ``span``."""
        if not span.duration_ms:
            return None
        with reading(self._single_reads) as connection:
            return first_overlap(connection, archive, span, own_run=0)

    def mark_run(self, archive: Archive, run_id: int, *, held_too: bool = False) -> None:
        """Take a run out of sight; its blocks are leaving. Raises Held, unless ``held_too``."""
        own = (t.run.c.archive_number == archive.number, t.run.c.id == run_id)
        with writing(self._engine) as connection:
            run = connection.execute(select(t.run.c.start_ms, t.run.c.end_ms).where(*own)).one_or_none()
            if run is not None and not held_too:
                check_not_held(connection, archive.number, Span(*run))
            connection.execute(
                update(t.block)
                .where(t.block.c.archive_number == archive.number, t.block.c.run_id == run_id)
                .values(leaving=True)
            )
            connection.execute(delete(t.run).where(*own))

    def leaving(self, limit: int) -> list[LeavingBlock]:
        """Blocks whose bytes are to be deleted, of each so many: those marked, and of removed archives."""
        with reading(self._engine) as connection:
            rows = list(connection.execute(_LEAVING.where(_IS_LEAVING).limit(limit)))
            for number in _gone(connection):
                wanted = _LEAVING.where(t.block.c.archive_number == number, ~t.block.c.leaving)
                rows += connection.execute(wanted.limit(limit)).all()
        return [LeavingBlock(*row) for row in rows]

    def leaving_of(self, archive: Archive, limit: int, *, run_id: int | None = None) -> list[LeavingBlock]:
        """The same, of one archive alone, or of one run of it that was marked."""
        wanted = _LEAVING.where(t.block.c.archive_number == archive.number)
        with reading(self._engine) as connection:
            if run_id is not None:
                wanted = wanted.where(t.block.c.run_id == run_id, t.block.c.leaving)
            elif archive.number not in _gone(connection):
                wanted = wanted.where(t.block.c.leaving)
            return [LeavingBlock(*row) for row in connection.execute(wanted.limit(limit))]

    def leaving_bytes(self) -> int:
        """Bytes of all blocks that are leaving."""
        marked = select(func.sum(t.block.c.bytes_to - t.block.c.bytes_from)).where(_IS_LEAVING)
        with reading(self._engine) as connection:
            sizes = [connection.execute(marked).scalar()]
            for number in _gone(connection):
                of_removed = select(func.sum(t.run.c.bytes_to - t.run.c.bytes_from)).where(
                    t.run.c.archive_number == number
                )
                sizes.append(connection.execute(of_removed).scalar())
        return sum(int(size or 0) for size in sizes)

    def drop_blocks(self, blocks: Sequence[LeavingBlock]) -> None:
        """Forget blocks whose bytes are gone."""
        if not blocks:
            return
        with writing(self._engine) as connection:
            connection.execute(
                delete(t.block).where(t.block.c.id == bindparam("row")),
                [{"row": block.row} for block in blocks],
            )

    def block_rows(self, archive: Archive, from_ms: int, limit: int) -> list[BlockRow]:
        """The first blocks that start at or after a moment, ascending; also those that are leaving."""
        bounds = {"archive": archive.number, "start": from_ms, "limit": limit}
        with reading(self._single_reads) as connection:
            return [
                BlockRow(start_ms, end_ms, bytes_to - bytes_from, leaving)
                for start_ms, end_ms, bytes_from, bytes_to, leaving in connection.execute(
                    _BLOCK_ROWS, bounds
                )
            ]

    def archive_ids(self) -> set[UUID]:
        """Every archive that is not forgotten yet: also those of removed cameras."""
        with reading(self._single_reads) as connection:
            return set(connection.execute(select(t.archive.c.id)).scalars())

    def emptied_archives(self) -> list[UUID]:
        """Archives of removed cameras that have no blocks and no exports left."""
        with reading(self._single_reads) as connection:
            return list(connection.execute(_emptied(t.archive.c.id)).scalars())

    def drop_removed_archives(self) -> None:
        """Forget removed cameras and archives that have no blocks and no exports left."""
        with writing(self._engine) as connection:
            numbers = connection.execute(_emptied(t.archive.c.number)).scalars().all()
            if not numbers:
                return
            for table in (t.run, t.lease, t.recording, t.lock, t.hold, t.halt):
                connection.execute(delete(table).where(table.c.archive_number.in_(numbers)))
            connection.execute(delete(t.archive).where(t.archive.c.number.in_(numbers)))
            connection.execute(
                delete(t.camera).where(
                    _IS_GONE,
                    ~exists().where(t.archive.c.camera_id == t.camera.c.id),
                )
            )


def _emptied(column: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """A column of the archives of removed cameras that have no blocks and no exports left."""
    return (
        select(column)
        .join_from(t.archive, t.camera, t.camera.c.id == t.archive.c.camera_id)
        .where(
            _IS_GONE,
            ~exists().where(t.block.c.archive_number == t.archive.c.number),
            ~exists().where(t.export.c.archive_number == t.archive.c.number),
        )
    )


def _gone(connection: Connection) -> list[int]:
    """Numbers of archives whose camera was removed for good: few, and asked for first.

    SQLite knows nothing of how many rows a table has, and would begin with the blocks.
    """
    wanted = (
        select(t.archive.c.number)
        .join(t.camera, t.camera.c.id == t.archive.c.camera_id)
        .where(_IS_GONE)
        .order_by(t.archive.c.number)
    )
    return list(connection.execute(wanted).scalars())


def _bounds(archive: Archive, span: Span) -> dict[str, int]:
    return {"archive": archive.number, "start": span.start_ms, "end": span.end_ms}


def _block(row: AnyRow) -> Block:
    start_ms, bytes_from, segments, keyframes = tuple(row)
    return Block(start_ms, bytes_from, unpack(start_ms, segments, keyframes))


def first_overlap(connection: Connection, archive: Archive, span: Span, own_run: int) -> Span | None:
    """The first kept run, other than ``own_run``, that overlaps ``span``."""
    row = connection.execute(_OVERLAP, {**_bounds(archive, span), "own": own_run}).one_or_none()
    return None if row is None else Span(row.start_ms, row.end_ms)

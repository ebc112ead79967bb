"""What whoever removes footage asks and does, as rows: marks, halts, and the keeper's own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from footage.archive.errors import LeaseLost
from footage.archive.index import tables as t
from footage.archive.index.database import reading, writing
from footage.archive.index.keeper_protocol import KeeperRow, KeptArchive, Marked, Stretch
from footage.archive.index.kept import LeavingBlock, Totals
from footage.archive.index.lock_rows import pinned_spans
from footage.archive.index.stretches import stretches
from footage.archive.index.trimming import trim
from footage.timeline import Archive, Span

_DAY_MS = 86_400_000
_ONE = 1
"""There is one keeper, and one row."""
# Also of cameras that can be taken back: their footage takes room, and grows old.
_KEPT = (
    select(
        t.archive.c.number,
        t.archive.c.id,
        t.archive.c.camera_id,
        t.archive.c.token_epoch,
        t.camera.c.archive_days,
        t.camera.c.archive_bytes,
        t.lease.c.recorder_id,
        func.min(t.run.c.start_ms).label("first_ms"),
        func.max(t.run.c.end_ms).label("last_ms"),
        func.sum(t.run.c.bytes_to - t.run.c.bytes_from).label("size_bytes"),
        func.count().label("runs"),
    )
    .select_from(t.archive)
    .join(t.camera, t.camera.c.id == t.archive.c.camera_id)
    .join(t.run, t.run.c.archive_number == t.archive.c.number)
    .outerjoin(t.lease, t.lease.c.archive_number == t.archive.c.number)
    .where(~t.camera.c.removed | t.camera.c.restorable_until_ms.is_not(None))
    .group_by(t.archive.c.number)
    .order_by(t.archive.c.number)
)
_LAST_WRITTEN = (
    select(t.block.c.start_ms, t.block.c.end_ms)
    .where(
        t.block.c.archive_number == bindparam("archive"),
        t.block.c.sequence_from.is_not(None),
        ~t.block.c.leaving,
    )
    .order_by(t.block.c.sequence_from.desc())
    .limit(1)
)
_IS_LEASED = select(t.lease.c.recorder_id).where(
    t.lease.c.archive_number == bindparam("archive"), t.lease.c.recorder_id.is_not(None)
)
_DROP = delete(t.block).where(t.block.c.id == bindparam("row"), t.block.c.leaving)
_DROP_REMOVED = delete(t.block).where(
    t.block.c.id == bindparam("row"),
    t.block.c.archive_number.in_(
        select(t.archive.c.number)
        .join(t.camera, t.camera.c.id == t.archive.c.camera_id)
        .where(t.camera.c.removed, t.camera.c.restorable_until_ms.is_(None))
    ),
)


class KeeperRows:
    """KeeperIndex over an engine."""

    _engine: Engine
    _single_reads: Engine

    def kept_archives(self) -> list[KeptArchive]:
        """Every archive that keeps anything, by number; one statement that reads no block."""
        with reading(self._single_reads) as connection:
            rows = connection.execute(_KEPT).all()
        return [
            KeptArchive(
                Archive(row.number, row.id, row.camera_id, row.token_epoch),
                None if row.archive_days is None else row.archive_days * _DAY_MS,
                row.archive_bytes,
                Totals(row.first_ms, row.last_ms, int(row.size_bytes), row.runs),
                is_leased=row.recorder_id is not None,
            )
            for row in rows
        ]

    def gone_archives(self) -> set[UUID]:
        """Archives of cameras that were removed for good and whose footage is still leaving."""
        gone = (
            select(t.archive.c.id)
            .join(t.camera, t.camera.c.id == t.archive.c.camera_id)
            .where(t.camera.c.removed, t.camera.c.restorable_until_ms.is_(None))
        )
        with reading(self._single_reads) as connection:
            return set(connection.execute(gone).scalars())

    def pinned(self, now_ms: int) -> dict[int, list[tuple[Span, bool]]]:
        """Spans that stay, by number of the archive; True for locks."""
        found: dict[int, list[tuple[Span, bool]]] = {}
        with reading(self._engine) as connection:
            for number, span, is_lock in pinned_spans(connection, now_ms):
                found.setdefault(number, []).append((span, is_lock))
        return found

    def newest_written(self, archive: Archive) -> Span | None:
        """The block that a recorder wrote last."""
        with reading(self._single_reads) as connection:
            return _newest_written(connection, archive.number)

    def stretches(self, archive: Archive, to_ms: int, knots_ms: Collection[int]) -> list[Stretch]:
        """What begins before ``to_ms``, apart where the blocks that hold the knots begin and end."""
        with reading(self._engine) as connection:
            return stretches(connection, archive.number, Span(0, max(to_ms, 0)), knots_ms)

    def mark_before(
        self, archive: Archive, up_to_ms: int, *, now_ms: int, fence: int, limit: int
    ) -> Marked:
        """Take the oldest whole blocks out of sight that nothing pins. Raises LeaseLost."""
        number = archive.number
        with writing(self._engine) as connection:
            _check_fence(connection, fence)
            pinned = [span for _, span, _ in pinned_spans(connection, now_ms, number)]
            if connection.execute(_IS_LEASED, {"archive": number}).first() is not None:
                in_progress = _newest_written(connection, number)
                pinned += [] if in_progress is None else [in_progress]
            return trim(connection, number, up_to_ms, pinned, limit)

    def drop_leaving(self, blocks: Sequence[LeavingBlock], fence: int) -> None:
        """Forget blocks whose bytes are gone. Raises LeaseLost."""
        if not blocks:
            return
        rows = [{"row": block.row} for block in blocks]
        with writing(self._engine) as connection:
            _check_fence(connection, fence)
            connection.execute(_DROP, rows)
            connection.execute(_DROP_REMOVED, rows)

    def put_halts(self, halts: Mapping[int, str], fence: int) -> None:
        """Say which archives, by number, nothing more is recorded into, and for which limit."""
        with writing(self._engine) as connection:
            _check_fence(connection, fence)
            connection.execute(delete(t.halt))
            known = connection.execute(
                select(t.archive.c.number).where(t.archive.c.number.in_(halts))
            ).scalars()
            rows = [{"archive_number": number, "limit": halts[number]} for number in known.all()]
            if rows:
                connection.execute(insert(t.halt), rows)

    def halts(self) -> dict[int, str]:
        """The same."""
        with reading(self._single_reads) as connection:
            rows = connection.execute(select(t.halt.c.archive_number, t.halt.c.limit)).all()
        return {row.archive_number: row.limit for row in rows}

    def keeper(self) -> KeeperRow:
        """Who removes footage; nobody ever where the fence is 0."""
        with reading(self._single_reads) as connection:
            row = connection.execute(select(t.keeper)).one_or_none()
        if row is None:
            return KeeperRow(None, 0, 0, is_wanted=False, seen=None, report=None)
        return KeeperRow(row.holder, row.beat, row.fence, row.is_wanted, row.seen, row.report)

    def claim_keeper(self, holder: UUID, fence: int) -> int | None:
        """Become it where the fence was seen to be ``fence``; the new fence."""
        try:
            with writing(self._engine) as connection:
                taken = connection.execute(
                    update(t.keeper)
                    .where(t.keeper.c.fence == fence)
                    .values(holder=holder, fence=fence + 1, beat=t.keeper.c.beat + 1)
                )
                if taken.rowcount:
                    return fence + 1
                if fence:
                    return None
                connection.execute(
                    insert(t.keeper).values(number=_ONE, holder=holder, beat=1, fence=1, is_wanted=False)
                )
        except IntegrityError:
            # Somebody else was the first ever.
            return None
        return 1

    def beat_keeper(self, fence: int, seen: Mapping[str, Any] | None) -> bool:
        """Say that it lives, and what its clock is. False where another took over."""
        values: dict[str, Any] = {"beat": t.keeper.c.beat + 1}
        if seen is not None:
            values["seen"] = dict(seen)
        with writing(self._engine) as connection:
            done = connection.execute(update(t.keeper).where(t.keeper.c.fence == fence).values(**values))
        return bool(done.rowcount)

    def release_keeper(self, fence: int) -> None:
        """Let another be it at once."""
        with writing(self._engine) as connection:
            connection.execute(update(t.keeper).where(t.keeper.c.fence == fence).values(holder=None))

    def put_report(self, fence: int, report: Mapping[str, Any]) -> None:
        """Write down what was done; nothing more is wanted then."""
        with writing(self._engine) as connection:
            connection.execute(
                update(t.keeper)
                .where(t.keeper.c.fence == fence)
                .values(report=dict(report), is_wanted=False)
            )

    def want_pass(self) -> None:
        """Ask the keeper to look at once."""
        with writing(self._engine) as connection:
            connection.execute(update(t.keeper).values(is_wanted=True))

    def set_seen(self, seen: Mapping[str, Any] | None) -> None:
        """Write down a clock that is to be believed from now on."""
        row = None if seen is None else dict(seen)
        with writing(self._engine) as connection:
            if not connection.execute(update(t.keeper).values(seen=row)).rowcount:
                connection.execute(
                    insert(t.keeper).values(number=_ONE, beat=0, fence=0, is_wanted=False, seen=row)
                )


def _newest_written(connection: Connection, number: int) -> Span | None:
    row = connection.execute(_LAST_WRITTEN, {"archive": number}).one_or_none()
    return None if row is None else Span(row.start_ms, row.end_ms)


def _check_fence(connection: Connection, fence: int) -> None:
    if connection.execute(select(t.keeper.c.fence)).scalar_one_or_none() != fence:
        raise LeaseLost("another keeper removes footage now")

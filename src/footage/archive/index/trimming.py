"""Blocks taken out of a run, and what becomes of the run's row: shorter, two, or gone.

What is left of a run keeps its running sums, its blocks their numbers for live playlists. The last part
keeps the row, for a recorder may be adding to it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from footage.archive.index import tables as t
from footage.archive.index.keeper_protocol import Marked
from footage.archive.index.stretches import without
from footage.timeline import Span

_RUNS = (
    select(t.run)
    .where(t.run.c.archive_number == bindparam("archive"), t.run.c.start_ms < bindparam("up_to"))
    .order_by(t.run.c.start_ms)
    .limit(bindparam("count"))
)
_BLOCKS = (
    select(t.block.c.start_ms, t.block.c.end_ms, t.block.c.bytes_from, t.block.c.bytes_to)
    .where(
        t.block.c.archive_number == bindparam("archive"),
        t.block.c.start_ms >= bindparam("start"),
        t.block.c.start_ms < bindparam("end"),
        t.block.c.end_ms <= bindparam("end"),
        ~t.block.c.leaving,
    )
    .order_by(t.block.c.start_ms)
    .limit(bindparam("count"))
)
_MARK = (
    update(t.block)
    .where(
        t.block.c.archive_number == bindparam("archive"),
        t.block.c.start_ms >= bindparam("start"),
        t.block.c.start_ms < bindparam("end"),
        ~t.block.c.leaving,
    )
    .values(leaving=True)
)


def trim(connection: Connection, number: int, up_to_ms: int, pinned: list[Span], limit: int) -> Marked:
    """Mark the oldest blocks of an archive that end by ``up_to_ms`` and touch nothing pinned."""
    blocks = size_bytes = 0
    for run in connection.execute(_RUNS, {"archive": number, "up_to": up_to_ms, "count": limit + 1}).all():
        if blocks >= limit:
            return Marked(blocks, size_bytes, is_all=False)
        kept = _Run(connection, run.id, number, run)
        for free in without(Span(run.start_ms, min(run.end_ms, up_to_ms)), pinned):
            gone = connection.execute(
                _BLOCKS,
                {
                    "archive": number,
                    "start": free.start_ms,
                    "end": free.end_ms,
                    "count": limit - blocks + 1,
                },
            ).all()
            is_more, gone = len(gone) > limit - blocks, gone[: limit - blocks]
            if gone:
                first, last = gone[0], gone[-1]
                kept.take_out(first.start_ms, last.end_ms, first.bytes_from, last.bytes_to)
                blocks += len(gone)
                size_bytes += last.bytes_to - first.bytes_from
            if is_more:
                return Marked(blocks, size_bytes, is_all=False)
    return Marked(blocks, size_bytes, is_all=True)


class _Run:
    """The row of a run that blocks are taken out of, from its start on."""

    def __init__(
        self, connection: Connection, run_id: int, number: int, row: Row[*tuple[Any, ...]]
    ) -> None:
        self._connection = connection
        self._id = run_id
        self._number = number
        self._row = row

    def take_out(self, start_ms: int, end_ms: int, bytes_from: int, bytes_to: int) -> None:
        """Mark the blocks of a stretch, and keep what is before and after it."""
        row = self._row
        self._connection.execute(_MARK, {"archive": self._number, "start": start_ms, "end": end_ms})
        run = t.run.c
        own = run.id == self._id
        if start_ms == row.start_ms and end_ms == row.end_ms:
            self._connection.execute(delete(t.run).where(own))
            return
        if end_ms == row.end_ms:
            self._connection.execute(update(t.run).where(own).values(end_ms=start_ms, bytes_to=bytes_from))
            return
        self._connection.execute(update(t.run).where(own).values(start_ms=end_ms, bytes_from=bytes_to))
        if start_ms > row.start_ms:
            self._split_off(start_ms, bytes_from)
        self._row = self._connection.execute(select(t.run).where(own)).one()

    def _split_off(self, end_ms: int, bytes_to: int) -> None:
        """What lies before becomes a run of its own."""
        row = self._row
        added = self._connection.execute(
            insert(t.run).values(
                archive_number=self._number,
                start_ms=row.start_ms,
                end_ms=end_ms,
                bytes_from=row.bytes_from,
                bytes_to=bytes_to,
                codecs_id=row.codecs_id,
            )
        )
        key = added.inserted_primary_key
        assert key is not None
        self._connection.execute(
            update(t.block)
            .where(
                t.block.c.archive_number == self._number,
                t.block.c.start_ms >= row.start_ms,
                t.block.c.start_ms < end_ms,
                t.block.c.run_id == self._id,
            )
            .values(run_id=int(key[0]))
        )

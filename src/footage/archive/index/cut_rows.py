"""Segments whose bytes are gone, taken out of the rows: a run is split around them.

What stays keeps its running sums, for a size is a difference of two of them. The later part of a
split run keeps the run's id, so a recorder that still adds to it goes on; where it was the end that
went, nothing keeps it: the recorder is told that its run is no more (UnknownRun), and begins another.
It would put back what was cut out with the block that it grows (invariant 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, Row, bindparam, delete, insert, select, update

from footage.archive.index import tables as t
from footage.archive.index.database import writing
from footage.archive.index.segment_table import pack_keyframes, pack_segments, unpack
from footage.timeline import Archive, Segment, Span

_BLOCK = select(t.block).where(
    t.block.c.archive_number == bindparam("archive"),
    t.block.c.start_ms == bindparam("start"),
    ~t.block.c.leaving,
)
_RUN = select(t.run).where(t.run.c.id == bindparam("run"))


class CutRows:
    """``cut_out`` of FootageIndex over an engine."""

    _engine: Engine

    def cut_out(self, archive: Archive, cuts: Mapping[int, int]) -> list[Span]:
        """Forget segments whose bytes are gone; the time that each cut took, ascending."""
        with writing(self._engine) as connection:
            lost = [_cut(connection, archive, start_ms, cuts[start_ms]) for start_ms in sorted(cuts)]
        return [span for span in lost if span is not None]


def _cut(connection: Connection, archive: Archive, start_ms: int, kept: int) -> Span | None:
    """Let ``kept`` segments of a block stay; the time of the others."""
    block = connection.execute(_BLOCK, {"archive": archive.number, "start": start_ms}).one_or_none()
    if block is None:
        return None
    segments = unpack(start_ms, block.segments, block.keyframes)
    if kept >= len(segments):
        return None
    stay = segments[:kept]
    _trim_block(connection, block, stay)
    ends_ms = stay[-1].end_ms if stay else start_ms
    _split_run(connection, block, ends_ms, block.bytes_from + sum(one.size_bytes for one in stay))
    return Span(ends_ms, block.end_ms)


def _trim_block(connection: Connection, block: Row[Any], stay: tuple[Segment, ...]) -> None:
    if not stay:
        connection.execute(delete(t.block).where(t.block.c.id == block.id))
        return
    # Its numbers for live playlists are not given twice: sequence_to stays.
    connection.execute(
        update(t.block)
        .where(t.block.c.id == block.id)
        .values(
            end_ms=stay[-1].end_ms,
            bytes_to=block.bytes_from + sum(segment.size_bytes for segment in stay),
            segments=pack_segments(stay),
            keyframes=pack_keyframes(stay),
        )
    )


def _split_run(connection: Connection, block: Row[Any], ends_ms: int, bytes_to: int) -> None:
    """End the run at ``ends_ms``; what it has behind the block is a run of its own."""
    run = connection.execute(_RUN, {"run": block.run_id}).one()
    this_run = t.run.c.id == run.id
    if block.end_ms < run.end_ms:
        connection.execute(
            update(t.run).where(this_run).values(start_ms=block.end_ms, bytes_from=block.bytes_to)
        )
    else:
        connection.execute(delete(t.run).where(this_run))
    if ends_ms == run.start_ms:
        return
    head = {**run._asdict(), "end_ms": ends_ms, "bytes_to": bytes_to}
    del head["id"]
    added = connection.execute(insert(t.run), head).inserted_primary_key
    assert added is not None
    connection.execute(
        update(t.block)
        .where(
            t.block.c.archive_number == block.archive_number,
            t.block.c.run_id == run.id,
            t.block.c.start_ms < block.end_ms,
        )
        .values(run_id=added[0])
    )

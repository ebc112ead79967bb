"""How many bytes lie in a stretch of an archive: running sums at the edges of blocks, never a scan."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import pairwise

from sqlalchemy import Connection, bindparam, func, select

from footage.archive.index import tables as t
from footage.archive.index.keeper_protocol import Stretch
from footage.timeline import Span

_newest_run = (
    select(func.max(t.run.c.start_ms))
    .where(t.run.c.archive_number == bindparam("archive"), t.run.c.start_ms <= bindparam("start"))
    .scalar_subquery()
)
_RUNS = (
    select(t.run.c.start_ms, t.run.c.end_ms, t.run.c.bytes_from, t.run.c.bytes_to)
    .where(
        t.run.c.archive_number == bindparam("archive"),
        t.run.c.start_ms >= func.coalesce(_newest_run, 0),
        t.run.c.start_ms < bindparam("end"),
        t.run.c.end_ms > bindparam("start"),
    )
    .order_by(t.run.c.start_ms)
)
_BLOCK = (
    select(t.block.c.start_ms, t.block.c.end_ms, t.block.c.bytes_from, t.block.c.bytes_to)
    .where(
        t.block.c.archive_number == bindparam("archive"),
        t.block.c.start_ms <= bindparam("moment"),
        ~t.block.c.leaving,
    )
    .order_by(t.block.c.start_ms.desc())
    .limit(1)
)


def stretches(connection: Connection, number: int, span: Span, knots_ms: Collection[int]) -> list[Stretch]:
    """The runs that overlap ``span``, apart where the blocks that hold the knots begin and end."""
    bounds = {"archive": number, "start": span.start_ms, "end": span.end_ms}
    runs = connection.execute(_RUNS, bounds).all()
    ordered = sorted(knots_ms)
    found = []
    for run in runs:
        inside = [moment for moment in ordered if run.start_ms <= moment < run.end_ms]
        sums = {run.start_ms: run.bytes_from, run.end_ms: run.bytes_to}
        covered_ms = -1
        for moment_ms in inside:
            if moment_ms < covered_ms:
                continue
            block = connection.execute(_BLOCK, {"archive": number, "moment": moment_ms}).one()
            sums[block.start_ms], sums[block.end_ms] = block.bytes_from, block.bytes_to
            covered_ms = block.end_ms
        edges = sorted(sums.items())
        found += [
            Stretch(start_ms, end_ms, before, after)
            for (start_ms, before), (end_ms, after) in pairwise(edges)
        ]
    return found


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same time in as few spans, ascending."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start_ms <= found[-1].end_ms:
            found[-1] = Span(found[-1].start_ms, max(found[-1].end_ms, span.end_ms))
        elif span.duration_ms:
            found.append(span)
    return found


def without(span: Span, taken: Iterable[Span]) -> list[Span]:
    """What is left of a span, ascending."""
    left, at_ms = [], span.start_ms
    for one in merged(taken):
        if one.start_ms >= span.end_ms:
            break
        if one.start_ms > at_ms:
            left.append(Span(at_ms, one.start_ms))
        at_ms = max(at_ms, one.end_ms)
    if at_ms < span.end_ms:
        left.append(Span(at_ms, span.end_ms))
    return left

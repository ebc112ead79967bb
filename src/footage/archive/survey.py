"""What every camera keeps, as exactly as the plan needs it: running sums at the cuts, no rows of blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from footage.archive.index import Index, KeptArchive
from footage.archive.retention import Kept, Piece, Pin, Plan, Store, plan
from footage.timeline import Span

_ROUNDS = 12
"""Each looks where the last one cut. Blocks of one camera are much alike, so three are enough."""


@dataclass(slots=True)
class _Known:
    """One archive: the moments looked at so far, and what they told."""

    archive: KeptArchive
    pins: list[tuple[Span, Pin]]
    moments_ms: set[int] = field(default_factory=set)
    exact_to_ms: int = -1
    """Up to here its blocks and pins are known."""


def survey(index: Index, archives: Sequence[KeptArchive], store: Store, now_ms: int) -> Plan:
    """The plan for all archives. Where nothing has to go it costs one statement."""
    kept = {one.archive.number: _as_a_whole(one) for one in archives}
    made = plan(list(kept.values()), store)
    if not made.cuts and not made.stuck and made.stuck_store is None:
        return made
    known = _known(index, archives, now_ms)
    for _ in range(_ROUNDS):
        unsure = [
            cut
            for cut in made.cuts.values()
            if not cut.is_exact or cut.up_to_ms > known[cut.number].exact_to_ms
        ]
        if not unsure:
            break
        for cut in unsure:
            one = known[cut.number]
            one.moments_ms.add(cut.up_to_ms)
            kept[cut.number] = _in_pieces(index, one)
        made = plan(list(kept.values()), store)
    return made


def _known(index: Index, archives: Sequence[KeptArchive], now_ms: int) -> Mapping[int, _Known]:
    pinned = index.pinned(now_ms)
    known = {}
    for one in archives:
        spans = pinned.get(one.archive.number, [])
        pins = [(span, Pin.LOCK if is_lock else Pin.READER) for span, is_lock in spans]
        if one.is_leased:
            newest = index.newest_written(one.archive)
            pins += [] if newest is None else [(newest, Pin.RECORDING)]
        known[one.archive.number] = _Known(one, pins)
    return known


def _as_a_whole(one: KeptArchive) -> Kept:
    totals = one.totals
    piece = Piece(totals.first_ms, totals.last_ms, totals.size_bytes)
    return Kept(one.archive.number, (piece,), one.keep_ms, one.keep_bytes)


def _in_pieces(index: Index, known: _Known) -> Kept:
    """Runs and blocks up to the last moment looked at, and the rest as one."""
    one, totals = known.archive, known.archive.totals
    to_ms = max(known.moments_ms) + 1
    knots = {edge for span, _ in known.pins for edge in (span.start_ms, span.end_ms - 1)}
    stretches = index.stretches(one.archive, to_ms, knots | known.moments_ms)
    looked_at = sorted(known.moments_ms)
    pieces = []
    for stretch in stretches:
        span = Span(stretch.start_ms, stretch.end_ms)
        is_block = any(span.start_ms <= moment_ms < span.end_ms for moment_ms in looked_at)
        pieces.append(
            Piece(
                span.start_ms,
                span.end_ms,
                stretch.bytes_to - stretch.bytes_from,
                _pin(span, known),
                is_block,
            )
        )
    end_ms = pieces[-1].end_ms if pieces else totals.first_ms
    known.exact_to_ms = end_ms
    if end_ms < totals.last_ms:
        rest = max(totals.size_bytes - sum(piece.size_bytes for piece in pieces), 0)
        pieces.append(Piece(end_ms, totals.last_ms, rest))
    return Kept(one.archive.number, tuple(pieces), one.keep_ms, one.keep_bytes)


def _pin(span: Span, known: _Known) -> Pin | None:
    for pinned, pin in known.pins:
        if pinned.overlaps(span):
            return pin
    return None

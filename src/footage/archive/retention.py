"""What is too old or too much: one pure function, from what every camera keeps to what has to go, and why.

The rules, in this order; design/retention.md says why they are these:

1. A camera loses what is older than its days, then its oldest footage until it keeps no more than its
   bytes.
2. Where the store keeps more than it may, or its disk lacks free space, all cameras are cut back to the
   same length of time, each counted back from its own newest footage: the store's *reach*. A camera that
   keeps less than that loses nothing.
3. Within a camera the oldest goes first, in whole blocks. What is pinned (a lock, a reader, the block in
   progress) stays, and what it takes counts.

Nothing here reads a clock, a row or a disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Limit(StrEnum):
    """What takes footage away."""

    AGE = "age"
    """The camera's days."""
    BYTES = "bytes"
    """The camera's bytes."""
    STORE_BYTES = "store_bytes"
    """The bytes of all cameras together."""
    STORE_FREE = "store_free"
    """The free space that the disk is to have."""


class Pin(StrEnum):
    """Why footage stays whatever the limits say."""

    LOCK = "lock"
    READER = "reader"
    """An export, a stream or an import is under way."""
    RECORDING = "recording"
    """The block that the recorder is writing."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one camera's footage.

    One that ``is_whole`` is a block and goes whole or not at all. Of any other it is known that its
    edges are edges of blocks, and taken that its bytes are spread evenly.
    """

    start_ms: int
    end_ms: int
    size_bytes: int
    pin: Pin | None = None
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """What one camera keeps, oldest first and without overlaps, and its own limits; None for none."""

    number: int
    pieces: tuple[Piece, ...]
    keep_ms: int | None = None
    keep_bytes: int | None = None

    @property
    def size_bytes(self) -> int:
        """Bytes of all of it."""
        return sum(piece.size_bytes for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Store:
    """The limits of all cameras together.

    ``lacking_bytes`` is how much free space the disk lacks. ``now_ms`` is None where the clock is not to
    be trusted: then nothing goes for its age.
    """

    now_ms: int | None
    max_bytes: int | None = None
    lacking_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Cut:
    """All of a camera that lies before ``up_to_ms``, and is not pinned, goes for ``limit``.

    ``is_exact`` tells that ``size_bytes`` is no estimate: the cut lies between two blocks.
    """

    number: int
    up_to_ms: int
    limit: Limit
    size_bytes: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to go, by number of the archive, and what ought to and cannot.

    ``reach_ms`` is how far back the store lets a camera keep, None where nothing presses; ``pressing``
    is the limit that does. ``stuck`` names the cameras whose own bytes, and ``stuck_store`` the limit of
    the store, that pinned footage alone exceeds, by so many bytes.
    """

    cuts: dict[int, Cut] = field(default_factory=dict)
    reach_ms: int | None = None
    pressing: Limit | None = None
    stuck: dict[int, int] = field(default_factory=dict)
    stuck_store: tuple[Limit, int] | None = None


def plan(cameras: Sequence[Kept], store: Store) -> Plan:
    """What of all cameras has to go."""
    made = Plan()
    for camera in cameras:
        cut = _own_cut(camera, store.now_ms, made.stuck)
        if cut is not None:
            made.cuts[camera.number] = cut
    freed = sum(cut.size_bytes for cut in made.cuts.values())
    total = sum(camera.size_bytes for camera in cameras)
    over = {Limit.STORE_FREE: store.lacking_bytes - freed}
    if store.max_bytes is not None:
        over[Limit.STORE_BYTES] = total - freed - store.max_bytes
    limit = max(over, key=lambda one: over[one])
    if over[limit] <= 0:
        return made
    return _with_reach(cameras, made, limit, over[limit])


def _own_cut(camera: Kept, now_ms: int | None, stuck: dict[int, int]) -> Cut | None:
    """What the camera's own limits take; notes where its bytes cannot be kept."""
    cut = None
    if camera.keep_ms is not None and now_ms is not None:
        cut = _cut_by_age(camera, now_ms - camera.keep_ms)
    if camera.keep_bytes is not None:
        over = camera.size_bytes - camera.keep_bytes - (cut.size_bytes if cut else 0)
        if over > 0:
            by_bytes, missing = _cut_by_bytes(camera, camera.size_bytes - camera.keep_bytes)
            if missing > 0:
                stuck[camera.number] = missing
            if by_bytes is not None and (cut is None or by_bytes.up_to_ms > cut.up_to_ms):
                cut = by_bytes
    return cut


def _cut_by_age(camera: Kept, oldest_ms: int) -> Cut | None:
    size_bytes, up_to_ms, is_exact = 0, None, True
    for piece in _free(camera):
        if piece.end_ms <= oldest_ms:
            size_bytes, up_to_ms = size_bytes + piece.size_bytes, piece.end_ms
        elif piece.start_ms < oldest_ms and not piece.is_whole:
            size_bytes += _share(piece, oldest_ms)
            up_to_ms, is_exact = oldest_ms, False
    if up_to_ms is None:
        return None
    return Cut(camera.number, up_to_ms, Limit.AGE, size_bytes, is_exact)


def _cut_by_bytes(camera: Kept, wanted: int) -> tuple[Cut | None, int]:
    """The oldest that is not pinned, until so many bytes are gone; and how many are missing still."""
    size_bytes, up_to_ms, is_exact = 0, None, True
    for piece in _free(camera):
        left = wanted - size_bytes
        if left <= 0:
            break
        if piece.is_whole or piece.size_bytes <= left:
            size_bytes, up_to_ms = size_bytes + piece.size_bytes, piece.end_ms
        else:
            length_ms = piece.end_ms - piece.start_ms
            up_to_ms = piece.start_ms + -(-length_ms * left // piece.size_bytes)
            size_bytes, is_exact = wanted, up_to_ms == piece.end_ms
    missing = max(wanted - size_bytes, 0)
    if up_to_ms is None:
        return None, missing
    return Cut(camera.number, up_to_ms, Limit.BYTES, size_bytes, is_exact), missing


def _with_reach(cameras: Sequence[Kept], own: Plan, limit: Limit, over: int) -> Plan:
    """The same plan where the store's limit takes ``over`` bytes more."""
    free = _Free(cameras, own.cuts)
    reach_ms, missing = free.reach(over)
    cuts = dict(own.cuts)
    for camera in cameras:
        cut = _cut_to_reach(camera, own.cuts.get(camera.number), reach_ms, limit)
        if cut is not None:
            cuts[camera.number] = cut
    stuck = (limit, missing) if missing > 0 else None
    return Plan(cuts, reach_ms, limit, own.stuck, stuck)


class _Free:
    """What could still go, of all cameras, as columns: how long before its camera's newest it lies."""

    def __init__(self, cameras: Sequence[Kept], cuts: dict[int, Cut]) -> None:
        rows = []
        for camera in cameras:
            done_ms = cuts[camera.number].up_to_ms if camera.number in cuts else None
            for piece in _free(camera):
                left = piece if done_ms is None else _after(piece, done_ms)
                if left is not None:
                    last_ms = camera.pieces[-1].end_ms
                    rows.append(
                        (last_ms - left.start_ms, last_ms - left.end_ms, left.size_bytes, left.is_whole)
                    )
        table: NDArray[np.int64] = np.array(rows, dtype=np.int64).reshape(-1, 4)
        self._from, self._to, self._size = table[:, 0], table[:, 1], table[:, 2]
        self._is_whole = table[:, 3].astype(bool)

    def reach(self, over: int) -> tuple[int, int]:
        """The longest reach that frees ``over`` bytes, and how many are missing where none does."""
        if not len(self._from):
            return 0, over
        missing = over - self._freed(0)
        if missing > 0:
            return 0, missing
        enough, too_long = 0, int(self._from.max())
        while too_long - enough > 1:
            middle = (enough + too_long) // 2
            if self._freed(middle) >= over:
                enough = middle
            else:
                too_long = middle
        return enough, 0

    def _freed(self, reach_ms: int) -> int:
        beyond = np.clip(self._from - reach_ms, 0, None)
        share = np.minimum(beyond / np.maximum(self._from - self._to, 1), 1.0)
        share[self._is_whole & (beyond > 0)] = 1.0
        return int(np.floor(self._size * share + 1e-6).sum())


def _cut_to_reach(camera: Kept, own: Cut | None, reach_ms: int, limit: Limit) -> Cut | None:
    """What the reach takes of one camera; None where its own limits take as much."""
    if not camera.pieces:
        return None
    done_ms = own.up_to_ms if own else None
    oldest_ms = camera.pieces[-1].end_ms - reach_ms
    size_bytes, up_to_ms, is_exact = (own.size_bytes if own else 0), None, own is None or own.is_exact
    for piece in _free(camera):
        left = piece if done_ms is None else _after(piece, done_ms)
        if left is None or left.start_ms >= oldest_ms:
            continue
        if left.is_whole or left.end_ms <= oldest_ms:
            size_bytes, up_to_ms, is_exact = size_bytes + left.size_bytes, left.end_ms, True
        else:
            size_bytes, up_to_ms, is_exact = size_bytes + _share(left, oldest_ms), oldest_ms, False
    return None if up_to_ms is None else Cut(camera.number, up_to_ms, limit, size_bytes, is_exact)


def _free(camera: Kept) -> list[Piece]:
    return [piece for piece in camera.pieces if piece.pin is None]


def _share(piece: Piece, up_to_ms: int) -> int:
    """The bytes of a piece before a moment inside it."""
    return piece.size_bytes * (up_to_ms - piece.start_ms) // (piece.end_ms - piece.start_ms)


def _after(piece: Piece, moment_ms: int) -> Piece | None:
    """What of a piece lies after a moment; None for nothing. A block belongs to where it starts."""
    if piece.start_ms >= moment_ms:
        return piece
    if piece.end_ms <= moment_ms:
        return None
    if piece.is_whole:
        return piece
    return Piece(moment_ms, piece.end_ms, piece.size_bytes - _share(piece, moment_ms))

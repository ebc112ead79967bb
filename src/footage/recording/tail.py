"""What a recorder that was killed left behind: whole segments whose rows were never committed.

Bytes come before rows (invariant 1), so a kill between the two leaves sealed segments behind the
promised bytes of a run's last block, or in a block that no row names. Before a camera is recorded
again they are taken in; what is not sealed was never finished and stays where it lies. The block
need not be the newest: the host's clock may have been set back.
"""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from footage.archive.commit import RunWriter
from footage.archive.errors import Overlap
from footage.archive.index import Index
from footage.archive.storage import Storage, block_key
from footage.media.errors import MediaError
from footage.media.mpegts import PACKET
from footage.media.sealed import codecs_of, run_start_of, sealed_segments
from footage.recording.taking_in import run_before
from footage.telemetry.logs import event
from footage.timeline import ALL_TIME, Archive, Block, Codecs, Run, Segment, Span

_SETTLED_DAYS = 1
"""Days after the newest block that are looked through, besides its own, today and yesterday."""
_DAY_MS = 86_400_000
_MOST_BYTES = 1 << 30
"""A minute of any camera is far less; more is no tail, and would take all memory."""
_log = logging.getLogger(__name__)


class TailTaker:
    """Takes in what was left behind in one archive, under its lease.

    ``open_run`` makes the writers, which look for overlaps before they write.
    """

    def __init__(
        self,
        index: Index,
        storage: Storage,
        archive: Archive,
        *,
        open_run: Callable[[Codecs], RunWriter],
    ) -> None:
        self._index = index
        self._storage = storage
        self._archive = archive
        self._open_run = open_run

    def run(self, now_ms: int) -> int:
        """Take in everything; how many segments that were. Raises as index and storage do."""
        taken = 0
        for start_ms in self._suspects(now_ms):
            taken += self._look_at(start_ms)
        if taken:
            event(_log, logging.INFO, "tail.taken_in", archive=str(self._archive.id), segments=taken)
        return taken

    def _look_at(self, start_ms: int) -> int:
        with self._index.snapshot() as snapshot:
            block = snapshot.block_at(self._archive, start_ms)
            runs = snapshot.runs(self._archive, Span(start_ms, start_ms + 1))
        try:
            if block is None or block.start_ms != start_ms:
                return self._whole_block(start_ms)
            return self._behind(runs[0], block) if runs[0].end_ms == block.end_ms else 0
        except (MediaError, Overlap) as error:
            key = block_key(self._archive.id, start_ms)
            event(_log, logging.WARNING, "tail.left", key=key, reason=str(error))
            return 0

    def _behind(self, run: Run, block: Block) -> int:
        """Segments behind the promised bytes of a run's last block."""
        promised = block.bytes_to - block.bytes_from
        found = self._sealed(block_key(self._archive.id, block.start_ms), promised)
        writer = self._open_run(run.codecs)
        writer.go_on(run, block)
        return self._take(writer, found, run.end_ms)

    def _whole_block(self, start_ms: int) -> int:
        """A block without a row: the next one of its run where that ends there, else a run of its own."""
        found = list(self._sealed(block_key(self._archive.id, start_ms), 0))
        if not found or found[0][0].start_ms != start_ms:
            return 0
        segment, data = found[0]
        before = run_before(
            self._index, self._storage, self._archive, segment, run_start_of(data[-PACKET:])
        )
        writer = self._open_run(before[0].codecs if before else codecs_of(data))
        if before:
            writer.go_on(*before)
        return self._take(writer, iter(found), start_ms)

    def _take(self, writer: RunWriter, found: Iterator[tuple[Segment, bytes]], at_ms: int) -> int:
        taken = 0
        for segment, data in found:
            if segment.start_ms != at_ms:
                break
            writer.add(segment, data)
            at_ms = segment.end_ms
            taken += 1
        writer.end()
        return taken

    def _sealed(self, key: str, start: int) -> Iterator[tuple[Segment, bytes]]:
        """The whole segments of a block from byte ``start`` on, with their bytes."""
        size_bytes = self._storage.size(key)
        if size_bytes is None or not start < size_bytes <= start + _MOST_BYTES:
            return
        block = self._storage.open(key)
        try:
            data = block.read(start, size_bytes - start)
        finally:
            block.close()
        yield from sealed_segments(data)

    def _suspects(self, now_ms: int) -> Iterator[int]:
        """Starts of blocks with more bytes than their segments' rows name, or without any."""
        with self._index.snapshot() as snapshot:
            newest = snapshot.last_block_before(self._archive, ALL_TIME.end_ms)
        first = _day(newest.start_ms if newest else now_ms)
        days = {first + timedelta(days=n) for n in range(_SETTLED_DAYS + 1)}
        for day in sorted(days | {_day(now_ms) - timedelta(days=1), _day(now_ms)}):
            yield from self._suspects_of(day)

    def _suspects_of(self, day: datetime) -> list[int]:
        sizes = {}
        from_ms = int(day.timestamp()) * 1000
        for key, size_bytes in self._storage.list(f"{self._archive.id}/{day:%Y-%m-%d}"):
            name = key.rpartition("/")[2].removesuffix(".ts")
            # Whatever else lies there may be called anything.
            if name.isascii() and name.isdigit() and from_ms <= int(name) < from_ms + _DAY_MS:
                sizes[int(name)] = size_bytes
        starts = sorted(sizes)
        with self._index.snapshot() as snapshot:
            kept = snapshot.segments(self._archive, Span(from_ms, from_ms + _DAY_MS))
        for start_ms, size_bytes in zip(kept.start_ms.tolist(), kept.size_bytes.tolist(), strict=True):
            at = bisect_right(starts, start_ms) - 1
            if at >= 0:
                sizes[starts[at]] -= size_bytes
        return [start_ms for start_ms in starts if sizes[start_ms] > 0]


def _day(moment_ms: int) -> datetime:
    return datetime.fromtimestamp(moment_ms // 1000, UTC).replace(hour=0, minute=0, second=0)

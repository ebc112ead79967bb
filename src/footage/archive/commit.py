"""The only way into an archive: bytes durable first, then the row that names them.

Keeps invariants 1 (a row never promises bytes that are not there) and 4 (segments never overlap,
and within a run each starts where the last one ended). A crash leaves at the worst bytes without
a row.
"""

from __future__ import annotations

from footage.archive.errors import Overlap
from footage.archive.index import Index
from footage.archive.remove import remove_run
from footage.archive.storage import Storage, block_key
from footage.timeline import Archive, Block, Codecs, Run, Segment

BLOCK_MS = 60_000


class RunWriter:
    """Adds segments to one run of one archive. Not for use by two threads at once.

    ``add`` writes bytes; ``commit`` makes everything added durable and visible. Between the two
    a segment can still be lost, so the caller chooses its loss bound by how often it commits.
    """

    def __init__(
        self,
        index: Index,
        storage: Storage,
        archive: Archive,
        codecs: Codecs,
        *,
        block_ms: int = BLOCK_MS,
    ) -> None:
        self._index = index
        self._storage = storage
        self._archive = archive
        self._block_ms = block_ms
        self._codecs = codecs
        self._run: Run | None = None
        self._block: Block | None = None
        self._pending: list[Segment] = []

    @property
    def run(self) -> Run | None:
        """The run as it is committed; None before the first commit."""
        return self._run

    def add(self, segment: Segment, data: bytes) -> None:
        """Write a segment's bytes; it shows after the next commit.

        Commits by itself where a block is full. Raises ValueError where the segment does not
        start where the last one ended, Overlap where its time is kept already: then nothing of
        it is written.
        """
        self._check_fits(segment)
        if self._is_full(segment):
            self.commit()
            self._block = None
        start_ms, written = self._place()
        key = block_key(self._archive.id, segment.start_ms if start_ms is None else start_ms)
        self._storage.append(key, written, data)
        self._pending.append(segment)

    def commit(self) -> None:
        """Make what was added durable, then visible. Raises Overlap; doing nothing is fine."""
        if not self._pending:
            return
        segments = (*self._block.segments, *self._pending) if self._block else (*self._pending,)
        bytes_from = self._block.bytes_from if self._block else self._committed_bytes()
        block = Block(segments[0].start_ms, bytes_from, segments)
        self._storage.sync(block_key(self._archive.id, block.start_ms))
        run = self._run or Run(0, block.start_ms, 0, 0, 0, self._codecs)
        run = run._replace(end_ms=block.end_ms, bytes_to=block.bytes_to)
        self._run = self._index.commit_block(self._archive, run, block)
        self._block = block
        self._pending.clear()

    def abandon(self) -> None:
        """Take back the whole run, and what was added and not committed."""
        if self._run is not None:
            remove_run(self._index, self._storage, self._archive, self._run.id)
        elif self._pending:
            self._storage.delete(block_key(self._archive.id, self._pending[0].start_ms))
        self._pending.clear()
        self._run = self._block = None

    def _check_fits(self, segment: Segment) -> None:
        last_end = self._last_end_ms()
        if last_end is not None and segment.start_ms != last_end:
            raise ValueError(f"a run goes on at {last_end}, not at {segment.start_ms}")
        kept = self._index.overlap(self._archive, segment.span)
        if kept is not None:
            raise Overlap(segment.span, kept)

    def _last_end_ms(self) -> int | None:
        if self._pending:
            return self._pending[-1].end_ms
        return self._run.end_ms if self._run else None

    def _is_full(self, segment: Segment) -> bool:
        start_ms, _ = self._place()
        return start_ms is not None and segment.end_ms - start_ms > self._block_ms

    def _place(self) -> tuple[int | None, int]:
        """Start of the block in progress, and how many bytes of it are written."""
        segments = (*(self._block.segments if self._block else ()), *self._pending)
        if not segments:
            return None, 0
        return segments[0].start_ms, sum(segment.size_bytes for segment in segments)

    def _committed_bytes(self) -> int:
        return self._run.bytes_to if self._run else 0


def holds(index: Index, archive: Archive, segment: Segment, *, same_bytes: bool) -> bool:
    """True where this segment is kept: the same time and, with ``same_bytes``, the same bytes."""
    with index.snapshot() as snapshot:
        block = snapshot.block_at(archive, segment.start_ms)
    return block is not None and any(
        kept == segment if same_bytes else kept.span == segment.span for kept in block.segments
    )

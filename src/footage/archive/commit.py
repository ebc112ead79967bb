"""The only way into an archive: bytes first, durable by the sync policy, then the row that names them.

Keeps invariants 1 (a row never promises bytes that are not there) and 4 (segments never overlap,
and within a run each starts where the last one ended). A crash leaves at the worst bytes without
a row.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from footage.archive.errors import Overlap, Unavailable
from footage.archive.index import Index
from footage.archive.remove import remove_run
from footage.archive.storage import Storage, block_key
from footage.timeline import Archive, Block, Codecs, Run, Segment

BLOCK_MS = 60_000


def opens_block(block_ms: int, segment: Segment, length_ms: int = BLOCK_MS) -> bool:
    """True where the block that starts at ``block_ms`` has no room for a segment of its run.

    So a block that had room and was not used ended its run.
    """
    return segment.end_ms - block_ms > length_ms


class Committer(Protocol):
    """Whoever writes the rows of blocks: the index itself, or a GroupCommit before it."""

    def commit_block(self, archive: Archive, run: Run, block: Block, fence: int | None = None) -> Run:
        """Write one block, durably. Raises as the index does."""


@dataclass(slots=True)
class _SyncPolicy:
    """When bytes are brought to the disk: before every row (0), every so often, or never (None)."""

    every_s: float | None
    monotonic: Callable[[], float]
    last_s: float

    def is_due(self) -> bool:
        return self.every_s is not None and self.monotonic() - self.last_s >= self.every_s

    def done(self) -> None:
        self.last_s = self.monotonic()


class RunWriter:
    """Adds segments to one run of one archive. Not for use by two threads at once.

    ``add`` writes bytes; ``commit`` makes everything added visible. Between the two a segment
    can still be lost, so the caller chooses its loss bound by how often it commits.

    What is committed survives kill -9. What a power cut may take is said by ``sync_every_s``:
    nothing with 0, for bytes are then synced before each row; else what came in that many
    seconds, or with None whatever the system still kept in memory. A block that ends is synced,
    but for None.

    A recorder gives the ``fence`` of its lease, and the ``committer`` that it shares with others.
    Without ``checks_on_add`` only the commit tells of an overlap, which saves a look-up a
    segment where there is next to never one.
    """

    def __init__(
        self,
        index: Index,
        storage: Storage,
        archive: Archive,
        codecs: Codecs,
        *,
        block_ms: int = BLOCK_MS,
        fence: int | None = None,
        sync_every_s: float | None = 0.0,
        committer: Committer | None = None,
        checks_on_add: bool = True,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._index = index
        self._storage = storage
        self._archive = archive
        self._block_ms = block_ms
        self._codecs = codecs
        self._fence = fence
        self._committer: Committer = committer or index
        self._checks_on_add = checks_on_add
        self._sync = _SyncPolicy(sync_every_s, monotonic, monotonic())
        self._has_unsynced = False
        self._is_doubtful = False
        self._began_run = True
        self._run: Run | None = None
        self._block: Block | None = None
        self._pending: list[Segment] = []
        self._newest = b""

    def go_on(self, run: Run, block: Block) -> None:
        """Continue ``run`` behind ``block``, its last one, instead of beginning a run.

        For whole segments that a writer before left behind the bytes it promised: adding the
        very same bytes keeps them in place (invariant 2). New footage belongs into a new run:
        where the writer before may still be alive, each would take what the other puts into the
        file for leftovers. Raises ValueError where the block is not the run's last.
        """
        if block.end_ms != run.end_ms:
            raise ValueError(f"the run ends at {run.end_ms}, the block at {block.end_ms}")
        self._run, self._block = run, block
        self._began_run = False
        # Nobody knows what the writer before had brought to the disk.
        self._has_unsynced = True

    @property
    def run(self) -> Run | None:
        """The run as it is committed; None before the first commit."""
        return self._run

    def add(self, segment: Segment, data: bytes) -> None:
        """Write a segment's bytes; it shows after the next commit.

        Commits by itself where a block is full. Raises ValueError where the segment does not
        start where the last one ended, Full where there is no room and, with ``checks_on_add``,
        Overlap where its time is kept already: then nothing of it is written, and it can be
        added again.
        """
        self._check_fits(segment)
        if self._is_full(segment):
            self.end()
            self._block = None
        start_ms, written = self._place()
        key = block_key(self._archive.id, segment.start_ms if start_ms is None else start_ms)
        self._storage.append(key, written, data)
        self._pending.append(segment)
        self._newest = data
        self._has_unsynced = True

    def commit(self) -> None:
        """Make what was added visible, after the sync that the policy asks for.

        Doing nothing is fine. Raises as the index and the storage do (Overlap, LeaseLost,
        UnknownCamera, UnknownRun, Unavailable): what was added is not lost, and commit can be
        called again; but where a sync failed with more than one segment added, all of them are
        to be added again, by another writer.
        """
        if not self._pending:
            return
        segments = (*self._block.segments, *self._pending) if self._block else (*self._pending,)
        bytes_from = self._block.bytes_from if self._block else self._committed_bytes()
        block = Block(segments[0].start_ms, bytes_from, segments)
        if self._sync.is_due():
            self._sync_bytes(block.start_ms)
        run = self._run or Run(0, block.start_ms, 0, 0, 0, self._codecs)
        run = run._replace(end_ms=block.end_ms, bytes_to=block.bytes_to)
        self._run = self._committer.commit_block(self._archive, run, block, self._fence)
        self._block = block
        self._forget_pending()

    def end(self) -> None:
        """Commit, and sync what the policy has left: the run, or a block of it, is over."""
        self.commit()
        if self._block is not None and self._has_unsynced and self._sync.every_s is not None:
            self._sync_bytes(self._block.start_ms)

    def abandon(self) -> None:
        """Take back the whole run, and what was added and not committed.

        Of a run that it went on with what is committed stays.
        """
        if not self._began_run:
            self._forget_pending()
            return
        if self._run is not None:
            # Also from under an export: it would hold what was never meant to be there.
            remove_run(self._index, self._storage, self._archive, self._run.id, held_too=True)
        elif self._pending:
            self._storage.delete(block_key(self._archive.id, self._pending[0].start_ms))
        self._forget_pending()
        self._run = self._block = None

    def withdraw(self) -> None:
        """Take back what was added and not committed; what was committed stays.

        Bytes behind a committed block stay in its file, and go with it or are taken in with it.
        """
        if self._pending and self._block is None:
            self._storage.delete(block_key(self._archive.id, self._pending[0].start_ms))
        self._forget_pending()

    def _sync_bytes(self, block_ms: int) -> None:
        key = block_key(self._archive.id, block_ms)
        if self._is_doubtful:
            self._write_again(key)
        self._is_doubtful = True
        self._storage.sync(key)
        self._is_doubtful = False
        self._sync.done()
        self._has_unsynced = False

    def _write_again(self, key: str) -> None:
        """The sync before failed: asked again, a system takes for kept what it dropped then."""
        if len(self._pending) > 1:
            raise Unavailable("storage: a sync failed, what was added since is to be added again")
        if self._pending:
            _, written = self._place()
            self._storage.append(key, written - len(self._newest), self._newest)

    def _forget_pending(self) -> None:
        self._pending.clear()
        self._newest = b""

    def _check_fits(self, segment: Segment) -> None:
        last_end = self._last_end_ms()
        if last_end is not None and segment.start_ms != last_end:
            raise ValueError(f"a run goes on at {last_end}, not at {segment.start_ms}")
        if self._checks_on_add:
            kept = self._index.overlap(self._archive, segment.span)
            if kept is not None:
                raise Overlap(segment.span, kept)

    def _last_end_ms(self) -> int | None:
        if self._pending:
            return self._pending[-1].end_ms
        return self._run.end_ms if self._run else None

    def _is_full(self, segment: Segment) -> bool:
        start_ms, _ = self._place()
        return start_ms is not None and opens_block(start_ms, segment, self._block_ms)

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

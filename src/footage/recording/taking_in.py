"""Bytes without rows become rows: what an index that was lost, or is old, does not know.

Names and bytes alone tell all of it: a block's segments end with seals, which name their run. The
bytes stay where they lie. Everything is committed in batches, each whole or not at all, so that
whoever is killed amidst of it goes on by doing it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field

from footage.archive.commit import opens_block
from footage.archive.errors import ArchiveError, UnknownRun
from footage.archive.index import BlockCommit, Index
from footage.archive.storage import Storage, block_key
from footage.media.errors import MediaError
from footage.media.mpegts import PACKET
from footage.media.sealed import codecs_of, read_sealed, run_start_of
from footage.timeline import Archive, Block, Codecs, Run, Segment, Span

_BATCH = 200
"""Blocks a transaction: its sync is then a small part, and what waits in memory is little."""


@dataclass(slots=True)
class Taken:
    """What became of the bytes of one block."""

    start_ms: int
    end_ms: int = 0
    segments: int = 0
    damaged: list[Span] = field(default_factory=list)
    """Segments that are not the bytes they were sealed over; taken in nevertheless."""
    left: str | None = None
    """Why it was left as it lies."""


def run_before(
    index: Index, storage: Storage, archive: Archive, segment: Segment, run_start_ms: int | None
) -> tuple[Run, Block] | None:
    """The run that a block's first ``segment`` goes on with, and its last block.

    It ends where the segment starts, the seals of both name the same run, and its last block had
    no room for it.
    """
    with index.snapshot() as snapshot:
        block = snapshot.last_block_before(archive, segment.start_ms)
        if block is None or block.end_ms != segment.start_ms or not opens_block(block.start_ms, segment):
            return None
        [run] = snapshot.runs(archive, Span(block.start_ms, block.start_ms + 1))
    if run.end_ms != block.end_ms:
        return None
    sealed_for = run_sealed_at(storage, archive, block)
    return (run, block) if sealed_for is not None and sealed_for == run_start_ms else None


def run_sealed_at(storage: Storage, archive: Archive, block: Block) -> int | None:
    """The run that the last seal of a block names; None where no seal is there."""
    with closing(storage.open(block_key(archive.id, block.start_ms))) as opened:
        return run_start_of(opened.read(block.bytes_to - block.bytes_from - PACKET, PACKET))


@dataclass(slots=True)
class _Found:
    """The segments of one block, as its bytes tell."""

    taken: Taken
    segments: list[Segment]
    run_start_ms: int
    first: bytes | None
    """A segment's bytes, for the codecs; let go of once they are not needed."""


class Taker:
    """Takes in blocks of one archive that no row names, and whole segments behind those that one does.

    The caller sees to it that nobody writes them now.
    """

    def __init__(self, index: Index, storage: Storage, archive: Archive) -> None:
        self._index = index
        self._storage = storage
        self._archive = archive
        self._run: Run | None = None
        self._block: Block | None = None
        self._run_start_ms = 0
        self._waiting: list[tuple[_Found, BlockCommit]] = []
        # Once, before anything is read: a sync for each of very many blocks takes hours.
        storage.sync_all()

    def behind(self, start_ms: int) -> Taken:
        """Whole segments behind the promised bytes of a block that has a row."""
        self.flush()
        self._run = None
        taken = Taken(start_ms)
        with self._index.snapshot() as snapshot:
            block = snapshot.block_at(self._archive, start_ms)
            runs = snapshot.runs(self._archive, Span(start_ms, start_ms + 1))
        if block is None or block.start_ms != start_ms or runs[0].end_ms != block.end_ms:
            taken.left = "its run goes on elsewhere"
            return taken
        found = self._read(taken, block.bytes_to - block.bytes_from, block.end_ms)
        if found is None:
            return taken
        grown = Block(start_ms, block.bytes_from, (*block.segments, *found.segments))
        run = runs[0]._replace(end_ms=grown.end_ms, bytes_to=grown.bytes_to)
        self._waiting.append((found, BlockCommit(self._archive, run, grown)))
        self.flush()
        return taken

    def take(self, starts: Iterable[int]) -> Iterator[Taken]:
        """Take in blocks without rows, ascending; what became of each, once it is committed."""
        for start_ms in starts:
            taken = Taken(start_ms)
            found = self._read(taken, 0, start_ms)
            if found is None:
                yield taken
                continue
            commit = self._commit_of(found)
            if commit is None:
                yield taken
                continue
            self._waiting.append((found, commit))
            if len(self._waiting) >= _BATCH:
                yield from self.flush()
        yield from self.flush()

    def flush(self) -> list[Taken]:
        """Commit what waits."""
        waiting, self._waiting = self._waiting, []
        outcomes = self._index.commit_blocks([commit for _, commit in waiting])
        for (found, commit), answer in zip(waiting, outcomes, strict=True):
            # Where the run that it would have gone on with could not be written, it begins one.
            is_orphan = isinstance(answer, UnknownRun) and not commit.run.id
            outcome = self._alone(commit) if is_orphan else answer
            if isinstance(outcome, ArchiveError):
                found.taken.left = str(outcome)
                self._run = None
            else:
                found.taken.segments = len(found.segments)
                found.taken.end_ms = commit.block.end_ms
                # Of the last one it is what the next block may go on with.
                self._run = outcome
        return [found.taken for found, _ in waiting]

    def _alone(self, commit: BlockCommit) -> Run | ArchiveError:
        block = Block(commit.block.start_ms, 0, commit.block.segments)
        run = Run(0, block.start_ms, block.end_ms, 0, block.bytes_to, commit.run.codecs)
        [outcome] = self._index.commit_blocks([BlockCommit(self._archive, run, block)])
        return outcome

    def _read(self, taken: Taken, from_byte: int, at_ms: int) -> _Found | None:
        """The sealed segments that follow each other from ``at_ms`` on."""
        key = block_key(self._archive.id, taken.start_ms)
        segments: list[Segment] = []
        run_start_ms = 0
        first: bytes | None = None
        size_bytes = self._storage.size(key) or 0
        with closing(self._storage.open(key)) as block:
            for sealed in read_sealed(block.read, from_byte, size_bytes):
                segment = sealed.segment
                if segment.start_ms != at_ms or (segments and sealed.run_start_ms != run_start_ms):
                    break
                if not segments:
                    run_start_ms = sealed.run_start_ms
                if first is None or (
                    sealed.is_whole and taken.damaged and len(taken.damaged) == len(segments)
                ):
                    # The first that is whole, or else the first.
                    first = sealed.data
                if not sealed.is_whole:
                    taken.damaged.append(segment.span)
                segments.append(segment)
                at_ms = segment.end_ms
        if not segments:
            taken.left = "no segment in it was finished"
            return None
        return _Found(taken, segments, run_start_ms, first)

    def _commit_of(self, found: _Found) -> BlockCommit | None:
        """What to write of a block without a row; None where nothing can be made of it."""
        if not self._goes_on(found):
            codecs = self._codecs(found)
            if codecs is None:
                return None
            start_ms = found.segments[0].start_ms
            self._run = Run(0, start_ms, start_ms, 0, 0, codecs)
            self._run_start_ms = found.run_start_ms
        run = self._run
        assert run is not None
        block = Block(found.segments[0].start_ms, run.bytes_to, tuple(found.segments))
        self._run = run._replace(end_ms=block.end_ms, bytes_to=block.bytes_to)
        self._block = block
        found.first = None
        return BlockCommit(self._archive, self._run, block)

    def _goes_on(self, found: _Found) -> bool:
        """True where the block belongs to the run before it, which is then ``self._run``."""
        first = found.segments[0]
        if self._run is not None and self._block is not None and self._run.end_ms == first.start_ms:
            return self._run_start_ms == found.run_start_ms and opens_block(self._block.start_ms, first)
        before = run_before(self._index, self._storage, self._archive, first, found.run_start_ms)
        if before is None:
            return False
        self._run, self._block = before
        self._run_start_ms = found.run_start_ms
        return True

    def _codecs(self, found: _Found) -> Codecs | None:
        assert found.first is not None
        try:
            return codecs_of(found.first)
        except MediaError as error:
            found.taken.left = str(error)
            return None

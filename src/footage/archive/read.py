"""The only way to look into an archive: a span becomes runs, segments, bytes.

Keeps promise 1 of the contract and invariant 5: ``parts`` decides once which segments belong to
a span, and timeline, playlist and size are all worked out from its answer. Its cost grows with
the runs in the span, never with the archive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from footage.archive.errors import MissingBytes, Unavailable, WrongStorage
from footage.archive.index import FootageIndex
from footage.archive.index.kept import Totals
from footage.archive.index.protocol import LiveSegment, SegmentPlace, Snapshot
from footage.archive.storage import OpenBlock, Room, Storage, block_key
from footage.timeline import Archive, Block, Codecs, Run, Segment, SegmentTable, Span


class Part(NamedTuple):
    """What a span sees of one run, from edge to edge of whole segments."""

    run: Run
    start_ms: int
    end_ms: int
    size_bytes: int

    @property
    def span(self) -> Span:
        """The wall time it covers."""
        return Span(self.start_ms, self.end_ms)


@dataclass(frozen=True, slots=True)
class KeptSegment:
    """A segment and where its bytes are: in block ``key``, from byte ``at_bytes``."""

    segment: Segment
    key: str
    at_bytes: int
    codecs: Codecs


@dataclass(frozen=True, slots=True)
class Overview:
    """What is kept of all archives, by number, and the room for more.

    ``room`` is None where the storage has no end or is away.
    """

    totals: Mapping[int, Totals]
    bytes_since: int
    room: Room | None

    @property
    def size_bytes(self) -> int:
        """Bytes of all footage kept."""
        return sum(totals.size_bytes for totals in self.totals.values())


class Reader:
    """Looks into archives. Calls are synchronous, from any thread, and raise Unavailable."""

    def __init__(self, index: FootageIndex, storage: Storage) -> None:
        self._index = index
        self._storage = storage

    def archive(self, archive_id: UUID) -> Archive | None:
        """The archive of that public id."""
        return self._index.archive(archive_id)

    def totals(self, archive: Archive) -> Totals | None:
        """First and last moment kept, bytes and runs; None where nothing is kept."""
        return self._index.totals(archive)

    def overview(self, since_ms: int) -> Overview:
        """All archives at once; ``bytes_since`` counts the footage from ``since_ms`` on."""
        try:
            room = self._storage.room()
        except (Unavailable, WrongStorage):
            # What the index knows is still told.
            room = None
        return Overview(self._index.all_totals(), self._index.bytes_since(since_ms), room)

    def first_moment(self, archive: Archive, limits: Span) -> int | None:
        """The first moment inside ``limits`` that is kept."""
        kept = self._index.overlap(archive, limits)
        return None if kept is None else max(kept.start_ms, limits.start_ms)

    def parts(self, archive: Archive, span: Span) -> list[Part]:
        """What ``span`` sees of each run, ascending: the segments that share a ms with it."""
        with self._index.snapshot() as snapshot:
            return _parts(snapshot, archive, span)

    def parts_and_segments(self, archive: Archive, span: Span) -> tuple[list[Part], SegmentTable]:
        """The parts, and all their segments, as they were at one moment."""
        with self._index.snapshot() as snapshot:
            parts = _parts(snapshot, archive, span)
            whole = Span(parts[0].start_ms, parts[-1].end_ms) if parts else Span(0, 0)
            return parts, snapshot.segments(archive, whole)

    def newest_recorded(self, archive: Archive, count: int) -> list[LiveSegment]:
        """The last ``count`` segments that a recorder committed, as live playlists number them."""
        with self._index.snapshot() as snapshot:
            return snapshot.newest_recorded(archive, count)

    def place(self, archive: Archive, start_ms: int) -> SegmentPlace | None:
        """Where the segment is that starts at exactly ``start_ms``, as little as serving it needs."""
        return self._index.place(archive, start_ms)

    def open_block(self, archive: Archive, block_ms: int) -> OpenBlock:
        """The block that starts at ``block_ms``, to be read from and closed. Raises MissingBytes."""
        return self._storage.open(block_key(archive.id, block_ms))

    def segment(self, archive: Archive, start_ms: int) -> KeptSegment | None:
        """The segment that starts at exactly ``start_ms``."""
        kept = self.segment_at(archive, start_ms)
        return kept if kept is not None and kept.segment.start_ms == start_ms else None

    def segment_at(self, archive: Archive, moment_ms: int) -> KeptSegment | None:
        """The segment that covers ``moment_ms``; None in a gap."""
        kept = self.last_segment_before(archive, moment_ms + 1)
        return kept if kept is not None and moment_ms < kept.segment.end_ms else None

    def last_segment_before(self, archive: Archive, moment_ms: int) -> KeptSegment | None:
        """The newest segment that starts before ``moment_ms``."""
        with self._index.snapshot() as snapshot:
            return _last_before(snapshot, archive, moment_ms)

    def segments_at(self, archive: Archive, moments_ms: Iterable[int]) -> list[KeptSegment | None]:
        """The segment that covers each moment, None in a gap; all as they were at one moment."""
        with self._index.snapshot() as snapshot:
            found = [
                (moment_ms, _last_before(snapshot, archive, moment_ms + 1)) for moment_ms in moments_ms
            ]
        return [kept if kept and moment_ms < kept.segment.end_ms else None for moment_ms, kept in found]

    def segments(self, archive: Archive, span: Span) -> Iterator[KeptSegment]:
        """The segments of ``span``, which lies inside one run, a block at a time.

        Raises MissingBytes where some of it was removed meanwhile.
        """
        at_ms = span.start_ms
        while at_ms < span.end_ms:
            with self._index.snapshot() as snapshot:
                block = snapshot.block_at(archive, at_ms)
                runs = snapshot.runs(archive, Span(at_ms, at_ms + 1))
            if block is None or not runs:
                raise MissingBytes(f"archive {archive.id} keeps nothing at {at_ms} any more")
            at_bytes, key = 0, block_key(archive.id, block.start_ms)
            for segment in block.segments:
                if segment.end_ms > at_ms and segment.start_ms < span.end_ms:
                    yield KeptSegment(segment, key, at_bytes, runs[0].codecs)
                at_bytes += segment.size_bytes
            at_ms = block.end_ms

    def open(self, kept: KeptSegment) -> OpenBlock:
        """The block that holds ``kept``, to be read from and closed. Raises MissingBytes."""
        return self._storage.open(kept.key)

    def data(self, kept: KeptSegment, start: int = 0, size: int | None = None) -> bytes:
        """Bytes of a segment, or ``size`` of them from ``start``. Raises MissingBytes."""
        block = self.open(kept)
        try:
            return block.read(
                kept.at_bytes + start,
                kept.segment.size_bytes - start if size is None else size,
            )
        finally:
            block.close()


def _last_before(snapshot: Snapshot, archive: Archive, moment_ms: int) -> KeptSegment | None:
    """The newest segment that starts before ``moment_ms``."""
    block = snapshot.last_block_before(archive, moment_ms)
    if block is None:
        return None
    [run] = snapshot.runs(archive, Span(block.start_ms, block.start_ms + 1))
    at_bytes = block.bytes_to - block.bytes_from
    for segment in reversed(block.segments):
        at_bytes -= segment.size_bytes
        if segment.start_ms < moment_ms:
            key = block_key(archive.id, block.start_ms)
            return KeptSegment(segment, key, at_bytes, run.codecs)
    raise AssertionError("a block starts with its first segment")


def _parts(snapshot: Snapshot, archive: Archive, span: Span) -> list[Part]:
    parts = [
        Part(run, run.start_ms, run.end_ms, run.bytes_to - run.bytes_from)
        for run in snapshot.runs(archive, span)
    ]
    # Runs do not overlap, so only the first and the last can be seen in part.
    for edge in {0, len(parts) - 1} if parts else ():
        parts[edge] = _cut(snapshot, archive, parts[edge].run, span)
    return parts


def _cut(snapshot: Snapshot, archive: Archive, run: Run, span: Span) -> Part:
    """The whole segments of ``run`` that overlap ``span``."""
    start_ms, bytes_from = run.start_ms, run.bytes_from
    end_ms, bytes_to = run.end_ms, run.bytes_to
    if span.start_ms > start_ms:
        segment, before = _find(snapshot, archive, span.start_ms)
        start_ms, bytes_from = segment.start_ms, before
    if span.end_ms < end_ms:
        segment, before = _find(snapshot, archive, span.end_ms - 1)
        end_ms, bytes_to = segment.end_ms, before + segment.size_bytes
    return Part(run, start_ms, end_ms, bytes_to - bytes_from)


def _find(snapshot: Snapshot, archive: Archive, moment_ms: int) -> tuple[Segment, int]:
    """The segment that covers a moment inside a run, and the bytes of the run before it."""
    block = snapshot.block_at(archive, moment_ms)
    if block is None:
        raise AssertionError(f"a run of archive {archive.id} has a hole at {moment_ms}")
    return _find_in(block, moment_ms)


def _find_in(block: Block, moment_ms: int) -> tuple[Segment, int]:
    before = block.bytes_from
    for segment in block.segments:
        if moment_ms < segment.end_ms:
            return segment, before
        before += segment.size_bytes
    raise AssertionError(f"the block at {block.start_ms} ends before {moment_ms}")

"""A span becomes an MP4: planned from the index alone, then read, checked and sent a segment at a time.

Nothing is encoded anew, and what is held in memory does not grow with the span. A movie that has begun
and cannot go on (bytes that are gone, or not those that were kept) ends with an error: it never leaves
something out unsaid.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import BoundedSemaphore

from isal import isal_zlib

from footage.archive.errors import MissingBytes
from footage.archive.read import KeptSegment, Reader
from footage.archive.storage import OpenBlock
from footage.media.errors import NotReadable
from footage.media.export_movie import FragmentedMovie
from footage.media.segment_samples import Damaged, samples_of
from footage.media.silence import adts_header
from footage.playback.export_plan import ExportPlan, Piece, plan_export
from footage.telemetry import metrics
from footage.timeline import ALL_TIME, Archive, Span


class Broken(Exception):
    """Footage that was planned in cannot be read; its text may be shown to the operator."""


class NoFreeStream(Exception):
    """As many movies are streamed as may be."""


class Exporter:
    """Plans and makes movies, at most ``streams`` at the same time as streams.

    Calls block and may come from any thread.
    """

    def __init__(self, reader: Reader, *, streams: int) -> None:
        self._reader = reader
        self._free = BoundedSemaphore(streams)

    def plan(self, archive: Archive, span: Span, limits: Span = ALL_TIME) -> ExportPlan:
        """What a movie of ``span``, inside ``limits``, holds. Raises NothingKept, Changed.

        A movie begins with the keyframe before its first moment, hidden. Where that would reach over
        the limits, it begins with the first keyframe inside them instead.
        """
        wanted = span.cut_to(limits)
        parts = self._reader.parts(archive, wanted)
        opening_ms = wanted.start_ms
        if parts and parts[0].start_ms < limits.start_ms:
            opening_ms = max(opening_ms, self._first_keyframe(archive, limits.start_ms))
        return plan_export(
            parts,
            Span(opening_ms, max(opening_ms, wanted.end_ms)),
            nothing_beyond=limits != ALL_TIME,
        )

    @contextmanager
    def stream(self) -> Iterator[None]:
        """The right to stream one movie. Raises NoFreeStream."""
        if not self._free.acquire(blocking=False):
            metrics.EXPORTS.labels("busy").inc()
            raise NoFreeStream
        metrics.EXPORTS_RUNNING.inc()
        try:
            yield
        finally:
            metrics.EXPORTS_RUNNING.dec()
            self._free.release()

    def fragments(self, archive: Archive, plan: ExportPlan) -> Iterator[bytes]:
        """The movie in fragments, in pieces to be sent. Raises Broken, Unavailable."""
        movie = FragmentedMovie(plan.form, self.sound_like(archive, plan))
        for piece, kept, data in self.segments(archive, plan):
            try:
                yield from movie.take(data, piece.stretch(kept.segment))
            except (Damaged, NotReadable) as error:
                raise Broken(f"the segment at {kept.segment.start_ms} cannot be taken apart") from error
        yield movie.end()

    def segments(self, archive: Archive, plan: ExportPlan) -> Iterator[tuple[Piece, KeptSegment, bytes]]:
        """The segments of a plan with their bytes, each found whole. Raises Broken, Unavailable."""
        for piece in plan.pieces:
            with ExitStack() as stack:
                opened, block = "", None
                try:
                    for kept in self._reader.segments(archive, piece.shown):
                        if block is None or kept.key != opened:
                            stack.close()
                            block = self._reader.open(kept)
                            opened = kept.key
                            stack.callback(block.close)
                        yield piece, kept, _whole(block, kept)
                except MissingBytes as error:
                    raise Broken(str(error)) from error

    def sound_like(self, archive: Archive, plan: ExportPlan) -> bytes:
        """An ADTS header of the movie's sound: of the first segment that has any; empty for none."""
        codecs = plan.form.codecs
        for piece in plan.pieces:
            if piece.codecs.audio is not None:
                first = Span(piece.shown.start_ms, piece.shown.start_ms + 1)
                for kept in self._reader.segments(archive, first):
                    data = self._reader.data(kept)
                    header = samples_of(data, codecs.video, sets_in_band=True).adts_header
                    if header:
                        return header
        return b"" if codecs.audio is None else adts_header(codecs.sample_rate, codecs.channels, 0)

    def _first_keyframe(self, archive: Archive, from_ms: int) -> int:
        """The first keyframe at or after a moment that is kept."""
        kept = self._reader.segment_at(archive, from_ms)
        if kept is None:
            return from_ms
        segment = kept.segment
        starts = (segment.start_ms + keyframe.offset_ms for keyframe in segment.keyframes)
        return next((start_ms for start_ms in starts if start_ms >= from_ms), segment.end_ms)


def _whole(block: OpenBlock, kept: KeptSegment) -> bytes:
    """A segment's bytes. Raises MissingBytes, Broken."""
    data = block.read(kept.at_bytes, kept.segment.size_bytes)
    if isal_zlib.crc32(data) != kept.segment.crc32:
        raise Broken(f"the bytes of the segment at {kept.segment.start_ms} are not those that were kept")
    return data

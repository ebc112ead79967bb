"""Files into an archive, through the same cutter and the same way in as live footage.

A file is taken whole or not at all where it would overlap what is kept; running an import again
finds every segment in place and changes nothing; one that was cut short goes on where it stopped.
What tells is that the same file gives the same segments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from footage.archive.commit import RunWriter, holds
from footage.archive.errors import Overlap
from footage.archive.holds import Holds
from footage.archive.index import Index
from footage.archive.storage import Storage
from footage.media.errors import Broken, NotReadable
from footage.media.gops import Gop
from footage.media.segment_muxer import Muxed, mux
from footage.media.source import FileSource, Summary
from footage.recording.cutter import Cutter, Piece
from footage.recording.taking_in import run_sealed_at
from footage.recording.walltime import TICKS_PER_MS, Anchor
from footage.recording.write_behind import WriteBehind
from footage.timeline import ALL_TIME, Archive, Codecs, Span, format_ms

_SEGMENTS_AHEAD = 4
"""Segments that may wait for the disk: it and the muxer take turns at being slow."""


@dataclass(slots=True)
class Imported:
    """What became of one file. ``span`` is what it covers, also where nothing was added."""

    path: Path
    summary: Summary
    span: Span | None = None
    segments_added: int = 0
    segments_kept: int = 0
    segments_skipped: int = 0
    size_bytes: int = 0
    overlaps: Span | None = None
    warnings: list[str] = field(default_factory=list)
    broken: str | None = None
    stopped: bool = False

    @property
    def unchanged(self) -> bool:
        """True where all of it was kept before."""
        return not self.segments_added and not self.segments_skipped and not self.stopped


@dataclass(frozen=True, slots=True)
class _Cut:
    muxed: Muxed
    codecs: Codecs
    begins_run: bool


class Importer:
    """Imports files into one archive. ``on_progress`` hears how many bytes of a file are read.

    ``should_stop`` is asked after each segment; an import that is stopped leaves whole segments.
    With ``joins`` a file that starts where a run of the same codecs ends goes on with that run;
    nobody else may import into the archive then.
    """

    def __init__(
        self,
        index: Index,
        storage: Storage,
        archive: Archive,
        *,
        segment_ms: int,
        on_progress: Callable[[int], None] = lambda _: None,
        should_stop: Callable[[], bool] = lambda: False,
        joins: bool = False,
    ) -> None:
        self._joins = joins
        self._index = index
        self._storage = storage
        self._archive = archive
        self._holds = Holds(index)
        self._segment_ms = segment_ms
        self._on_progress = on_progress
        self._should_stop = should_stop

    def run(self, path: Path, start_ms: int, *, skip_overlap: bool = False) -> Imported:
        """Import the file at ``path``, whose first picture was taken at ``start_ms``.

        Raises NotReadable, and Overlap where footage is kept in its time (unless
        ``skip_overlap`` takes what fits): both leave nothing behind. A file that breaks off is
        taken as far as it goes and ``broken`` says where.
        """
        # Retention leaves the archive alone meanwhile: what comes in may be older than it keeps.
        with self._holds.hold(self._archive, ALL_TIME):
            return self._run(path, start_ms, skip_overlap=skip_overlap)

    def _run(self, path: Path, start_ms: int, *, skip_overlap: bool) -> Imported:
        with FileSource(path) as source:
            result = Imported(path, source.summary)
        if self._may_be_kept(result.summary, start_ms):
            return self._fill_in(result, start_ms, skip_overlap=skip_overlap)
        try:
            return self._add(result, start_ms, lambda _: True)
        except Overlap:
            # Longer than its header says, and what it said was free.
            result = Imported(path, result.summary)
            return self._fill_in(result, start_ms, skip_overlap=skip_overlap)

    def _may_be_kept(self, summary: Summary, start_ms: int) -> bool:
        if summary.duration_ms is None:
            return True
        wanted = Span(start_ms, start_ms + summary.duration_ms)
        return self._index.overlap(self._archive, wanted) is not None

    def _fill_in(self, result: Imported, start_ms: int, *, skip_overlap: bool) -> Imported:
        """Look at every segment first, then add those that are neither kept nor in the way."""
        free: set[int] = set()
        looked = Imported(result.path, result.summary)
        # What is copied gives the same bytes each time; encoders do not promise it.
        encoded_anew = result.summary.video_transcoded or result.summary.audio_transcoded
        for cut in self._cuts(looked, start_ms):
            segment = cut.muxed.segment
            if holds(self._index, self._archive, segment, same_bytes=not encoded_anew):
                result.segments_kept += 1
            elif (kept := self._index.overlap(self._archive, segment.span)) is not None:
                result.segments_skipped += 1
                result.overlaps = result.overlaps or kept
            else:
                free.add(segment.start_ms)
        if looked.span and result.overlaps and not skip_overlap:
            raise Overlap(looked.span, result.overlaps)
        if free and not looked.stopped:
            return self._add(result, start_ms, lambda cut: cut.muxed.segment.start_ms in free)
        result.span, result.broken, result.stopped = looked.span, looked.broken, looked.stopped
        result.warnings = looked.warnings
        return result

    def _add(self, result: Imported, start_ms: int, wanted: Callable[[_Cut], bool]) -> Imported:
        written: list[RunWriter] = []
        try:
            with WriteBehind(ahead=_SEGMENTS_AHEAD) as behind:
                self._write(result, self._cuts(result, start_ms), wanted, written, behind)
        except (Overlap, NotReadable):
            for writer in written:
                writer.abandon()
            raise
        except BaseException:
            # Whatever else stops it: what is whole stays.
            if written:
                written[-1].commit()
            raise
        return result

    def _write(
        self,
        result: Imported,
        cuts: Iterator[_Cut],
        wanted: Callable[[_Cut], bool],
        written: list[RunWriter],
        behind: WriteBehind,
    ) -> None:
        goes_on = False
        for cut in cuts:
            if not wanted(cut):
                goes_on = False
                continue
            if not goes_on or cut.begins_run:
                if written:
                    behind.run(written[-1].commit)
                behind.wait()
                written.append(self._writer(cut))
                goes_on = True
            behind.run(written[-1].add, cut.muxed.segment, cut.muxed.data)
            result.segments_added += 1
            result.size_bytes += cut.muxed.segment.size_bytes
        if written:
            behind.run(written[-1].commit)
        behind.wait()

    def _writer(self, cut: _Cut) -> RunWriter:
        """The writer of the run that a segment begins, or goes on with."""
        writer = RunWriter(self._index, self._storage, self._archive, cut.codecs)
        if self._joins:
            start_ms = cut.muxed.segment.start_ms
            with self._index.snapshot() as snapshot:
                block = snapshot.block_at(self._archive, start_ms - 1)
                runs = snapshot.runs(self._archive, Span(start_ms - 1, start_ms))
            if block is not None and runs[0].end_ms == start_ms and runs[0].codecs == cut.codecs:
                writer.go_on(runs[0], block)
        return writer

    def _run_start_ms(self, start_ms: int, codecs: Codecs) -> int:
        """The name, in its seals, of the run that begins at ``start_ms``, or goes on there."""
        if not self._joins:
            return start_ms
        with self._index.snapshot() as snapshot:
            block = snapshot.block_at(self._archive, start_ms - 1)
            runs = snapshot.runs(self._archive, Span(start_ms - 1, start_ms))
        if block is None or runs[0].codecs != codecs:
            return start_ms
        sealed = run_sealed_at(self._storage, self._archive, block)
        return start_ms if sealed is None else sealed

    def _cuts(self, result: Imported, start_ms: int) -> Iterator[_Cut]:
        """The file's segments in order; what there is to say of them goes into ``result``."""
        with FileSource(result.path) as source:
            damaged: list[int] = []
            placer = _Placer(source, start_ms, self._run_start_ms)
            for piece in self._pieces(source, result):
                cut = placer.place(piece)
                damaged += cut.muxed.damaged_ms
                span = cut.muxed.segment.span
                result.span = Span(result.span.start_ms if result.span else span.start_ms, span.end_ms)
                yield cut
                self._on_progress(source.read_bytes)
                if self._should_stop():
                    result.stopped = True
                    return
            result.warnings += source.warnings()
            if damaged and result.broken is None:
                result.broken = (
                    f"{result.path.name}: {len(damaged)} damaged packets,"
                    f" the first at {format_ms(damaged[0])}"
                )

    def _pieces(self, source: FileSource, result: Imported) -> Iterator[Piece[Gop]]:
        cutter: Cutter[Gop] = Cutter(self._segment_ms * TICKS_PER_MS)
        try:
            for gop in source.gops():
                yield from cutter.push(gop)
        except Broken as broken:
            result.broken = str(broken)
        yield from cutter.flush()


class _Placer:
    """Gives each piece of a file its wall time.

    A jump forward in the file is a gap of that length; one backward cannot be kept where it says
    it was, so what follows goes on where the last run ended.
    """

    def __init__(
        self, source: FileSource, start_ms: int, run_start_ms: Callable[[int, Codecs], int]
    ) -> None:
        self._run_start_of = run_start_ms
        self._run_start_ms = 0
        self._source = source
        self._start_ms = start_ms
        self._anchor: Anchor | None = None
        self._run: Anchor | None = None
        self._end_ms = 0

    def place(self, piece: Piece[Gop]) -> _Cut:
        if self._anchor is None:
            first = self._source.first_ticks
            self._anchor = Anchor(piece.start if first is None else first, self._start_ms)
        if piece.begins_run or self._run is None:
            wall_ms = self._anchor.to_ms(piece.start)
            if self._run is not None and wall_ms < self._end_ms:
                self._anchor = Anchor(piece.start, self._end_ms)
                wall_ms = self._end_ms
            self._run = Anchor(piece.start, wall_ms)
            self._run_start_ms = self._run_start_of(wall_ms, piece.gops[0].codecs)
        start_ms = self._run.to_ms(piece.start)
        self._end_ms = max(self._run.to_ms(piece.end), start_ms + 1)
        muxed = mux(
            piece.gops,
            self._source.tracks,
            run_start_ms=self._run_start_ms,
            start_ms=start_ms,
            duration_ms=self._end_ms - start_ms,
            ticks=self._run.shift_ticks,
        )
        return _Cut(muxed, piece.gops[0].codecs, piece.begins_run)

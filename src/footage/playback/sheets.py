"""The sheets of a storyboard, drawn: keyframes found in one look at the index, decoded in the pool.

Each picture is the keyframe at or before its cue's moment, in the segment that the playlist plays
there. Memory is one sheet's pixels for each that is in work, and the pool bounds how many are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from footage.archive.read import KeptSegment, Reader
from footage.media.errors import NoPicture
from footage.media.picture import decode_keyframe
from footage.media.sheet import Sheet
from footage.playback.drawing_pool import Busy, DrawingPool, Picture
from footage.playback.preview import keyframe_at
from footage.playback.storyboard import Box, Cue, Layout
from footage.telemetry import metrics
from footage.timeline import Archive, Keyframe

_QUALITY = 80


@dataclass(frozen=True, slots=True)
class Cell:
    """A keyframe and the box it is drawn in."""

    kept: KeptSegment
    keyframe: Keyframe
    box: Box

    @property
    def frame_ms(self) -> int:
        """Wall time of the picture."""
        return self.kept.segment.start_ms + self.keyframe.offset_ms


@dataclass(frozen=True, slots=True)
class FoundSheet:
    """What is drawn on a sheet of ``width`` by ``height`` pixels. At least one cell."""

    cells: tuple[Cell, ...]
    width: int
    height: int

    @property
    def tag(self) -> str:
        """The same for the same pictures in the same places, and for no other sheet."""
        digest = hashlib.blake2b(f"{self.width}x{self.height}".encode(), digest_size=12)
        for cell in self.cells:
            digest.update(f" {cell.kept.segment.crc32:08x}-{cell.frame_ms}-{cell.box}".encode())
        return digest.hexdigest()


class SheetDrawer:
    """Finds and draws sheets. Calls block and may come from any thread."""

    def __init__(self, reader: Reader, pool: DrawingPool) -> None:
        self._reader = reader
        self._pool = pool

    def find(self, archive: Archive, cues: Sequence[Cue], boxes: Layout, sheet: int) -> FoundSheet | None:
        """What is on one sheet of the storyboard of ``cues``; None where there is no such sheet."""
        first = sheet * boxes.boxes
        wanted = cues[first : first + boxes.boxes]
        kept = self._reader.segments_at(archive, [cue.moment_ms for cue in wanted])
        cells = tuple(
            Cell(segment, keyframe_at(segment, cue.moment_ms), boxes.box(number))
            for number, (cue, segment) in enumerate(zip(wanted, kept, strict=True), first)
            # Footage can have been removed since the cues were made: its box stays black.
            if segment is not None and segment.segment.keyframes
        )
        return FoundSheet(cells, *boxes.size(len(wanted))) if cells else None

    def picture(self, archive: Archive, found: FoundSheet) -> Picture:
        """Draw it, or take it from memory. Raises Busy, MissingBytes, NoPicture.

        A keyframe that does not decode leaves its box black; NoPicture is for none that does.
        """
        tag = found.tag
        known = self._pool.cached(archive.id, tag)
        if known is not None:
            metrics.SHEETS.labels("cached").inc()
            return known
        try:
            jpeg = self._drawn(found)
        except Busy:
            metrics.SHEETS.labels("busy").inc()
            raise
        metrics.SHEETS.labels("drawn").inc()
        picture = Picture(jpeg, found.cells[0].frame_ms)
        self._pool.keep(archive.id, tag, picture)
        return picture

    def _drawn(self, found: FoundSheet) -> bytes:
        sheets: list[Sheet] = []
        failed: list[NoPicture] = []

        def draw(sheet: Sheet, cell: Cell) -> None:
            try:
                self._draw(sheet, cell)
            except NoPicture as error:
                failed.append(error)

        def begin() -> Iterator[Callable[[], None]]:
            sheets.append(Sheet(found.width, found.height))
            return (partial(draw, sheets[0], cell) for cell in found.cells)

        self._pool.draw_sheet(begin)
        if len(failed) == len(found.cells):
            raise failed[0]
        return sheets[0].jpeg(_QUALITY)

    def _draw(self, sheet: Sheet, cell: Cell) -> None:
        kept, keyframe, box = cell.kept, cell.keyframe, cell.box
        data = self._reader.data(kept, keyframe.at_bytes, keyframe.size_bytes)
        frame = decode_keyframe(data, kept.codecs.video)
        sheet.draw(frame, left=box.left, top=box.top, width=box.width, height=box.height)

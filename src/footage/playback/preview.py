"""A moment becomes a JPEG: the keyframe's own bytes, decoded in a bounded pool, kept in a cache.

The cost is one keyframe, whatever the archive's size.
"""

from __future__ import annotations

from dataclasses import dataclass

from footage.archive.read import KeptSegment, Reader
from footage.media.mpegts import TICKS_PER_MS, WRAP
from footage.media.picture import decode_keyframe, decode_until, fitted, to_jpeg
from footage.playback.drawing_pool import Busy, DrawingPool, Picture
from footage.telemetry import metrics
from footage.timeline import ALL_TIME, Archive, Keyframe, Span

NEWEST_WITHIN_MS = 10_000
"""How long after the newest frame a moment still shows it."""
_QUALITY = 92


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: the moment (None: the newest), how exactly, and how large at the most."""

    moment_ms: int | None
    accurate: bool = False
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Where the picture is: the keyframe to begin at, and the moment to stop at."""

    kept: KeptSegment
    keyframe: Keyframe
    moment_ms: int
    request: Request

    @property
    def tag(self) -> str:
        """The same for the same picture in the same size, and for no other."""
        segment, request = self.kept.segment, self.request
        moment = self.moment_ms if request.accurate else segment.start_ms + self.keyframe.offset_ms
        size = f"{request.width or ''}x{request.height or ''}"
        return f"{segment.crc32:08x}-{moment}-{'a' if request.accurate else 'k'}{size}"


class Previewer:
    """Finds and draws pictures, in ``pool``. Calls block and may come from any thread."""

    def __init__(self, reader: Reader, *, threads: int, queue: int, cache_bytes: int) -> None:
        self._reader = reader
        self.pool = DrawingPool(threads=threads, queue=queue, cache_bytes=cache_bytes)

    def find(self, archive: Archive, request: Request, limits: Span = ALL_TIME) -> Found | None:
        """Where the wanted picture is, inside ``limits``; None in a gap."""
        moment_ms = request.moment_ms
        before_ms = limits.end_ms if moment_ms is None else min(moment_ms + 1, limits.end_ms)
        kept = self._reader.last_segment_before(archive, before_ms)
        if kept is None:
            return None
        segment = kept.segment
        if moment_ms is None:
            moment_ms = min(segment.end_ms, limits.end_ms) - 1
        elif moment_ms >= segment.end_ms:
            newest = self._reader.last_segment_before(archive, ALL_TIME.end_ms)
            if kept != newest or moment_ms > segment.end_ms + NEWEST_WITHIN_MS:
                return None
            moment_ms = segment.end_ms - 1
        if segment.end_ms <= limits.start_ms or not segment.keyframes:
            return None
        return Found(kept, keyframe_at(kept, moment_ms), moment_ms, request)

    def picture(self, archive: Archive, found: Found) -> Picture:
        """Draw it, or take it from the cache. Raises Busy, MissingBytes, NoPicture."""
        kept = self.pool.cached(archive.id, found.tag)
        if kept is not None:
            metrics.PREVIEWS.labels("cached").inc()
            return kept
        try:
            picture = self.pool.draw(lambda: self._draw(found))
        except Busy:
            metrics.PREVIEWS.labels("busy").inc()
            raise
        metrics.PREVIEWS.labels("decoded").inc()
        self.pool.keep(archive.id, found.tag, picture)
        return picture

    def close(self) -> None:
        """Wait for pictures in progress and let go of the threads."""
        self.pool.close()

    def _draw(self, found: Found) -> Picture:
        kept, keyframe, request = found.kept, found.keyframe, found.request
        segment = kept.segment
        if request.accurate:
            until = found.moment_ms * TICKS_PER_MS + TICKS_PER_MS // 2
            data = self._reader.data(kept, keyframe.at_bytes, segment.size_bytes - keyframe.at_bytes)
            frame, pts = decode_until(data, kept.codecs.video, until % WRAP)
            back = (until - pts) % WRAP
            frame_ms = (until - back) // TICKS_PER_MS if back < WRAP // 2 else segment.start_ms
        else:
            data = self._reader.data(kept, keyframe.at_bytes, keyframe.size_bytes)
            frame = decode_keyframe(data, kept.codecs.video)
            frame_ms = segment.start_ms + keyframe.offset_ms
        size = fitted(frame.width, frame.height, request.width, request.height)
        return Picture(to_jpeg(frame, *size, _QUALITY), frame_ms)


def keyframe_at(kept: KeptSegment, moment_ms: int) -> Keyframe:
    """The last keyframe at or before the moment; the first where none is."""
    segment = kept.segment
    chosen = segment.keyframes[0]
    for keyframe in segment.keyframes:
        if segment.start_ms + keyframe.offset_ms > moment_ms:
            break
        chosen = keyframe
    return chosen

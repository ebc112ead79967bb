"""GOPs become one segment's bytes: an MPEG-TS stream of its own, sealed with its last packet.

Every segment begins with its tables and a keyframe and is muxed apart from its neighbours, so it
decodes alone; ``initial_discontinuity`` tells decoders that the counters start anew, without
which they take the last picture before a border for damaged.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import av
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from isal import isal_zlib

from footage.media.gops import Gop
from footage.media.mpegts import PACKET, TICKS_PER_MS, WRAP, KeyframePlace, Seal, keyframes, seal
from footage.timeline import Keyframe, Segment

_OPTIONS = {
    "mpegts_flags": "initial_discontinuity",
    # Timestamps go through as they are: they are the wall time.
    "mpegts_copyts": "1",
    "avoid_negative_ts": "disabled",
    "max_delay": "0",
    # Tables at the start are enough, nobody joins a segment in its middle.
    "pat_period": "3600",
    "sdt_period": "3600",
}
_BUFFER_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Tracks:
    """The streams whose codec settings the segments take over."""

    video: VideoStream
    audio: AudioStream | None


@dataclass(frozen=True, slots=True)
class Muxed:
    """A segment, its bytes, and the moments (ms) of what came damaged.

    Damage that the container noticed goes in as it is; what cannot even be framed stays out.
    """

    segment: Segment
    data: bytes
    damaged_ms: tuple[int, ...]


def mux(
    gops: Sequence[Gop],
    tracks: Tracks,
    *,
    run_start_ms: int,
    start_ms: int,
    duration_ms: int,
    ticks: int,
) -> Muxed:
    """A segment of the given wall time, and its bytes.

    ``ticks`` is added to every timestamp: the way from the source's time to wall time in ticks,
    so that a segment's PTS is its wall time modulo 2**33. The packets are used up.
    """
    buffer = io.BytesIO()
    damaged = _mux_packets(buffer, gops, tracks, ticks)
    with buffer.getbuffer() as written:
        size_bytes, crc32 = len(written) + PACKET, isal_zlib.crc32(written)
    buffer.write(seal(Seal(run_start_ms, start_ms, duration_ms, size_bytes, crc32)))
    data = buffer.getvalue()
    return Muxed(described(data, start_ms, duration_ms), data, damaged)


def described(data: bytes, start_ms: int, duration_ms: int) -> Segment:
    """What the index keeps of a segment of these bytes."""
    frames = keyframes_of(keyframes(data), start_ms)
    return Segment(start_ms, duration_ms, len(data), isal_zlib.crc32(data), frames)


def keyframes_of(places: Sequence[KeyframePlace], start_ms: int) -> tuple[Keyframe, ...]:
    """The keyframes of a segment that starts at ``start_ms``, by where they lie in it."""
    return tuple(
        Keyframe(_offset_ms(place.pts, start_ms), place.at_bytes, place.size_bytes) for place in places
    )


def _mux_packets(buffer: io.BytesIO, gops: Sequence[Gop], tracks: Tracks, ticks: int) -> tuple[int, ...]:
    """Write the packets; return the moments (ms) of the damaged ones."""
    output = av.open(buffer, "w", format="mpegts", options=_OPTIONS, buffer_size=_BUFFER_BYTES)
    video = output.add_stream_from_template(tracks.video, opaque=True)
    audio = output.add_stream_from_template(tracks.audio, opaque=True) if tracks.audio else None
    mux_one = output.mux_one
    damaged: list[int] = []
    for gop in gops:
        sound = set(map(id, gop.audio))
        for packet in gop.packets():
            # The assembler gave every packet both times.
            packet.pts = pts = packet.pts + ticks  # type: ignore[operator]
            packet.dts += ticks  # type: ignore[operator]
            packet.stream = audio if id(packet) in sound else video
            if packet.is_corrupt:
                damaged.append(pts // TICKS_PER_MS)
            try:
                mux_one(packet)
            except av.error.FFmpegError:
                damaged.append(pts // TICKS_PER_MS)
    output.close()
    return tuple(damaged)


def _offset_ms(pts: int, start_ms: int) -> int:
    """How long after ``start_ms`` a PTS lies, told in spite of the wrap."""
    ticks = (pts - start_ms * TICKS_PER_MS + WRAP // 2) % WRAP - WRAP // 2
    return max(round(ticks / TICKS_PER_MS), 0)

"""Segments read back from their bytes alone: what a lost row can be made from again."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import av
from isal import isal_zlib

from footage.media.errors import NotReadable
from footage.media.gops import AnyPacket
from footage.media.keyframe_reader import KeyframeReader
from footage.media.mpegts import PACKET, KeyframePlace, Seal, keyframes_in, seals
from footage.media.segment_muxer import Tracks, keyframes_of
from footage.timeline import Codecs, Segment

_PIECE_BYTES = PACKET << 15
"""Six million: a block of most cameras in two or three pieces."""
_MOST_BYTES = 1 << 28
"""No segment is that long, and memory is no place for whatever else lies in a block."""


class Sealed(NamedTuple):
    """A segment as its seal tells it, with its bytes.

    ``is_whole`` is False where the bytes are not those that it was sealed over; its CRC-32 is then
    still the one that it ought to have.
    """

    segment: Segment
    data: bytes
    run_start_ms: int
    is_whole: bool


def sealed_segments(data: bytes) -> Iterator[tuple[Segment, bytes]]:
    """The whole segments at the start of ``data``, each with its bytes.

    It ends before the first that was never finished, or whose bytes are not those it was sealed
    over.
    """
    for found in read_sealed(lambda start, size: data[start : start + size], 0, len(data)):
        if not found.is_whole:
            return
        yield found.segment, found.data


def read_sealed(read: Callable[[int, int], bytes], start: int, end: int) -> Iterator[Sealed]:
    """The sealed segments of a block from byte ``start`` on, read a piece at a time.

    ``read`` is given a place and a number of bytes. It ends before the first that was never
    finished, and where a seal and the bytes before it are not of one size.
    """
    data = b""
    while start < end:
        piece = read(start, min(_PIECE_BYTES, end - start))
        start += len(piece)
        data = data + piece if data else piece
        sealed = seals(data)
        found = _adjacent(sealed)
        ends = [end for end, _ in found]
        at = ends[-1] if ends else 0
        for (until, seal), places in zip(found, keyframes_in(data[:at], ends), strict=True):
            yield _sealed(data[until - seal.size_bytes : until], seal, places)
        if len(found) < len(sealed):
            return
        data = data[at:]
        if len(data) > _MOST_BYTES:
            return


def _adjacent(found: list[tuple[int, Seal]]) -> list[tuple[int, Seal]]:
    """Those seals, from the first on, whose segments follow each other without a byte between."""
    at = 0
    for number, (end, seal) in enumerate(found):
        if end - at != seal.size_bytes:
            return found[:number]
        at = end
    return found


def _sealed(data: bytes, seal: Seal, places: Sequence[KeyframePlace]) -> Sealed:
    crc32 = isal_zlib.crc32(data[-PACKET:], seal.crc32)
    frames = keyframes_of(places, seal.start_ms)
    segment = Segment(seal.start_ms, seal.duration_ms, len(data), crc32, frames)
    is_whole = isal_zlib.crc32(memoryview(data)[:-PACKET]) == seal.crc32
    return Sealed(segment, data, seal.run_start_ms, is_whole)


def run_start_of(last_packet: bytes) -> int | None:
    """The run that the last packet of a segment names; None where it is no seal."""
    found = seals(last_packet)
    return found[-1][1].run_start_ms if found else None


def codecs_of(data: bytes) -> Codecs:
    """The codecs of a segment, the same that its recorder had written. Raises NotReadable."""
    try:
        with av.open(io.BytesIO(data), "r", format="mpegts") as container:
            [video], audio = container.streams.video, container.streams.audio
            reader = KeyframeReader(Tracks(video, audio[0] if audio else None))
            packet: AnyPacket = next(packet for packet in container.demux(video) if packet.is_keyframe)
            _, codecs = reader.read(packet)
    except (av.error.FFmpegError, ValueError, StopIteration) as error:
        raise NotReadable("a segment cannot be taken apart") from error
    if codecs is None:
        raise NotReadable("a segment's keyframe is damaged")
    return codecs

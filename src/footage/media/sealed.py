"""Segments read back from their bytes alone: what a lost row can be made from again."""

from __future__ import annotations

import io
from collections.abc import Iterator

import av
from isal import isal_zlib

from footage.media.errors import NotReadable
from footage.media.gops import AnyPacket
from footage.media.keyframe_reader import KeyframeReader
from footage.media.mpegts import PACKET, seals
from footage.media.segment_muxer import Tracks, described
from footage.timeline import Codecs, Segment


def sealed_segments(data: bytes) -> Iterator[tuple[Segment, bytes]]:
    """The whole segments at the start of ``data``, each with its bytes.

    It ends before the first that was never finished, or whose bytes are not those it was sealed
    over.
    """
    at = 0
    for end, seal in seals(data):
        whole = data[at:end]
        if len(whole) != seal.size_bytes or isal_zlib.crc32(whole[:-PACKET]) != seal.crc32:
            return
        yield described(whole, seal.start_ms, seal.duration_ms), whole
        at = end


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

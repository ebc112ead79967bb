"""Sample entries: what an MP4 file says of its pictures and its sound, so that a decoder can be set up.

FFmpeg writes the one of pictures, from a keyframe with its parameter sets (size, aspect, colours,
profile); that of sound is made from an ADTS header.
"""

from __future__ import annotations

import io
import struct

import av

from footage.media.errors import NotReadable
from footage.media.mp4_boxes import box, full_box
from footage.media.segment_samples import sample_rate

_CONTAINERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
_STSD_HEAD = 16
_ENOUGH_BYTES = 1 << 20
# By whether parameter sets may also come in band (ISO/IEC 14496-15, 5.4.2.1 and 8.4.1).
_NAMES = {"h264": (b"avc1", b"avc3"), "hevc": (b"hvc1", b"hev1")}
_AAC, _AUDIO_STREAM = 0x40, 0x15


def picture_entry(segment: bytes, codec: str, *, sets_in_band: bool) -> bytes:
    """The sample entry of the pictures of a segment. Raises NotReadable."""
    buffer = io.BytesIO()
    try:
        with av.open(io.BytesIO(segment), "r", format="mpegts") as source:
            [stream] = source.streams.video
            with av.open(buffer, "w", format="mp4") as output:
                track = output.add_stream_from_template(stream, opaque=True)
                packet = next(packet for packet in source.demux(stream) if packet.is_keyframe)
                packet.stream = track
                output.mux(packet)
    except (av.error.FFmpegError, ValueError, StopIteration) as error:
        raise NotReadable("a segment's parameter sets cannot be read") from error
    entry = _inside(buffer.getvalue(), _CONTAINERS, b"stsd")[_STSD_HEAD - 8 :]
    size = int.from_bytes(entry[:4], "big")
    return entry[:4] + _NAMES[codec][sets_in_band] + entry[8:size]


def sound_entry(adts_header: bytes) -> bytes:
    """The sample entry of AAC (ISO/IEC 14496-14, 5.6), of the kind that an ADTS header tells."""
    rate = sample_rate(adts_header)
    kind = (adts_header[2] >> 6) + 1
    channels = (adts_header[2] & 1) << 2 | adts_header[3] >> 6
    setup = struct.pack(">H", kind << 11 | (adts_header[2] >> 2 & 0xF) << 7 | channels << 3)
    decoder = struct.pack(">BB3xII", _AAC, _AUDIO_STREAM, 0, 0) + _descriptor(5, setup)
    stream = struct.pack(">HB", 0, 0) + _descriptor(4, decoder) + _descriptor(6, b"\x02")
    look = struct.pack(">6xH8xHH4xI", 1, channels or 2, 16, min(rate, 0xFFFF) << 16)
    return box(b"mp4a", look, full_box(b"esds", 0, 0, _descriptor(3, stream)))


def _descriptor(tag: int, content: bytes) -> bytes:
    return bytes((tag, len(content))) + content


def _inside(data: bytes, path: tuple[bytes, ...], wanted: bytes) -> bytes:
    """The contents of the box ``wanted``, below the boxes of ``path``. Raises NotReadable."""
    for kind in (*path, wanted):
        at = 0
        while data[at + 4 : at + 8] != kind:
            at += int.from_bytes(data[at : at + 4], "big") or len(data)
            if at >= len(data):
                raise NotReadable("FFmpeg wrote no sample entry")
        size = int.from_bytes(data[at : at + 4], "big")
        data = data[at + 8 : at + size]
    return data

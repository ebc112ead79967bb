"""A segment decoded from its first picture to its last, to see whether that can be done."""

from __future__ import annotations

import io

import av

_STRICT = {"err_detect": "crccheck+bitstream+buffer+explode"}


def decoded(data: bytes) -> str | None:
    """What is wrong with a segment, in words; None where every picture and all sound decodes."""
    try:
        with av.open(io.BytesIO(data), "r", format="mpegts") as container:
            if not container.streams.video:
                return "it holds no video"
            for stream in container.streams:
                stream.codec_context.options = _STRICT
            pictures = 0
            for packet in container.demux():
                frames = packet.decode()
                pictures += len(frames) if packet.stream.type == "video" else 0
    except (av.error.FFmpegError, ValueError) as error:
        return str(getattr(error, "strerror", None) or error)
    return None if pictures else "no picture in it decodes"

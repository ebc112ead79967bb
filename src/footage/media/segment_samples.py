"""A segment's bytes as samples: coded pictures as MP4 keeps them, and frames of sound.

Pure, over the bytes that ``segment_muxer`` writes: no demuxer and no parser, which would look at each
byte several times. Pictures come with NAL units behind their lengths (ISO/IEC 14496-15, 4.3.2)
instead of start codes, sound without its ADTS headers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from footage.media.mpegts import WRAP, Pes, pes_packets
from footage.media.silence import RATES

_START_CODE = re.compile(b"\x00\x00\x01")
_LENGTH_BYTES = 4
_ADTS_BYTES, _ADTS_CRC_BYTES = 7, 2
_SAMPLES_A_FRAME = 1024
_TICKS_PER_SECOND = 90_000
# Delimiters say where a picture starts, which a container does; parameter sets are kept apart.
_H264_DELIMITER, _HEVC_DELIMITER = 9, 35
_H264_SETS = frozenset({7, 8, 13})
_HEVC_SETS = frozenset({32, 33, 34})


class Damaged(ValueError):
    """The bytes are not those of a segment."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A coded picture: PTS and DTS (ticks, 33 bits), and its NAL units, each behind its length."""

    pts: int
    dts: int
    is_keyframe: bool
    pieces: tuple[bytes | memoryview, ...]
    size_bytes: int


@dataclass(frozen=True, slots=True)
class SoundFrame:
    """One AAC frame, without header, and its PTS (ticks, 33 bits)."""

    pts: int
    data: memoryview


@dataclass(frozen=True, slots=True)
class Samples:
    """What one segment holds. ``sets`` are the parameter sets that its pictures carried."""

    pictures: list[Picture]
    sound: list[SoundFrame]
    adts_header: bytes
    sets: list[bytes] = field(default_factory=list)


def samples_of(data: bytes, codec: str, *, sets_in_band: bool) -> Samples:
    """Take a segment apart. ``codec`` is ``h264`` or ``hevc``.

    Parameter sets stay in the pictures where ``sets_in_band``, else they are left out of them.
    Raises Damaged.
    """
    try:
        video, audio = pes_packets(data)
        sets: list[bytes] = []
        pictures = list(_pictures(video, codec, sets, sets_in_band=sets_in_band))
        header, sound = _sound(audio)
    except (IndexError, ValueError) as error:
        raise Damaged("a segment cannot be taken apart") from error
    if not pictures:
        raise Damaged("a segment holds no pictures")
    return Samples(pictures, sound, header, sets)


def _pictures(pes: Pes, codec: str, sets: list[bytes], *, sets_in_band: bool) -> Iterator[Picture]:
    payload = memoryview(pes.payload)
    codes = _start_codes(pes.payload)
    at_code = np.searchsorted(codes, pes.offsets).tolist()
    left_out, kinds_of_set = _kinds(codec)
    places = codes.tolist()
    for number, (first, last) in enumerate(pairwise(at_code)):
        pieces: list[bytes | memoryview] = []
        size = 0
        picture_end = int(pes.offsets[number + 1])
        for unit in range(first, last):
            start = places[unit] + 3
            end = places[unit + 1] if unit + 1 < last else picture_end
            # What stands before a start code, or ends a picture, may be zeros that are no part of it.
            while end > start and not payload[end - 1]:
                end -= 1
            if start == end:
                continue
            kind = payload[start] & 0x1F if codec == "h264" else payload[start] >> 1 & 0x3F
            if kind == left_out:
                continue
            if kind in kinds_of_set:
                sets.append(bytes(payload[start:end]))
                if not sets_in_band:
                    continue
            pieces += ((end - start).to_bytes(_LENGTH_BYTES, "big"), payload[start:end])
            size += _LENGTH_BYTES + end - start
        if pieces:
            yield Picture(
                int(pes.pts[number]),
                int(pes.dts[number]),
                bool(pes.random_access[number]),
                tuple(pieces),
                size,
            )


def _kinds(codec: str) -> tuple[int, frozenset[int]]:
    if codec == "h264":
        return _H264_DELIMITER, _H264_SETS
    return _HEVC_DELIMITER, _HEVC_SETS


def _start_codes(payload: bytes) -> NDArray[np.int64]:
    # The expression's literal search reads three bytes a nanosecond, which no pass over arrays does.
    return np.fromiter((match.start() for match in _START_CODE.finditer(payload)), np.int64)


def _sound(pes: Pes) -> tuple[bytes, list[SoundFrame]]:
    """The first ADTS header, and the frames (ISO/IEC 14496-3, 1.A.2.2)."""
    payload = memoryview(pes.payload)
    header = bytes(payload[:_ADTS_BYTES])
    if len(header) < _ADTS_BYTES:
        return b"", []
    rate, frames = sample_rate(header), list[SoundFrame]()
    for pts, (start, end) in zip(pes.pts.tolist(), pairwise(pes.offsets.tolist()), strict=True):
        at, later = start, 0
        while at + _ADTS_BYTES <= end:
            if payload[at] != 0xFF or payload[at + 1] & 0xF6 != 0xF0:
                break
            size = (payload[at + 3] & 3) << 11 | payload[at + 4] << 3 | payload[at + 5] >> 5
            head = _ADTS_BYTES if payload[at + 1] & 1 else _ADTS_BYTES + _ADTS_CRC_BYTES
            if size <= head or at + size > end:
                break
            ticks = later * _TICKS_PER_SECOND // rate
            frames.append(SoundFrame((pts + ticks) % WRAP, payload[at + head : at + size]))
            at += size
            later += _SAMPLES_A_FRAME
    return header, frames


def sample_rate(adts_header: bytes) -> int:
    """The rate that an ADTS header names. Raises IndexError where it names none."""
    return RATES[adts_header[2] >> 2 & 0xF]

"""A block's segments as bytes for its row: fixed records, so that thousands decode at once.

Two columns: 16 bytes a segment, and 12 bytes a keyframe, little-endian. The rows of a day join
into one buffer that NumPy reads without a loop; keyframes are read for one block at a time.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from footage.timeline import Keyframe, Segment, SegmentTable

_SEGMENT = struct.Struct("<IIII")
_KEYFRAME = struct.Struct("<III")
_DURATION, _SIZE = 0, 1
_SEGMENT_FIELDS = 4


def pack_segments(segments: Sequence[Segment]) -> bytes:
    """Duration (ms), size (bytes), CRC-32 and number of keyframes of each."""
    return b"".join(_SEGMENT.pack(s.duration_ms, s.size_bytes, s.crc32, len(s.keyframes)) for s in segments)


def pack_keyframes(segments: Sequence[Segment]) -> bytes:
    """Offset (ms), place and size (bytes) of each keyframe, segment after segment."""
    return b"".join(
        _KEYFRAME.pack(k.offset_ms, k.at_bytes, k.size_bytes)
        for segment in segments
        for k in segment.keyframes
    )


def unpack(start_ms: int, segments: bytes, keyframes: bytes) -> tuple[Segment, ...]:
    """The segments of one block that starts at ``start_ms``."""
    found = [Keyframe(*fields) for fields in _KEYFRAME.iter_unpack(keyframes)]
    unpacked = []
    first = 0
    for duration_ms, size_bytes, crc32, count in _SEGMENT.iter_unpack(segments):
        frames = tuple(found[first : first + count])
        unpacked.append(Segment(start_ms, duration_ms, size_bytes, crc32, frames))
        start_ms += duration_ms
        first += count
    return tuple(unpacked)


def unpack_times(start_ms: int, segments: bytes) -> Iterator[tuple[int, int]]:
    """Start and duration of each segment of one block that starts at ``start_ms``."""
    for duration_ms, _, _, _ in _SEGMENT.iter_unpack(segments):
        yield start_ms, duration_ms
        start_ms += duration_ms


def find(start_ms: int, segments: bytes, wanted_ms: int) -> tuple[int, int, int, int] | None:
    """Duration, size, CRC-32 and place in the block of the segment that starts at ``wanted_ms``."""
    at_bytes = 0
    for duration_ms, size_bytes, crc32, _ in _SEGMENT.iter_unpack(segments):
        if start_ms >= wanted_ms:
            return (duration_ms, size_bytes, crc32, at_bytes) if start_ms == wanted_ms else None
        start_ms += duration_ms
        at_bytes += size_bytes
    return None


def unpack_columns(start_ms: Sequence[int], segments: Sequence[bytes]) -> SegmentTable:
    """The segments of many blocks at once, block ``i`` starting at ``start_ms[i]``."""
    counts = np.array([len(packed) for packed in segments], np.int64) // _SEGMENT.size
    records: NDArray[np.uint32] = np.frombuffer(b"".join(segments), "<u4")
    records = records.reshape(-1, _SEGMENT_FIELDS)
    durations = records[:, _DURATION].astype(np.int64)
    before = np.cumsum(durations) - durations
    first_of_block = np.cumsum(counts) - counts
    shift = np.array(start_ms, np.int64) - before[first_of_block]
    return SegmentTable(
        start_ms=before + np.repeat(shift, counts),
        duration_ms=durations,
        size_bytes=records[:, _SIZE].astype(np.int64),
    )

"""A block's segments as bytes: what is packed comes out again, by either way of reading."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from footage.archive.index.segment_table import pack_keyframes, pack_segments, unpack, unpack_columns
from footage.timeline import Keyframe, Segment

u32 = st.integers(0, (1 << 32) - 1)
frames = st.lists(st.builds(Keyframe, u32, u32, u32), max_size=4).map(tuple)
start = st.integers(0, 253_402_300_800_000)


@st.composite
def blocks(draw: st.DrawFn) -> tuple[Segment, ...]:
    """Consecutive segments."""
    start_ms = draw(start)
    made = []
    for duration_ms in draw(st.lists(u32, min_size=1, max_size=12)):
        made.append(Segment(start_ms, duration_ms, draw(u32), draw(u32), draw(frames)))
        start_ms += duration_ms
    return tuple(made)


@given(blocks())
def test_what_is_packed_comes_out_again(segments: tuple[Segment, ...]) -> None:
    packed, keyframes = pack_segments(segments), pack_keyframes(segments)
    assert unpack(segments[0].start_ms, packed, keyframes) == segments
    assert len(packed) == 16 * len(segments)
    assert len(keyframes) == 12 * sum(len(segment.keyframes) for segment in segments)


@given(st.lists(blocks(), max_size=6))
def test_columns_and_tuples_agree(many: list[tuple[Segment, ...]]) -> None:
    table = unpack_columns([block[0].start_ms for block in many], [pack_segments(block) for block in many])
    every = [segment for block in many for segment in block]
    assert len(table) == len(every)
    assert table.start_ms.tolist() == [segment.start_ms for segment in every]
    assert table.duration_ms.tolist() == [segment.duration_ms for segment in every]
    assert table.size_bytes.tolist() == [segment.size_bytes for segment in every]
    assert {column.dtype.name for column in (table.start_ms, table.duration_ms, table.size_bytes)} == {
        "int64"
    }


def test_the_bytes_are_the_same_on_every_machine() -> None:
    segment = Segment(
        1_790_000_000_000, 6000, 188, 0x01020304, (Keyframe(0, 376, 188), Keyframe(2000, 564, 188))
    )
    assert pack_segments([segment]) == struct.pack("<IIII", 6000, 188, 0x01020304, 2)
    assert pack_keyframes([segment]) == struct.pack("<IIIIII", 0, 376, 188, 2000, 564, 188)

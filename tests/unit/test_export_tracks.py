"""Samples in their tracks: laws for pictures in any order, and for sound that comes unevenly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footage.media.export_tracks import SAMPLES_A_FRAME, PictureTrack, SoundTrack, Stretch, split
from footage.media.mp4_boxes import SYNC, Chunk
from footage.media.mpegts import TICKS_PER_MS, WRAP
from footage.media.segment_samples import Picture, SoundFrame

FRAME = 3600
GOP = 12
PYRAMID = (0, 4, 2, 1, 3)
"""The order in which five pictures are decoded, of which three wait for a later one."""
WALL_MS = 1_790_000_000_000
RATE = 48_000
HALF_MS = TICKS_PER_MS // 2


def gop(at: int, count: int, *, reordered: bool) -> list[Picture]:
    """Pictures of 40 ms from ``at`` ticks after WALL_MS on."""
    order = list(range(count))
    if reordered:
        order = [0]
        for first in range(1, count - 3, 4):
            order += [first + 3, first + 1, first, first + 2]
        order += range(len(order), count)
    delay = 2 * FRAME if reordered else 0
    start = WALL_MS * TICKS_PER_MS + at
    return [
        Picture(
            (start + place * FRAME) % WRAP,
            (start + number * FRAME - delay) % WRAP,
            number == 0,
            (b"%03d" % place,),
            3,
        )
        for number, place in enumerate(order)
    ]


def stretch_of(first: int, ticks: int, *, before: int = 0, end: int = 1 << 40) -> Stretch:
    """A segment that begins ``first`` ticks after WALL_MS; the movie begins ``before`` ticks after that."""
    return Stretch(wall_ms=WALL_MS, at=-before, until=first + ticks - before, piece_from=0, piece_to=end)


def composed(chunks: Sequence[Chunk], lead: int) -> list[int]:
    """When the samples are shown, in movie time and in the order of decoding."""
    shown = []
    for chunk in chunks:
        times = chunk.decode_time + np.cumsum(chunk.rows[:, 0]) - chunk.rows[:, 0]
        shown += (times + chunk.rows[:, 3] - lead).tolist()
    return shown


@given(
    before=st.integers(0, 2 * GOP * FRAME - 1),
    length=st.integers(1, 4 * GOP * FRAME),
    reordered=st.booleans(),
    strict=st.booleans(),
    fragments=st.booleans(),
)
def test_what_is_shown_is_what_was_to_be_seen(
    before: int, length: int, reordered: bool, strict: bool, fragments: bool
) -> None:
    """Four GOPs in two segments, begun and ended anywhere."""
    track = PictureTrack(end=length, nothing_beyond=strict, in_fragments=fragments)
    chunks = []
    for segment in range(2):
        first = segment * 2 * GOP * FRAME
        pictures = [p for g in range(2) for p in gop(first + g * GOP * FRAME, GOP, reordered=reordered)]
        taken = track.take(pictures, stretch_of(first, 2 * GOP * FRAME, before=before))
        if taken:
            chunks.append(taken[0])
            assert sum(map(len, taken[1])) == taken[0].size_bytes
    assert track.lead is not None
    shown = composed(chunks, track.lead)
    seen = sorted(time for time in shown if 0 <= time < length)
    every = [place * FRAME - before for place in range(4 * GOP)]
    due = sorted({max(time, 0) for time in every if -FRAME < time < length})
    # One begins at the start, to half a millisecond: that before it may be seen so long.
    if not strict or not reordered:
        assert [time for time in seen if time > HALF_MS] == [time for time in due if time > HALF_MS]
        assert seen[0] <= HALF_MS
    assert max(shown) < length or not strict
    # Decoding goes forward, and what is hidden before the movie takes next to no time.
    assert len(set(shown)) == len(shown)
    assert track.lead <= 2 * FRAME + 2 * GOP
    ends = [chunk.decode_time + int(chunk.rows[:, 0].sum()) for chunk in chunks]
    assert ends[:-1] == [chunk.decode_time for chunk in chunks[1:]]
    assert (np.concatenate([chunk.rows[:, 0] for chunk in chunks]) >= 0).all()
    assert chunks[0].rows[0, 2] == SYNC


def test_hidden_pictures_at_the_end_get_fragments_of_their_own() -> None:
    end = 2 * GOP * FRAME + 3 * FRAME
    track = PictureTrack(end=end, nothing_beyond=False, in_fragments=True)
    track.take(gop(0, 2 * GOP, reordered=True), stretch_of(0, 2 * GOP * FRAME))
    taken = track.take(gop(2 * GOP * FRAME, GOP, reordered=True), stretch_of(2 * GOP * FRAME, GOP * FRAME))
    assert taken is not None
    chunk, data = taken
    assert data == [b"000", b"004", b"002", b"001"]
    (first, first_data), (second, second_data) = split(chunk, data)
    assert first_data + second_data == data
    assert second.decode_time == first.decode_time
    assert len(split(Chunk(0, np.array([[1, 3, SYNC, 0]] * 2)), [b"abc", b"d", b"ef"])) == 1


def sounds(times: Sequence[float]) -> list[SoundFrame]:
    """Frames at seconds after WALL_MS."""
    start = WALL_MS * TICKS_PER_MS
    return [SoundFrame(round(start + time * 90_000) % WRAP, memoryview(b"sound")) for time in times]


def heard(chunks: Sequence[Chunk], lead: int) -> tuple[list[float], list[float]]:
    """When each frame sounds in seconds: by its time, and laid one after the other."""
    by_time, laid, count = [], [], 0
    for chunk in chunks:
        times = chunk.decode_time + np.cumsum(chunk.rows[:, 0]) - chunk.rows[:, 0]
        by_time += ((times - lead) / RATE).tolist()
        laid += [((count + i) * SAMPLES_A_FRAME - lead) / RATE for i in range(len(times))]
        count += len(times)
    return by_time, laid


@given(
    drift=st.floats(-0.002, 0.002),
    holes=st.lists(st.tuples(st.integers(5, 200), st.floats(-0.03, 1.0)), max_size=4),
    start=st.floats(-0.1, 0.1),
)
def test_sound_is_in_step_whichever_way_a_player_takes_it(
    drift: float, holes: list[tuple[int, float]], start: float
) -> None:
    """A camera whose clock drifts and whose sound has holes and comes back early."""
    times, at = [], start
    skips = dict(holes)
    for number in range(400):
        at += skips.get(number, 0)
        times.append(at)
        at += SAMPLES_A_FRAME / RATE * (1 + drift)
    track = SoundTrack(RATE, end=20 * 90_000, silence=b"-", nothing_beyond=False)
    taken = track.take(sounds(times), stretch_of(0, 20 * 90_000, end=20 * 90_000))
    assert taken is not None
    chunk, data = taken
    assert track.lead is not None
    assert (chunk.rows[:, 0] > 0).all()
    by_time, laid = heard([chunk], track.lead)
    frame_s = SAMPLES_A_FRAME / RATE
    assert by_time[0] <= 0
    kept = [time for time, piece in zip(by_time, data, strict=True) if piece != b"-"]
    for is_at in kept:
        assert min(abs(is_at - time) for time in times) <= 0.0101
    for is_at, is_laid, piece in zip(by_time, laid, data, strict=True):
        if piece != b"-":
            assert abs(is_at - is_laid) <= frame_s / 2 + 0.0101


def test_a_segment_without_sound_is_silent_and_the_next_is_in_step() -> None:
    track = SoundTrack(RATE, end=30 * 90_000, silence=b"-", nothing_beyond=False)
    frame_s = SAMPLES_A_FRAME / RATE
    chunks, data = [], []
    for segment in range(3):
        times = [] if segment == 1 else [segment * 6 + number * frame_s for number in range(281)]
        taken = track.take(sounds(times), stretch_of(segment * 6 * 90_000, 6 * 90_000, end=18 * 90_000))
        assert taken is not None
        chunks.append(taken[0])
        data += taken[1]
    by_time, laid = heard(chunks, track.lead or 0)
    assert laid == pytest.approx(by_time, abs=0.02)
    first_after = by_time[len(data) - data[::-1].index(b"-")]
    assert first_after == pytest.approx(12, abs=0.011)


def test_nothing_from_outside_goes_in_where_limits_forbid_it() -> None:
    track = SoundTrack(RATE, end=90_000, silence=b"-", nothing_beyond=True)
    frame_s = SAMPLES_A_FRAME / RATE
    times = [number * frame_s - 0.1 for number in range(100)]
    taken = track.take(sounds(times), stretch_of(0, 2 * 90_000, end=90_000))
    assert taken is not None
    assert track.lead == 0
    by_time, _ = heard([taken[0]], 0)
    sounding = [t for t, piece in zip(by_time, taken[1], strict=True) if piece != b"-"]
    assert sounding[0] >= 0
    assert sounding[-1] + frame_s <= 1.0101


def test_without_silence_holes_stay_and_times_are_told() -> None:
    track = SoundTrack(RATE, end=90_000 * 10, silence=None, nothing_beyond=False)
    taken = track.take(sounds([0, 1.0, 3.0]), stretch_of(0, 900_000, end=900_000))
    assert taken is not None
    by_time, _ = heard([taken[0]], track.lead or 0)
    assert by_time == pytest.approx([0, 1.0, 3.0], abs=0.001)
    assert track.take([], stretch_of(0, 900_000, end=900_000)) is None

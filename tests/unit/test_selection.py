"""Where entries lie in the playlist of a span."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from footage.archive.read import Part
from footage.playback.selection import select, size_bytes
from footage.timeline import Run, Span
from kit.archive import CODECS, OTHER_CODECS

START_MS = 1_790_000_000_000


def part(start_ms: int, duration_ms: int, size: int = 1000) -> Part:
    run = Run(1, start_ms, start_ms + duration_ms, 0, size, CODECS)
    return Part(run, run.start_ms, run.end_ms, size)


@st.composite
def kept(draw: st.DrawFn) -> list[Part]:
    """Parts that do not overlap, touching ones among them."""
    at, made = draw(st.integers(0, 10**12)), []
    for _ in range(draw(st.integers(0, 8))):
        at += draw(st.sampled_from([0, 1, 5000, 10**9]))
        made.append(part(at, draw(st.integers(1, 10**7)), draw(st.integers(0, 10**9))))
        at = made[-1].span.end_ms
    return made


@given(kept())
def test_entries_fill_the_playlist_without_a_hole(parts: list[Part]) -> None:
    entries = select(parts)
    assert [(e.codecs, e.time_ms) for e in entries] == [(p.run.codecs, p.start_ms) for p in parts]
    place = 0
    for entry in entries:
        assert entry.offset_ms == place
        place += entry.duration_ms
    assert place == sum(part.span.duration_ms for part in parts)


@given(kept())
def test_times_and_lengths_are_those_of_the_parts(parts: list[Part]) -> None:
    for entry, part in zip(select(parts), parts, strict=True):
        assert Span(entry.time_ms, entry.end_ms) == part.span
        assert entry.duration_ms == entry.end_ms - entry.time_ms


@given(kept())
def test_shifted_timestamps_lie_at_the_offset(parts: list[Part]) -> None:
    entries = select(parts)
    for entry in entries:
        # Moved back by the shift, the entry begins where the first one does, plus its offset.
        assert entry.time_ms - entry.shift_ms == entries[0].time_ms + entry.offset_ms
        assert entry.shift_ms >= 0


def test_the_shift_is_the_sum_of_the_gaps_before() -> None:
    parts = [part(START_MS, 10_000), part(START_MS + 15_000, 10_000), part(START_MS + 25_000, 10_000)]
    parts.append(part(START_MS + 3_600_000, 1))
    entries = select(parts)
    assert [entry.offset_ms for entry in entries] == [0, 10_000, 20_000, 30_000]
    assert [entry.shift_ms for entry in entries] == [0, 5_000, 5_000, 3_570_000]


@given(kept())
def test_the_size_is_that_of_all_parts(parts: list[Part]) -> None:
    assert size_bytes(parts) == sum(part.size_bytes for part in parts)


def test_a_decoder_goes_on_where_the_fingerprint_is_the_same() -> None:
    same = Run(1, 0, 1, 0, 0, CODECS), Run(2, 1, 2, 0, 0, CODECS)
    other = Run(3, 2, 3, 0, 0, OTHER_CODECS)
    one, two, three = select([Part(run, run.start_ms, run.end_ms, 0) for run in (*same, other)])
    assert two.plays_after(one)
    assert not three.plays_after(two)

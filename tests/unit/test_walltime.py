"""A source's ticks become wall time."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from footage.recording.walltime import Anchor

ticks = st.integers(-(1 << 40), 1 << 40)
walls = st.integers(0, 253_402_300_799_999)


@given(ticks, walls)
def test_the_anchor_itself_is_exact(at: int, wall_ms: int) -> None:
    assert Anchor(at, wall_ms).to_ms(at) == wall_ms


@given(ticks, walls, ticks)
def test_wall_time_is_the_nearest_millisecond(at: int, wall_ms: int, moment: int) -> None:
    exact = wall_ms + Fraction(moment - at, 90)
    assert abs(Anchor(at, wall_ms).to_ms(moment) - exact) <= Fraction(1, 2)


@given(ticks, walls, ticks, st.integers(0, 1000))
def test_time_never_runs_back(at: int, wall_ms: int, moment: int, later: int) -> None:
    anchor = Anchor(at, wall_ms)
    assert anchor.to_ms(moment) <= anchor.to_ms(moment + later)


@given(ticks, walls, st.lists(st.integers(1, 1_000_000), max_size=50))
def test_segments_do_not_drift_whatever_their_number(at: int, wall_ms: int, lengths: list[int]) -> None:
    anchor = Anchor(at, wall_ms)
    moment, total_ms = at, 0
    for length in lengths:
        total_ms += anchor.to_ms(moment + length) - anchor.to_ms(moment)
        moment += length
    assert abs(total_ms - Fraction(sum(lengths), 90)) <= Fraction(1, 2)


@given(ticks, walls, ticks)
def test_shifted_timestamps_are_the_wall_time_in_ticks(at: int, wall_ms: int, moment: int) -> None:
    anchor = Anchor(at, wall_ms)
    assert at + anchor.shift_ticks == wall_ms * 90
    assert abs(moment + anchor.shift_ticks - anchor.to_ms(moment) * 90) <= 45

"""A camera's clock, the host's clock and the network, simulated: what the archive's time does."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footage.recording.walltime import MAX_CORRECTION_MS, Break, LiveTime, Place
from footage.timeline import Span

START_MS = 1_790_000_000_000
SEGMENT_S = 6.0
FRAMES = 30
"""Pictures of a segment whose arrival is simulated; enough for one of them to come at its best."""


@dataclass
class World:
    """A camera whose clock runs ``ppm`` too fast, filmed over a network; seconds of true time."""

    ppm: float = 0.0
    delay: Callable[[float], float] = lambda _: 0.03
    archive: list[Span] = field(default_factory=list)
    ticks_at_zero: int = 0
    wall_step_ms: float = 0.0
    now: float = 0.0

    def __post_init__(self) -> None:
        self.time = LiveTime(self.kept)
        self.places: list[tuple[float, float, Place]] = []

    def kept(self, span: Span) -> Span | None:
        return min((kept for kept in self.archive[-70:] if kept.overlaps(span)), default=None)

    def tick(self, moment: float) -> int:
        return self.ticks_at_zero + round(moment * (1 + self.ppm / 1e6) * 90_000)

    def record(
        self, seconds: float = SEGMENT_S, *, begins_run: bool = False, follows: bool = False
    ) -> Place:
        """One segment from now on."""
        start, end = self.now, self.now + seconds
        shown = [start + seconds * n / FRAMES for n in range(FRAMES)]
        lag = min(round((t + self.delay(t)) * 90_000) - self.tick(t) for t in shown)
        place = self.time.place(
            self.tick(start),
            self.tick(end),
            lag=lag,
            host_ms=START_MS + self.wall_step_ms,
            begins_run=begins_run,
            follows=follows or not begins_run,
        )
        self.archive.append(Span(place.start_ms, place.end_ms))
        self.places.append((start, end, place))
        self.now = end
        return place

    def error_ms(self, at: int = -1) -> float:
        """How much later the archive says that a segment starts than it did."""
        start, _, place = self.places[at]
        return place.start_ms - (START_MS + self.wall_step_ms + start * 1000)

    def assert_sound(self) -> None:
        """No overlap, and within a run every segment meets the next."""
        spans = [Span(place.start_ms, place.end_ms) for _, _, place in self.places]
        for before, after in pairwise(sorted(spans)):
            assert before.end_ms <= after.start_ms
        for (_, _, place), (_, _, following) in pairwise(self.places):
            if following.begins is None:
                assert following.start_ms == place.end_ms
                assert following.run_start_ms == place.run_start_ms


def jitter(seed: int, base: float = 0.02, spread: float = 0.2) -> Callable[[float], float]:
    dice = random.Random(seed)
    return lambda _: base + dice.random() ** 3 * spread


@pytest.mark.parametrize("ppm", [-100.0, -20.0, 0.0, 20.0, 100.0, 400.0])
def test_a_clock_that_is_off_is_never_far_wrong_over_two_days(ppm: float) -> None:
    world = World(ppm=ppm, delay=jitter(1))
    for _ in range(int(48 * 3600 / SEGMENT_S)):
        world.record()
    world.assert_sound()
    assert [p.begins for _, _, p in world.places if p.begins] == [Break.SOURCE]
    assert max(abs(world.error_ms(n)) for n in range(len(world.places))) < 250


def test_no_segment_is_stretched_by_more_than_the_promise() -> None:
    world = World(ppm=-100.0, delay=jitter(2))
    for _ in range(5000):
        world.record()
    for _, _, place in world.places:
        assert abs(place.end_ms - place.start_ms - SEGMENT_S * 1000) <= MAX_CORRECTION_MS + 2


def test_timestamps_move_with_the_segment() -> None:
    world = World(ppm=100.0, delay=jitter(3))
    for _ in range(2000):
        place = world.record()
        start, _, _ = world.places[-1]
        assert abs((world.tick(start) + place.shift_ticks) / 90 - place.start_ms) <= 1


def test_a_network_that_is_slow_for_a_minute_moves_nothing() -> None:
    world = World(delay=lambda t: 0.03 if not 600 < t < 660 else 2.5)
    for _ in range(300):
        world.record()
    assert max(abs(world.error_ms(n)) for n in range(300)) < 60
    assert sum(p.begins is not None for _, _, p in world.places) == 1


@pytest.mark.parametrize("jump_s", [3600.0, 47_721.858_844, -3600.0, -(2**32) / 90_000])
def test_a_jump_of_the_timestamps_begins_a_run_at_the_true_time(jump_s: float) -> None:
    world = World(delay=jitter(4))
    for _ in range(10):
        world.record()
    world.ticks_at_zero += round(jump_s * 90_000)
    place = world.record(begins_run=True)
    assert place.begins is Break.SOURCE
    assert place.end_ms - place.start_ms == SEGMENT_S * 1000
    assert abs(world.error_ms()) < 60
    world.assert_sound()


def test_new_codecs_begin_a_run_without_a_hole_however_late_they_come() -> None:
    world = World(delay=lambda t: 0.03 if t < 60 else 1.5)
    for _ in range(10):
        world.record()
    place = world.record(begins_run=True, follows=True)
    assert place.begins is Break.SOURCE
    assert place.start_ms == world.places[-2][2].end_ms
    assert abs(world.error_ms()) < 60
    world.assert_sound()


@pytest.mark.parametrize("step_s", [5, 3600, 86_400 * 400])
def test_a_host_clock_set_forward_begins_a_run_there(step_s: int) -> None:
    world = World()
    world.record()
    world.wall_step_ms = step_s * 1000
    assert world.record().begins is Break.CLOCK_STEP
    assert abs(world.error_ms()) < 60


def test_a_host_clock_set_back_into_free_time_is_followed() -> None:
    world = World(wall_step_ms=86_400_000 * 400)
    world.record()
    world.wall_step_ms = 0
    assert world.record().begins is Break.CLOCK_STEP
    assert abs(world.error_ms()) < 60
    world.assert_sound()


def test_a_host_clock_set_back_into_kept_time_loses_nothing() -> None:
    world = World()
    for _ in range(100):
        world.record()
    world.wall_step_ms = -60_000
    place = world.record()
    assert place.begins is Break.CLOCK_STEP
    assert place.start_ms == world.places[-2][2].end_ms
    assert place.ahead_ms == pytest.approx(60_000, abs=100)
    assert world.record().begins is None
    world.assert_sound()


def test_a_small_step_is_taken_out_gently() -> None:
    world = World()
    for _ in range(10):
        world.record()
    world.wall_step_ms = -400
    for _ in range(120):
        assert world.record().begins is None
    assert abs(world.error_ms()) < 60


def test_what_is_kept_ahead_is_stepped_over() -> None:
    world = World()
    world.record()
    ahead = Span(START_MS + 20_000, START_MS + 40_000)
    world.archive.append(ahead)
    begun = [world.record() for _ in range(6)]
    world.assert_sound()
    assert [p.begins for p in begun if p.begins] == [Break.NO_ROOM]
    assert next(p for p in begun if p.begins).start_ms == ahead.end_ms
    assert not any(Span(p.start_ms, p.end_ms).overlaps(ahead) for _, _, p in world.places)


def test_a_source_that_runs_away_shows_it() -> None:
    world = World(ppm=20_000)
    gained = [world.record().gained_ms for _ in range(60)]
    assert gained[-1] > 5000
    world.assert_sound()


def test_a_source_that_falls_behind_begins_anew() -> None:
    world = World(ppm=-20_000)
    begun = [world.record().begins for _ in range(120)]
    assert Break.DRIFT in begun
    assert max(abs(world.error_ms(n)) for n in range(120)) < 8000
    world.assert_sound()


def test_what_a_new_connection_repeats_is_known() -> None:
    world = World()
    for _ in range(3):
        world.record()

    def repeated(second: float) -> bool:
        return world.time.is_repeated(
            world.tick(second), lag=round(0.03 * 90_000), host_ms=START_MS + world.wall_step_ms
        )

    assert repeated(world.now - 3)
    assert not repeated(world.now - 0.1)
    assert not repeated(world.now + 1)
    world.wall_step_ms = -10_000
    assert not repeated(world.now)


@st.composite
def days(draw: st.DrawFn) -> Iterator[tuple[str, float]]:
    event = st.one_of(
        st.tuples(st.just("record"), st.floats(0.04, 30)),
        st.tuples(st.just("away"), st.floats(0, 100)),
        st.tuples(st.just("jump"), st.floats(-50_000, 50_000)),
        st.tuples(st.just("step"), st.floats(-200_000, 200_000)),
        st.tuples(st.just("import"), st.floats(-100, 100)),
    )
    return iter(draw(st.lists(event, max_size=60)))


@settings(max_examples=200)
@given(days(), st.floats(-500, 500), st.integers(0, 1000))
def test_whatever_happens_segments_meet_and_never_overlap(
    events: Iterator[tuple[str, float]], ppm: float, seed: int
) -> None:
    world = World(ppm=ppm, delay=jitter(seed))
    begins = True
    for what, value in events:
        if what == "record":
            place = world.record(value, begins_run=begins)
            begins = False
            assert abs(place.end_ms - place.start_ms - value * 1000) <= MAX_CORRECTION_MS + value + 2
        elif what == "away":
            world.now += value
            begins = True
        elif what == "jump":
            world.ticks_at_zero += round(value * 90_000)
            begins = True
        elif what == "step":
            world.wall_step_ms += value
        else:
            start_ms = round(START_MS + (world.now + value) * 1000)
            if world.kept(Span(start_ms, start_ms + 5000)) is None:
                world.archive.append(Span(start_ms, start_ms + 5000))
    world.assert_sound()

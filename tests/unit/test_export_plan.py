"""What of a span goes into a movie, and where: laws that hold for any archive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footage.archive.read import Part
from footage.media.mpegts import TICKS_PER_MS, WRAP
from footage.playback.export_plan import Changed, NothingKept, plan_export
from footage.timeline import ALL_TIME, Codecs, Run, Segment, Span, format_ms

H264 = Codecs("h264", 640, 360, "aac", 48_000, 1, "one")
SILENT = replace(H264, audio=None, sample_rate=0, channels=0, fingerprint="silent")
START_MS = 1_790_000_000_000


def part(start_ms: int, duration_ms: int, codecs: Codecs = H264) -> Part:
    end_ms = start_ms + duration_ms
    return Part(Run(1, start_ms, end_ms, 0, 1000, codecs), start_ms, end_ms, 1000)


runs = st.lists(st.tuples(st.integers(0, 100_000), st.integers(1, 50_000)), min_size=1, max_size=8)
spans = st.tuples(st.integers(0, 600_000), st.integers(0, 600_000))


def parts_of(steps: Sequence[tuple[int, int]]) -> list[Part]:
    """Runs, each (gap before it, length)."""
    at_ms, parts = START_MS, []
    for gap_ms, length_ms in steps:
        parts.append(part(at_ms + gap_ms, length_ms))
        at_ms += gap_ms + length_ms
    return parts


@given(runs, spans)
def test_a_movie_holds_every_kept_millisecond_of_its_span_once(
    steps: list[tuple[int, int]], wanted: tuple[int, int]
) -> None:
    parts = parts_of(steps)
    span = Span(START_MS + wanted[0], START_MS + wanted[0] + wanted[1])
    kept = [each.span.cut_to(span) for each in parts]
    kept = [each for each in kept if each.duration_ms]
    if not kept:
        with pytest.raises(NothingKept):
            plan_export(parts, span, nothing_beyond=False)
        return
    plan = plan_export(parts, span, nothing_beyond=False)
    assert [piece.shown for piece in plan.pieces] == kept
    assert plan.form.duration_ms == sum(each.duration_ms for each in kept)
    at_ms = 0
    for piece in plan.pieces:
        assert piece.place_ms == at_ms
        at_ms += piece.shown.duration_ms
    # What is shown and the gaps tile the time from the first moment to the last.
    tiles = sorted([*kept, *plan.gaps])
    assert tiles[0].start_ms == plan.shown.start_ms
    assert tiles[-1].end_ms == plan.shown.end_ms
    assert all(one.end_ms == other.start_ms for one, other in pairwise(tiles))


@given(st.integers(0, 10**6), st.integers(0, 20_000), st.integers(0, 5000), st.integers(0, 90_000_000))
def test_a_timestamp_finds_its_place_in_the_movie_in_spite_of_the_wrap(
    before_ms: int, cut_ms: int, into_ms: int, late_ms: int
) -> None:
    start_ms = START_MS + late_ms
    parts = [part(START_MS - before_ms - 1, before_ms + 1), part(start_ms, 30_000)]
    plan = plan_export(parts, Span(START_MS - before_ms - 1, start_ms + 30_000), nothing_beyond=False)
    piece = plan.pieces[-1]
    segment = Segment(start_ms + cut_ms, 6000, 1, 1, ())
    stretch = piece.stretch(segment)
    stamp = (segment.start_ms + into_ms) * TICKS_PER_MS % WRAP
    assert stretch.movie_time(stamp) == (before_ms + 1 + cut_ms + into_ms) * TICKS_PER_MS
    assert stretch.until - stretch.at == 6000 * TICKS_PER_MS
    assert (stretch.piece_from, stretch.piece_to) == (
        (before_ms + 1) * TICKS_PER_MS,
        (before_ms + 30_001) * TICKS_PER_MS,
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"video": "hevc"}, "codec of the pictures changes from h264 to hevc"),
        ({"width": 1280}, "size of the pictures changes from 640x360 to 1280x360"),
        ({"sample_rate": 8000}, "sound changes from 48000 Hz and 1 channels to 8000 Hz"),
        ({"channels": 2}, "sound changes from 48000 Hz and 1 channels to 48000 Hz and 2"),
    ],
)
def test_what_one_file_cannot_hold(change: dict[str, object], words: str) -> None:
    other = replace(H264, fingerprint="two", **change)  # type: ignore[arg-type]
    parts = [part(START_MS, 1000), part(START_MS + 5000, 1000, SILENT), part(START_MS + 9000, 1000, other)]
    with pytest.raises(Changed, match=words) as raised:
        plan_export(parts, ALL_TIME, nothing_beyond=False)
    assert raised.value.moment_ms == START_MS + 9000
    assert format_ms(START_MS + 9000) in str(raised.value)
    # Cut there, both sides can be had.
    for span in (Span(0, START_MS + 9000), Span(START_MS + 9000, ALL_TIME.end_ms)):
        assert plan_export(parts, span, nothing_beyond=False).pieces


def test_parameter_sets_go_in_band_only_where_they_differ() -> None:
    same = [part(START_MS, 1000), part(START_MS + 5000, 1000)]
    assert not plan_export(same, ALL_TIME, nothing_beyond=False).form.sets_in_band
    other = [*same, part(START_MS + 9000, 1000, replace(H264, fingerprint="two"))]
    assert plan_export(other, ALL_TIME, nothing_beyond=False).form.sets_in_band
    before = Span(START_MS, START_MS + 9000)
    assert not plan_export(other, before, nothing_beyond=False).form.sets_in_band


def test_the_sound_of_a_movie_is_that_of_the_runs_that_have_any() -> None:
    mixed = [part(START_MS, 1000, SILENT), part(START_MS + 5000, 1000)]
    codecs = plan_export(mixed, ALL_TIME, nothing_beyond=False).form.codecs
    assert (codecs.audio, codecs.sample_rate, codecs.channels) == ("aac", 48_000, 1)
    silent = plan_export(mixed[:1], ALL_TIME, nothing_beyond=True).form
    assert silent.codecs.audio is None
    assert silent.nothing_beyond

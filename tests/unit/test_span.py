"""Spans, and times as people and machines write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footage.timeline import ALL_TIME, Span, format_ms, parse_time
from footage.timeline.span import LAST_MS, to_ms

moments = st.integers(0, LAST_MS)
spans = st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda pair: Span(*sorted(pair)))


def milliseconds(span: Span) -> set[int]:
    """Every millisecond that lies in a span: the meaning of the word."""
    return set(range(span.start_ms, span.end_ms))


@given(spans, spans)
def test_spans_overlap_where_they_share_a_millisecond(one: Span, other: Span) -> None:
    assert one.overlaps(other) == bool(milliseconds(one) & milliseconds(other))


@given(spans, spans)
def test_cutting_keeps_what_is_inside(one: Span, limits: Span) -> None:
    assert milliseconds(one.cut_to(limits)) == milliseconds(one) & milliseconds(limits)


@given(spans)
def test_the_duration_counts_the_milliseconds(span: Span) -> None:
    assert span.duration_ms == len(milliseconds(span))


def test_a_span_does_not_end_before_it_starts() -> None:
    assert Span(5, 5).duration_ms == 0
    with pytest.raises(ValueError, match="cannot end"):
        Span(5, 4)


def test_a_span_in_words() -> None:
    words = str(Span(1_790_000_000_000, 1_790_000_006_040))
    assert words == "2026-09-21T14:13:20.000Z to 2026-09-21T14:13:26.040Z"


@given(moments)
def test_what_is_written_is_read_back(moment_ms: int) -> None:
    assert parse_time(format_ms(moment_ms)) == moment_ms
    assert parse_time(str(moment_ms)) == moment_ms


@given(moments, st.integers(-23 * 60, 23 * 60))
def test_every_zone_names_the_same_moment(moment_ms: int, offset_minutes: int) -> None:
    there = timezone(timedelta(minutes=offset_minutes))
    try:
        moment = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=moment_ms)).astimezone(there)
    except OverflowError:
        return  # beyond the calendar, in that zone
    assert parse_time(moment.isoformat()) == moment_ms
    assert to_ms(moment) == moment_ms


@given(moments)
def test_text_orders_as_time_does(moment_ms: int) -> None:
    assert (format_ms(moment_ms) < format_ms(moment_ms + 1000)) == (moment_ms < LAST_MS)


@pytest.mark.parametrize(
    ("text", "moment_ms"),
    [
        ("0", 0),
        ("1790000000000", 1_790_000_000_000),
        (" 1790000000000\n", 1_790_000_000_000),
        ("2026-09-21T14:13:20Z", 1_790_000_000_000),
        ("2026-09-21 14:13:20Z", 1_790_000_000_000),
        ("2026-09-21T16:13:20.5+02:00", 1_790_000_000_500),
        ("2026-09-21T19:58:20+05:45", 1_790_000_000_000),
        ("20260921T141320Z", 1_790_000_000_000),
        ("2026-09-21T14:13:20.123999Z", 1_790_000_000_123),
        ("2026-09-21T00:00Z", 1_789_948_800_000),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000),
        ("9999-12-31T23:59:59.999Z", LAST_MS),
        ("1969-12-31T23:00:00-01:00", 0),
    ],
)
def test_times_that_are_read(text: str, moment_ms: int) -> None:
    assert parse_time(text) == moment_ms


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "neither ISO 8601"),
        ("yesterday", "neither ISO 8601"),
        ("2026-09-21T14:13:20", "no zone"),
        ("2026-09-21", "no zone"),
        ("2023-02-29T00:00:00Z", "neither ISO 8601"),
        ("2026-09-21T25:00:00Z", "neither ISO 8601"),
        ("-1", "neither ISO 8601"),
        ("1790000000000.5", "neither ISO 8601"),
        ("1e12", "neither ISO 8601"),
        ("17900000000000000", "neither ISO 8601"),
        (str(LAST_MS + 1), "outside 1970 to 9999"),
        ("1969-12-31T23:59:59.999Z", "outside 1970 to 9999"),
        ("0001-01-01T00:00:00+14:00", "outside 1970 to 9999"),
        ("9999-12-31T23:59:59.999-01:00", "outside 1970 to 9999"),
        ("NaN", "neither ISO 8601"),
        ("\uff12\uff10\uff12\uff16", "neither ISO 8601"),
        ("\u0663\u0664", "neither ISO 8601"),
        ("\x00", "neither ISO 8601"),
    ],
)
def test_times_that_are_refused_are_named(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as refused:
        parse_time(text)
    assert repr(text.strip()) in str(refused.value)


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    try:
        moment_ms = parse_time(text)
    except ValueError:
        return
    assert 0 <= moment_ms < ALL_TIME.end_ms


@pytest.mark.parametrize("moment_ms", [-1, LAST_MS + 1, 1 << 70])
def test_moments_beyond_the_calendar_are_written_as_its_edge(moment_ms: int) -> None:
    assert format_ms(moment_ms) in {"1970-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"}

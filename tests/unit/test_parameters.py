"""Query parameters: units, rounding, and every way to get them wrong."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footage.api.errors import BadRequest
from footage.api.parameters import Query, parse_uuid, span_query
from footage.timeline import ALL_TIME, Span

T = 1_790_000_000_000
BOUNDARY = 10**11
NOT_A_NUMBER = "must be a finite number, not negative"


def query(**parameters: object) -> Query:
    return Query(urlencode(parameters).encode())


def span(**parameters: object) -> Span:
    """The span asked for; nothing may be wrong with it."""
    asked = query(**parameters)
    found = asked.span()
    asked.check()
    return found


def moment(text: object) -> int | None:
    asked = query(time=text)
    found = asked.moment("time")
    asked.check()
    return found


def faults(read: Callable[[Query], object], query_string: str) -> list[tuple[str, str]]:
    """What is said to be wrong when something is read of a query."""
    asked = Query(query_string.encode())
    read(asked)
    with pytest.raises(BadRequest) as refused:
        asked.check()
    return [(fault.name, fault.detail) for fault in refused.value.faults]


# Moments and their units


@pytest.mark.parametrize(
    ("text", "moment_ms"),
    [
        ("1790000000000", T),
        ("1790000000", T),
        ("1790000000.5", T + 500),
        ("1790000000000.9", T),
        ("1700000000.123", 1_700_000_000_123),
        ("1700000000.1239", 1_700_000_000_123),
        ("1.79e9", T),
        ("1.79E+12", T),
        ("17900000000000e-1", T),
        ("+1790000000", T),
        (".5", 500),
        ("5.", 5000),
        ("0", 0),
        ("-0", 0),
        ("00000000001790000000", T),
        ("1e-9999", 0),
        ("99999999999", 99_999_999_999_000),
        ("99999999999.999", 99_999_999_999_999),
        ("100000000000", BOUNDARY),
        ("1e11", BOUNDARY),
        ("1e308", ALL_TIME.end_ms - 1),
        ("9" * 64, ALL_TIME.end_ms - 1),
        (str(ALL_TIME.end_ms - 1), ALL_TIME.end_ms - 1),
    ],
)
def test_a_moment_is_in_seconds_below_1e11_and_in_milliseconds_from_there(
    text: str, moment_ms: int
) -> None:
    assert moment(text) == moment_ms


@given(st.integers(0, 253_402_300_799_999))
def test_every_millisecond_can_be_asked_for_in_seconds(moment_ms: int) -> None:
    # In binary fractions, every other of them would be one too early.
    seconds = Decimal(moment_ms) / 1000
    if seconds < BOUNDARY:
        assert moment(f"{seconds:f}") == moment_ms
    if moment_ms >= BOUNDARY:
        assert moment(moment_ms) == moment_ms


def test_a_moment_left_out_is_none() -> None:
    asked = query()
    assert asked.moment("time") is None
    asked.check()


# Spans


@pytest.mark.parametrize(
    ("start", "duration", "expected"),
    [
        (T, 6000, Span(T, T + 6000)),
        (T // 1000, 6, Span(T, T + 6000)),
        ("1790000000.25", "0.5", Span(T + 250, T + 750)),
        ("1700000000.123", "0.001", Span(1_700_000_000_123, 1_700_000_000_124)),
        ("1700000000.123", "0", Span(1_700_000_000_123, 1_700_000_000_123)),
        ("1790000000000.4", "0.2", Span(T, T + 1)),
        ("1790000000000.4", "0.6", Span(T, T + 1)),
        ("1790000000000.4", "0.7", Span(T, T + 2)),
        ("1790000000.0004", "0.0002", Span(T, T + 1)),
        (T, 0, Span(T, T)),
        (0, 1, Span(0, 1000)),
        (BOUNDARY, 1, Span(BOUNDARY, BOUNDARY + 1)),
        (BOUNDARY - 1, 1, Span((BOUNDARY - 1) * 1000, BOUNDARY * 1000)),
        (T, "1e308", Span(T, ALL_TIME.end_ms)),
        ("1e308", "1e308", Span(ALL_TIME.end_ms, ALL_TIME.end_ms)),
        (T, 10**30, Span(T, ALL_TIME.end_ms)),
    ],
)
def test_a_span_is_rounded_outwards_in_the_unit_of_its_start(
    start: object, duration: object, expected: Span
) -> None:
    assert span(start=start, duration=duration) == expected


def test_what_is_left_out_of_a_span_reaches_to_the_edge() -> None:
    assert span(start=T) == Span(T, ALL_TIME.end_ms)
    assert span() == ALL_TIME
    assert query().span(T) == Span(T, ALL_TIME.end_ms)
    # No start that could tell the unit: milliseconds, as in the answers.
    assert query(duration=6000).span(T) == Span(T, T + 6000)
    assert query(duration="0.5").span(T) == Span(T, T + 1)
    assert query(start=T, duration=1).span(5) == Span(T, T + 1)


numbers = st.decimals(0, 10**13, allow_nan=False, allow_infinity=False, places=6)


@given(numbers, numbers)
def test_no_part_of_the_span_asked_for_is_left_out_and_no_millisecond_more_taken_in(
    start: Decimal, duration: Decimal
) -> None:
    unit = 1000 if start < BOUNDARY else 1
    first = Fraction(start) * unit
    last = first + Fraction(duration) * unit
    end = ALL_TIME.end_ms
    asked = span(start=f"{start:f}", duration=f"{duration:f}")
    assert asked == Span(min(floor(first), end), min(ceil(last), end))


# Numbers that are none

NUMBERLESS = [
    "",
    "NaN",
    "nan",
    "inf",
    "-inf",
    "Infinity",
    "-1",
    "-0.001",
    "-1e9",
    "1e309",
    "1e9999",
    "1e99999",
    "1_000",
    "1,5",
    "1 000",
    " 1",
    "1 ",
    "1\n",
    "0x10",
    "1e",
    "e5",
    ".",
    "+",
    "--1",
    "1.2.3",
    "\u0661\u0662\u0663",
    "\uff11\uff12\uff13",
    "²",
    "½",
    "∞",
    "1;2",
    "null",
    "true",
    "2026-09-21T14:13:20Z",
    "\x00",
    "1\x00",
    "9" * 65,
    "0." + "0" * 63,
    "1" * 10_000,
]


@pytest.mark.parametrize("text", NUMBERLESS)
def test_what_is_no_number_is_named_with_what_it_should_be(text: str) -> None:
    value = quote(text)
    assert faults(lambda q: q.moment("time"), f"time={value}") == [("time", NOT_A_NUMBER)]
    assert faults(lambda q: q.span(), f"start={value}") == [("start", NOT_A_NUMBER)]
    assert faults(lambda q: q.span(), f"start=5&duration={value}") == [("duration", NOT_A_NUMBER)]
    assert faults(lambda q: q.whole("width", 1, 100), f"width={value}") == [("width", NOT_A_NUMBER)]


def test_a_plus_in_a_query_is_a_blank() -> None:
    assert faults(lambda q: q.moment("time"), "time=+5") == [("time", NOT_A_NUMBER)]


@given(st.text(max_size=80))
def test_any_text_is_a_moment_or_refused(text: str) -> None:
    asked = query(time=text)
    found = asked.moment("time")
    if found is None:
        with pytest.raises(BadRequest):
            asked.check()
    else:
        asked.check()
        assert 0 <= found < ALL_TIME.end_ms


@given(st.binary(max_size=60))
def test_any_bytes_are_a_query(raw: bytes) -> None:
    asked = Query(raw)
    asked.span()
    asked.switch("discontinuity")
    asked.text("signature")


def test_all_faults_are_told_at_once() -> None:
    def read(asked: Query) -> None:
        asked.span()
        asked.switch("discontinuity")
        asked.whole("width", 1, 9)

    assert faults(read, "start=x&duration=-1&discontinuity=2&width=10") == [
        ("start", NOT_A_NUMBER),
        ("duration", NOT_A_NUMBER),
        ("discontinuity", "must be true, false, 1 or 0"),
        ("width", "must be a whole number from 1 to 9"),
    ]


@pytest.mark.parametrize(
    "pair", ["time=1&time=1", "time=1&time=", "time=&time=1", "time=1&x=0&time=2&time=3"]
)
def test_a_parameter_is_given_once(pair: str) -> None:
    assert faults(lambda q: q.moment("time"), pair) == [("time", "must be given once")]
    assert Query(pair.encode()).text("time") is None


def test_unknown_parameters_are_ignored_also_where_repeated() -> None:
    asked = Query(b"utm=1&utm=2&_=%ff%fe&start=1790000000&Start=x&START&=&&")
    assert asked.span().start_ms == T
    asked.check()


def test_a_query_has_its_bounds() -> None:
    Query(b"&".join([b"x=1"] * 100))
    with pytest.raises(BadRequest, match="query: must have at most 100 parameters"):
        Query(b"&".join([b"x=1"] * 101))


def test_given_or_not() -> None:
    asked = Query(b"start=&signature=a%26b&twice=1&twice=2")
    assert asked.has("start")
    assert not asked.has("duration")
    assert asked.text("signature") == "a&b"
    assert asked.text("start") == ""
    assert asked.text("duration") is None
    assert asked.text("twice") is None
    asked.check()


# Switches and whole numbers


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("1", True), ("false", False), ("0", False), (None, False)]
)
def test_a_switch_is_on_or_off(text: str | None, value: bool) -> None:
    asked = query() if text is None else query(accurate=text)
    assert asked.switch("accurate") is value
    asked.check()


@pytest.mark.parametrize("text", ["", "yes", "TRUE", "True", "on", "2", "-1", "01", " true", "nan", "\x00"])
def test_a_switch_is_nothing_else(text: str) -> None:
    assert faults(lambda q: q.switch("accurate"), f"accurate={quote(text)}") == [
        ("accurate", "must be true, false, 1 or 0")
    ]


def test_a_switch_is_given_once() -> None:
    assert faults(lambda q: q.switch("a"), "a=1&a=1") == [("a", "must be given once")]


@pytest.mark.parametrize(
    ("text", "number"), [("1", 1), ("100", 100), ("64.0", 64), ("1e2", 100), ("007", 7)]
)
def test_a_whole_number_in_its_bounds(text: str, number: int) -> None:
    asked = query(width=text)
    assert asked.whole("width", 1, 100) == number
    asked.check()


@pytest.mark.parametrize("text", ["0", "101", "1.5", "1e300", "99.999999", "1e-5"])
def test_a_whole_number_out_of_its_bounds(text: str) -> None:
    assert faults(lambda q: q.whole("width", 1, 100), f"width={text}") == [
        ("width", "must be a whole number from 1 to 100")
    ]


def test_a_whole_number_left_out_is_none() -> None:
    asked = query()
    assert asked.whole("width", 1, 100) is None
    asked.check()


# Ids


@given(st.uuids())
def test_a_uuid_in_its_usual_form(one: object) -> None:
    assert parse_uuid("archiveId", str(one)) == one
    assert parse_uuid("archiveId", str(one).upper()) == one


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "11111111222243338444555555555555",
        "{11111111-2222-4333-8444-555555555555}",
        "urn:uuid:11111111-2222-4333-8444-555555555555",
        "11111111-2222-4333-8444-55555555555",
        "11111111-2222-4333-8444-5555555555555",
        "11111111-2222-4333-8444-55555555555g",
        "11111111-22224-333-8444-555555555555",
        "11111111-2222-4333-8444-555555555555\n",
        " 11111111-2222-4333-8444-555555555555",
        "11111111-2222-4333-8444-55555555555\u0661",
        "../../etc/passwd",
        "\x00" * 36,
        "1" * 10_000,
    ],
)
def test_what_is_no_uuid_is_named(text: str) -> None:
    with pytest.raises(BadRequest) as refused:
        parse_uuid("archiveId", text)
    assert [(fault.name, fault.detail) for fault in refused.value.faults] == [
        ("archiveId", "must be a UUID")
    ]


# Lengths, and a span written back into a query


@pytest.mark.parametrize(
    ("parameters", "length_ms"),
    [
        ({"interval": "5"}, 5),
        ({"interval": "1e-9"}, 1),
        ({"interval": "10.2"}, 11),
        ({"interval": "5", "start": T}, 5),
        ({"interval": "5", "start": T // 1000}, 5000),
        ({"interval": "0.0101", "start": 0}, 11),
        ({"interval": "1e300"}, ALL_TIME.end_ms),
        ({}, None),
    ],
)
def test_a_length_has_the_unit_of_start_and_is_never_nothing(
    parameters: dict[str, object], length_ms: int | None
) -> None:
    asked = query(**parameters)
    assert asked.length("interval") == length_ms
    asked.check()


@pytest.mark.parametrize(
    ("text", "detail"),
    [("0", "must be a finite number above 0"), ("0.0e3", "must be a finite number above 0")]
    + [(text, NOT_A_NUMBER) for text in ("-1", "NaN", "", "x", "1e309")],
)
def test_what_is_no_length(text: str, detail: str) -> None:
    found = faults(lambda asked: asked.length("interval"), urlencode({"interval": text}))
    assert found == [("interval", detail)]


def test_a_fault_is_told_once_however_often_it_is_met() -> None:
    def read(asked: Query) -> None:
        asked.length("interval")
        asked.span()

    assert faults(read, "start=x&interval=5") == [("start", NOT_A_NUMBER)]


@given(
    st.one_of(st.integers(0, ALL_TIME.end_ms - 1), st.integers(BOUNDARY - 5, BOUNDARY + 5)),
    st.integers(0, 10**12),
    st.integers(1, 10**10),
)
def test_a_span_written_back_is_the_same_span(start_ms: int, length_ms: int, interval_ms: int) -> None:
    wanted = Span(start_ms, min(start_ms + length_ms, ALL_TIME.end_ms))
    asked = Query(span_query(wanted, interval_ms).encode())
    assert asked.span() == wanted
    assert asked.length("interval") == interval_ms
    asked.check()

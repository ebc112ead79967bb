"""Range and If-None-Match, case by case of RFC 9110."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footage.api.delivery import ByteRange, matches, parse_range


@pytest.mark.parametrize(
    ("header", "part"),
    [
        # RFC 9110, 14.1.2, with its own examples for a length of 10,000.
        ("bytes=0-499", ByteRange(0, 500)),
        ("bytes=500-999", ByteRange(500, 1000)),
        ("bytes=-500", ByteRange(9500, 10_000)),
        ("bytes=9500-", ByteRange(9500, 10_000)),
        ("bytes=0-0", ByteRange(0, 1)),
        ("bytes=9999-9999", ByteRange(9999, 10_000)),
        ("bytes=0-", ByteRange(0, 10_000)),
        ("bytes=0-9999", ByteRange(0, 10_000)),
        ("bytes=9999-", ByteRange(9999, 10_000)),
        # "if the last-pos value is absent, or if the value is greater than or equal to the
        # current length ..., the byte range is interpreted as the remainder".
        ("bytes=5-10000", ByteRange(5, 10_000)),
        ("bytes=5-99999999999", ByteRange(5, 10_000)),
        # "If the selected representation is shorter than the specified suffix-length, the entire
        # representation is used."
        ("bytes=-10000", ByteRange(0, 10_000)),
        ("bytes=-99999999999", ByteRange(0, 10_000)),
        ("  bytes=0-499  ", ByteRange(0, 500)),
        ("bytes=007-0010", ByteRange(7, 11)),
    ],
)
def test_a_range_is_cut_to_what_is_there(header: str, part: ByteRange) -> None:
    assert parse_range(header, 10_000) == part


@pytest.mark.parametrize("header", ["bytes=10000-", "bytes=10000-10001", "bytes=99999-", "bytes=-0"])
def test_a_range_beyond_the_end_cannot_be_satisfied(header: str) -> None:
    with pytest.raises(ValueError, match=r"end|length"):
        parse_range(header, 10_000)


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=0-0", "bytes=-1"])
def test_no_range_of_nothing_can_be_satisfied(header: str) -> None:
    with pytest.raises(ValueError, match="end"):
        parse_range(header, 0)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=1",
        "bytes=1-2-3",
        "bytes=--5",
        "bytes=-5-",
        "bytes=+1-5",
        "bytes=1.0-5",
        "bytes=0x1-5",
        "bytes=1 - 5",
        "bytes 0-499",
        "0-499",
        "items=0-499",
        "bytes=0-1,5-6",
        "bytes=0-1, -5",
        "bytes=9-5",
        "bytes=99999-5",
        "bytes=\u0661-\u0665",
        "bytes=0-\x00",
        "bytes=0-5\nX: y",
        "bytes=" + "9" * 1000 + "-",
    ],
)
def test_what_is_malformed_or_not_understood_is_ignored(header: str | None) -> None:
    assert parse_range(header, 10_000) is None


@given(
    st.one_of(st.text(max_size=40), st.from_regex(r"bytes=[0-9]*-[0-9]*(,[0-9]*-[0-9]*)?", fullmatch=True)),
    st.integers(0, 50),
)
def test_any_header_is_a_range_inside_or_ignored_or_refused(header: str, size: int) -> None:
    try:
        part = parse_range(header, size)
    except ValueError:
        return
    if part is not None:
        assert 0 <= part.start < part.end <= size


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 50))
def test_ranges_take_the_bytes_that_they_name(first: int, last: int, size: int) -> None:
    data = bytes(range(size))
    if first >= size:
        with pytest.raises(ValueError, match="end"):
            parse_range(f"bytes={first}-", size)
        return
    part = parse_range(f"bytes={first}-{last}", size)
    if last < first:
        assert part is None
    else:
        assert part is not None
        assert data[part.start : part.end] == bytes(n for n in range(size) if first <= n <= last)


@pytest.mark.parametrize(
    ("header", "etag", "same"),
    [
        ('"a"', '"a"', True),
        ('"a"', '"b"', False),
        ("*", '"a"', True),
        (" * ", '"a"', True),
        # RFC 9110, 8.8.3.2: the weak comparison of its table.
        ('W/"1"', 'W/"1"', True),
        ('W/"1"', 'W/"2"', False),
        ('W/"1"', '"1"', True),
        ('"1"', 'W/"1"', True),
        ('"1"', '"1"', True),
        # RFC 9110, 13.1.2, its examples.
        ('"xyzzy", "r2d2xxxx", "c3piozzzz"', '"r2d2xxxx"', True),
        ('W/"xyzzy", W/"r2d2xxxx", W/"c3piozzzz"', '"c3piozzzz"', True),
        ('W/"xyzzy", W/"r2d2xxxx"', '"c3piozzzz"', False),
        ('"b","a"', '"a"', True),
        ('"b" ,\t"a" ', '"a"', True),
        ('"A"', '"a"', False),
        ('w/"a"', '"a"', False),
        ("a", '"a"', False),
        ('"a', '"a"', False),
        ('"*"', '"a"', False),
        ('"a", *', '"b"', False),
        (",", '"a"', False),
        ("", '"a"', False),
        (None, '"a"', False),
    ],
)
def test_a_tag_matches_those_named_weakly_compared(header: str | None, etag: str, same: bool) -> None:
    assert matches(header, etag) is same

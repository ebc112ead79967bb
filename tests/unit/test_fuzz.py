"""The short form of ``make fuzz``, and the same checks with what Hypothesis makes up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proofs import fuzz

from footage.media.mpegts import WRAP

TEXT = st.one_of(st.text(max_size=200), st.binary(max_size=200).map(lambda data: data.decode("latin-1")))


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_nothing_is_raised_but_what_is_documented(name: str) -> None:
    fuzz.run(name, 2000, seed=1)


@given(st.binary(max_size=300))
def test_any_query(data: bytes) -> None:
    fuzz.query(data)


@given(TEXT, st.integers(0, 10**15), st.none() | st.integers(0, 10**15))
def test_any_signature(signature: str, exp: int, limit: int | None) -> None:
    fuzz.token(signature, exp, limit)


@given(TEXT, st.integers(1, 10**9))
def test_any_header(text: str, size: int) -> None:
    fuzz.header(text, size)
    fuzz.header(f"bytes={text}", size)


@given(TEXT)
def test_any_name(text: str) -> None:
    fuzz.names(text)


@given(st.lists(st.binary(min_size=188, max_size=188), max_size=4), st.integers(0, WRAP - 1))
def test_any_stream(packets: list[bytes], ticks: int) -> None:
    fuzz.stream(b"".join(packets), ticks)

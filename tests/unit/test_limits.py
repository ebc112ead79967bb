"""Rates and counts of clients: what is let through, what is not, and what is remembered of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footage.api.limits import Counts, Rates, site_of


def test_ten_seconds_worth_may_come_at_once() -> None:
    rates = Rates(4)
    assert [rates.wait_s("a", 100.0) for _ in range(40)] == [0.0] * 40
    assert rates.wait_s("a", 100.0) == pytest.approx(0.25)
    assert rates.wait_s("b", 100.0) == 0.0
    assert rates.wait_s("a", 100.26) == 0.0
    assert rates.wait_s("a", 100.26) > 0


def test_a_rate_below_one_in_ten_seconds_lets_one_through() -> None:
    rates = Rates(0.01)
    assert rates.wait_s("a", 0.0) == 0.0
    assert rates.wait_s("a", 50.0) == pytest.approx(50.0)
    assert rates.wait_s("a", 100.0) == 0.0


@given(st.lists(st.floats(0, 3), max_size=300), st.integers(1, 50))
def test_no_stretch_of_time_lets_more_through_than_the_rate_and_the_burst(
    pauses: list[float], per_s: int
) -> None:
    rates, now, let_in = Rates(per_s), 1000.0, []
    for pause in pauses:
        now += pause
        if not rates.wait_s("a", now):
            let_in.append(now)
    for number, first in enumerate(let_in):
        for count, last in enumerate(let_in[number:], 1):
            assert count <= (last - first + 10) * per_s + 1.001


@given(st.lists(st.floats(0, 3), max_size=100))
def test_who_waits_as_told_is_let_in(pauses: list[float]) -> None:
    rates, now = Rates(1), 1000.0
    for pause in pauses:
        now += pause
        if wait_s := rates.wait_s("a", now):
            now += wait_s + 1e-6
            assert rates.wait_s("a", now) == 0.0


def test_only_so_many_clients_are_remembered() -> None:
    rates = Rates(1, remembered=100)
    for number in range(10_000):
        rates.wait_s(number, 1000.0)
        rates.wait_s("often", 1000.0)
    assert len(rates) == 100
    assert rates.wait_s("often", 1000.0) > 0, "who asks all the time is not forgotten"


def test_counts_go_up_and_down_and_are_forgotten() -> None:
    counts = Counts()
    assert [counts.enter("a", 2) for _ in range(3)] == [True, True, False]
    assert counts.enter("b", 2)
    counts.leave("a")
    assert counts.enter("a", 2)
    for client in "aab":
        counts.leave(client)
    assert len(counts) == 0
    assert not counts.enter("c", 0)


def test_an_ipv6_site_is_one_client() -> None:
    assert site_of("192.0.2.7") == "192.0.2.7"
    assert site_of("2001:db8::7") == site_of("2001:db8::ffff:1") == "2001:db8::/64"
    assert site_of("2001:db8:0:1::7") != site_of("2001:db8::7")
    assert site_of("::ffff:192.0.2.7") == "192.0.2.7"
    assert site_of("") == ""
    assert site_of("no:address") == "no:address"
